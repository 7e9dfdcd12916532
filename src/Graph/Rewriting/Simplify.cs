using System.Diagnostics.CodeAnalysis;
using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Algebra that makes a graph smaller or cheaper and gives the same numbers, to rounding. x·0 and x − x stay: they are NaN where x is not finite.
/// Signs of zeros count, as 1/x tells them apart: of floats, x + 0 is x only where the zero is −0, 0 − x is −x only likewise, and −(x − y) is
/// y − x only of integers; a sum starts from 0 and is never −0. The exception is ScaleCotangent's zero, whose sign means nothing.
/// </summary>
internal static class Simplify
{
    /// <summary>Constants of at most this many elements are computed now.</summary>
    private const long FoldLimit = 4096;

    public static IReadOnlyList<RewriteRule> Rules { get; } =
    [
        .. FoldRules(),
        RewriteRule.For<AddOp>("x + 0 → x", (n, _) => IsNeutral(n.Inputs[1], n.DType) ? n.Inputs[0] : IsNeutral(n.Inputs[0], n.DType) ? n.Inputs[1] : null),
        RewriteRule.For<AddOp>("x + (−y) → x − y", (n, m) => m.Is<NegOp>(n.Inputs[1]) ? n.Inputs[0] - n.Inputs[1].Inputs[0] : m.Is<NegOp>(n.Inputs[0]) ? n.Inputs[1] - n.Inputs[0].Inputs[0] : null),
        RewriteRule.For<SubOp>("x − 0 → x", (n, _) => Splat.IsPositiveZero(n.Inputs[1]) ? n.Inputs[0] : null),
        RewriteRule.For<SubOp>("0 − x → −x", (n, _) => IsNeutral(n.Inputs[0], n.DType) ? -n.Inputs[1] : null),
        RewriteRule.For<SubOp>("x − (−y) → x + y", (n, m) => m.Is<NegOp>(n.Inputs[1]) ? n.Inputs[0] + n.Inputs[1].Inputs[0] : null),
        RewriteRule.For<MulOp>("x·1 → x", (n, _) => Splat.Is(n.Inputs[1], 1) ? n.Inputs[0] : Splat.Is(n.Inputs[0], 1) ? n.Inputs[1] : null),
        RewriteRule.For<MulOp>("x·(−1) → −x", (n, _) => Splat.Is(n.Inputs[1], -1) ? -n.Inputs[0] : Splat.Is(n.Inputs[0], -1) ? -n.Inputs[1] : null),
        RewriteRule.For<MulOp>("(−x)·(−y) → x·y", (n, m) => m.Is<NegOp>(n.Inputs[0]) && m.Is<NegOp>(n.Inputs[1]) ? n.Inputs[0].Inputs[0] * n.Inputs[1].Inputs[0] : null),
        RewriteRule.For<DivOp>("x/1 → x", (n, _) => Splat.Is(n.Inputs[1], 1) ? n.Inputs[0] : null),
        RewriteRule.For<DivOp>("1/x → reciprocal(x)", (n, _) => n.DType.IsFloat() && Splat.Is(n.Inputs[0], 1) ? Ops.Reciprocal(n.Inputs[1]) : null),
        RewriteRule.For<DivOp>("x/2ᵏ → x·2⁻ᵏ", (n, _) => n.DType.IsFloat() && Splat.Value(n.Inputs[1]) is { } d && IsPowerOfTwo(d, n.DType) ? n.Inputs[0] * (1 / d) : null),
        RewriteRule.For<NegOp>("−(−x) → x", (n, m) => m.Is<NegOp>(n.Inputs[0]) ? n.Inputs[0].Inputs[0] : null),
        RewriteRule.For<NegOp>("−(x − y) → y − x", (n, m) => n.DType.IsInteger() && m.Is<SubOp>(n.Inputs[0]) ? n.Inputs[0].Inputs[1] - n.Inputs[0].Inputs[0] : null),
        RewriteRule.For<AbsOp>("|−x| → |x|", (n, m) => (m.Is<NegOp>(n.Inputs[0]) || m.Is<AbsOp>(n.Inputs[0])) ? Ops.Abs(n.Inputs[0].Inputs[0]) : null),
        RewriteRule.For<ReciprocalOp>("1/(1/x) → x", (n, m) => m.Is<ReciprocalOp>(n.Inputs[0]) ? n.Inputs[0].Inputs[0] : null),
        RewriteRule.For<PowOp>("x^0, x^1, x², x³, x⁻¹, x⁻² → products", Power),
        RewriteRule.For<MatMulOp>("column × row → products of elements", OuterProduct),
        RewriteRule.For<ScaleCotangentOp>("scale(1, s) → s", (n, _) => Splat.Is(n.Inputs[0], 1) ? n.Inputs[1] : null),
        RewriteRule.For<ScaleCotangentOp>("scale(0, s) → 0", (n, _) => Splat.Is(n.Inputs[0], 0) ? n.Inputs[0] : null),
        RewriteRule.For<ScaleCotangentOp>("scale(g, finite) → g·finite", (n, _) => Slopes.IsFinite(n.Inputs[1]) ? n.Inputs[0] * n.Inputs[1] : null),
        RewriteRule.For<WhereOp>("where(true, x, y) → x", (n, _) => Splat.Value(n.Inputs[0]) is { } c ? (c != 0 ? n.Inputs[1] : n.Inputs[2]) : null),
        RewriteRule.For<WhereOp>("where(c, x, x) → x", (n, _) => ReferenceEquals(n.Inputs[1], n.Inputs[2]) ? n.Inputs[1] : null),
        RewriteRule.For<WhereOp>("where(¬c, x, y) → where(c, y, x)", (n, m) => m.Is<NotOp>(n.Inputs[0]) ? Ops.Where(n.Inputs[0].Inputs[0], n.Inputs[2], n.Inputs[1]) : null),
        RewriteRule.For<NotOp>("¬¬c → c", (n, m) => m.Is<NotOp>(n.Inputs[0]) ? n.Inputs[0].Inputs[0] : null),
        RewriteRule.For<CastOp>("cast(cast(x)) → cast(x)", (n, m) => m.Is<CastOp>(n.Inputs[0]) && Widens(n.Inputs[0].Inputs[0].DType, n.Inputs[0].DType) ? Ops.Cast(n.Inputs[0].Inputs[0], n.DType) : null),
        RewriteRule.For<MaximumOp>("max(x, x) → x", (n, _) => ReferenceEquals(n.Inputs[0], n.Inputs[1]) ? n.Inputs[0] : null),
        RewriteRule.For<MinimumOp>("min(x, x) → x", (n, _) => ReferenceEquals(n.Inputs[0], n.Inputs[1]) ? n.Inputs[0] : null),
        RewriteRule.For<AfterOp>("after(x) → x", (n, _) => n.Inputs.Count == 1 ? n.Inputs[0] : null),
        RewriteRule.For<ReshapeOp>("reshape(reshape(x)) → reshape(x)", (n, m) => m.Is<ReshapeOp>(n.Inputs[0]) ? Ops.Reshape(n.Inputs[0].Inputs[0], n.Shape) : null),
        RewriteRule.For<PermuteOp>("permute(permute(x)) → permute(x)", (n, m) => m.Is<PermuteOp>(n.Inputs[0])
            ? Ops.Permute(n.Inputs[0].Inputs[0], [.. ((PermuteOp)n.Op).Order.Select(a => ((PermuteOp)n.Inputs[0].Op).Order[a])])
            : null),
        RewriteRule.For<PermuteOp>("permute of axes of size 1 → reshape(x)", (n, _) => MovesOnlyOnes(n) ? Ops.Reshape(n.Inputs[0], n.Shape) : null),
        RewriteRule.For<BroadcastToOp>("broadcast(broadcast(x)) → broadcast(x)", (n, m) => m.Is<BroadcastToOp>(n.Inputs[0]) ? Ops.BroadcastTo(n.Inputs[0].Inputs[0], n.Shape) : null),
        RewriteRule.For<BroadcastToOp>("broadcast that adds axes of size 1 → reshape(x)", (n, _) => n.Shape.ElementCount == n.Inputs[0].Shape.ElementCount ? Ops.Reshape(n.Inputs[0], n.Shape) : null),
        RewriteRule.For<SumOp>("sum over no axis → x", (n, _) => ((SumOp)n.Op).Axes.Count == 0 ? AsSum(n.Inputs[0]) : null),
        RewriteRule.For<SumOp>("sum(broadcast(x)) → n·x", SumOfBroadcast),
        RewriteRule.For<SumOp>("sum(sum(x)) → sum(x)", SumOfSum),
        RewriteRule.For<ReshapeOp>("reshape(splat) → splat", (n, _) => n.Rank > 0 && Splat.Of(n.Inputs[0]) is { } s && n.Inputs[0].Rank > 0 ? Ops.BroadcastTo(s, n.Shape) : null),
        RewriteRule.For<PermuteOp>("permute(splat) → splat", (n, _) => Splat.Of(n.Inputs[0]) is { } s ? Ops.BroadcastTo(s, n.Shape) : null),
        RewriteRule.For<SliceOp>("slice(splat) → splat", (n, _) => Splat.Of(n.Inputs[0]) is { } s ? Ops.BroadcastTo(s, n.Shape) : null),
    ];

