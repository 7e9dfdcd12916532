using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for windows, convolutions and what else is made of windows.</summary>
internal static class WindowCases
{
    public static IEnumerable<GradientCase> All => [.. OfWindows, .. Convolutions, .. Pools, .. Samples];

    private static IEnumerable<GradientCase> OfWindows =>
    [
        Row<WindowsOp>("windows that overlap", x => Windows(x[0], 0, 3), In([5])),
        Row<WindowsOp>("windows that leave elements out", x => Windows(x[0], 1, 2, 3), In([2, 7])),
        Row<WindowsOp>("windows spread out, of a symbol", x => Windows(x[0], 0, 2, 1, 2), In(["N", 2])),
        Row<WindowsOp>("windows of one", x => Windows(x[0], 0, 1), In([1])),
        Row<WindowsOp>("windows beside nothing", x => Windows(x[0], 1, 2), In([0, 3])),
        Row<WindowsOp>("windows of a transposed matrix", x => Windows(Transpose(x[0]), 1, 2), In([3, 2])),
        Row<WindowsOp>("unfold", x => Unfold(x[0], (2, 1), padding: 1, stride: 2), In([1, 2, 3, 3])),
        Row<OverlapAddOp>("fold", x => Fold(x[0], [3, 4], 2), In([1, 8, 6])),
        Row<OverlapAddOp>("fold of a symbolic batch, padded", x => Fold(x[0], [4], 2, padding: 1, stride: 2), In(["N", 4, 3])),
    ];

    private static IEnumerable<GradientCase> Convolutions =>
    [
        Row<ConvolutionOp>("convolution 1D", x => Conv1D(x[0], x[1], x[2], padding: 1), In([2, 2, 4]), In([3, 2, 3]), In([3])),
        Row<ConvolutionOp>("convolution 2D", x => Conv2D(x[0], x[1], stride: 2, padding: (0, 1)), In(["N", 2, 4, 3]), In([2, 2, 2, 3])),
        Row<ConvolutionOp>("convolution 3D", x => Conv3D(x[0], x[1], dilation: (1, 2, 1)), In([1, 1, 2, 3, 2]), In([2, 1, 2, 2, 1])),
        Row<ConvolutionOp>("convolution of a symbolic length", x => Conv1D(x[0], x[1], padding: Padding.Same), In([1, 2, "N"]), In([2, 2, 2])),
        Row<ConvolutionOp>("convolution in groups", x => Conv1D(x[0], x[1], groups: 2), In([1, 4, 3]), In([2, 2, 2])),
        Row<ConvolutionOp>("convolution by channel", x => Conv2D(x[0], x[1], groups: 2, padding: 1), In([1, 2, 3, 2]), In([4, 1, 3, 3])),
        Row<ConvolutionOp>("convolution of no batch", x => Conv1D(x[0], x[1]), In([2, 4]), In([1, 2, 2])),
        Row<ConvolutionOp>("convolution of an empty batch", x => Conv1D(x[0], x[1]), In([0, 2, 4]), In([1, 2, 2])),
        Row<ConvolutionOp>("convolution of one element", x => Conv2D(x[0], x[1]), In([1, 1, 1, 1]), In([1, 1, 1, 1])),
        Row<ConvolutionOp>("convolution of a permuted input", x => Conv1D(Transpose(x[0]), x[1]), In([1, 4, 2]), In([2, 2, 2])),
        Row<ConvolutionOp>("convolution, reflected", x => Conv1D(x[0], x[1], padding: 2, paddingMode: PaddingMode.Reflect), In([1, 1, 4]), In([1, 1, 2])),
        Row<ConvolutionOp>("convolution, replicated", x => Conv2D(x[0], x[1], padding: 1, paddingMode: PaddingMode.Replicate), In([1, 1, 2, "N"]), In([1, 1, 2, 2])),
        Row<ConvolutionOp>("convolution, circular", x => Conv1D(x[0], x[1], padding: Padding.Of((2, 1)), paddingMode: PaddingMode.Circular), In([1, 1, 3]), In([1, 1, 2])),
        Row<ConvolutionTransposeOp>("transposed convolution 1D", x => ConvTranspose1D(x[0], x[1], x[2], stride: 2, padding: 1, outputPadding: 1), In([2, 2, 3]), In([2, 2, 3]), In([2])),
        Row<ConvolutionTransposeOp>("transposed convolution 2D", x => ConvTranspose2D(x[0], x[1], dilation: 2), In(["N", 1, 2, 2]), In([1, 2, 2, 1])),
        Row<ConvolutionTransposeOp>("transposed convolution 3D", x => ConvTranspose3D(x[0], x[1]), In([1, 1, 2, 1, 2]), In([1, 1, 1, 2, 2])),
        Row<ConvolutionTransposeOp>("transposed convolution of a symbolic length", x => ConvTranspose1D(x[0], x[1], stride: 3), In([1, 2, "N"]), In([2, 1, 2])),
        Row<ConvolutionTransposeOp>("transposed convolution by channel", x => ConvTranspose1D(x[0], x[1], groups: 2, stride: 2), In([1, 2, 3]), In([2, 1, 3])),
        Row<ConvolutionTransposeOp>("transposed convolution in groups", x => ConvTranspose1D(x[0], x[1], groups: 2), In([1, 4, 2]), In([4, 2, 2])),
    ];

