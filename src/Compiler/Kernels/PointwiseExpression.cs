using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>
/// The value of a node at a point of its shape, as one scalar expression: elementwise operations that have no buffer of their own are written
/// out, movement operations become strides, constants and counts are computed on the spot.
/// </summary>
internal sealed class PointwiseExpression
{
    private readonly Dictionary<Node, Read> leaves = [];
    private readonly HashSet<Node> operations = [];

    /// <param name="root">The node whose value it is.</param>
    /// <param name="materialization">Which nodes have a value of their own.</param>
    /// <param name="expandRoot">Whether the root is computed, although it may have a value of its own.</param>
    public PointwiseExpression(Node root, IMaterialization materialization, bool expandRoot = false)
    {
        Root = root;
        Collect(materialization, expandRoot);
    }

    /// <summary>The node whose value it is.</summary>
    public Node Root { get; }

    /// <summary>The nodes that are read and not computed, and how.</summary>
    public IReadOnlyDictionary<Node, Read> Leaves => leaves;

    /// <summary>Everything that the expression reads.</summary>
    public IEnumerable<Read> Reads => leaves.Values;

    /// <summary>The nodes that are computed.</summary>
    public IReadOnlyCollection<Node> Operations => operations;

    /// <summary>The strides of everything that the expression reads.</summary>
    public IEnumerable<EquatableArray<Dim>> Accesses => leaves.Values.Select(r => r.View.Strides);

    /// <summary>The view of a node over a materialised node, constant or count; null if it is computed.</summary>
    public static View? ViewOf(Node node, IMaterialization materialization)
    {
        bool isThere = materialization.IsMaterialized(node);
        if (isThere || node.Op is not MovementOp)
        {
            return isThere ? View.Dense(node) : SourceView(node, materialization);
        }

        var movements = new Stack<Node>();
        for (; !materialization.IsMaterialized(node) && node.Op is MovementOp; node = node.Inputs[0])
        {
            movements.Push(node);
        }

        View? view = ViewOf(node, materialization);
        while (view is not null && movements.TryPop(out Node? movement))
        {
            view = view.Move(movement);
        }

        return view;
    }

    /// <summary>The view of a node over what it is made from, whether or not it has a buffer itself.</summary>
    private static View? SourceView(Node node, IMaterialization materialization) => node.Op switch
    {
        IotaOp iota => new View(node, 0, Enumerable.Range(0, node.Rank).Select(a => Dim.Of(a == iota.Along ? 1 : 0)).ToEquatableArray()),
        MovementOp => ViewOf(node.Inputs[0], materialization)?.Move(node),
        ConstantOp or DimValueOp or RandomBitsOp => View.Dense(node),
        _ => null,
    };

    private void Collect(IMaterialization materialization, bool expandRoot)
    {
        var stack = new Stack<Node>([Root]);
        HashSet<Node> seen = [];
        while (stack.TryPop(out Node? node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            if (node.Op is ElementwiseOp && ((node == Root && expandRoot) || !materialization.IsMaterialized(node)))
            {
                operations.Add(node);
                foreach (Node input in node.Inputs)
                {
                    stack.Push(input);
                }

                continue;
            }

            View view = (node == Root && expandRoot ? SourceView(node, materialization) : ViewOf(node, materialization))
                ?? throw new InvalidOperationException($"{node.Describe()} cannot be read in place by {Root.Describe()}.");
            bool isInMemory = !(expandRoot && view.Source == Root) && materialization.IsMaterialized(view.Source);
            leaves[node] = new Read(isInMemory ? KernelBuffer.Of(view.Source) : null, view);
        }
    }
}