    /// <summary>Every elementwise operation on constants, and every operation on small ones, is computed by the interpreter.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A type of operation that is trimmed away is in no graph.")]
    private static IEnumerable<RewriteRule> FoldRules() => typeof(Op).Assembly.GetTypes()
        .Where(t => t.IsSealed && t.IsSubclassOf(typeof(SingleResultOp)) && t != typeof(ConstantOp) && t != typeof(InputOp) && t != typeof(ParameterOp)
            && t != typeof(RandomStreamOp) && t != typeof(RandomBitsOp))
        .Select(t => new RewriteRule("constants are folded", t, Fold));

    /// <summary>With an inner axis of size 1 there is nothing to sum; like a sum, it is never −0.</summary>
    private static Node? OuterProduct(Node node, MatchContext context)
    {
        if (node.Inputs[0].Shape[^1].Constant != 1)
        {
            return null;
        }

        return AsSum(Ops.BroadcastTo(node.Inputs[0], node.Shape) * Ops.BroadcastTo(node.Inputs[1], node.Shape));
    }

    /// <summary>What a sum would be: not −0.</summary>
    private static Node AsSum(Node x) => x.DType.IsFloat() ? x + 0.0 : x;

    private static Node? Fold(Node node, MatchContext context)
    {
        if (node.Inputs.Count == 0)
        {
            return null;
        }

        if (node.Op is ElementwiseOp && node.Rank > 0 && node.Inputs.All(i => Splat.Of(i) is not null))
        {
            Node scalar = Node.Create(node.Op, [.. node.Inputs.Select(i => Splat.Of(i)!)]);
            return Ops.BroadcastTo(Compute(scalar), node.Shape);
        }

        bool constant = node.Inputs.All(i => i.Op is ConstantOp);
        bool growing = node.Op is BroadcastToOp && node.Inputs[0].Shape.ElementCount != node.Shape.ElementCount;
        if (!constant || growing || node.Shape.Constants is not { } shape || TensorValue.CountOf(shape) > FoldLimit)
        {
            return null;
        }

        try
        {
            return Compute(node);
        }
        catch (GraphException)
        {
            // It needs a size that is not known yet, or an index is out of range, which is an error when the graph runs.
            return null;
        }
    }

