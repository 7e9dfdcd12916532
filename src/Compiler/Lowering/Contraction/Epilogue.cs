using GraphCompiler.Fusion;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Elementwise work on the results of a matrix product: a bias, a residual, a scale, an activation. Short work is done while the sums are still in
/// registers, other work on each block of them while it is in the cache. The root is the last of these operations, whose value the kernel leaves.
/// </summary>
internal sealed class Epilogue
{
    // Every sum of a tile gets a copy of the expression, so that only short ones are worth it.
    private const int MostOperationsInTiles = 6;
    private const int MostLoadsInTiles = 2;

    // What one loop over a block may hold.
    private const int MostInstructions = 96;
    private const int MostLoads = 8;

    private readonly Dictionary<Node, Matrix> leaves;

    private Epilogue(Node root, Node product, Dictionary<Node, Matrix> leaves, IReadOnlyCollection<Node> operations)
    {
        (Root, Product, this.leaves) = (root, product, leaves);
        IsCheap = operations.Count <= MostOperationsInTiles
            && operations.All(o => IsShort(o.Op))
            && leaves.Values.Count(IsPerElement) <= MostLoadsInTiles;
    }

    private Epilogue(Epilogue other, Dictionary<Node, Matrix> leaves) => (Root, Product, IsCheap, this.leaves) = (other.Root, other.Product, other.IsCheap, leaves);

    public Node Root { get; }

    /// <summary>Whether it is worth a copy at every sum of a tile.</summary>
    public bool IsCheap { get; }

    public Node Product { get; }

    /// <summary>The strides over the batch axes of everything that is read.</summary>
    public IEnumerable<EquatableArray<Dim>> Batches => leaves.Values.Select(leaf => leaf.Batch);

    public Epilogue Transposed() => new(this, leaves.ToDictionary(leaf => leaf.Key, leaf => leaf.Value.Transposed()));

    /// <summary>What lies between a product and an elementwise root above it; null if tiles cannot or should not compute it.</summary>
    public static Epilogue? Find(Node root, Node product, IMaterialization materialization)
    {
        Dictionary<Node, Matrix> leaves = [];
        HashSet<Node> operations = [];
        return root.Shape == product.Shape && Visit(root)
            && operations.Sum(o => Costs.Of(o.Op)) <= MostInstructions && leaves.Values.Count(IsPerElement) <= MostLoads
            ? new Epilogue(root, product, leaves, operations)
            : null;

        bool Visit(Node node)
        {
            if (node == product || leaves.ContainsKey(node) || operations.Contains(node))
            {
                return true;
            }

            if (node.Op is ElementwiseOp && (node == root || !materialization.IsMaterialized(node)))
            {
                operations.Add(node);
                return HasVectors(node)
                    && (node.DType == product.DType || (node.DType == DType.Bool && node != root))
                    && node.Inputs.All(Visit);
            }

            // Bytes cannot be masked at the edge, and other lanes would make every vector of the tile a scalar.
            if (node.DType != product.DType || PointwiseExpression.ViewOf(node, materialization) is not { } view || view.Strides.Count < 2)
            {
                return false;
            }

            leaves.Add(node, Matrix.Of(view));
            bool isNumber = view.Source.Op is ConstantOp && !materialization.IsMaterialized(view.Source);
            return isNumber || (materialization.IsMaterialized(view.Source) && view.Strides[^1].Constant is 0 or 1);
        }
    }

    /// <summary>Loads the operands that are the same for every row, once a tile; they go into <paramref name="known"/>.</summary>
    public IEnumerable<LoopStatement> LoadShared(KernelBuilder kernel, LoopNest batch, LoopValue column, Dictionary<Node, LoopValue> known)
    {
        foreach ((Node node, Matrix matrix) in leaves)
        {
            if (matrix.Source.Op is not ConstantOp { Data.Value.Count: 1 } && matrix.Row.Constant == 0 && matrix.Column.Constant == 1)
            {
                var local = new Local("operand", node.DType);
                known.Add(node, local);
                yield return new Let(local, Load(kernel, batch, matrix, LoopMath.Int(0), column));
            }
        }
    }

    /// <summary>The root's value at an element, given the product's.</summary>
    public LoopValue Apply(KernelBuilder kernel, LoopNest batch, LoopValue sum, LoopValue row, LoopValue column, IReadOnlyDictionary<Node, LoopValue> known)
    {
        Dictionary<Node, LoopValue> values = new(known) { [Product] = sum };
        return Value(Root);

        LoopValue Value(Node node)
        {
            if (!values.TryGetValue(node, out LoopValue? value))
            {
                values[node] = value = !leaves.TryGetValue(node, out Matrix? matrix) ? Scalars.Apply(node, [.. node.Inputs.Select(Value)])
                    : matrix.Source.Op is ConstantOp { Data.Value.Count: 1 } constant ? Scalars.Literal(constant)
                    : Load(kernel, batch, matrix, row, column);
            }

            return value;
        }
    }

    private static LoopValue Load(KernelBuilder kernel, LoopNest batch, Matrix matrix, LoopValue row, LoopValue column) => matrix.At(kernel, batch, row, column);

    private static bool IsPerElement(Matrix matrix) => matrix.Row.Constant != 0 && matrix.Column.Constant != 0;

    // Conversions change the size of lanes; powers and quotients of integers have no vector form.
    private static bool HasVectors(Node node) =>
        node.Op is not (CastOp or PowOp or ShiftOp or FmodOp or PolygammaOp or LogGammaOp) && (node.DType.IsFloat() || node.DType == DType.Bool || node.Op is not DivOp);

    /// <summary>Whether an operation is an instruction or two, for single elements too.</summary>
    public static bool IsShort(Op op) => op is AddOp or SubOp or MulOp or DivOp or NegOp or AbsOp or MaximumOp or MinimumOp or WhereOp or ScaleCotangentOp or DetachOp
        or ComparisonOp or SqrtOp or ReciprocalOp or BitwiseOp or RoundOp or FloorOp or SignBitOp;
}
