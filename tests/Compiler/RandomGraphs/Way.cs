using GraphCompiler.Tests.Options;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>A way to compile a graph.</summary>
internal sealed record Way(string Name, CompileOptions Options)
{
    /// <summary>
    /// All ways: the defaults, each other value of each option at each width in turn, and all optimisations off. New options are found by
    /// themselves.
    /// </summary>
    public static IReadOnlyList<Way> All { get; } = Make();

    private static Way[] Make()
    {
        VectorWidth[] widths = [.. VectorWidths.Supported];
        List<Way> ways = [new("defaults", CompileOptions.Default), .. widths.Select(w => Of($"Width={w}"))];

        string[] changes = [.. Configurations.OptionChanges.Where(c => !c.StartsWith("Width=", StringComparison.Ordinal))];
        foreach ((string change, int i) in changes.Select((c, i) => (c, i)))
        {
            ways.Add(Of(change));
            ways.Add(Of($"{change};Width={widths[i % widths.Length]}"));
        }

        ways.Add(new("three threads, finest chunks", new CompileOptions { Threads = 3, Chunking = Chunking.Finest }));

        // The optimisations are the switches that are on.
        ways.Add(Of(string.Join(";", changes.Where(c => c.EndsWith("=false", StringComparison.Ordinal)))));
        return [.. ways];
    }

    private static Way Of(string changes)
    {
        CompileOptions options = new();
        TestOptions.Parse(changes)(options);
        return new(changes, options);
    }
}
