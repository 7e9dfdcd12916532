using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>Mistakes with windows: the message names the function, what was given, and what would be right.</summary>
public class WindowMistakeTests
{
    private static readonly Node X = Input("x", [2, 4, 5, 6]);
    private static readonly Node W = Input("w", [6, 4, 3, 3]);
    private static readonly Node D = Input<double>("d", [6, 4, 3, 3]);
    private static readonly Node L = Input("l", [1, 4, "L"]);
    private static readonly Node V = Input("v", [6, 4, 3]);

    private static IEnumerable<TestCaseData> Mistakes()
    {
        yield return Case("windows too long", () => Windows(X, 2, 6), "Windows:", "axis 2 spans 6 elements", "5 that there are", "'x'");
        yield return Case("windows of nothing", () => Windows(X, 2, 0), "Windows:", "must be at least 1");
        yield return Case("windows without stride", () => Windows(X, 2, 1, 0), "Windows:", "the stride 0", "at least 1");
        yield return Case("overlap of bools", () => Node.Create(new OverlapAddOp([new(0, 2, 1, 1)], [3]), Input<bool>("b", [2, 2])), "OverlapAdd:", "not bool");
        yield return Case("overlap of others", () => Node.Create(new OverlapAddOp([new(0, 2, 1, 1)], [4]), Input("b", [2, 2])), "OverlapAdd:", "2 windows along axis 0 are not the 3");
        yield return Case("unfold rank", () => Unfold(Input("y", [2, 3]), 2), "Unfold:", "one to three spatial axes", "[2, 3]");
        yield return Case("unfold without a batch", () => Unfold(Input("y", [2, 3]), 2), "Without a batch, Unsqueeze(x, 0)");
        yield return Case("resize without a batch", () => Resize(Input("y", [2, 3, 4]), [3, 4]), "of [N, C, …] = [2, 3, 4]", "Without a batch, Unsqueeze(x, 0)");
        yield return Case("normalisation without a batch", () => InstanceNorm(Input("y", [2, 3])), "InstanceNorm:", "[N, C, …] of at least 3 axes", "Without a batch, Unsqueeze(x, 0)");
        yield return Case("samples without a batch", () => GridSample(Input("y", [2, 3, 4]), Input("g", [3, 4, 2])), "GridSample:", "Without a batch, Unsqueeze(x, 0)");
        yield return Case("unfold kernel", () => Unfold(X, default), "Unfold:", "no kernel size");
        yield return Case("fold columns", () => Fold(Input("c", [1, 8, 11]), [4, 5], 2), "Fold:", "[N, C·4, 12]", "[1, 8, 11]", "'c'");
        yield return Case("convolution rank", () => Conv1D(X, W), "Conv1D:", "[N, C, …] or [C, …] with 1 spatial axis,", "'x'");
        yield return Case("convolution weight", () => Conv2D(X, V), "Conv2D:", "[O, C/groups, …] with 2 spatial axes", "[6, 4, 3]");
        yield return Case("convolution channels", () => Conv2D(X, W, groups: 2), "Conv2D:", "has 4 channels", "2 groups is for 8");
        yield return Case("convolution groups", () => Conv2D(X, W, groups: 4), "Conv2D:", "does not fall into 4 groups");
        yield return Case("convolution dtypes", () => Conv2D(X, D), "Conv2D:", "float32, float64", "use Cast");
        yield return Case("convolution bias", () => Conv2D(X, W, Input("b", [4])), "Conv2D:", "the bias must be [6]", "not [4]");
        yield return Case("convolution kernel", () => Conv2D(X, W, dilation: 3), "Conv2D:", "spans 7 elements along axis -2", "the 5 of the padded input");
        yield return Case("convolution stride", () => Conv2D(X, W, stride: 0), "Conv2D:", "the stride 0 must be at least 1");
        yield return Case("convolution numbers", () => Conv2D(X, W, stride: (1, 2, 3)), "Conv2D:", "3 numbers for 2 spatial axes");
        yield return Case("convolution numbers of one axis", () => Conv1D(L, V, stride: [1, 2]), "Conv1D:", "2 numbers for 1 spatial axis;");
        yield return Case("convolution paddings", () => Conv1D(L, V, padding: (1, 2)), "Conv1D:", "2 widths for 1 spatial axis;");
        yield return Case("convolution padding", () => Conv2D(X, W, padding: -1), "Conv2D:", "must not be negative");
        yield return Case("convolution same", () => Conv2D(X, W, padding: Padding.Same, stride: 2), "Conv2D:", "'same' needs a stride of 1");
        yield return Case("convolution reflected", () => Conv2D(X, W, padding: 5, paddingMode: PaddingMode.Reflect), "Conv2D:", "too wide for Reflect", "the 5 elements");
        yield return Case("transposed output padding", () => ConvTranspose1D(L, Input("u", [4, 2, 3]), outputPadding: 1), "ConvTranspose1D:", "the output padding 1 must be less than the stride");
        yield return Case("transposed channels", () => ConvTranspose1D(L, V), "ConvTranspose1D:", "has 4 channels", "is for 6");
        yield return Case("transposed size", () => ConvTranspose1D(Input("q", [1, 6, 2]), V, padding: 3), "ConvTranspose1D:", "would have the size -2");
        yield return Case("pool rank", () => MaxPool1D(X, 2), "MaxPool1D:", "[N, C, …] or [C, …]", "'x'");
        yield return Case("pool padding", () => MaxPool2D(X, 2, padding: -1), "MaxPool2D:", "must not be negative");
        yield return Case("pool paddings", () => MaxPool2D(X, 2, padding: (1, 2, 3)), "MaxPool2D:", "3 widths for 2 spatial axes;");
        yield return Case("pool same", () => AvgPool2D(X, 2, padding: Padding.Same), "AvgPool2D:", "'same' needs a stride of 1 along every axis, not [2, 2]");
        yield return Case("pool positions of nothing", () => MaxPool2DWithIndices(X, 2, padding: 2).Indices, "MaxPool2DWithIndices:", "a window along axis -2 holds no element of the 5");
        yield return Case("pool positions of nothing at the end", () => MaxPool2DWithIndices(X, 2, padding: Padding.Of((0, 0), (0, 2))).Indices, "MaxPool2DWithIndices:", "a window along axis -1 holds no element of the 6");
        yield return Case("pool window", () => AvgPool2D(X, 7), "AvgPool2D:", "spans 7 elements along axis -2", "the 5 of the padded input");
        yield return Case("pool bools", () => MaxPool1D(Input<bool>("b", [1, 1, 4]), 2), "MaxPool1D:", "numbers, not bool");
        yield return Case("pool integers", () => AvgPool1D(Input<int>("i", [1, 1, 4]), 2), "AvgPool1D:", "float32 or float64, not int32", "use Cast");
        yield return Case("pool divisor", () => AvgPool2D(X, 2, divisor: -1), "AvgPool2D:", "the divisor -1");
        yield return Case("pool norm", () => LpPool2D(X, 0, 2), "LpPool2D:", "the order 0 must be above 0");
        yield return Case("pool to no size", () => AdaptiveMaxPool2D(X, 0), "AdaptiveMaxPool2D:", "the output size 0 must be at least 1");
        yield return Case("unpool indices", () => MaxUnpool2D(X, Input<long>("i", [2, 4, 5, 5]), [9, 9]), "MaxUnpool2D:", "[2, 4, 5, 6]", "[2, 4, 5, 5]");
        yield return Case("resize axes", () => Resize(X, [4]), "Resize:", "each of the 2 spatial axes", "'x'");
        yield return Case("resize to nothing", () => Resize(X, [4, 0]), "Resize:", "axis -1 goes from 6 to 0");
        yield return Case("resize corners", () => Resize(X, [4, 4], alignCorners: true), "Resize:", "not with Nearest");
        yield return Case("resize integers", () => Resize(Input<int>("i", [1, 1, 4]), [5], ResizeMode.Linear), "Resize:", "float32 or float64, not int32");
        yield return Case("resize by nothing", () => ResizeBy(X, 0), "ResizeBy:", "the factor 0");
        yield return Case("resize by an odd factor", () => ResizeBy(L, Math.PI), "ResizeBy:", "no fraction", "size L");
        yield return Case("sample grid", () => GridSample(X, Input("g", [2, 3, 3, 3])), "GridSample:", "[2, 4, 5, 6] and [2, 3, 3, 3]");
        yield return Case("sample dtypes", () => GridSample(X, Input<double>("g", [2, 3, 3, 2])), "GridSample:", "float32 and float64");
        yield return Case("affine grid", () => AffineGrid(Input("t", [1, 2, 3]), [2, 2, 2]), "AffineGrid:", "[1, 2, 3] with [2, 2, 2]");
    }

