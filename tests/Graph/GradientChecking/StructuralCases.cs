using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for reductions, movements, indexing, contractions, losses and normalisation.</summary>
internal static class StructuralCases
{
    private static readonly long[] Picks = [2, 0, 2];

    public static IEnumerable<GradientCase> All => [.. Reductions, .. Movements, .. ShapeCases.All, .. IndexCases.All, .. Indexing, .. Composites];

    private static IEnumerable<GradientCase> Reductions =>
    [
        .. Over<SumOp>((x, axes) => Sum(x, axes)), .. Over<SumOp>((x, axes) => Mean(x, axes)), .. Over<ProdOp>((x, axes) => Prod(x, axes)),
        .. Over<MaxOp>((x, axes) => Max(x, axes)), .. Over<MinOp>((x, axes) => Min(x, axes)), .. Over<SumOp>((x, axes) => Variance(x, axes)),
        Row<SumOp>("sum of nothing", x => Sum(x[0]), In([0])),
        Row<SumOp>("sum of an empty axis", x => Sum(x[0], 1), In([2, 0])),
        Row<SumOp>("sum kept", x => Sum(x[0], 1, keepDims: true) * x[0], In([2, 3])),
        Row<ProdOp>("prod of nothing", x => Prod(x[0]), In([0])),
        Row<ProdOp>("prod of one", x => Prod(x[0]), In([1])),
        Row<ProdOp>("prod of an odd count", x => Prod(x[0]), In([5])),
        Row<ProdOp>("prod with a zero", x => Prod(x[0]), At(2, 0, 3)),
        Row<ProdOp>("prod with two zeros", x => Prod(x[0]), At(2, 0, 3, 0)),
        Row<ProdOp>("prod with three zeros", x => Prod(x[0]), At(0, 0, 0)),
        Row<ProdOp>("prod of a symbolic count with a zero", x => Prod(x[0]), new CaseInput(["N"], [1.5, 0, -2], 0, 0)),
        Row<MaxOp>("max at a tie", x => Max(x[0]), GradientVerdict.Kink, At(1, 2, 2)),
        Row<MinOp>("min at a tie", x => Min(x[0]), GradientVerdict.Kink, At(1, 1, 2)),
        Row<MaxOp>("max beside a tie", x => Max(x[0]), At(1, 2, 2.000001)),
        Row<GatherOp>("max with index", x => MaxWithIndex(x[0], 1).Values, In([2, 3])),
        Row<GatherOp>("min with index at a tie", x => MinWithIndex(x[0], 0).Values, GradientVerdict.Kink, At(1, 1, 2)),
    ];