    private static IEnumerable<GradientCase> Pools =>
    [
        Row<MaxPoolOp>("max pool 1D", x => MaxPool1D(x[0], 2, padding: 1), In([1, 2, 5])),
        Row<MaxPoolOp>("max pool 2D that overlaps", x => MaxPool2D(x[0], (2, 3), stride: 1), In(["N", 1, 3, 4])),
        Row<MaxPoolOp>("max pool 3D", x => MaxPool3D(x[0], 2, ceilMode: true), In([1, 1, 2, 3, 2])),
        Row<MaxPoolOp>("max pool of a symbolic length beyond its end", x => MaxPool1D(x[0], 2, ceilMode: true), In([2, "N"])),
        Row<MaxPoolOp>("max pool of many elements", x => MaxPool2D(x[0], 5, stride: 1, dilation: 1, padding: 1), In([1, 1, 5, 5])),
        Row<MaxPoolOp>("max pool with indices", x => MaxPool2DWithIndices(x[0], 2).Values, In([1, 1, 4, 4])),
        Row<MaxPoolOp>("max pool 1D with indices, of no batch", x => MaxPool1DWithIndices(x[0], 2).Values, In([1, 4])),
        Row<MaxPoolOp>("max pool 3D with indices", x => MaxPool3DWithIndices(x[0], (1, 2, 2)).Values, In([1, 1, 2, 2, 2])),
        Row<MaxPoolOp>("max pool padded more than a window", x => Where(IsFinite(MaxPool1D(x[0], 2, padding: Padding.Of((3, 0)))), MaxPool1D(x[0], 2, padding: Padding.Of((3, 0))), 0), In([1, 5])),
        Row<MaxPoolOp>("max pool 2D padded on one side", x => MaxPool2D(x[0], 2, stride: 1, padding: Padding.Of((0, 1), (1, 0))), In([1, 3, "N"])),
        Kink<MaxPoolOp>("max pool at a tie", x => MaxPool1D(x[0], 2), new CaseInput([1, 1, 2], [1, 1], 0, 0)),
        Row<ScatterAddOp>("max unpool", x => MaxUnpool1D(x[0], Reshape(Constant(Positions), [1, 1, 3]), [5]), In([1, 1, 3])),
        Row<ScatterAddOp>("max unpool 2D", x => MaxUnpool2D(x[0], Reshape(Constant(Positions), [1, 1, 1, 3]), [2, 3]), In([1, 1, 1, 3])),
        Row<ScatterAddOp>("max unpool 3D of no batch", x => MaxUnpool3D(x[0], Reshape(Constant(Positions), [1, 1, 1, 3]), [1, 2, 3]), In([1, 1, 1, 3])),
        Row<SumOp>("average pool 1D", x => AvgPool1D(x[0], 3, stride: 2, padding: 1, countIncludePad: false), In([1, 2, 5])),
        Row<SumOp>("average pool 2D of a symbol, beyond its end", x => AvgPool2D(x[0], 2, ceilMode: true, padding: 1), In(["N", 1, 3, "M"])),
        Row<SumOp>("average pool spread out, padded unevenly", x => AvgPool1D(x[0], 2, stride: 1, padding: Padding.Of((2, 1)), dilation: 2, countIncludePad: false), In([2, "N"])),
        Row<SumOp>("average pool 2D padded more than a window", x => AvgPool2D(x[0], 2, stride: 1, padding: 3), In([1, 3, 2])),
        Row<SumOp>("average pool 3D", x => AvgPool3D(x[0], 2, stride: 1, divisor: 3), In([1, 1, 2, 3, 2])),
        Row<SumOp>("p-norm pool", x => LpPool2D(x[0], 3, 2), In([1, 1, 4, 2])),
        Row<SumOp>("p-norm pool 3D", x => LpPool3D(x[0], 2, (1, 2, 2)), In([1, 1, 2, 2, 2], 0.3, 1)),
        Row<SumOp>("average pool to a size", x => AdaptiveAvgPool2D(x[0], (2, 1)), In([1, 1, 4, 3])),
        Row<TakeOp>("average pool to a size that is no divisor", x => AdaptiveAvgPool2D(x[0], 2), In([1, 1, 3, "N"])),
        Row<TakeOp>("max pool to a size that is no divisor", x => AdaptiveMaxPool2D(x[0], 2), In([1, 1, 3, "N"])),
        Row<GatherOp>("max pool to a size with indices", x => AdaptiveMaxPool2DWithIndices(x[0], (2, 3)).Values, In([1, 1, 3, 4])),
        Row<DivOp>("average pool 3D to a size, of no batch", x => AdaptiveAvgPool3D(x[0], (1, 2, 2)), In([1, 2, 3, 2])),
        Row<TakeOp>("max pool 3D to a size", x => AdaptiveMaxPool3D(x[0], 2), In([1, 1, 2, 3, 2])),
        Row<GatherOp>("max pool 1D to a size with indices", x => AdaptiveMaxPool1DWithIndices(x[0], 2).Values, In([1, "N"])),
        Row<GatherOp>("max pool 3D to a size with indices", x => AdaptiveMaxPool3DWithIndices(x[0], (2, 1, 2)).Values, In([1, 1, 2, 2, 3])),
        Row<MaxPoolOp>("max pool to a size", x => AdaptiveMaxPool1D(x[0], 2), In([1, 1, 4])),
    ];

