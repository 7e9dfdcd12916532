using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The part of each matrix on and below a diagonal; zeros above it.</summary>
    /// <param name="x">Any values, […, rows, columns].</param>
    /// <param name="offset">The diagonal: 0 is the main one, larger numbers lie above it.</param>
    public static Node Tril(Node x, int offset = 0)
    {
        RequireMatrices(x, "Tril");
        return Where(FromDiagonal(x.Shape[^2], x.Shape[^1], x.DType) <= offset, x, 0);
    }

    /// <summary>The part of each matrix on and above a diagonal; zeros below it.</summary>
    /// <param name="x">Any values, […, rows, columns].</param>
    /// <param name="offset">The diagonal: 0 is the main one, larger numbers lie above it.</param>
    public static Node Triu(Node x, int offset = 0)
    {
        RequireMatrices(x, "Triu");
        return Where(FromDiagonal(x.Shape[^2], x.Shape[^1], x.DType) >= offset, x, 0);
    }

    /// <summary>A diagonal of the matrices that two axes span, as a new last axis in their place.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="offset">The diagonal: 0 is the main one, larger numbers lie above it. One outside the matrices is empty.</param>
    /// <param name="axis0">The axis of rows.</param>
    /// <param name="axis1">The axis of columns.</param>
    /// <exception cref="ShapeException">The axes are the same, or symbols leave open how long the diagonal is.</exception>
    public static Node Diagonal(Node x, int offset = 0, int axis0 = 0, int axis1 = 1) => Diagonal("Diagonal", x, offset, axis0, axis1);

    /// <summary>x with a diagonal of the matrices that two axes span replaced.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="source">Values of x's dtype and of the shape of the <see cref="Diagonal(Node, int, int, int)"/>.</param>
    /// <param name="offset">The diagonal: 0 is the main one, larger numbers lie above it. One outside the matrices is empty.</param>
    /// <param name="axis0">The axis of rows.</param>
    /// <param name="axis1">The axis of columns.</param>
    /// <exception cref="ShapeException">The source does not fit, the axes are the same, or symbols leave open how long the diagonal is.</exception>
    public static Node DiagonalScatter(Node x, Node source, int offset = 0, int axis0 = 0, int axis1 = 1)
    {
        Node diagonal = Diagonal("DiagonalScatter", x, offset, axis0, axis1);
        if (NotNull(source).Type != diagonal.Type)
        {
            throw new ShapeException($"DiagonalScatter: the source must be {diagonal.Type}, not {source.Describe()}.{Broadcasting.Declare(diagonal.Shape, source.Shape)} Input: {x.Describe()}.");
        }

        if (diagonal.Shape[^1].Constant == 0)
        {
            return x;
        }

        int[] plane = [Axis.Normalize(axis0, x.Rank, "DiagonalScatter", x), Axis.Normalize(axis1, x.Rank, "DiagonalScatter", x)];
        Node matrices = MoveAxis(x, plane, [-2, -1]);
        (Dim rows, Dim columns) = (matrices.Shape[^2], matrices.Shape[^1]);
        return MoveAxis(Where(Equal(FromDiagonal(rows, columns, x.DType), offset), EmbedDiagonal(source, offset, rows, columns), matrices), [-2, -1], plane);
    }

    /// <summary>Matrices one after the other along the diagonal of one, which is zero elsewhere.</summary>
    /// <param name="nodes">At least one matrix; a vector is a row, a number a matrix of one element.</param>
    public static Node BlockDiag(params IReadOnlyList<Node> nodes)
    {
        Node[] blocks = AtLeast("BlockDiag", nodes, n => n.Rank < 2 ? Reshape(n, [1, n.Rank == 0 ? 1 : n.Shape[0]]) : n);
        foreach (Node block in blocks)
        {
            if (block.Rank > 2 || block.DType != blocks[0].DType)
            {
                throw new ShapeException($"BlockDiag: matrices of one dtype are needed, not {blocks[0].Describe()} and {block.Describe()}.");
            }
        }

        Dim columns = blocks.Aggregate(Dim.Of(0), (total, b) => total + b.Shape[1]);
        Dim before = 0;
        var rows = new Node[blocks.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            Dim after = before + blocks[i].Shape[1];
            rows[i] = Pad(blocks[i], 1, before, columns - after);
            before = after;
        }

        return Concat(rows);
    }

    /// <summary>Matrices of zeros with the last axis of x on a diagonal.</summary>
    /// <param name="x">Any values, at least one axis.</param>
    /// <param name="offset">The diagonal: 0 is the main one, larger numbers lie above it.</param>
    /// <param name="axis0">Where the axis of rows will stand in the result.</param>
    /// <param name="axis1">Where the axis of columns will stand.</param>
    public static Node DiagEmbed(Node x, int offset = 0, int axis0 = -2, int axis1 = -1)
    {
        if (NotNull(x).Rank == 0)
        {
            throw new ShapeException($"DiagEmbed: it takes at least one axis. Input: {x.Describe()}.");
        }

        int rows = Axis.Normalize(axis0, x.Rank + 1, "DiagEmbed", x);
        int columns = Axis.Normalize(axis1, x.Rank + 1, "DiagEmbed", x);
        if (rows == columns)
        {
            throw new ShapeException($"DiagEmbed: rows and columns need an axis each, not both {axis0}. Input: {x.Describe()}.");
        }

        Dim size = x.Shape[^1] + Math.Abs((long)offset);
        return MoveAxis(EmbedDiagonal(x, offset, size, size), [-2, -1], [rows, columns]);
    }

    /// <summary>The diagonal of a matrix, or the square matrix with a vector on a diagonal.</summary>
    /// <param name="x">Any values, one or two axes.</param>
    /// <param name="offset">The diagonal: 0 is the main one, larger numbers lie above it.</param>
    public static Node Diag(Node x, int offset = 0) => NotNull(x).Rank switch
    {
        1 => DiagEmbed(x, offset),
        2 => Diagonal(x, offset),
        _ => throw new ShapeException($"Diag: it takes a vector or a matrix; use Diagonal or DiagEmbed for batches. Input: {x.Describe()}."),
    };

    /// <summary>The sum of the main diagonal of a matrix.</summary>
    /// <param name="x">Numbers, [rows, columns].</param>
    public static Node Trace(Node x) => RequireNumber("Trace", x).Rank == 2
        ? Sum(Diagonal(x))
        : throw new ShapeException($"Trace: it takes a matrix; sum a Diagonal for batches. Input: {x.Describe()}.");

    /// <summary>The last axis on a diagonal of matrices of any size that holds it.</summary>
    internal static Node EmbedDiagonal(Node x, int offset, Dim rows, Dim columns)
    {
        // The element of row i is that of the diagonal which starts at row firstRow: a column that repeats along the row, zero elsewhere.
        Dim length = x.Shape[^1];
        int firstRow = Math.Max(-offset, 0);
        Node column = Pad(x, -1, firstRow, rows - firstRow - length);
        Node wide = BroadcastTo(Unsqueeze(column, -1), Shape.Of([.. column.Shape, columns]));
        return Where(Equal(FromDiagonal(rows, columns, x.DType), offset), wide, 0);
    }

    /// <summary>How far each element of a matrix is above the main diagonal, in integers as wide as a dtype so that a loop has lanes of one size.</summary>
    private static Node FromDiagonal(Dim rows, Dim columns, DType type)
    {
        DType count = type.Row().Integer;
        return Iota([rows, columns], 1, count) - Iota([rows, columns], 0, count);
    }

    private static Node Diagonal(string op, Node x, int offset, int axis0, int axis1)
    {
        int rows = Axis.Normalize(axis0, NotNull(x).Rank, op, x);
        int columns = Axis.Normalize(axis1, x.Rank, op, x);
        Dim down = x.Shape[rows] - Math.Max(-(long)offset, 0);
        Dim right = x.Shape[columns] - Math.Max((long)offset, 0);
        Dim length = Dim.AtLeast(right, down) == true ? down
            : Dim.AtLeast(down, right) == true ? right
            : throw new ShapeException($"{op}: it is not known whether {down} or {right} is less, which is how long the diagonal {offset} is; slice x first. Input: {x.Describe()}.");
        return Create(new DiagonalOp(length.Constant < 0 ? 0 : offset, rows, columns, length.Constant < 0 ? 0 : length), x);
    }

    private static void RequireMatrices(Node x, string op)
    {
        if (NotNull(x).Rank < 2)
        {
            throw new ShapeException($"{op}: it takes matrices, at least two axes. Input: {x.Describe()}.");
        }
    }
}
