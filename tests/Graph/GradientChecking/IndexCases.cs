using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for scatters, masks, indexing and contractions.</summary>
internal static class IndexCases
{
    private static readonly Node Picks = Constant((long[])[2, 0, 2]);
    private static readonly Node Mask = Constant((bool[])[true, false, true, true]);

    public static IEnumerable<GradientCase> All =>
    [
        Row<ScatterOp>("scatter with repetition", x => Scatter(x[0], 0, Picks, x[1]).Square(), In([4]), In([3])),
        Row<ScatterOp>("scatter of a number", x => Scatter(x[0], 0, Picks, 3) * x[0], In([4])),
        Row<ScatterOp>("scatter of nothing", x => Scatter(x[0], 0, Constant(Array.Empty<long>()), x[1]), In([2]), In([0])),
        Row<ScatterOp>("scatter along a symbol", x => Scatter(x[0], 1, Reshape(Picks, [1, 3]), x[1]), In(["M", "N"]), In([1, 3])),
        Row<ScatterOp>("scattered product", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Prod), In([4]), In([3])),
        Row<ScatterOp>("scattered product with a zero", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Prod), In([4]), At(0, 2, 3)),
        Row<ScatterOp>("scattered product with two zeros", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Prod), At(1, 2, 0, 4), At(0, 2, 3)),
        Row<ScatterOp>("scattered product with three zeros", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Prod), At(1, 2, 0, 4), At(0, 0, 0)),
        Row<ScatterOp>("scattered product of a node by itself", x => ScatterReduce(x[0], 0, Picks, x[0], ScatterReduction.Prod), In([3])),
        Row<ScatterOp>("scattered product without x", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Prod, includeSelf: false), In([4]), In([3])),
        Row<ScatterOp>("scattered maximum", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Max), At(1, 2, 3, 4), At(2.5, 3, 3.5)),
        Row<ScatterOp>("scattered minimum without x", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Min, includeSelf: false), At(1, 2, 3, 4), At(2.5, 3, 3.5)),
        Row<ScatterOp>("scattered maximum at a tie", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Max), GradientVerdict.Kink, At(1, 2, 3, 4), At(3, 1, 3)),
        Row<ScatterAddOp>("scattered mean", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Mean).Square(), In([4]), In([3])),
        Row<ScatterAddOp>("scattered mean without x", x => ScatterReduce(x[0], 0, Picks, x[1], ScatterReduction.Mean, includeSelf: false), In([4]), In([3])),
        .. from reduction in Enum.GetValues<ScatterReduction>()
           select Row<BroadcastToOp>($"IndexReduce, {reduction}", x => IndexReduce(x[0], 1, Picks, x[1], reduction, includeSelf: false).Square(), In([2, 3]), In([2, 3], 2, 3)),
        .. from reduction in Enum.GetValues<ScatterReduction>()
           select Row<BroadcastToOp>($"SegmentReduce, {reduction}", x => Slice(SegmentReduce(x[0], Constant((long[])[2, 0, 2, 0]), 3, reduction), 0, 0, null, 2).Square(), In([4, 2])),
        Row<ScatterOp>("index copy with repetition", x => IndexCopy(x[0], 1, Picks, x[1]), In(["N", 3]), In(["N", 3])),
        Row<ScatterOp>("index fill", x => IndexFill(IndexFill(x[0], 0, Picks, x[1]), 1, Constant((long[])[1]), 4), In([3, 2]), In([])),
        Row<IndexAddOp>("index put of several, added", x => IndexPut(x[0], [Picks, Constant((long[])[-1, 0, -1])], x[1], accumulate: true), In([3, 2]), In([3])),
        Row<ScatterOp>("index put of one", x => IndexPut(x[0], [Picks], x[1]), In([3, 2]), In([2])),
        Row<WhereOp>("masked fill", x => MaskedFill(MaskedFill(x[0], Mask, x[1]), !Mask, 2) * x[0], In([4]), In([])),
        Row<TakeOp>("masked select", x => MaskedSelect(x[0], Mask, 5, 7).Values.Square(), In([2, 4])),
        Row<TakeOp>("masked select of more than fit", x => MaskedSelect(x[0], Mask, 2).Values, In([4])),
        Row<ScatterOp>("masked scatter", x => MaskedScatter(x[0], Mask, x[1]), In([4]), In([5])),
        Row<ScatterOp>("masked scatter of too few", x => MaskedScatter(x[0], Mask, x[1]), In([2, 4]), In([3])),
        Row<TakeOp>("embedding", x => Embedding(Picks, x[0]), In([3, 2])),
        Row<TakeOp>("embedding bags, added", x => EmbeddingBag(Reshape(Picks, [1, 3]), x[0], BagReduction.Sum, paddingIndex: 0), In([3, 2])),
        Row<TakeOp>("embedding bags by offsets", x => EmbeddingBag(Picks, x[0], BagReduction.Mean, Constant((long[])[0, 2, 2])), In([3, 2])),
        Row<TakeOp>("embedding bags, added with factors", x => EmbeddingBag(Picks, x[0], BagReduction.Sum, Constant((long[])[0, 2, 2]), 0, x[1]), In([3, 2]), In([3])),
        Row<ScatterOp>("embedding bags, largest", x => EmbeddingBag(Constant((long[])[2, 0, 1]), x[0], BagReduction.Max, Constant((long[])[0, 2, 3])), In([3, 2])),
        Row<TakeOp>("at two tensors of indices side by side", x => At(x[0], .., Picks, Constant((long[])[-1])), In([2, 3, 2])),
        Row<TakeOp>("at two tensors of indices apart", x => x[0][Picks, .., Reshape(Constant((long[])[0, 1]), [2, 1])], In([3, 2, 2])),
        Row<SliceOp>("at numbers, ranges and marks", x => x[0][^1, AxisIndex.NewAxis, AxisIndex.Rest, AxisIndex.Every(2), 1..], In(["N", 2, 3, 3])),
        Row<MatMulOp>("einsum of three", x => Einsum("ij,jk,kl->il", x[0], x[1], x[2]), In([2, "N"]), In(["N", 2]), In([2, 3])),
        Row<MatMulOp>("einsum over batches", x => Einsum("...ij,...kj->i...k", x[0], x[1]), In([2, 1, 2, 3]), In([3, 2, 3])),
        Row<DiagonalOp>("einsum with a diagonal", x => Einsum("iij,j->i", x[0], x[1]), In([2, 2, 3]), In([3])),
        Row<MulOp>("einsum elementwise, a size 1 repeats", x => Einsum("ij,ij->ji", x[0], x[1]), In(["N", 2]), In(["N", 1])),
        Row<SumOp>("einsum of one, implicit", x => Einsum("ba", x[0]) + Transpose(Einsum("ij->ij", x[0])) + Einsum("ij->", x[0]), In([2, 3])),
        Row<MatMulOp>("einsum of many", x => Einsum("a,ab,bc,cd,de,ef,fg,g->", x[0], x[1], x[1], x[1], x[1], x[1], x[1], x[0]), In([2]), In([2, 2])),
        Row<MatMulOp>("tensor dot", x => TensorDot(x[0], x[1]) + TensorDot(x[0], x[1], [1, 2], [0, 1]), In([2, 3, "N"]), In([3, "N", 2])),
        Row<MulOp>("tensor dot over nothing", x => TensorDot(x[0], x[1], 0), In([2]), In([3])),
        Row<MatMulOp>("bmm", x => Bmm(x[0], x[1]), In(["N", 2, 3]), In(["N", 3, 1])),
        Row<MatMulOp>("dot, mv and inner", x => Dot(x[0], Mv(x[1], x[0])) * Inner(x[1], x[0]), In([3]), In([3, 3])),
        Row<MulOp>("outer", x => Outer(x[0], x[1]), In(["N"]), In([2])),
        Row<MulOp>("kronecker", x => Kronecker(x[0], x[1]), In([2, "N"]), In([2])),
        Row<MatMulOp>("bilinear", x => Bilinear(x[0], x[1], x[2], x[3]), In(["N", 2]), In(["N", 3]), In([2, 2, 3]), In([2])),
        Row<MatMulOp>("multi dot", x => MultiDot(x[0], x[1], x[1], x[0]), In([3]), In([3, 3])),
        Row<NamedOp>("linear", x => Linear(x[0], x[1], x[2]), In(["N", 2, 3]), In([2, 3]), In([2])),
        Row<MatMulOp>("linear of a transposed input, one output", x => Linear(Transpose(x[0]), x[1], x[2]), In([3, 2]), In([3]), In([])),
        Row<MatMulOp>("linear of nothing", x => Linear(x[0], x[1]), In([0, 3]), In([2, 3])),
        Row<MatMulOp>("addmm", x => Addmm(x[0], x[1], x[2], 0.5, -2), In(["M"]), In(["N", 3]), In([3, "M"])),
        Row<MatMulOp>("addmv", x => Addmv(x[0], x[1], x[2], alpha: 3), In([]), In([2, "N"]), In(["N"])),
        Row<MulOp>("addr", x => Addr(x[0], x[1], x[2], beta: 2), In([2, 1]), In([2]), In([1])),
        Row<MatMulOp>("addbmm", x => Addbmm(x[0], Permute(x[1], 2, 1, 0), x[2]), In([2, 2]), In([3, 2, "N"]), In(["N", 3, 2])),
        Row<MatMulOp>("baddbmm", x => Baddbmm(x[0], x[1], x[2], 2, 0.5), In([2, 1, 2]), In([2, 1, 3]), In([2, 3, 2])),
        Row<SubOp>("cross", x => Cross(x[0], x[1]), In(["N", 3]), In([3])),
    ];

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => Row<TOp>(name, apply, GradientVerdict.Passed, inputs);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, GradientVerdict worst, params CaseInput[] inputs) =>
        new(name, typeof(TOp), apply, inputs, worst);
}
