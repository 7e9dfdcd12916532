using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>What the operations of linear algebra share: matrices are the last two axes, all others a batch.</summary>
internal static class Matrices
{
    public static void RequireMatrix(TypeContext context, int input = 0)
    {
        Node a = context.Inputs[input];
        context.RequireFloat(input);
        if (a.Rank < 2)
        {
            throw context.BadShape($"matrices […, M, N] are needed, not {a.Shape}.");
        }
    }

    public static void RequireSquare(TypeContext context)
    {
        RequireMatrix(context);
        Shape shape = context.Inputs[0].Shape;
        context.RequireSame(shape[^2], shape[^1], $"square matrices […, N, N] are needed, not {shape}.");
    }

    public static void RequireSystem(TypeContext context)
    {
        (Node a, Node b) = (context.Inputs[0], context.Inputs[1]);
        RequireSquare(context);
        RequireMatrix(context, 1);
        context.RequireSameTypes();
        if (a.Rank != b.Rank || !a.Shape.SkipLast(2).SequenceEqual(b.Shape.SkipLast(2)) || a.Shape[^1] != b.Shape[^2])
        {
            throw context.BadShape($"matrices […, N, N] and right sides […, N, K] over the same batch axes are needed, not {a.Shape} and {b.Shape}.");
        }
    }

    /// <summary>min(M, N) of matrices […, M, N]; where symbols leave it open, M must be at least N.</summary>
    public static Dim SmallerSide(TypeContext context)
    {
        RequireMatrix(context);
        Shape shape = context.Inputs[0].Shape;
        (Dim m, Dim n) = (shape[^2], shape[^1]);
        if (Dim.AtLeast(n, m) == true)
        {
            return m;
        }

        context.RequireAtLeast(m, n, $"of sizes that are only known when the graph runs, the number of rows of {shape} must be at least that of columns; transpose wide matrices.");
        return n;
    }

    /// <summary>The shape of a batch of vectors or numbers: the batch axes, and others.</summary>
    public static Shape BatchWith(Node a, params ReadOnlySpan<Dim> sizes) => Shape.Of([.. a.Shape.SkipLast(2), .. sizes.ToArray()]);

    public static Node Transpose(Node x) => Ops.Transpose(x);

    public static Node Product(Node x, Node y) => Node.Create(new MatMulOp(), x, y);

    public static Node Symmetric(Node x) => (x + Transpose(x)) * 0.5;

    /// <summary>The elements on and below a diagonal, the main one at 0, with zeros elsewhere.</summary>
    public static Node Lower(Node x, int diagonal = 0) => Ops.Where(Offsets(x) <= diagonal, x, 0);

    /// <summary>The elements on and above a diagonal.</summary>
    public static Node Upper(Node x, int diagonal = 0) => Ops.Where(Ops.GreaterEqual(Offsets(x), diagonal), x, 0);

    /// <summary>Vectors […, N] as diagonals of matrices.</summary>
    public static Node FromDiagonal(Node d) =>
        Ops.Where(Ops.Equal(Offsets([d.Shape[^1], d.Shape[^1]]), 0), Ops.BroadcastTo(Ops.Unsqueeze(d, -1), Shape.Of([.. d.Shape, d.Shape[^1]])), 0);

    /// <summary>The diagonals of square matrices.</summary>
    public static Node Diagonal(Node x) => Ops.Sum(Ops.Where(Ops.Equal(Offsets(x), 0), x, 0), -1);

    /// <summary>Identities of the shape of a matrix.</summary>
    public static Node IdentityLike(Node x) => Ops.Cast(Ops.BroadcastTo(Ops.Equal(Offsets(x), 0), x.Shape), x.DType);

    /// <summary>x with its columns scaled by the elements of d.</summary>
    public static Node ScaleColumns(Node x, Node d) => x * Ops.Unsqueeze(d, -2);

    /// <summary>x with its rows scaled by the elements of d.</summary>
    public static Node ScaleRows(Node x, Node d) => x * Ops.Unsqueeze(d, -1);

    /// <summary>Systems A·X = B of several examples: those that share A are one system with more right sides.</summary>
    public static Node BatchSystems(Op op, BatchContext context)
    {
        int column = context.Node.Rank - 1;
        return context.IsBatched(0) ? context.OnBatched(op)[0] : context.Split(context.Create(op, context.Inputs[0], context.Merged(1, column)), column);
    }

    /// <summary>How a message names one of a batch.</summary>
    public static string Which(Node node, long item) => node.Inputs[0].Rank == 2 ? "the matrix" : $"matrix {item} of the batch";

    /// <summary>Column number less row number.</summary>
    private static Node Offsets(Node x) => Offsets(Shape.Of(x.Shape.TakeLast(2)));

    private static Node Offsets(Shape shape) => Ops.Iota(shape, 1) - Ops.Iota(shape, 0);
}
