using System.Globalization;
using System.Text;

namespace GraphCompiler.Kernels;

/// <summary>What fusion joined and what it refused, each with its reason: <c>NN-fuse.txt</c> of a dump.</summary>
internal sealed class FusionLog
{
    private readonly List<Attempt> attempts = [];
    private readonly List<Prologue> prologues = [];

    public void Add(IReadOnlyList<Node> a, IReadOnlyList<Node> b, Node? shared, long bytes, string? refusal) => attempts.Add(new(a, b, shared, bytes, refusal));

    /// <summary>An elementwise node that products compute while they pack it, or not.</summary>
    public void AddPrologue(Node node, IReadOnlyList<Node> products, long bytes, string? refusal) => prologues.Add(new(node, products, bytes, refusal));

    /// <summary>The log of a graph, and those of what its loops and branches run, with the kernels that came of it.</summary>
    public static string Describe(KernelGraph graph)
    {
        string bodies = string.Concat(graph.Specs.OfType<ControlSpec>().SelectMany(s => s.Bodies.Select(b => $"\n## in {Name(s.Nodes)}\n{Describe(b.Graph)}")));
        return graph.Log.Describe(graph.Specs) + bodies;
    }

    private string Describe(IReadOnlyList<KernelSpec> specs)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {specs.Count} kernels; a symbolic size counts as {Dim.NominalSize}\n");
        foreach (KernelSpec spec in specs)
        {
            string domain = spec is FusedSpec fused ? $" over {fused.Domain}" : string.Empty;
            string stored = spec.Stored.Count == spec.Nodes.Count ? string.Empty : $", leaving {Name(spec.Stored)}";
            text.Append(CultureInfo.InvariantCulture, $"{Name(spec.Nodes)}{domain}{stored}\n");
        }

        text.Append("\n# joined, the most bytes first\n");
        foreach (Prologue prologue in prologues.Where(p => p.Refusal is null))
        {
            text.Append(CultureInfo.InvariantCulture, $"joined {prologue.Pair}: {prologue.Bytes:N0} bytes need not be moved\n");
        }

        foreach (Attempt attempt in attempts.Where(a => a.Refusal is null))
        {
            text.Append(CultureInfo.InvariantCulture, $"joined {attempt.Pair}: {attempt.Gain}\n");
        }

        text.Append("\n# refused\n");
        foreach (Prologue prologue in prologues.Where(p => p.Refusal is not null))
        {
            text.Append(CultureInfo.InvariantCulture, $"refused {prologue.Pair}: {prologue.Refusal}\n");
        }

        foreach (Attempt attempt in attempts.Where(a => a.Refusal is not null).Reverse().DistinctBy(a => a.Pair).Reverse())
        {
            text.Append(CultureInfo.InvariantCulture, $"refused {attempt.Pair}: {attempt.Refusal}\n");
        }

        return text.ToString();
    }

    private static string Name(IReadOnlyList<Node> nodes) =>
        $"{{{string.Join(", ", nodes.Select(n => n.Name is null ? n.Op.Name : $"{n.Op.Name} '{n.Name}'"))}}}";

    private sealed record Attempt(IReadOnlyList<Node> A, IReadOnlyList<Node> B, Node? Shared, long Bytes, string? Refusal)
    {
        public string Pair => $"{Name(A)} with {Name(B)}";

        public string Gain => Shared is null ? "a kernel less" : string.Create(CultureInfo.InvariantCulture, $"{Bytes:N0} bytes of {Shared.Op.Name} {Shared.Shape} stay in the kernel");
    }

    private sealed record Prologue(Node Node, IReadOnlyList<Node> Products, long Bytes, string? Refusal)
    {
        public string Pair => $"{Name([Node])} {Node.Shape} into {Name(Products)} as it is packed";
    }
}
