using System.Globalization;
using System.Text;

namespace GraphCompiler.Fusion;

/// <summary>What fusion joined and what it refused, each with its reason: <c>fusion.txt</c> of a dump.</summary>
internal sealed class FusionLog
{
    private readonly List<string> joined = [];
    private readonly Dictionary<string, string> refused = [];
    private readonly List<string> refusedPrologues = [];

    public void Add(IReadOnlyList<Node> a, IReadOnlyList<Node> b, Node shared, long bytes, string? refusal)
    {
        string pair = $"{Name(a)} with {Name(b)}";
        if (refusal is null)
        {
            joined.Add(string.Create(CultureInfo.InvariantCulture, $"joined {pair}: {bytes:N0} bytes of {shared.Op.Name} {shared.Shape} stay in the kernel"));
        }
        else
        {
            refused[pair] = refusal;
        }
    }

    /// <summary>An elementwise node that products compute while they pack it, or not.</summary>
    public void AddPrologue(Node node, IReadOnlyList<Node> products, long bytes, string? refusal)
    {
        string pair = $"{Name([node])} {node.Shape} into {Name(products)} as it is packed";
        if (refusal is null)
        {
            joined.Add(string.Create(CultureInfo.InvariantCulture, $"joined {pair}: {bytes:N0} bytes need not be moved"));
        }
        else
        {
            refusedPrologues.Add($"refused {pair}: {refusal}");
        }
    }

    /// <summary>The log, with the kernels that came of it.</summary>
    public string Describe(IReadOnlyList<KernelGroup> groups, Traffic traffic)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {groups.Count} kernels; a symbolic size counts as {Costs.NominalSize}\n");
        text.Append(CultureInfo.InvariantCulture, $"# {traffic.Moved:N0} bytes moved between kernels and memory, of which {traffic.Fewest:N0} cannot be avoided: inputs read and results written once\n");
        foreach (KernelGroup group in groups)
        {
            string domain = group.Domain is null ? string.Empty : $" over {group.Domain}";
            string stored = group.Stored.Count == group.Nodes.Count ? string.Empty : $", leaving {Name(group.Stored)}";
            text.Append(CultureInfo.InvariantCulture, $"{Name(group.Nodes)}{domain}{stored}\n");
        }

        text.Append("\n# joined, the most bytes first\n");
        joined.ForEach(line => text.Append(line).Append('\n'));
        text.Append("\n# refused\n");
        refusedPrologues.ForEach(line => text.Append(line).Append('\n'));
        foreach ((string pair, string reason) in refused)
        {
            text.Append(CultureInfo.InvariantCulture, $"refused {pair}: {reason}\n");
        }

        return text.ToString();
    }

    private static string Name(IReadOnlyList<Node> nodes) =>
        $"{{{string.Join(", ", nodes.Select(n => n.Name is null ? n.Op.Name : $"{n.Op.Name} '{n.Name}'"))}}}";
}
