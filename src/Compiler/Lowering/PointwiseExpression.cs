using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering.Contraction;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Decides which nodes have a buffer of their own; the others are computed where they are read.</summary>
internal interface IMaterialization
{
    bool IsMaterialized(Node node);

    /// <summary>The matrix product that an elementwise node's kernel computes on the way, null if none.</summary>
    Epilogue? EpilogueOf(Node root);

    /// <summary>Whether a node's values stay as they are from call to call, so that what is made of them once can be kept.</summary>
    bool IsLasting(Node node);
}

/// <summary>
/// The value of a node at a point of its shape, as one scalar expression: elementwise operations that have no buffer of their own are written
/// out, movement operations become strides, constants and counts are computed on the spot.
/// </summary>
internal sealed class PointwiseExpression
{
    private readonly Dictionary<Node, View> leaves = [];
    private readonly HashSet<Node> operations = [];
    private readonly IMaterialization materialization;
    private readonly Node root;
    private readonly bool expandRoot;

    public PointwiseExpression(Node root, IMaterialization materialization, bool expandRoot)
    {
        this.root = root;
        this.materialization = materialization;
        this.expandRoot = expandRoot;
        Collect();
    }

    /// <summary>The node whose value it is.</summary>
    public Node Root => root;

    /// <summary>The nodes that are read and not computed.</summary>
    public IEnumerable<Node> Leaves => leaves.Keys;

    /// <summary>Everything that the expression reads.</summary>
    public IEnumerable<View> Reads => leaves.Values;

    /// <summary>How a leaf is read.</summary>
    public View ViewOf(Node leaf) => leaves[leaf];

    /// <summary>The nodes that are computed.</summary>
    public IReadOnlyCollection<Node> Operations => operations;

    /// <summary>The strides of everything that the expression reads.</summary>
    public IEnumerable<EquatableArray<Dim>> Accesses => leaves.Values.Select(v => v.Strides);

    /// <summary>The value at the current values of the nest's loop variables.</summary>
    public LoopValue At(LoopNest nest, KernelBuilder kernel)
    {
        Dictionary<Node, LoopValue> values = [];
        return Evaluate(
            view => Read(view, view.Strides, nest, kernel),
            (node, compute) => values.TryGetValue(node, out LoopValue? value) ? value : values[node] = compute());
    }

    /// <summary>The value, given how to read and how to keep the values of the nodes in it.</summary>
    public LoopValue Evaluate(Func<View, LoopValue> read, Func<Node, Func<LoopValue>, LoopValue> keep)
    {
        return Value(root);

        LoopValue Value(Node node) => keep(node, () => leaves.TryGetValue(node, out View? view)
            ? read(view)
            : Scalars.Apply(node, [.. node.Inputs.Select(Value)]));
    }

    /// <summary>Whether a view is over memory, not over a number that is known on the spot.</summary>
    public bool IsRead(View view) => !(expandRoot && view.Source == root) && materialization.IsMaterialized(view.Source);

    /// <summary>Reads what a view is over: memory, or a number that is known on the spot.</summary>
    public LoopValue Read(View view, EquatableArray<Dim> strides, LoopNest nest, KernelBuilder kernel) =>
        Read(view, () => nest.Position(kernel, view.Offset, strides), kernel);

    /// <summary>Reads what a view is over, given the position where memory is read or counted from.</summary>
    public LoopValue Read(View view, Func<LoopValue> position, KernelBuilder kernel) => view.Source.Op switch
    {
        _ when IsRead(view) => new Load(kernel.Input(view.Source), position()),
        ConstantOp constant => Scalars.Literal(constant),
        DimValueOp size => LoopMath.Convert(size.Type, kernel.Size(size.Dim)),
        IotaOp iota => LoopMath.Convert(iota.Type, position()),
        RandomBitsOp bits => LowerRandom.Bits(bits, kernel.Input(view.Source.Inputs[0]), position()),
        _ => throw new InvalidOperationException($"{view.Source.Describe()} has neither a buffer nor a value of its own."),
    };

    /// <summary>The view of a node over a materialised node, constant or count; null if it is computed.</summary>
    public static View? ViewOf(Node node, IMaterialization materialization) =>
        materialization.IsMaterialized(node) ? View.Dense(node) : SourceView(node, materialization);

    /// <summary>The view of a node over what it is made from, whether or not it has a buffer itself.</summary>
    private static View? SourceView(Node node, IMaterialization materialization) => node.Op switch
    {
        ConstantOp or DimValueOp or RandomBitsOp => View.Dense(node),
        IotaOp iota => new View(node, 0, Enumerable.Range(0, node.Rank).Select(a => Dim.Of(a == iota.Along ? 1 : 0)).ToEquatableArray()),
        MovementOp => ViewOf(node.Inputs[0], materialization)?.Move(node),
        _ => null,
    };

    private void Collect()
    {
        var stack = new Stack<Node>([root]);
        HashSet<Node> seen = [];
        while (stack.TryPop(out Node? node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            bool expand = node.Op is ElementwiseOp && (node == root ? expandRoot : !materialization.IsMaterialized(node));
            if (expand)
            {
                operations.Add(node);
                foreach (Node input in node.Inputs)
                {
                    stack.Push(input);
                }

                continue;
            }

            View? view = node == root && expandRoot ? SourceView(node, materialization) : ViewOf(node, materialization);
            leaves[node] = view ?? throw new InvalidOperationException($"{node.Describe()} cannot be read in place by {root.Describe()}.");
        }
    }
}
