using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for functions of shape: every one is linear, so what is checked is that its transpose is.</summary>
internal static class ShapeCases
{
    public static IEnumerable<GradientCase> All =>
    [
        Row<FlipOp>("flip", x => Flip(x[0], 1), In([2, 3])),
        Row<FlipOp>("flip of all axes, of a symbol", x => Flip(x[0]) * x[0], In(["N", 2])),
        Row<FlipOp>("flip of nothing", x => Flip(x[0]), In(["N", 0])),
        Row<FlipOp>("flip of a permuted slice", x => Flip(Transpose(x[0].Slice(1, 1..3)), 0), In([2, 4])),
        Row<DiagonalOp>("diagonal", x => Diagonal(x[0]), In([3, 3])),
        Row<DiagonalOp>("diagonal above, of batches of rectangles", x => Diagonal(x[0], 1, -2, -1), In([2, 2, 4])),
        Row<DiagonalOp>("diagonal below, of other axes", x => Diagonal(x[0], -1, 2, 0), In([2, 2, 3])),
        Row<DiagonalOp>("diagonal of a symbol", x => Diagonal(x[0], 1) * x[1], In(["N", "N"]), In([Dim.OfSymbol("N") - 1])),
        Row<DiagonalOp>("diagonal outside", x => Diagonal(x[0], 5), In([2, 3])),
        Row<DiagonalOp>("diagonal of one", x => Diag(x[0]), In([1, 1])),
        Row<DiagonalOp>("trace", x => Trace(x[0]), In(["N", "N"])),
        Row<WhereOp>("diagonal matrix", x => Diag(x[0], -1), In([3])),
        Row<WhereOp>("diagonal matrices on other axes", x => DiagEmbed(x[0], 1, 0, 2), In([2, "N"])),
        Row<WhereOp>("diagonal matrix of nothing", x => DiagEmbed(x[0], 1), In([0])),
        Row<WhereOp>("DiagonalScatter", x => DiagonalScatter(x[0], x[1], 1, 2, 0) * x[0], In([3, 2, 2]), In([2, 2])),
        Row<WhereOp>("DiagonalScatter of a symbol", x => DiagonalScatter(x[0], x[1]) * x[0], In(["N", "N"]), In(["N"])),
        Row<ConcatOp>("BlockDiag", x => BlockDiag(x[0], x[1], x[2]).Square(), In([2, "N"]), In([2]), In([])),
        Row<ConcatOp>("ColumnStack", x => ColumnStack(x[0], x[1]).Square(), In(["N", 2]), In(["N"])),
        Row<SliceOp>("TensorSplit", x => TensorSplit(x[0], 2, 1) is [var a, var b] ? Sum(a) * b : null!, In([2, 5])),
        Row<SliceOp>("TensorSplit of a symbol", x => TensorSplit(x[0], [1, -1]) is [var a, var b, var c] ? a * b * c : null!, In(["N", 2])),
        Row<FlipOp>("slice backwards", x => Slice(x[0], 0, null, null, -2).Square(), In([5, 2])),
        Row<FlipOp>("slice of a symbol backwards", x => Slice(x[0], 0, -1, 0, -1) * x[1], In(["N", 2]), In([Dim.OfSymbol("N") - 1, 2])),
        Row<FlipOp>("slice of a symbol backwards in steps", x => Slice(x[0], 0, null, null, -2).Square(), In(["N"])),
        Row<FlipOp>("SliceScatter backwards", x => SliceScatter(x[0], x[1], 1, -1, null, -2).Square(), In([2, 4]), In([2, 2])),
        Row<FlipOp>("SliceScatter of a symbol backwards", x => SliceScatter(x[0], x[1], 0, null, 0, -1).Square(), In(["N"]), In([Dim.OfSymbol("N") - 1])),
        Row<TakeOp>("pad, circular, one end taken away", x => Pad(x[0], [(-1, 2)], PaddingMode.Circular).Square(), In([2, 4])),
        Row<TakeOp>("pad of a symbol, circular, one end taken away", x => Pad(x[0], [(1, -1)], PaddingMode.Circular).Square(), In(["N"])),
        Row<ReshapeOp>("AssumeShape", x => AssumeShape(x[0], [3, -1]) * x[1], In(["N", 2]), In([3, 2])),
        Row<ReshapeOp>("Unflatten", x => Unflatten(x[0], 1, [2, -1]).Square(), In(["N", 4])),
        Row<WhereOp>("tril", x => Tril(x[0], -1), In([2, "N", 3])),
        Row<WhereOp>("triu", x => Triu(x[0], 1), In([3, 2])),
        Row<ConcatOp>("roll", x => Roll(x[0], 4, 0), In([3, 2])),
        Row<ConcatOp>("roll of a symbol, of all", x => Roll(Roll(x[0], -2), 1, 0), In(["N", 2])),
        Row<ConcatOp>("roll of two axes", x => Roll(x[0], [1, -1], [0, 1]), In([3, 2])),
        Row<FlipOp>("rot90", x => Rot90(x[0]) + (2 * Rot90(x[0], -3)) + Rot90(x[0], 5), In([2, 3])),
        Row<FlipOp>("rot90 twice", x => Rot90(x[0], 2, 2, 0) * x[0], In([2, 3, 2])),
        Row<PermuteOp>("move axis", x => MoveAxis(x[0], 0, -1), In([2, 3, 2])),
        Row<BroadcastToOp>("tile", x => Tile(x[0], 2, 3), In([2, "N"])),
        Row<BroadcastToOp>("repeat with a new axis", x => Repeat(x[0], "M", 1, 2), In(["N", 2])),
        Row<BroadcastToOp>("repeat interleave", x => RepeatInterleave(x[0], 3, 1), In(["N", 2])),
        Row<BroadcastToOp>("repeat interleave of nothing", x => RepeatInterleave(x[0], 0), In([2])),
        Row<TakeOp>("repeat interleave by counts", x => RepeatInterleave(x[0], [2, 0, 3], 0), In([3, 2])),
        Row<BroadcastToOp>("meshgrid", x => MeshGrid([x[0], x[1]], xy: true) is [var a, var b] ? a * b : null!, In(["N"]), In([2])),
        Row<BroadcastToOp>("broadcast tensors", x => BroadcastTensors(x[0], x[1]) is [var a, var b] ? a * b : null!, In(["N", 1]), In([2])),
        Row<SliceOp>("narrow", x => Narrow(x[0], 0, -2, 2), In(["N", 2])),
        Row<SliceOp>("split", x => Weigh(Split(x[0], 2)), In([5, 2])),
        Row<SliceOp>("split into sizes", x => Weigh(Split(x[0], [1, Dim.OfSymbol("N") - 1], 1)), In([2, "N"])),
        Row<SliceOp>("chunk", x => Weigh(Chunk(x[0], 3, -1)), In([2, 4])),
        Row<SliceOp>("chunk of a symbol", x => Weigh(Chunk(Tile(x[0], 2), 2)) + Weigh(Split(Tile(x[0], 2), "N")), In(["N"])),
        Row<SliceOp>("unbind", x => Weigh(Unbind(x[0], 1)), In(["N", 3])),
        Row<ConcatOp>("select scatter", x => SelectScatter(x[0], x[1], 0, -1), In(["N", 2]), In([2])),
        Row<ConcatOp>("slice scatter", x => SliceScatter(x[0], x[1], 1, 1, 3), In([2, 4]), In([2, 2])),
        Row<PadOp>("slice scatter with a step", x => SliceScatter(x[0], x[1], 0, 1, null, 2), In([6, 2]), In([3, 2])),
        Row<ConcatOp>("horizontal, vertical and deep stacks", x => Sum(HStack(x[0], x[0]) * 2) + Sum(VStack(x[0], x[1])) + Sum(DStack(x[0], x[1]).Square()), In([2]), In([2])),
        Row<PermuteOp>("pixel shuffle", x => PixelShuffle(x[0], 2), In([1, 4, "N", 2])),
        Row<PermuteOp>("pixel unshuffle", x => PixelUnshuffle(x[0], 2), In([1, 1, 4, 2])),
    ];

    private static Node Weigh(NodeList parts) => parts.Select((p, i) => Sum(p.Square()) * (i + 1)).Aggregate(Add);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => new(name, typeof(TOp), apply, inputs);
}