    private static Node Compute(Node node) => Ops.Constant(
        Interpreter.Evaluate([node], new Dictionary<Node, TensorValue>())[0]);

    private static Node? Power(Node node, MatchContext context)
    {
        Node x = node.Inputs[0];
        return !node.DType.IsFloat() || Splat.Value(node.Inputs[1]) is not { } exponent ? null : exponent switch
        {
            0 => Ops.OnesLike(x),
            1 => x,
            2 => x * x,
            3 => x * x * x,
            -1 => Ops.Reciprocal(x),
            -2 => Ops.Reciprocal(x * x),
            _ => null,
        };
    }

    private static Node? SumOfBroadcast(Node node, MatchContext context)
    {
        if (!context.Is<BroadcastToOp>(node.Inputs[0]))
        {
            return null;
        }

        // Only axes that the broadcast added or repeated: a sum over them is a multiple.
        Node x = node.Inputs[0].Inputs[0];
        Shape whole = node.Inputs[0].Shape;
        int lead = whole.Rank - x.Rank;
        EquatableArray<int> axes = ((SumOp)node.Op).Axes;
        if (axes.Count == 0 || !axes.All(a => a < lead || x.Shape[a - lead].Constant == 1))
        {
            return null;
        }

        Dim count = axes.Aggregate(Dim.Of(1), (product, a) => product * whole[a]);
        Shape kept = whole.Without(axes);
        Shape narrow = Shape.Of(Enumerable.Range(0, whole.Rank).Where(a => !axes.Contains(a)).Select(a => a < lead ? Dim.Of(1) : x.Shape[a - lead]));
        Node repeated = Ops.BroadcastTo(Ops.Reshape(x, narrow), kept);
        if (!node.DType.IsFloat())
        {
            // As the sum, the count wraps around where it does not fit.
            return repeated * Ops.Cast(Ops.DimValue(count), node.DType);
        }

        // The sum of no elements is 0, also of infinities and NaN.
        Node product = AsSum(repeated * Ops.DimValue(count, node.DType));
        return Dim.AtLeast(count, 1) == true ? product : Ops.Where(Ops.Greater(Ops.DimValue(count), Ops.Scalar(0, DType.Int64)), product, Ops.ZerosLike(product));
    }

