using GraphCompiler.Operations;

namespace GraphCompiler.Kernels.Products;

/// <summary>
/// Elementwise work on an operand of a matrix product, done while the operand is packed: a cast, a scale, a mask. The root is the node that is computed
/// so; it has no value of its own, and the operand reads it through movement operations.
/// </summary>
internal sealed class Prologue
{
    // Where elements are packed one by one, the code stands many times in a kernel and has no vectors.
    private const int MostInstructionsByElement = 8;

    private Prologue(PointwiseExpression expression, IReadOnlyDictionary<Read, Matrix> leaves) => (Expression, Leaves) = (expression, leaves);

    /// <summary>How the root is computed.</summary>
    public PointwiseExpression Expression { get; }

    /// <summary>Where what it reads lies, as a matrix beside the operand.</summary>
    public IReadOnlyDictionary<Read, Matrix> Leaves { get; }

    /// <summary>The strides over the batch axes of everything that is read.</summary>
    public IEnumerable<EquatableArray<Dim>> Batches => Leaves.Values.Select(leaf => leaf.Batch);

    /// <summary>The nodes that are read.</summary>
    public IEnumerable<Node> Sources => Leaves.Keys.Where(r => r.Buffer is not null).Select(r => r.View.Source);

    /// <summary>Whether everything that is read lies along the operand's rows, or is the same all along them.</summary>
    public bool LiesAlongRows => Leaves.Values.All(leaf => leaf.Column.Constant is 0 or 1);

    /// <summary>Whether it may be written out many times for single elements.</summary>
    public bool IsShort
    {
        get
        {
            Node[] operations = [.. Expression.Operations];
            return operations.All(o => OpTraits.Of(o.Op).IsShort || o.Op is CastOp) && Leaves.Keys.All(r => r.View.Source.Op is not RandomBitsOp || r.Buffer is not null) && operations.Sum(o => OpTraits.Of(o.Op).Instructions) <= MostInstructionsByElement;
        }
    }

    public Prologue Transposed() => new(Expression, Leaves.ToDictionary(leaf => leaf.Key, leaf => leaf.Value.Transposed()));

    /// <summary>
    /// An operand that is computed from an elementwise node without a value of its own: the matrix as it would lie in that node's memory, and how its
    /// elements are made. Null if something is between them, or read, that no strides lead through.
    /// </summary>
    public static Matrix? Find(Node operand, IMaterialization materialization)
    {
        List<Node> movements = [];
        Node root = operand;
        while (root.Op is not ElementwiseOp)
        {
            if (root.Op is not MovementOp || materialization.IsMaterialized(root))
            {
                return null;
            }

            movements.Add(root);
            root = root.Inputs[0];
        }

        if (materialization.IsMaterialized(root))
        {
            return null;
        }

        movements.Reverse();
        var expression = new PointwiseExpression(root, materialization);
        Dictionary<Read, Matrix> leaves = [];
        foreach (Read read in expression.Reads.Distinct())
        {
            if (Moved(read.View) is not { } moved)
            {
                return null;
            }

            leaves.Add(read, Matrix.Of(moved));
        }

        return Moved(View.Dense(root)) is { } place ? Matrix.Of(place) with { Prologue = new Prologue(expression, leaves) } : null;

        View? Moved(View view) => movements.Aggregate((View?)view, (moved, movement) => moved?.Move(movement));
    }
}