    private static IEnumerable<GradientCase> Movements =>
    [
        Row<ReshapeOp>("reshape", x => Reshape(x[0], [3, 2]), In([2, 3])),
        Row<ReshapeOp>("reshape of a symbol", x => Flatten(x[0]), In(["N", 2])),
        Row<ReshapeOp>("reshape of one", x => Reshape(x[0], []), In([1, 1])),
        Row<ReshapeOp>("unsqueeze and squeeze", x => Squeeze(Unsqueeze(x[0], 1), 1), In([2, 3])),
        Row<PermuteOp>("permute", x => Permute(x[0], 2, 0, 1), In([2, 3, 2])),
        Row<PermuteOp>("transpose of a square", x => Transpose(x[0]), In([3, 3])),
        Row<PermuteOp>("transpose of a symbol", x => Transpose(x[0]), In(["N", 2])),
        Row<BroadcastToOp>("broadcast", x => BroadcastTo(x[0], [2, 3, 2]), In([3, 1])),
        Row<BroadcastToOp>("broadcast of a scalar to a symbol", x => BroadcastTo(x[0], ["N"]) * x[1], In([]), In(["N"])),
        Row<BroadcastToOp>("broadcast to nothing", x => BroadcastTo(x[0], [0, 2]), In([2])),
        Row<SliceOp>("slice", x => x[0].Slice(0, 1..3), In([4, 2])),
        Row<SliceOp>("slice of a square", x => x[0].Slice(0, 1..3), In([3, 3])),
        Row<SliceOp>("slice with a step", x => Slice(x[0], 0, 1, 6, 2), In([6])),
        Row<SliceOp>("slice of nothing", x => Slice(x[0], 0, 1, 1), In([3])),
        Row<SliceOp>("slice of a symbol", x => Slice(x[0], 0, 1, "N"), In(["N", 2])),
        Row<SliceOp>("select", x => Select(x[0], 1, 1), In([2, 3])),
        Row<PadOp>("pad", x => Pad(x[0], 1, 1, 2, 0.5), In([2, 2])),
        Row<PadOp>("pad to a square", x => Pad(x[0], 0, 1, 0), In([2, 3])),
        Row<PadOp>("pad of a symbol", x => Pad(x[0], 0, 1, 1), In(["N"])),
        Row<PadOp>("pad of the last axes", x => Pad(x[0], [(1, 0), (-1, 2)], value: 0.5), In([2, "N", 2])),
        Row<TakeOp>("pad, reflected", x => Pad(x[0], [(1, 2), (0, 1)], PaddingMode.Reflect), In([3, 2])),
        Row<TakeOp>("pad, replicated, of a view", x => Pad(Transpose(x[0]), [(2, 1)], PaddingMode.Replicate), In(["N", 2])),
        Row<TakeOp>("pad, circular, of one", x => Pad(x[0], [(1, 0), (1, 1)], PaddingMode.Circular), In([1, 1])),
        Row<PadOp>("pad of nothing", x => Pad(x[0], 0, 1, 1), In([0])),
        Row<ConcatOp>("concat", x => Concat([x[0], x[1], x[0]], 1), In([2, 1]), In([2, 2])),
        Row<ConcatOp>("concat of symbols", x => Concat([x[0], x[1]]), In(["N"]), In(["M"])),
        Row<ConcatOp>("concat with nothing", x => Concat([x[0], x[1]]), In([0]), In([2])),
        Row<ConcatOp>("stack", x => Stack([x[0], x[1]], 1), In([2]), In([2])),
    ];

    private static IEnumerable<GradientCase> Indexing =>
    [
        Row<TakeOp>("take with repetition", x => Take(x[0], Constant(Picks)), In([3, 2])),
        Row<TakeOp>("take along the last axis", x => Take(x[0], Constant(Picks), 1), In([2, 3])),
        Row<TakeOp>("take of nothing", x => Take(x[0], Constant(Array.Empty<long>())), In([3])),
        Row<TakeOp>("take of a symbol", x => Take(x[0], Arange("N")), In(["N", 2])),
        Row<IndexAddOp>("index add with repetition", x => IndexAdd(x[0], 0, Constant(Picks), x[1]), In([4, 2]), In([3, 2])),
        Row<GatherOp>("take along an axis", x => Gather(x[0], 0, Reshape(Constant(Picks), [1, 3])), In([3, 3])),
        Row<GatherOp>("gather", x => Gather(x[0], 1, Reshape(Constant(Picks), [1, 3])), In([1, 4])),
        Row<ScatterAddOp>("scatter add", x => ScatterAdd(x[0], 0, Constant((long[])[1, 0, 3]), x[1]), In([4]), In([3])),
        Row<ScatterAddOp>("scatter add with repetition", x => ScatterAdd(x[0], 0, Constant(Picks), x[1]), In([4]), In([3])),
    ];

