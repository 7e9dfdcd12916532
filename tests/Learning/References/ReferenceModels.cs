namespace GraphCompiler.Learning.Tests.References;

/// <summary>The modules of make-modules.py, built of this library's layers, with numbers of their own.</summary>
internal static partial class ReferenceModels
{
    private static readonly Dictionary<string, Func<Generator, ReferenceModel>> Makers = new(
        [.. Recurrent, .. Attending]);

    public static IEnumerable<string> Names => Makers.Keys;

    public static ReferenceModel Make(string name) => Makers[name](new Generator(1));
}