    /// <summary>Positions stay within the input although padding comes first and equals what is there.</summary>
    [Test]
    public void Positions_of_the_largest_are_never_in_the_padding()
    {
        Node x = Input("x", [1, 1, 3, 3]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [MaxPool2DWithIndices(x, 2, stride: 2, padding: 1).Indices, MaxPool2DWithIndices(x, 2, stride: 1, dilation: 2, padding: 1).Indices]);
        RunResults results = compiled.Run(Tensors.Full<float>((ReadOnlySpan<int>)[1, 1, 3, 3], float.NegativeInfinity));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.GetArray<long>(0), Is.EqualTo((long[])[0, 1, 3, 4]));
            Assert.That(results.GetArray<long>(1), Is.EqualTo((long[])[4, 3, 4, 1, 0, 1, 4, 3, 4]));
        }
    }

    [TestCaseSource(nameof(Mistakes))]
    public void A_mistake_is_explained(Func<Node> build, string[] parts)
    {
        GraphException? e = Assert.Catch<GraphException>(() => build());
        Assert.That(parts.Where(p => !e!.Message.Contains(p, StringComparison.Ordinal)), Is.Empty, e!.Message);
    }

    [Test]
    public void A_symbolic_axis_that_is_too_short_is_reported_when_it_is_bound()
    {
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([L, V], Conv1D(L, V));
        BindingException? e = Assert.Throws<BindingException>(() => compiled.Run(Tensors.Zeros<float>(1, 4, 2), Tensors.Zeros<float>(6, 4, 3)));
        Assert.That(e!.Message, Does.Contain("the kernel spans 3 elements").And.Contain("L is 2"));
    }

    private static TestCaseData Case(string name, Func<Node> build, params string[] parts) => new TestCaseData(build, parts).SetArgDisplayNames(name);
}