    private static IEnumerable<GradientCase> Composites =>
    [
        Row<MatMulOp>("matmul", x => MatMul(x[0], x[1]), In([2, 3]), In([3, 2])),
        Row<MatMulOp>("matmul over batches", x => MatMul(x[0], x[1]), In([2, 1, 2, 2]), In([2, 2, 1])),
        Row<MatMulOp>("matmul of vectors", x => MatMul(x[0], x[1]), In([3]), In([3])),
        Row<MatMulOp>("matmul of a matrix and a vector", x => MatMul(x[0], x[1]), In(["N", 2]), In([2])),
        Row<MatMulOp>("matmul over nothing", x => MatMul(x[0], x[1]), In([2, 0]), In([0, 2])),
        Row<SoftmaxOp>("softmax", x => Softmax(x[0]), In([2, 3], -1, 1)),
        Row<SoftmaxOp>("softmax along the first axis of a symbol", x => Softmax(x[0], 0), In(["N", 2], -1, 1)),
        Row<SoftmaxOp>("softmax of one", x => Softmax(x[0]), In([1])),
        Row<SoftmaxOp>("softmax of large logits at a tie", x => Softmax(x[0]), At(50, 50, -50)),
        Row<SoftmaxOp>("softmax along nothing", x => Softmax(x[0]) + LogSoftmax(x[0]), In([2, 0])),
        Row<LogSoftmaxOp>("log softmax", x => LogSoftmax(x[0]), In([2, 3], -1, 1)),
        Row<LogSoftmaxOp>("log softmax of large logits", x => LogSoftmax(x[0]), At(50, 49, -50)),
        Row<SoftmaxOp>("log of softmax", x => Log(Softmax(x[0])), In([3], -1, 1)),
        Row<CrossEntropyOp>("cross-entropy", x => CrossEntropy(x[0], Constant(Picks)), In([3, 3], -1, 1)),
        Row<CrossEntropyOp>("cross-entropy of a symbol, no reduction", x => CrossEntropy(x[0], Constant(Picks), LossReduction.None), In([3, "N"], -1, 1)),
        Row<CentreOp>("centred", x => Node.Create(new CentreOp(EquatableArray.Create([1])), x[0]), In([2, 4])),
        Row<SquaresAboutMeanOp>("variance over an axis", x => Variance(x[0], 1), In([2, 4])),
        Row<NormalizeOp>("layer norm", x => LayerNorm(x[0], x[1], x[2]), In([2, 4]), In([4]), In([4])),
        Row<NormalizeOp>("layer norm over two axes of a symbol", x => LayerNorm(x[0], trailingAxes: 2), In(["N", 2, 2])),
        Row<NormalizeOp>("layer norm of equal elements", x => LayerNorm(x[0], epsilon: 0.1), At(1, 1, 1)),
        Row<OutputOp>("results of a call", x => Halves(x[0]), In([2, 3])),
        Row<OutputOp>("one result of a call", x => Output(TwoResults(x[0])[0].Inputs[0], 1), In([2])),
        Row<DivOp>("map", x => Map(x[0], v => v / (1 + Math.Exp(-v))), In([3], -1, 1)),
        Row<SubOp>("mean-squared error", x => MeanSquaredError(x[0], x[1]), In(["N", 2]), In(["N", 2])),
    ];

    private static NodeList TwoResults(Node x) => Call("sine and square", [x], p => [Sin(p[0]), p[0] * p[0]]);

    private static Node Halves(Node x)
    {
        (Node sine, Node square) = TwoResults(x);
        return sine * square;
    }

    private static IEnumerable<GradientCase> Over<TOp>(Func<Node, Axes, Node> op) =>
        new (Shape, Axes)[] { ([2, 3], Axes.All), ([2, 3], 0), ([2, 3, 2], new[] { 0, 2 }), (["N", 2], 0), (["N", 2], 1), ([3], Axes.All) }
            .Select(p => new GradientCase($"{op.Method.Name} {typeof(TOp).Name[..^2]} of {p.Item1} along {p.Item2}", typeof(TOp), x => op(x[0], p.Item2), [In(p.Item1)]));

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => Row<TOp>(name, apply, GradientVerdict.Passed, inputs);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, GradientVerdict worst, params CaseInput[] inputs) =>
        new(name, typeof(TOp), apply, inputs, worst);
}