    private static IEnumerable<GradientCase> Samples =>
    [
        Row<BroadcastToOp>("resize, nearest, twice as long", x => Resize(x[0], [Dim.Of(2) * "N"]), In([1, 1, "N"])),
        Row<TakeOp>("resize, nearest", x => Resize(x[0], [2, 5], ResizeMode.NearestExact), In([1, 1, 3, 3])),
        Row<TakeOp>("resize, linear", x => Resize(x[0], [5, 2], ResizeMode.Linear), In([1, 1, 3, 4])),
        Row<TakeOp>("resize, linear, corners aligned", x => Resize(x[0], [4, 1, 3], ResizeMode.Linear, alignCorners: true), In([1, 1, 3, 2, 3])),
        Row<TakeOp>("resize by a fraction of a symbol", x => ResizeBy(x[0], 1.5, ResizeMode.Linear), In([1, 1, "N"])),
        Row<DivOp>("resize, area", x => Resize(x[0], [2, 3], ResizeMode.Area), In([1, 2, 3, 4])),
        Row<TakeOp>("resize, cubic", x => Resize(x[0], [6], ResizeMode.Cubic), In([1, 2, 4])),
        Row<GatherOp>("grid sample", x => GridSample(x[0], x[1]), In([1, 2, 3, 3]), In([1, 2, 2, 2], 0.05, 0.3)),
        Row<GatherOp>("grid sample, cubic, reflected", x => GridSample(x[0], x[1], ResizeMode.Cubic, GridPadding.Reflection), In([1, 1, 4, 4]), In([1, 1, 2, 2], 0.05, 0.2)),
        Row<GatherOp>("grid sample of three axes at the border", x => GridSample(x[0], x[1], padding: GridPadding.Border, alignCorners: true), In([1, 1, 2, 2, 2]), In([1, 1, 1, 2, 3], 0.1, 0.8)),
        Row<GatherOp>("grid sample, nearest", x => GridSample(x[0], Reshape(Constant(Places), [1, 1, 2, 2]), ResizeMode.Nearest), In([1, 1, 3, 3])),
        Row<MulOp>("affine grid", x => AffineGrid(x[0], [2, 3]), In([1, 2, 3])),
        Row<MulOp>("affine grid of three axes, corners aligned", x => AffineGrid(x[0], [2, 1, 2], alignCorners: true), In([1, 3, 4])),
    ];

    private static readonly long[] Positions = [4, 0, 4];

    private static readonly double[] Places = [0.3, -0.7, 2, 0.1];

    private static GradientCase Kink<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => new(name, typeof(TOp), apply, inputs, GradientVerdict.Kink);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => new(name, typeof(TOp), apply, inputs);
}
