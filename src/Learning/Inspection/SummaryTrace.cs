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
            .Select(m => Line(m.Module, depth: 0, [], 0, isRepeated: false));
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
        Dim work = MultiplyAdds.Of(nodes, n => n == begun.Given || (borders.TryGetValue(n, out int line) && line < begun.Line));
        lines[begun.Line] = Line(begun.Module, open.Count, [.. nodes.SelectMany(n => n.Results).Select(r => r.Shape)], work, !known.Add(begun.Module));
        foreach (Node node in nodes)
        {
            borders.TryAdd(node, begun.Line);
        }
    }

    private static LayerSummary Line(Module module, int depth, IReadOnlyList<Shape> outputs, Dim work, bool isRepeated)
    {
        ModuleParameter[] held = [.. module.NamedParameters().Where(p => p.Alias is null)];
        return new LayerSummary(
            module.Path,
            module,
            depth,
            outputs,
            held.Where(p => p.IsTrained).Sum(p => p.Parameter.ElementCount),
            held.Where(p => !p.IsTrained && !p.IsBuffer).Sum(p => p.Parameter.ElementCount),
            held.Where(p => p.IsBuffer).Sum(p => p.Parameter.ElementCount),
            held.Sum(p => p.Parameter.ElementCount * p.Parameter.DType.Size()),
            work,
            isRepeated);
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
