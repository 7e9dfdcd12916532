using GraphCompiler.Lowering;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>
/// Decides which nodes get a buffer. The others are computed inside the kernels that read them: movement operations as strides, counts and single
/// numbers on the spot, and an elementwise operation where its only reader is elementwise or a reduction.
/// </summary>
internal sealed class ChooseBuffers : IMaterialization
{
    /// <summary>Operations that one kernel's expression may hold; far under what the JIT still optimises well.</summary>
    private const int ExpressionBudget = 32;

    private readonly HashSet<Node> buffered = [];
    private readonly Dictionary<Node, List<Node>> readers = [];
    private readonly Dictionary<Node, int> cost = [];
    private readonly Dictionary<Node, Epilogue> epilogues = [];
    private readonly Func<Node, int> stage;
    private readonly bool inline;

    private ChooseBuffers(Func<Node, int> stage, bool inline)
    {
        this.stage = stage;
        this.inline = inline;
    }

    /// <param name="order">The nodes in topological order.</param>
    /// <param name="roots">What must lie in memory in the end.</param>
    /// <param name="stage">The part of the program (0 forward, 1 backward) that computes a node.</param>
    /// <param name="inline">Whether elementwise operations may be computed inside their readers.</param>
    public static ChooseBuffers Run(IReadOnlyList<Node> order, IReadOnlyCollection<Node> roots, Func<Node, int> stage, bool inline)
    {
        var choice = new ChooseBuffers(stage, inline);
        foreach (Node node in order)
        {
            choice.readers[node] = [];
            foreach (Node input in node.Inputs)
            {
                choice.readers[input].Add(node);
            }
        }

        foreach (Node root in roots)
        {
            if (root.Op is ElementwiseOp)
            {
                choice.buffered.Add(root);
            }
        }

        foreach (Node node in order)
        {
            choice.Decide(node);
        }

        choice.Settle(order, roots);
        foreach (Node node in order.Where(n => inline && n.Op is MatMulOp && !roots.Contains(n)))
        {
            choice.Absorb(node);
        }

        return choice;
    }

    public bool IsMaterialized(Node node) => buffered.Contains(node);

    public Epilogue? EpilogueOf(Node root) => epilogues.GetValueOrDefault(root);

    /// <summary>Whether a node's elements lie row-major in the buffer of some node.</summary>
    public bool LiesDense(Node node) =>
        PointwiseExpression.ViewOf(node, this) is { } view
        && IsMaterialized(view.Source)
        && view.Offset == Dim.Of(0)
        && view.Source.Shape.ElementCount == node.Shape.ElementCount
        && view.Strides == View.RowMajor(node.Shape);

    private void Decide(Node node)
    {
        switch (node.Op)
        {
            case InputOp or ParameterOp:
                buffered.Add(node);
                break;
            case ConstantOp constant:
                if (constant.Data.Value.Count != 1)
                {
                    buffered.Add(node);
                }

                break;
            case IotaOp or DimValueOp:
                break;
            case BroadcastToOp or PermuteOp or SliceOp or ReshapeOp:
                DemandView(node);
                break;
            case ElementwiseOp:
                cost[node] = 1 + node.Inputs.Sum(i => IsMaterialized(i) ? 0 : cost.GetValueOrDefault(i));
                if (!CanInline(node))
                {
                    buffered.Add(node);
                    cost[node] = 0;
                }

                break;
            default:
                buffered.Add(node);
                DemandBuffers(node);
                break;
        }
    }

    /// <summary>
    /// Gives roots a buffer, and whatever that calls for: a node with a buffer of its own is read with other strides than before, which a reshape
    /// further on may not be able to follow.
    /// </summary>
    private void Settle(IReadOnlyList<Node> order, IReadOnlyCollection<Node> roots)
    {
        int before;
        do
        {
            before = buffered.Count;
            foreach (Node root in roots.Where(r => !LiesDense(r)))
            {
                buffered.Add(root);
            }

            foreach (Node node in order)
            {
                if (node.Op is BroadcastToOp or PermuteOp or SliceOp or ReshapeOp)
                {
                    DemandView(node);
                }
            }
        }
        while (buffered.Count > before);
    }

    /// <summary>A movement whose input cannot be read with its strides gets a copy of the input to read, whether or not it has a buffer itself.</summary>
    private void DemandView(Node movement)
    {
        if (PointwiseExpression.ViewOf(movement.Inputs[0], this)?.Move(movement) is null)
        {
            buffered.Add(movement.Inputs[0]);
        }
    }

    /// <summary>A product that only one elementwise kernel reads is computed in that kernel, if it does little else.</summary>
    private void Absorb(Node product)
    {
        Node top = product;
        do
        {
            if (readers[top] is not [{ Op: ElementwiseOp } reader] || stage(reader) != stage(product))
            {
                return;
            }

            top = reader;
        }
        while (!IsMaterialized(top));

        if (!epilogues.ContainsKey(top) && Epilogue.Find(top, product, this) is { } epilogue)
        {
            epilogues.Add(top, epilogue);
            buffered.Remove(product);
        }
    }

    private bool CanInline(Node node) =>
        inline
        && !IsMaterialized(node)
        && cost[node] < ExpressionBudget
        && readers[node] is [var reader]
        && stage(reader) == stage(node)
        && reader.Op is ElementwiseOp or SumOp or ProdOp or ExtremumOp;

    /// <summary>Kernels other than elementwise ones and reductions read memory only.</summary>
    private void DemandBuffers(Node node)
    {
        if (node.Op is SumOp or ProdOp or ExtremumOp or ConcatOp or PadOp)
        {
            return;
        }

        foreach (Node input in node.Inputs)
        {
            if (!IsMaterialized(PointwiseExpression.ViewOf(input, this)!.Source))
            {
                buffered.Add(input);
            }
        }
    }
}
