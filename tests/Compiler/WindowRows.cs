using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Rows of the table for windows, and for what is made of them.</summary>
internal static class WindowRows
{
    private static readonly DType[] Single = [DType.Float32];
    private static readonly DType[] Numbers = [DType.Float32, DType.Float64, DType.Int32, DType.Int64];
    private static readonly DType[] All = [.. Numbers, DType.Bool];

    public static IEnumerable<OperationRow> Rows =>
    [
        new(typeof(WindowsOp), All, c => Ops.Windows(c.X([2, c.N + 2]), 1, 3)) { Least = 1 },
        new(typeof(WindowsOp), Single, c => Ops.Windows(c.X([c.N + 6, 3]), 0, 3, 2, 2)) { Variant = " apart along the first axis" },
        new(typeof(WindowsOp), Single, c => Node.Create(new WindowsOp([new(1, 2, 1, 1), new Window(2, 3, 2, 1)]), c.X([2, 5, c.N + 3]))) { Variant = " of two axes" },
        new(typeof(WindowsOp), Single, c => Ops.Windows(c.X([2, c.N + 1]), 1, c.N + 1)) { Variant = " of N elements" },
        Added(string.Empty, c => OverlapAdd(c.X([2, c.N + 2, 3]), [2, c.N + 4], new Window(1, 3, 1, 1))),
        Added(" apart", c => OverlapAdd(c.X([2, c.N + 1, 3]), [2, (c.N * 2) + 5], new Window(1, 3, 2, 2))),
        Added(" that leave some out", c => OverlapAdd(c.X([c.N + 1, 3, 2]), [(c.N * 3) + 4, 3], new Window(0, 2, 3, 1))),
        Added(" of two axes", c => OverlapAdd(c.X([2, 4, c.N + 1, 2, 3]), [2, 5, c.N + 3], new Window(1, 2, 1, 1), new Window(2, 3, 1, 1))),
        Added(" of an expression", c => OverlapAdd(c.X([2, c.N + 2, 3]) * c.X([c.N + 2, 1]), [2, c.N + 4], new Window(1, 3, 1, 1))),
        Added(" of permuted", c => OverlapAdd(Ops.Permute(c.X([2, 3, c.N + 2]), 0, 2, 1), [2, c.N + 4], new Window(1, 3, 1, 1))),
        Summed<ConvolutionOp>(" of length N", c => Convolution(c.X([2, 3, c.N + 2]), c.X([4, 3, 3]), 1, 1, 1)),
        Summed<ConvolutionOp>(" of N in a batch", c => Convolution(c.X([c.N, 2, 5, 5]), c.X([3, 2, 3, 2]), 1, 1, 1)),
        Summed<ConvolutionOp>(" apart", c => Convolution(c.X([2, 2, 7, c.N + 5]), c.X([3, 2, 3, 3]), 2, 2, 1)),
        Summed<ConvolutionOp>(" in groups", c => Convolution(c.X([2, 4, c.N + 2]), c.X([6, 2, 3]), 1, 1, 2)),
        Summed<ConvolutionOp>(" by channel", c => Convolution(c.X([2, 3, 5, c.N + 2]), c.X([3, 1, 3, 3]), 1, 1, 3)),
        Summed<ConvolutionOp>(" by channel, two each", c => Convolution(c.X([c.N, 2, 7]), c.X([4, 1, 3]), 2, 1, 2)),
        Summed<ConvolutionOp>(" of one element", c => Convolution(c.X([2, 3, 2, c.N]), c.X([4, 3, 1, 1]), 1, 1, 1)) with { Least = 1 },
        Summed<ConvolutionOp>(" of many taps by channel", c => Convolution(c.X([1, 2, c.N + 40]), c.X([2, 1, 33]), 1, 1, 2)) with { Floor = _ => 600 },
        Summed<ConvolutionTransposeOp>(" of length N", c => Transposed(c.X([2, 3, c.N + 1]), c.X([3, 2, 3]), 1, 1, 1, [c.N + 3])),
        Summed<ConvolutionTransposeOp>(" apart", c => Transposed(c.X([2, 3, 2, c.N + 1]), c.X([3, 2, 3, 2]), 2, 1, 1, [5, (c.N * 2) + 2])),
        Summed<ConvolutionTransposeOp>(" in groups", c => Transposed(c.X([c.N, 4, 3]), c.X([4, 3, 2]), 1, 2, 2, [5])),
        Summed<ConvolutionTransposeOp>(" by channel", c => Transposed(c.X([2, 2, c.N + 1]), c.X([2, 1, 3]), 2, 1, 2, [(c.N * 2) + 4])),
    ];

    private static Node OverlapAdd(Node x, Shape to, params Window[] windows) => Node.Create(new OverlapAddOp([.. windows], to), x);

    private static Node Convolution(Node x, Node weight, long stride, long dilation, int groups) =>
        Node.Create(new ConvolutionOp([.. Enumerable.Repeat(stride, x.Rank - 2)], [.. Enumerable.Repeat(dilation, x.Rank - 2)], groups, Margin.None(x.Rank - 2)), x, weight);

    private static Node Transposed(Node x, Node weight, long stride, long dilation, int groups, Dim[] sizes) =>
        Node.Create(new ConvolutionTransposeOp([.. Enumerable.Repeat(stride, x.Rank - 2)], [.. Enumerable.Repeat(dilation, x.Rank - 2)], groups, Margin.None(x.Rank - 2), [.. sizes]), x, weight);

    private static OperationRow Added(string variant, Func<InputMaker, Node> build) =>
        new(typeof(OverlapAddOp), variant.Length == 0 ? Numbers : Single, build) { Variant = variant, Ulps = 8, Floor = _ => 40, Specials = false };

    private static OperationRow Summed<TOp>(string variant, Func<InputMaker, Node> build)
        where TOp : Op => new(typeof(TOp), variant == " of length N" ? Numbers : Single, build) { Least = 1, Variant = variant, Ulps = 8, Floor = n => 16 * (n + 40), Specials = false };
}
