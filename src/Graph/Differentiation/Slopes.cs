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

    /// <summary>Whether a slope is finite whatever the values of inputs and parameters are, short of NaN and what sums and products make of infinities.</summary>
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

    /// <summary>Whether a node of this operation may be no finite number though inputs and parameters are, but for overflow of sums and products.</summary>
    public static bool MayBeUndefined(Op op, IReadOnlyList<Node> inputs) => op.Range switch
    {
        ResultRange.Unbounded => true,
        ResultRange.Periodic => inputs.Any(i => !IsFinite(i)),
        _ => inputs.Any(i => i.MayBeUndefined && i.DType.IsFloat()),
    };

    /// <summary>Whether a value can overflow, divide by zero or be undefined, judged by the operations it comes from.</summary>
    private static bool MayBeInfinite(Node node, ref int budget)
    {
        if (node.MayBeUndefined || node.Op.IsLeaf || --budget < 0)
        {
            return true;
        }

        if (node.Op.Range is ResultRange.Bounded or ResultRange.Periodic)
        {
            return false;
        }

        foreach (Node input in node.Inputs)
        {
            if (input.DType.IsFloat() && MayBeInfinite(input, ref budget))
            {
                return true;
            }
        }

        return false;
    }
}
