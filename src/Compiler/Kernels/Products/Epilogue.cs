using GraphCompiler.Operations;

namespace GraphCompiler.Kernels.Products;

/// <summary>
/// Elementwise work on the results of a matrix product: a bias, a residual, a scale, an activation. Short work is done while the sums are still in
/// registers, other work on each block of them while it is in the cache. A product's value may be read any number of times on the way. The roots are
/// the operations whose values the kernel leaves.
/// </summary>
internal sealed class Epilogue
{
    // Every sum of a tile gets a copy of the expression, so that only short ones are worth it.
    private const int MostOperationsInTiles = 6;
    private const int MostLoadsInTiles = 2;

    // What one loop over a block may hold.
    private const int MostInstructions = 96;
    private const int MostLoads = 8;

    private Epilogue(IReadOnlyList<Node> roots, Node product, IReadOnlyDictionary<Node, Matrix> leaves, IReadOnlySet<Node> drawn, IReadOnlyCollection<Node> operations)
    {
        (Roots, Product, Leaves, Drawn) = (roots, product, leaves, drawn);
        IsCheap = roots.Count == 1 && operations.Count <= MostOperationsInTiles && drawn.Count == 0
            && operations.All(o => OpTraits.Of(o.Op).IsShort)
            && leaves.Values.Count(IsPerElement) <= MostLoadsInTiles;
        Operations = operations;
    }

    private Epilogue(Epilogue other, Dictionary<Node, Matrix> leaves) =>
        (Roots, Product, IsCheap, Drawn, Operations, Leaves) = (other.Roots, other.Product, other.IsCheap, other.Drawn, other.Operations, leaves);

    public IReadOnlyList<Node> Roots { get; }

    /// <summary>Whether it is worth a copy at every sum of a tile.</summary>
    public bool IsCheap { get; }

    public Node Product { get; }

    /// <summary>The nodes that are read and not computed, and where their elements lie.</summary>
    public IReadOnlyDictionary<Node, Matrix> Leaves { get; }

    /// <summary>The nodes that are computed.</summary>
    public IReadOnlyCollection<Node> Operations { get; }

    /// <summary>Leaves that lie in no memory: random bits are made where they are needed.</summary>
    public IReadOnlySet<Node> Drawn { get; }

    /// <summary>Whether it takes numbers written into the graph, each of which occupies a register.</summary>
    public bool HasNumbers => Leaves.Values.Any(leaf => leaf.Source.Op is ConstantOp);

    /// <summary>What its code at a sum of a tile counts in <see cref="Emit.KernelSize"/>, as measured.</summary>
    public double SizeInTiles => (2 * Operations.Count) + Leaves.Values.Sum(SizeInTile);

    /// <summary>What is read beside the product.</summary>
    public IEnumerable<Node> Sources => Leaves.Keys.Where(leaf => !Drawn.Contains(leaf)).SelectMany(leaf => Leaves[leaf].Sources);

    /// <summary>The strides over the batch axes of everything that is read.</summary>
    public IEnumerable<EquatableArray<Dim>> Batches => Leaves.Values.Select(leaf => leaf.Batch);

    /// <summary>The same work, of which these results lie in memory afterwards.</summary>
    public Epilogue Leaving(IReadOnlyList<Node> roots) => new(roots, Product, Leaves, Drawn, Operations);

    public Epilogue Transposed() => new(this, Leaves.ToDictionary(leaf => leaf.Key, leaf => leaf.Value.Transposed()));

    /// <summary>What lies between a product and elementwise roots above it; null if its kernel cannot or should not compute them.</summary>
    /// <param name="roots">The roots.</param>
    /// <param name="product">What is computed already: a product, or the elementwise node that its tiles leave.</param>
    /// <param name="inside">Nodes between that are computed on the way, although they may have values of their own.</param>
    /// <param name="materialization">Which nodes have.</param>
    /// <param name="matrices">The shape of the matrix product, which the roots may have under another shape.</param>
    public static Epilogue? Find(IReadOnlyList<Node> roots, Node product, IReadOnlySet<Node> inside, IMaterialization materialization, Shape matrices)
    {
        Dictionary<Node, Matrix> leaves = [];
        HashSet<Node> drawn = [];
        HashSet<Node> operations = [];
        int instructions = 0;
        int loads = 0;
        return roots.All(r => r.Shape.ElementCount == product.Shape.ElementCount && Visit(r))
            ? new Epilogue(roots, product, leaves, drawn, operations)
            : null;

        Node Reshaped(Node node)
        {
            while (node.Op is ReshapeOp && !materialization.IsMaterialized(node))
            {
                node = node.Inputs[0];
            }

            return node;
        }

        bool Visit(Node node)
        {
            if (node == product || leaves.ContainsKey(node) || operations.Contains(node))
            {
                return true;
            }

            if (node.Op is ElementwiseOp && (roots.Contains(node) || inside.Contains(node) || !materialization.IsMaterialized(node)))
            {
                operations.Add(node);
                instructions += OpTraits.Of(node.Op).Instructions;
                return instructions <= MostInstructions
                    && OpTraits.Of(node.Op).HasVectors(node)
                    && (node.DType == product.DType || (!roots.Contains(node) && (node.DType == DType.Bool || IsWhole(node))))
                    && node.Inputs.All(Visit);
            }

            // Another shape of what is computed here lies where it does.
            if (node.Op is ReshapeOp && !materialization.IsMaterialized(node) && Reshaped(node) is var computed && (computed == product || roots.Contains(computed) || inside.Contains(computed)))
            {
                return Visit(computed);
            }

            // Bytes cannot be masked at the edge, and other lanes would make every vector of the tile a scalar.
            if ((node.DType != product.DType && !IsWhole(node)) || PointwiseExpression.ViewOf(node, materialization)?.Reshaped(node.Shape, matrices) is not { } view || view.Strides.Count < 2)
            {
                return false;
            }

            var matrix = Matrix.Of(view);
            leaves.Add(node, matrix);
            loads += IsPerElement(matrix) ? 1 : 0;
            if (loads > MostLoads)
            {
                return false;
            }

            if (view.Source.Op is RandomBitsOp && !materialization.IsMaterialized(view.Source))
            {
                drawn.Add(node);
                instructions += OpTraits.Of(node.Op).Instructions;
                return instructions <= MostInstructions && view.Strides[^1].IsConstant;
            }

            bool isNumber = view.Source.Op is ConstantOp && !materialization.IsMaterialized(view.Source);
            return isNumber || (materialization.IsMaterialized(view.Source) && view.Strides[^1].Constant is 0 or 1);
        }

        // Integers in lanes of the same size.
        bool IsWhole(Node node) => node.DType.IsInteger() && node.DType.Row().LaneSize == product.DType.Row().LaneSize;
    }

    // What is the same in all rows is loaded once a tile, what is the same along a row is broadcast.
    private static double SizeInTile(Matrix leaf) => leaf.Source.Op is ConstantOp { Data.Value.Count: 1 } ? 0
        : IsPerElement(leaf) ? (leaf.Row.IsConstant ? 3 : 5.2)
        : leaf.Row.Constant == 0 ? 0.6 : 2;

    private static bool IsPerElement(Matrix matrix) => matrix.Row.Constant != 0 && matrix.Column.Constant != 0;
}
