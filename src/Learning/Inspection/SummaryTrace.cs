using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning.Inspection;

/// <summary>Listens to a definition and writes a line for each module.</summary>
internal sealed class SummaryTrace : DefinitionListener
{
    private readonly List<LayerSummary?> lines = [];
    private readonly Stack<Begun> open = [];
    private readonly HashSet<Module> known = new(ReferenceEqualityComparer.Instance);

    // What is there between modules, and since which line: a module's work does not begin before.
    private readonly Dictionary<Node, int> borders = [];

    /// <summary>The lines of a definition, in the order in which modules began; last those that hold parameters and were not defined.</summary>
    public static IReadOnlyList<LayerSummary> Of<T>(Module whole, Func<T> define, out Dim multiplyAdds)
    {
        var trace = new SummaryTrace();
        DefinitionListener? outer = Current;
        Current = trace;
        try
        {
            multiplyAdds = MultiplyAdds.Of(NodesOf(define()), _ => false);
        }
        finally
        {
            Current = outer;
        }

        IEnumerable<LayerSummary> left = whole.Modules().Where(m => !trace.known.Contains(m.Module) && m.Module.NamedParameters().Any(p => p.Owner == m.Module))
            .Select(m => new LayerSummary(m.Module));
        return [.. trace.lines.OfType<LayerSummary>(), .. left];
    }

    /// <inheritdoc/>
    public override void Begins(Module module, Node? given)
    {
        if (given is not null)
        {
            borders.TryAdd(given, lines.Count);
        }

        open.Push(new Begun(module, lines.Count, given));
        lines.Add(null);
    }

    /// <inheritdoc/>
    public override void Ends(object? result)
    {
        Begun begun = open.Pop();
        Node[] nodes = [.. NodesOf(result)];
        lines[begun.Line] = new LayerSummary(begun.Module)
        {
            Depth = open.Count,
            Outputs = [.. nodes.SelectMany(n => n.Results).Select(r => r.Shape)],
            MultiplyAdds = MultiplyAdds.Of(nodes, n => n == begun.Given || (borders.TryGetValue(n, out int line) && line < begun.Line)),
            IsRepeated = !known.Add(begun.Module),
        };
        foreach (Node node in nodes)
        {
            borders.TryAdd(node, begun.Line);
        }
    }

    private static IEnumerable<Node> NodesOf(object? result) => result switch
    {
        Node node => [node],
        IEnumerable<object?> items => items.SelectMany(NodesOf),
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(i => NodesOf(tuple[i])),
        _ => [],
    };

    private sealed record Begun(Module Module, int Line, Node? Given);
}
