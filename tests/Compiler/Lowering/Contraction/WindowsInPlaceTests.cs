using System.Numerics.Tensors;
using GraphCompiler.Kernels;
using GraphCompiler.Operations;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>Products over windows without a copy of them: held against products over such a copy, and by verified runs against the interpreter.</summary>
[Needs(nameof(CompilerPasses.WindowsInPlace))]
internal sealed class WindowsInPlaceTests
{
    private static IEnumerable<TestCaseData> Layers()
    {
        yield return Case("of kept size", ["N", 5, 9, 11], [7, 5, 3, 3], (x, w) => Conv2D(x, w, padding: 1));
        yield return Case("in strides, spread, padded unevenly", ["N", 3, 9, 12], [5, 3, 3, 2], (x, w) => Conv2D(x, w, stride: (2, 1), dilation: (1, 2), padding: Padding.Of((1, 0), (0, 3))));
        yield return Case("in strides along the rows", ["N", 3, 5, 37], [5, 3, 2, 3], (x, w) => Conv2D(x, w, stride: 2));
        yield return Case("in groups", ["N", 6, 7, 5], [8, 3, 2, 3], (x, w) => Conv2D(x, w, groups: 2, padding: 1));
        yield return Case("with a kernel as long as a prime", ["N", 3, 40], [4, 3, 17], (x, w) => Conv1D(x, w, padding: 20));
        yield return Case("over many channels", ["N", 130, 4, 4], [9, 130, 4, 4], (x, w) => Conv2D(x, w, padding: 1));
        yield return Case("over many positions", ["N", 2, 40, 33], [9, 2, 3, 3], (x, w) => Conv2D(x, w));
        yield return Case("of a symbolic length", ["N", 2, "L"], [9, 2, 5], (x, w) => Conv1D(x, w, padding: 4));
        yield return Case("of three axes", ["N", 2, 3, 4, 5], [11, 2, 2, 3, 2], (x, w) => Conv3D(x, w, padding: (1, 0, 1)));
        yield return Case("of one channel", ["N", 8, 6, 6], [1, 8, 3, 3], (x, w) => Conv2D(x, w));
        yield return Case("in the middle of other work", ["N", 8, 6, 6], [9, 8, 3, 3], (x, w) => Gelu(Conv2D(Tanh(x), w * 2, w.Sum([1, 2, 3]), padding: 1)) + 1);
        yield return Case("transposed", ["N", 9, 5, 6], [9, 10, 3, 2], (x, w) => ConvTranspose2D(x, w, padding: (1, 0), dilation: (1, 2), outputPadding: (0, 1)));
        yield return Case("between products of other shapes", ["N", 1, 5], [1, 2, 2], (x, w) => MatMul(Reshape(Sin(ConvTranspose1D(x, w, stride: 2)), [2 * Dim.OfSymbol("N"), 10]), Full([10, 10], 0.1) * w.Sum()));
        yield return Case("before a product, its results in another order", ["N", 1, 4], [1, 2, 2], (x, w) => SumWithProduct(Permute(ConvTranspose1D(x, w), [0, 2, 1]), w.Sum([0, 1])));
        yield return Case("transposed, cut to nothing", ["N", 9, 2], [9, 10, 3], (x, w) => ConvTranspose1D(x, w, padding: 2));

        // What a product of another shape and the windows' gradient both add to.
        static Node SumWithProduct(Node y, Node v) => Reshape(MatMul(Reshape(y, Shape.Of([y.Shape[0] * y.Shape[1], 2])), Unsqueeze(v, 0) * Full([2, 2], 0.5)), y.Shape) + y;

        static TestCaseData Case(string name, Shape input, Shape weight, Func<Node, Node, Node> make) => new TestCaseData(input, weight, make).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Layers))]
    public void Results_and_gradients_are_those_of_products_over_a_copy(Shape input, Shape weight, Func<Node, Node, Node> make)
    {
        Input<float> x = Input("x", input, requiresGrad: true);
        Input<float> w = Input("w", weight, requiresGrad: true);
        Node y = make(x, w);
        Node loss = (y * Sin(y)).Sum();
        Node[] outputs = [y, .. Gradients(loss, x, w)];
        CompileOptions[] ways =
        [
            new() { Passes = new() { WindowsInPlace = false } },
            new() { Verify = true, Passes = new() { WholeConvolutions = false } },
            .. VectorWidths.Supported.Select(width => new CompileOptions { Width = width, Passes = new() { MergeSmallKernels = false, WholeConvolutions = false } }),
            new() { Threads = 3, Chunking = Chunking.Finest, Passes = new() { MergeSmallKernels = false, WholeConvolutions = false } },
        ];
        CompiledGraph[] graphs = [.. ways.Select(way => GraphCompiler.Compiler.Compile([x, w], outputs, null, way))];
        Tensor<float> weights = Numbers(2, weight, 0);
        foreach (int size in (int[])[3, 0, 1])
        {
            Tensor<float> values = Numbers(1, input, size);
            RunResults expected = graphs[0].Run(values, weights);
            for (int g = 1; g < graphs.Length; g++)
            {
                RunResults found = graphs[g].Run(values, weights);
                for (int i = 0; i < outputs.Length; i++)
                {
                    float most = expected.GetArray<float>(i).Select(Math.Abs).DefaultIfEmpty(1).Max();
                    Assert.That(found.GetArray<float>(i), Is.EqualTo(expected.GetArray<float>(i)).Within(2e-5f * Math.Max(1, most)), $"size {size}, output {i}, way {g}");
                }
            }
        }
    }

    [Test]
    [Needs(nameof(CompilerPasses.WindowsInPlace), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Epilogues), nameof(CompilerPasses.Simplify))]
    public void A_layer_moves_its_input_padded_its_weights_and_its_result()
    {
        Input<float> x = Input("x", [4, 32, 16, 16]);
        Parameter<float> w = Parameter("w", Tensors.Ones<float>(64, 32, 3, 3));
        Parameter<float> b = Parameter("b", Tensors.Ones<float>(64));
        Program program = Compiled([x], [Relu(Conv2D(x, w, b, padding: 1))], new() { Passes = new() { WholeConvolutions = false } });
        long padded = 4 * 32 * 18 * 18;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(program.Kernels.Select(k => k.Kernel.Name), Is.EqualTo((string[])["Pad", "Maximum"]));
            Assert.That(program.Traffic.Moved, Is.EqualTo(sizeof(float) * (Count(x.Shape) + (2 * padded) + Count(w.Shape) + Count(b.Shape) + (4 * 64 * 256))));
        }
    }

    [Test]
    [Needs(nameof(CompilerPasses.WindowsInPlace), nameof(CompilerPasses.Simplify))]
    public void Nothing_as_large_as_all_windows_is_kept_forward_or_backward([Values(1, 2)] int groups)
    {
        Input<float> x = Input("x", [4, 32, 16, 16], requiresGrad: true);
        Parameter<float> w = Parameter("w", Tensors.Ones<float>(32, 32 / groups, 3, 3));
        Node loss = Conv2D(x, w, padding: 1, groups: groups).Pow(2).Sum();
        Program program = Compiled([x], [loss, .. Gradients(loss, x, w)]);
        long windows = 4 * 32 * 9 * 256;
        Assert.That(program.Kernels.SelectMany(k => k.Buffers.Except(k.WorkerScratch)).Max(b => Count(b.Shape)), Is.LessThan(windows / 6));
        Assert.That(program.Kernels.SelectMany(k => k.WorkerScratch).Max(b => Count(b.Shape)), Is.LessThan(windows / 2), "what a thread has for itself is a part of it");
        Assert.That(Compiled([x], [loss, .. Gradients(loss, x, w)], new() { Passes = new() { WindowsInPlace = false } }).Kernels.SelectMany(k => k.Buffers).Max(b => Count(b.Shape)), Is.EqualTo(windows));
    }

    [Test]
    public void Windows_that_are_read_in_other_ways_too_are_copied_once()
    {
        Input<float> x = Input("x", [2, 12]);
        Input<float> w = Input("w", [2, 5]);
        Node windows = Windows(x, 1, 3).Reshape([2, 30]);
        Program program = Compiled([x, w], [MatMul(Transpose(w), windows), windows.Sum(1)]);
        Assert.That(program.Kernels.SelectMany(k => k.Buffers).Count(b => Count(b.Shape) == 60 && b.Node?.Op is WindowsOp), Is.Positive);
    }

    /// <summary>The innermost part of an axis may have no elements while the kernel still has results, which are zeros.</summary>
    [Test]
    public void Sums_over_no_windows_are_zeros([Values(0, 1, 3)] int n, [ValueSource(typeof(VectorWidths), nameof(VectorWidths.Supported))] VectorWidth width)
    {
        Dim positions = 16 * Dim.OfSymbol("N");
        Input<float> x = Input("x", ["N", 20]);
        Input<float> a = Input("a", [3, positions]);
        Input<float> b = Input("b", [positions, 7]);
        Node windows = Windows(x, 1, 5);
        Node right = MatMul(a, Reshape(Permute(windows, [1, 0, 2]), [positions, 5]));
        Node left = MatMul(Reshape(Permute(windows, [2, 1, 0]), [5, positions]), b);
        Argument[] arguments = [Numbers(1, x.Shape, n), Numbers(2, a.Shape, n), Numbers(3, b.Shape, n)];
        using CompiledGraph found = GraphCompiler.Compiler.Compile([x, a, b], [right, left], null, new() { Width = width });
        using CompiledGraph expected = GraphCompiler.Compiler.Compile([x, a, b], [right, left], null, new() { Width = width, Passes = new() { WindowsInPlace = false } });
        RunResults results = found.Run(arguments);
        RunResults wanted = expected.Run(arguments);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.GetArray<float>(0), Is.EqualTo(wanted.GetArray<float>(0)).Within(1e-4f));
            Assert.That(results.GetArray<float>(1), Is.EqualTo(wanted.GetArray<float>(1)).Within(1e-4f));
            Assert.That(n > 0 || results.GetArray<float>(0).Concat(results.GetArray<float>(1)).All(v => v == 0));
        }
    }

    private static long Count(Shape shape) => shape.ElementCount.Constant!.Value;

    private static Program Compiled(Node[] inputs, Node[] roots, CompileOptions? options = null) =>
        CompilerPipeline.Run(options ?? new(), inputs, [.. roots.Select(r => new Root(r, IsForward: true, RootKind.Output))]);

    private static Tensor<float> Numbers(ulong seed, Shape shape, long size)
    {
        int[] sizes = [.. shape.Evaluate(_ => size).Select(n => (int)n)];
        return Tensors.From([.. new Generator(seed).Normal(sizes.Aggregate(1, (count, n) => count * n))], sizes);
    }
}
