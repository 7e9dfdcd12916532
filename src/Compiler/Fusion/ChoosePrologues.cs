using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>
/// Elementwise nodes that matrix products read through copies in another order: they are computed while they are copied, and never lie in memory
/// themselves, if that moves fewer bytes. Products that would read the node where it lies gain nothing by this: then it keeps its value.
/// </summary>
internal sealed class ChoosePrologues
{
    // Instructions that may be repeated: by each of several products, and by elementwise readers beside them.
    private const int RepeatBudget = 4;
    private const int ExpressionBudget = 96;

    private readonly IReadOnlyDictionary<Node, List<Node>> readers;
    private readonly IReadOnlySet<Node> roots;
    private readonly Func<Node, int> stage;
    private readonly VectorWidth width;
    private readonly FusionLog log;
    private Materialization materialization;

    private ChoosePrologues(
        Materialization materialization, IReadOnlyDictionary<Node, List<Node>> readers, IReadOnlySet<Node> roots, Func<Node, int> stage, VectorWidth width, FusionLog log) =>
        (this.materialization, this.readers, this.roots, this.stage, this.width, this.log) = (materialization, readers, roots, stage, width, log);

    /// <summary>Takes their values from such nodes.</summary>
    /// <param name="materialization">Which nodes have values of their own.</param>
    /// <param name="readers">What reads each node.</param>
    /// <param name="order">The nodes in topological order.</param>
    /// <param name="roots">What must lie in memory in the end.</param>
    /// <param name="stage">The part of the program (0 forward, 1 backward) that computes a node.</param>
    /// <param name="width">The width of vectors.</param>
    /// <param name="log">Where to write what was decided.</param>
    /// <returns>Which nodes have values of their own then.</returns>
    public static Materialization Run(
        Materialization materialization,
        IReadOnlyDictionary<Node, List<Node>> readers,
        IEnumerable<Node> order,
        IReadOnlySet<Node> roots,
        Func<Node, int> stage,
        VectorWidth width,
        FusionLog log)
    {
        var prologues = new ChoosePrologues(materialization, readers, roots, stage, width, log);
        foreach (Node node in order.Where(n => n.Op is ElementwiseOp && materialization.IsMaterialized(n)))
        {
            prologues.Decide(node);
        }

        return prologues.materialization.Settled();
    }

    private void Decide(Node node)
    {
        HashSet<Node> products = [];
        List<Node> others = [];
        string? reason = Readers(node, products, others);
        if (products.Count == 0)
        {
            return;
        }

        Materialization without = materialization.Without(node);
        long saved = 0;
        reason ??= Reason(node, without, products, others, out saved);
        materialization = reason is null ? without.Kept() : materialization;
        log.AddPrologue(node, [.. products], saved, reason);
    }

    /// <summary>The products that read a node, also through movements, and all other readers; what speaks against a prologue already.</summary>
    private string? Readers(Node node, HashSet<Node> products, List<Node> others)
    {
        string? reason = roots.Contains(node) ? "it is a result" : null;
        var pending = new Stack<Node>([node]);
        while (pending.TryPop(out Node? each))
        {
            foreach (Node reader in readers[each])
            {
                switch (reader.Op)
                {
                    case MatMulOp:
                        products.Add(reader);
                        break;
                    case MovementOp:
                        reason ??= roots.Contains(reader) ? "it is a result" : materialization.IsMaterialized(reader) ? $"{reader.Op.Name} copies it" : null;
                        pending.Push(reader);
                        break;
                    default:
                        reason ??= each != node ? $"{reader.Op.Name} reads it through {each.Op.Name}" : null;
                        others.Add(reader);
                        break;
                }

                reason ??= stage(reader) != stage(node) ? "backward reads what forward computes" : null;
            }
        }

        return reason;
    }

    /// <summary>Why a node should have a value of its own; null if not, and how many bytes need not be moved.</summary>
    private string? Reason(Node node, Materialization without, HashSet<Node> products, List<Node> others, out long saved)
    {
        saved = 0;
        NodeWork work = NodeWork.Of(node, without);
        if (work.Instructions > ExpressionBudget)
        {
            return "it takes too many instructions";
        }

        if (products.Count + others.Count > 1 && work.Instructions > RepeatBudget)
        {
            return $"{work.Instructions} instructions are too many to repeat";
        }

        if (others.FirstOrDefault(r => OpTraits.Of(r.Op).Inputs != InputAccess.Inlined) is { } other)
        {
            return $"{other.Op.Name} reads memory only";
        }

        Node[] sources = [.. work.Sources.Distinct()];
        long own = Costs.Bytes(node);
        long all = sources.Sum(Costs.Bytes);
        if (others.Count > 0 && 4 * all > 5 * own)
        {
            return "its other readers would read more than it";
        }

        // With a value of its own it costs no reading of what the same kernel may compute; without, such values must be kept.
        long kept = sources.Where(s => MayStayInside(s, node)).Sum(Costs.Bytes);
        long with = own + sources.Where(s => IsFromOutside(s, node)).Sum(Costs.Bytes);
        long bytes = kept + (others.Count > 0 ? all : 0);
        foreach (Node product in products)
        {
            if (MatMulProblem.Find(product, epilogue: null, without) is not { } problem)
            {
                return "no strides lead through the movements between";
            }

            var ways = MatMulChoice.Of(problem, without, width);
            bool isKept = ways.KeepsRight && ways.Problem.B.Source == node;
            if (Refusal(node, ways, isKept) is { } refusal)
            {
                return refusal;
            }

            with += isKept ? 0 : own;
            bytes += isKept ? 0 : all;
        }

        saved = with - bytes;
        return saved > 0 ? null : "it would save no bytes";
    }

    private static string? Refusal(Node node, MatMulChoice ways, bool isKept)
    {
        MatMulProblem problem = ways.Problem;
        if ((problem.A.Source == node && !ways.AlwaysCopiesLeft) || (problem.B.Source == node && !ways.AlwaysCopiesRight))
        {
            return "a product reads it where it lies";
        }

        // Panels are filled along the rows of the right matrix and along the columns of the left one; spread rows along their own.
        Prologue? left = problem.A.Source == node ? problem.A.Prologue : null;
        Prologue? right = problem.B.Source == node ? problem.B.Prologue : null;
        bool byElement = (!isKept && right is not null && !right.LiesAlongRows && !right.IsShort)
            || (left is not null && !left.IsShort && ways.Variants.Any(v => v.Left == LeftAccess.Packed) && !left.Transposed().LiesAlongRows);
        return byElement ? "it would be computed element by element" : null;
    }

    /// <summary>Whether a value comes from outside of the kernel that could compute a node.</summary>
    private bool IsFromOutside(Node source, Node node) => OpTraits.Of(source.Op).IsFromOutside || stage(source) != stage(node);

    /// <summary>
    /// Whether a value may stay within the kernel that computes a node, if that has a value of its own: nothing else surely reads it from memory.
    /// </summary>
    private bool MayStayInside(Node source, Node node)
    {
        if (IsFromOutside(source, node) || roots.Contains(source))
        {
            return false;
        }

        if (source.Op is MatMulOp)
        {
            return readers[source].Count == 1;
        }

        var pending = new Stack<Node>([source]);
        while (pending.TryPop(out Node? each))
        {
            foreach (Node reader in readers[each].Where(r => r != node))
            {
                if (roots.Contains(reader) || stage(reader) != stage(node) || OpTraits.Of(reader.Op).Form is null)
                {
                    return false;
                }

                if (!materialization.IsMaterialized(reader))
                {
                    pending.Push(reader);
                }
            }
        }

        return true;
    }
}
