using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>Directions times slopes, as the rules of elementwise operations need them.</summary>
internal static class Slopes
{
    /// <summary>
    /// A direction times a slope. This is a <see cref="ScaleCotangentOp"/> where the slope is finite too, since the product is differentiated
    /// again: an infinite cotangent of it must not meet a direction of 0 as ∞·0. Simplification makes a plain product of it at the end.
    /// </summary>
    public static Node Scale(Node direction, Node slope) => Ops.ScaleCotangent(direction, slope);

    /// <summary>Whether a slope is a finite number whatever inputs and parameters hold, NaN included.</summary>
    public static bool IsFinite(Node slope)
    {
        int budget = 64;
        return !MayBeInfinite(slope, ref budget);
    }

    /// <summary>The share of an extremum's gradient: all of it where this side wins (NaN included), half at a tie.</summary>
    public static Node ShareAtTie(Node direction, Node side, Node other, Func<Node, Node, Node> wins)
    {
        Node zero = Ops.ZerosLike(direction);
        return Ops.Where(
            Ops.Equal(side, other),
            0.5 * direction,
            Ops.Where(wins(other, side), zero, direction));
    }

    /// <summary>Whether a value may be no finite number, judged by the operations it comes from: it surely is one if made of numbers that are known to be.</summary>
    private static bool MayBeInfinite(Node node, ref int budget)
    {
        if (--budget < 0)
        {
            return true;
        }

        switch (node.Op)
        {
            case IotaOp or DimValueOp or RandomBitsOp:
                return false;
            case ConstantOp constant:
                return !constant.Data.IsFinite;
            case ElementwiseOp { KeepsFinite: true } or MovementOp or ConcatOp or SumOp:
                foreach (Node input in node.Inputs)
                {
                    if (input.DType.IsFloat() && MayBeInfinite(input, ref budget))
                    {
                        return true;
                    }
                }

                return false;
            default:
                return true;
        }
    }
}
