using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>
/// (Σ|x|ᵖ)^(1/p) over axes, p neither 0 nor infinite, without overflow or loss where powers have it. Where the result is 0, so is the gradient, and an
/// element that is 0 gets none.
/// </summary>
internal sealed record NormOp(double Order, EquatableArray<int> Axes) : UnaryComposite
{
    public bool Equals(NormOp? other) => other is not null && Axes == other.Axes && BitConverter.DoubleToInt64Bits(Order) == BitConverter.DoubleToInt64Bits(other.Order);

    public override int GetHashCode() => HashCode.Combine(Axes, Order);

    protected override Node Expand(Node x) => Order == 2 ? Length(x) : PowerNorm(x);

    public override Node[] Batch(BatchContext context) => context.OnBatched(new NormOp(Order, Axis.BehindBatch(Axes)));

    /// <summary>sign(x)·(|x|/norm)^(p − 1), whose parts are as large as x or smaller.</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node x = node.Inputs[0];
        Node norm = Axis.Expand(Ops.Where(Ops.Equal(node, 0), double.PositiveInfinity, node), Axes, x.Shape);
        Node slope = x / norm;
        if (Order != 2)
        {
            Node isNothing = Ops.Equal(slope, 0);
            slope = Ops.Where(isNothing, 0, Ops.Sign(slope) * Ops.Pow(Ops.Where(isNothing, 1, Ops.Abs(slope)), Order - 1));
        }

        return [Slopes.Scale(Axis.Expand(cotangents[0]!, Axes, x.Shape), slope)];
    }

    /// <summary>
    /// Three sums of squares in one pass: as they are, with large elements made small, and with all made large. Where the first overflows the second is
    /// taken, to which other elements add nothing that counts; where it is so small that squares may have vanished, the third.
    /// </summary>
    private Node Length(Node x)
    {
        (double large, double shrink, double least, double grow) = x.DType switch
        {
            DType.Float32 => (Math.ScaleB(1, 30), Math.ScaleB(1, -80), Math.ScaleB(1, -80), Math.ScaleB(1, 100)),
            DType.Float64 => (Math.ScaleB(1, 400), Math.ScaleB(1, -600), Math.ScaleB(1, -900), Math.ScaleB(1, 960)),
            _ => throw DTypes.Unexpected(x.DType),
        };
        Node squares = Squares(x);
        Node ofLarge = Squares(Ops.Where(Ops.Abs(x) > large, x * shrink, 0));
        Node ofSmall = Squares(x * grow);
        return Ops.Where(
            squares < least,
            Ops.Sqrt(ofSmall) / grow,
            Ops.Where(Ops.Equal(squares, double.PositiveInfinity), Ops.Sqrt(ofLarge) / shrink, Ops.Sqrt(squares)));

        Node Squares(Node part) => Node.Create(new SumOp(Axes), part * part);
    }

    /// <summary>Of what the largest magnitude is 1 or, for negative orders, the smallest. Powers of 0 are left out: at 0 their slopes may be infinite.</summary>
    private Node PowerNorm(Node x)
    {
        Node size = Ops.Abs(x);
        Node extremum = Node.Create(Order > 0 ? new MaxOp(Axes) { MayBeOfNothing = true } : new MinOp(Axes) { MayBeOfNothing = true }, size);
        Node scale = Ops.Where((extremum > 0) & (extremum < double.PositiveInfinity), extremum, 1);
        Node isZero = Ops.Equal(x, 0);
        Node ratio = size / Axis.Expand(scale, Axes, x.Shape);
        Node powers = Ops.Where(isZero, Order > 0 ? 0 : double.PositiveInfinity, Ops.Pow(Ops.Where(isZero, 1, ratio), Order));
        return scale * Ops.Pow(Node.Create(new SumOp(Axes), powers), 1 / Order);
    }
}
