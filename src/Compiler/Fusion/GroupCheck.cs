using GraphCompiler.Kernels;

namespace GraphCompiler.Fusion;

/// <summary>Whether nodes may be one kernel over a domain: each has a place in it, reads the others where they stand, and the whole stays small.</summary>
/// <param name="work">What each node computes.</param>
internal sealed class GroupCheck(KnownWork work)
{
    // Weighted instructions of all expressions, and tensors read or written: what keeps a kernel's code within what the JIT optimises.
    private const int MostInstructions = 192;
    private const int MostTensors = 32;
    private const int MostNodes = 24;

    // Emptied for each question: there are many, and most are soon answered.
    private readonly Dictionary<Node, Role> roles = [];
    private readonly HashSet<Node> tensors = [];

    /// <summary>Elements from which a reduction of a whole tensor is shared out, so that nothing may need its result within the kernel.</summary>
    private const long ManyElements = Costs.ElementsPerChunk;

    /// <summary>Why the nodes cannot be one kernel over the domain; null if they can.</summary>
    public string? Reason(IReadOnlyList<Node> nodes, Domain domain)
    {
        int instructions = 0;
        foreach (Node node in nodes)
        {
            if (domain.RoleOf(node) is not { } role)
            {
                return $"{node.Op.Name} {node.Shape} does not run over {domain}";
            }

            if (role is not (Role.Element or Role.Pick or Role.RowReduction) && IsWholeAndLarge(domain))
            {
                return $"the whole of {domain} is one row, which is shared out";
            }

            instructions += work.Of(node).Instructions;
        }

        if (nodes.Count > MostNodes)
        {
            return $"{nodes.Count} nodes are too many for one kernel";
        }

        if (instructions > MostInstructions)
        {
            return "the expressions are too long for one kernel";
        }

        roles.Clear();
        tensors.Clear();
        int lanes = 0;
        foreach (Node node in nodes)
        {
            NodeWork own = work.Of(node);
            Role role = domain.RoleOf(node)!.Value;
            roles.Add(node, role);
            tensors.Add(node);
            foreach (Read read in own.Reads)
            {
                tensors.Add(read.View.Source);
            }

            // Lanes of 4 and of 8 bytes in one loop would make it scalar.
            lanes |= role is Role.Row or Role.RowGather ? 0 : own.Lanes;
            if (tensors.Count > MostTensors)
            {
                return "too many tensors for one kernel";
            }
        }

        foreach (Node node in nodes)
        {
            if (ReasonOfReads(node, domain, work.Of(node)) is { } reason)
            {
                return reason;
            }
        }

        return lanes == 12 && !domain.HasOneElement ? "lanes of 4 and of 8 bytes would meet" : null;
    }

    private static bool IsWholeAndLarge(Domain domain) =>
        domain.Inner.Count == domain.Shape.Rank && domain.Shape.ElementCount.Nominal >= ManyElements;

    private string? ReasonOfReads(Node node, Domain domain, NodeWork own)
    {
        foreach ((_, View view) in own.Reads)
        {
            if (!roles.TryGetValue(view.Source, out Role source))
            {
                continue;
            }

            bool isDense = view.Offset.Constant == 0;
            bool fits = (source, roles[node]) switch
            {
                (Role.ColumnReduction, _) => false,
                (Role.Element or Role.Pick, Role.Row) => false,
                (Role.Element or Role.Pick, _) => isDense && Domain.SameAccess(domain.Shape, view.Strides, domain.ElementStrides),
                (_, Role.Row) => isDense && Domain.SameAccess(node.Shape, view.Strides, View.RowMajor(node.Shape)),
                _ => isDense && Domain.SameAccess(domain.Shape, view.Strides, domain.RowStrides),
            };
            if (!fits)
            {
                return $"{node.Op.Name} reads {view.Source.Op.Name} elsewhere than where it is computed";
            }
        }

        // Indices, and what whole rows are picked from, come from outside.
        return roles[node] is Role.RowGather or Role.Pick && (own.Index is not { } index || roles.ContainsKey(index.Source)) ? $"the index of {node.Op.Name} is computed in the same kernel"
            : roles[node] == Role.Pick && roles.ContainsKey(own.Table!.Source) ? $"what {node.Op.Name} picks from is computed in the same kernel"
            : null;
    }
}
