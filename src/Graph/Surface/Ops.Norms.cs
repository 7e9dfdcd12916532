using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// The p-norm (Σ|x|ᵖ)^(1/p) over axes (PyTorch's vector_norm), also where powers overflow or vanish. Order 2 has the gradient 0 where the norm is 0; orders ∞ and −∞ are the largest
    /// and smallest magnitude, whose ties share the gradient evenly; order 0 counts what is not 0, with the gradient 0. An element that is 0 gets the
    /// gradient 0.
    /// </summary>
    /// <param name="x">Floats; at least one along the axes for the orders ∞ and −∞.</param>
    /// <param name="order">p.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node Norm(Node x, double order = 2, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("Norm", x);
        if (double.IsNaN(order))
        {
            throw new GraphException($"Norm: the order is NaN; use a number, or an infinity for the largest or smallest magnitude. Input: {x.Describe()}.");
        }

        foreach (int axis in Axis.Normalize(axes, x, "Norm"))
        {
            x = double.IsInfinity(order) ? Conditions.AtLeast("Norm", x, x.Shape[axis], 1, $"axis {axis} has no elements to choose from for the order {order}.") : x;
        }

        return order switch
        {
            0 => Sum(Where(NotEqual(x, 0), 1, Where(Equal(x, 0), 0, x)), axes, keepDims),
            1 => Sum(Abs(x), axes, keepDims),
            double.PositiveInfinity => Max(Abs(x), axes, keepDims),
            double.NegativeInfinity => Min(Abs(x), axes, keepDims),
            _ => Reduce("Norm", a => new NormOp(order, a), x, axes, keepDims),
        };
    }

    /// <summary>The p-norm of a − b, over all elements (PyTorch's dist).</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    /// <param name="order">p, as in <see cref="Norm"/>.</param>
    public static Node Dist(Node a, Node b, double order = 2)
    {
        RequireFloat("Dist", a);
        return Norm(a - NotNull(b), order);
    }

    /// <summary>The p-norm of the difference of each row of one matrix and each row of another (PyTorch's cdist): the gradient is 0 between equal rows. Squares of order 2 may overflow.</summary>
    /// <param name="a">Floats [..., P, M].</param>
    /// <param name="b">Floats [..., R, M] of the same dtype; the leading axes broadcast. The result is [..., P, R].</param>
    /// <param name="order">p, as in <see cref="Norm"/>.</param>
    public static Node CDist(Node a, Node b, double order = 2)
    {
        RequireFloat("CDist", a);
        if (a.Rank < 2 || NotNull(b).Rank < 2 || a.Shape[^1] != b.Shape[^1])
        {
            throw new ShapeException(
                $"CDist: rows of one length are needed, [..., P, M] and [..., R, M], not {a.Shape} and {NotNull(b).Shape}.{Broadcasting.Declare(a.Shape, b.Shape)} Inputs: {a.Describe()}, {b.Describe()}.");
        }

        Node difference = Unsqueeze(a, -2) - Unsqueeze(b, -3);
        return order == 2 ? Root(Sum(Square(difference), -1)) : Norm(difference, order, -1);
    }

    /// <summary>The p-norm of the difference of each two rows of a matrix (PyTorch's pdist): the gradient is 0 between equal rows.</summary>
    /// <param name="x">Floats [N, M].</param>
    /// <param name="order">p, as in <see cref="Norm"/>.</param>
    /// <returns>[N·(N − 1)/2]: rows 0 and 1, 0 and 2, …, 1 and 2, ….</returns>
    public static Node PDist(Node x, double order = 2)
    {
        if (RequireFloat("PDist", x).Rank != 2)
        {
            throw new ShapeException($"PDist: it takes a matrix [N, M], not {x.Shape}. Input: {x.Describe()}.");
        }

        Dim rows = x.Shape[0];
        (Node pairs, _) = NonZero(FromDiagonal(rows, rows, x.DType) > 0, rows * (rows - 1) / 2);
        return Norm(Take(x, Select(pairs, 1, 0)) - Take(x, Select(pairs, 1, 1)), order, 1);
    }

    /// <summary>√x of what is at least 0, with the gradient 0 at 0.</summary>
    private static Node Root(Node x) => Where(Equal(x, 0), 0, Sqrt(x));
}
