using System.Numerics.Tensors;
using GraphCompiler.Kernels;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>Convolutions with output channels in lanes: held against products over windows of a padded copy, and by verified runs against the interpreter.</summary>
[Needs(nameof(CompilerPasses.WholeConvolutions))]
internal sealed class WholeConvolutionTests
{
    private static IEnumerable<TestCaseData> Layers()
    {
        yield return Case("of kept size", ["N", 5, 9, 11], [16, 5, 3, 3], (x, w) => Conv2D(x, w, padding: 1));
        yield return Case("with a last tile of few channels", ["N", 3, 7, 7], [45, 3, 3, 3], (x, w) => Conv2D(x, w, padding: 1));
        yield return Case("in strides, spread, padded unevenly", ["N", 3, 9, 12], [31, 3, 3, 2], (x, w) => Conv2D(x, w, stride: (2, 1), dilation: (1, 2), padding: Padding.Of((1, 0), (0, 3))));
        yield return Case("spread over rows in strides", ["N", 2, 17, 13], [16, 2, 3, 3], (x, w) => Conv2D(x, w, stride: (3, 2), dilation: (2, 3), padding: (4, 5)));
        yield return Case("of few channels, in strides", ["N", 3, 19, 23], [24, 3, 7, 7], (x, w) => Conv2D(x, w, stride: 2, padding: 3));
        yield return Case("in groups", ["N", 6, 7, 5], [32, 3, 2, 3], (x, w) => Conv2D(x, w, groups: 2, padding: 1));
        yield return Case("over blocks of channels of uneven length", ["N", 61, 6, 5], [16, 61, 3, 3], (x, w) => Conv2D(x, w, padding: 1));
        yield return Case("over blocks of rows", ["N", 2, 70, 33], [32, 2, 3, 3], (x, w) => Conv2D(x, w));
        yield return Case("padded by more than its windows reach", ["N", 2, 3, 2], [16, 2, 2, 2], (x, w) => Conv2D(x, w, padding: (4, 5)));
        yield return Case("of windows as wide as the image", ["N", 4, 5, 6], [16, 4, 5, 6], (x, w) => Conv2D(x, w));
        yield return Case("with a bias, an activation and more", ["N", 8, 6, 6], [16, 8, 3, 3], (x, w) => Gelu(Conv2D(Tanh(x), w * 2, w.Sum([1, 2, 3]), padding: 1)) + 1);
        yield return Case("with a residual and a norm's scale", ["N", 16, 6, 7], [16, 16, 3, 3], (x, w) => Relu((Conv2D(x, w, padding: 1) * Reshape(w.Mean([1, 2, 3]), [16, 1, 1])) + x));
        yield return Case("of a view", ["N", 8, 8, 9], [16, 8, 3, 3], (x, w) => Conv2D(Flip(Permute(x, [0, 1, 3, 2]), 2), Flip(w, 3), padding: 1));
        yield return Case("one after the other", ["N", 16, 6, 5], [16, 16, 3, 3], (x, w) => Conv2D(Relu(Conv2D(x, w * 0.01, padding: 1)), w, padding: 1));
        yield return Case("transposed", ["N", 19, 5, 6], [19, 16, 3, 2], (x, w) => ConvTranspose2D(x, w, padding: (1, 0), dilation: (1, 2)));

        static TestCaseData Case(string name, Shape input, Shape weight, Func<Node, Node, Node> make) => new TestCaseData(input, weight, make).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Layers))]
    public void Results_and_gradients_are_those_of_products_over_windows(Shape input, Shape weight, Func<Node, Node, Node> make)
    {
        Input<float> x = Input("x", input, requiresGrad: true);
        Input<float> w = Input("w", weight, requiresGrad: true);
        Node y = make(x, w);
        Node loss = (y * Sin(y)).Sum();
        Node[] outputs = [y, .. Gradients(loss, x, w)];
        CompileOptions[] ways =
        [
            new() { Passes = new() { WholeConvolutions = false } },
            new() { Verify = true },
            .. VectorWidths.Supported.Select(width => new CompileOptions { Width = width, Passes = new() { MergeSmallKernels = false } }),
            new() { Threads = 3, Chunking = Chunking.Finest, Passes = new() { MergeSmallKernels = false } },
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

        Array.ForEach(graphs, g => g.Dispose());
    }

    [Test]
    public void Doubles_are_computed_so_too([ValueSource(typeof(VectorWidths), nameof(VectorWidths.Supported))] VectorWidth width)
    {
        Input<double> x = Input<double>("x", [2, 5, 9, 11]);
        Input<double> w = Input<double>("w", [19, 5, 3, 3]);
        Node y = Relu(Conv2D(x, w, padding: 1));
        var random = new Random(1);
        Argument[] given = [Doubles(x.Shape), Doubles(w.Shape)];
        using CompiledGraph whole = GraphCompiler.Compiler.Compile([x, w], [y], null, new() { Width = width });
        using CompiledGraph product = GraphCompiler.Compiler.Compile([x, w], [y], null, new() { Width = width, Passes = new() { WholeConvolutions = false } });
        Assert.That(whole.Run(given).GetArray<double>(0), Is.EqualTo(product.Run(given).GetArray<double>(0)).Within(1e-13));

        Tensor<double> Doubles(Shape shape) => Tensors.From([.. Enumerable.Range(0, (int)Count(shape)).Select(_ => random.NextDouble() - 0.5)], [.. shape.Select(d => (int)d.Constant!.Value)]);
    }

    /// <summary>What is around an image is zeros, and an infinite weight makes NaN of them, as everywhere.</summary>
    [Test]
    public void A_weight_that_is_not_finite_meets_the_zeros_around([Values(float.PositiveInfinity, float.NaN)] float weight)
    {
        Input<float> x = Input("x", [1, 2, 5, 6]);
        Input<float> w = Input("w", [16, 2, 3, 3]);
        Node y = Conv2D(x, w, padding: (2, 1));
        Tensor<float> values = Numbers(1, x.Shape, 1);
        foreach (VectorWidth width in VectorWidths.Supported)
        {
            using CompiledGraph whole = GraphCompiler.Compiler.Compile([x, w], [y], null, new() { Width = width });
            using CompiledGraph product = GraphCompiler.Compiler.Compile([x, w], [y], null, new() { Width = width, Passes = new() { WholeConvolutions = false } });
            for (int tap = 0; tap < 9; tap++)
            {
                float[] weights = Values(Numbers(2, w.Shape, 1));
                weights[9 + tap] = weight;
                Tensor<float> given = Tensors.From(weights, 16, 2, 3, 3);
                Assert.That(whole.Run(values, given).GetArray<float>(0), Is.EqualTo(product.Run(values, given).GetArray<float>(0)).Within(1e-4f), $"{width}, tap {tap}");
            }
        }
    }

    [Test]
    [Needs(nameof(CompilerPasses.WholeConvolutions), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Epilogues), nameof(CompilerPasses.Simplify))]
    public void A_layer_is_one_kernel_beside_that_of_its_weights_and_copies_no_input([ValueSource(typeof(VectorWidths), nameof(VectorWidths.Supported))] VectorWidth width)
    {
        Input<float> x = Input("x", ["N", 32, 16, 16]);
        Parameter<float> w = Parameter("w", Tensors.Ones<float>(64, 32, 3, 3));
        Parameter<float> b = Parameter("b", Tensors.Ones<float>(64));
        Program program = CompilerPipeline.Run(new() { Width = width }, [x], [new Root(Relu(Conv2D(x, w, b, padding: 1)), IsForward: true, RootKind.Output)]);
        Assert.That(program.Kernels.Select(k => k.Kernel.Name), Is.EqualTo((string[])[width == VectorWidth.Scalar ? "Pad" : "Maximum", "Maximum"]));
    }

    [Test]
    public void Results_do_not_depend_on_threads()
    {
        Input<float> x = Input("x", [2, 40, 30, 28]);
        Input<float> w = Input("w", [48, 40, 3, 3]);
        Node y = Conv2D(x, w, padding: 1, stride: 2);
        Argument[] given = [Numbers(1, x.Shape, 1), Numbers(2, w.Shape, 1)];
        float[][] results =
        [
            .. new CompileOptions[] { new() { Threads = 1 }, new() { Threads = 2 }, new() { Threads = 3, Chunking = Chunking.Finest } }.Select(options =>
            {
                using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, w], [y], null, options);
                return graph.Run(given).GetArray<float>(0);
            }),
        ];
        Assert.That(results[1], Is.EqualTo(results[0]));
        Assert.That(results[2], Is.EqualTo(results[0]));
    }

    private static float[] Values(Tensor<float> tensor)
    {
        float[] values = new float[(int)tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }

    private static long Count(Shape shape) => shape.ElementCount.Constant!.Value;

    private static Tensor<float> Numbers(ulong seed, Shape shape, long size)
    {
        int[] sizes = [.. shape.Evaluate(_ => size).Select(n => (int)n)];
        return Tensors.From([.. new Generator(seed).Normal(sizes.Aggregate(1, (count, n) => count * n))], sizes);
    }
}