    private static Node? SumOfSum(Node node, MatchContext context)
    {
        if (!context.Is<SumOp>(node.Inputs[0]))
        {
            return null;
        }

        var inner = (SumOp)node.Inputs[0].Op;

        Node x = node.Inputs[0].Inputs[0];
        int[] left = [.. Enumerable.Range(0, x.Rank).Where(a => !inner.Axes.Contains(a))];
        return Ops.Sum(x, (int[])[.. inner.Axes, .. ((SumOp)node.Op).Axes.Select(a => left[a])]);
    }

    private static bool MovesOnlyOnes(Node node)
    {
        Shape from = node.Inputs[0].Shape;
        return ((PermuteOp)node.Op).Order.Where(a => from[a].Constant != 1).ToArray() is var order && order.SequenceEqual(order.Order());
    }

    /// <summary>Whether every value of one dtype has an exact place in another.</summary>
    private static bool Widens(DType from, DType to) => (from, to) switch
    {
        (DType.Bool, _) => true,
        (DType.Float32, DType.Float64) => true,
        (DType.Int32, DType.Int64 or DType.Float64) => true,
        _ => false,
    };

    /// <summary>Whether a number and its inverse are powers of two and normal in a dtype: then a division is a multiplication, bit for bit.</summary>
    private static bool IsPowerOfTwo(double d, DType dtype) =>
        Math.Min(Math.Abs(d), Math.Abs(1 / d)) >= dtype.Row().SmallestNormal
        && (BitConverter.DoubleToInt64Bits(d) & 0xFFFFFFFFFFFFF) == 0;

    /// <summary>Whether adding a constant changes no number: 0 of integers, −0 of floats (−0 + 0 is 0).</summary>
    private static bool IsNeutral(Node node, DType dtype) => Splat.Value(node) is 0 and var zero && (!dtype.IsFloat() || double.IsNegative(zero));
}
