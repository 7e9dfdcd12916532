using System.Globalization;
using System.Numerics.Tensors;
using GraphCompiler.Kernels;
using GraphCompiler.Operations;
using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Dropout: what it means, that backward sees forward's mask, and what kernels it takes.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class DropoutTests
{
    [Test]
    public void WhatStaysIsScaledAndTheRestIs0([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        const int Count = 20_000;
        Node x = Ops.Ones([Count], dtype);
        foreach (double p in (double[])[0.1, 0.5, 0.8])
        {
            Node y = Dropout(new Generator(1), x, p);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Cast(y, DType.Float64));
            double[] found = graph.Run().GetArray<double>(0);
            double kept = dtype == DType.Float32 ? (float)(1 / (1 - p)) : 1 / (1 - p);
            int zeros = found.Count(v => v == 0);
            Assert.That(found, Is.All.EqualTo(0).Or.EqualTo(kept));

            // Five standard deviations of a binomial.
            Assert.That(zeros, Is.EqualTo(p * Count).Within(5 * Math.Sqrt(Count * p * (1 - p))), $"p = {p}");
        }
    }

    [Test]
    public void AtTheEndsNothingOrAllIsDropped()
    {
        Input<float> x = Input("x", [3]);
        Input<float> p = Input("p", []);
        Generator generator = new(1);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, p], [Dropout(generator, x, 0), Dropout(generator, x, 1), Dropout(generator, x, p), AlphaDropout(generator, x, 0), AlphaDropout(generator, x, 1)]);
        float[] values = [1, 2, 3];
        RunResults none = graph.Run(values, 0f);
        RunResults all = graph.Run(values, 1f);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Dropout(generator, x, 0), Is.SameAs(x));
            Assert.That(none.GetArray<float>(0), Is.EqualTo(values));
            Assert.That(none.GetArray<float>(1), Is.All.EqualTo(0));
            Assert.That(none.GetArray<float>(2), Is.EqualTo(values));
            Assert.That(all.GetArray<float>(2), Is.All.EqualTo(0));
            Assert.That(none.GetArray<float>(3), Is.EqualTo(values));
            Assert.That(none.GetArray<float>(4), Is.All.EqualTo(0));
        }
    }

    [Test]
    public void AGivenProbabilityIsMet()
    {
        Input<double> x = Input<double>("x", ["N"]);
        Input<double> p = Input<double>("p", []);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, p], Dropout(new Generator(1), x, p));
        double[] ones = [.. Enumerable.Repeat(1.0, 10_000)];
        double[] found = graph.Run(ones, 0.2).GetArray<double>(0);
        Assert.That(found, Is.All.EqualTo(0).Or.EqualTo(1 / (1 - 0.2)));
        Assert.That(found.Count(v => v == 0), Is.EqualTo(2000).Within(200));
    }

    [TestCase(1.5), TestCase(-0.25), TestCase(double.NaN)]
    public void AGivenProbabilityOutsideOfZeroToOneIsAnErrorThatNamesIt(double value)
    {
        Input<double> x = Input<double>("x", ["N"]);
        Input<double> p = Input<double>("p", []);
        string rule = string.Create(CultureInfo.InvariantCulture, $"a probability is from 0 to 1; it is {value}");
        Assert.That(() => Dropout(new Generator(1), x, value), Throws.TypeOf<GraphException>().With.Message.Contains("a probability is from 0 to 1"));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, p], Dropout(new Generator(1), x, p));
        Assert.That(() => graph.Run(new double[] { 1, 2 }, value), Throws.TypeOf<ExecutionException>().With.Message.Contains(rule).And.Message.Contains("Dropout").And.Message.Contains("'p'"));
        Assert.That(graph.Run(new double[] { 1, 2 }, 0.0).GetArray<double>(0), Is.EqualTo(new double[] { 1, 2 }));
    }

    private static IEnumerable<TestCaseData> Distributions()
    {
        yield return Of("Bernoulli", p => Bernoulli(new Generator(1), p), 1, 2);
        yield return Of("Normal", p => Normal(new Generator(1), ZerosLike(p), p), 2, -1);
        yield return Of("Normal", p => Normal(new Generator(1), ZerosLike(p), p), 2, float.PositiveInfinity);
        yield return Of("Uniform", p => Uniform(new Generator(1), Full(p.Shape, -1, p.DType), p), 2, -3);
        yield return Of("Multinomial", p => Cast(Multinomial(new Generator(1), p, 1), DType.Float32), 2, -0.5f);

        static TestCaseData Of(string name, Func<Node, Node> draw, float right, float wrong) => new TestCaseData(name, draw, right, wrong).SetArgDisplayNames(name, $"{wrong}");
    }

    [TestCaseSource(nameof(Distributions))]
    public void GivenParametersAreCheckedAsNumbersAre(string name, Func<Node, Node> draw, float right, float wrong)
    {
        Input<float> p = Input("parameter", [2, "N"]);
        foreach (VectorWidth width in (VectorWidth[])[VectorWidth.Scalar, VectorWidths.Best])
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([p], [draw(p)], null, new CompileOptions { Width = width });
            float[] values = [.. Enumerable.Repeat(right, 34)];
            Assert.That(() => graph.Run(Tensor.Create(values, [2, 17])), Throws.Nothing);
            values[20] = wrong;
            Assert.That(() => graph.Run(Tensor.Create(values, [2, 17])), Throws.TypeOf<ExecutionException>().With.Message.StartsWith($"{name}: ").And.Message.Contains("; it is "));
        }
    }

    [Test]
    public void WholeChannelsAreDropped()
    {
        Generator generator = new(1);
        Node[] outputs =
        [
            Dropout1D(generator, Ones([4, 5, 7]), 0.5), Dropout1D(generator, Ones([20, 7]), 0.5), Dropout2D(generator, Ones([4, 5, 7, 1]), 0.5),
            Dropout2D(generator, Ones([20, 1, 7]), 0.5), Dropout3D(generator, Ones([4, 5, 1, 7, 1]), 0.5),
        ];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], outputs);
        RunResults results = graph.Run();
        for (int i = 0; i < outputs.Length; i++)
        {
            float[][] channels = [.. results.GetArray<float>(i).Chunk(7)];
            Assert.That(channels.All(c => c.Distinct().Count() == 1), Is.True);
            Assert.That(channels.Select(c => c[0]), Has.Some.EqualTo(0).And.Some.EqualTo(2));
        }
    }

    [Test]
    public void AlphaDropoutKeepsMeanAndVariance()
    {
        Generator generator = new(1);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], AlphaDropout(generator, Normal(generator, [100_000], DType.Float64), 0.3));
        double[] found = graph.Run().GetArray<double>(0);
        double mean = found.Average();
        Assert.That(mean, Is.Zero.Within(0.016));
        Assert.That(found.Average(v => (v - mean) * (v - mean)), Is.EqualTo(1).Within(0.03));
    }

    [Test]
    public void BackwardSeesTheMaskOfForward([Values] bool recompute, [Values(1, 3)] int threads, [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        CompileOptions options = new() { Passes = new() { Recompute = recompute }, Threads = threads, Chunking = Chunking.Finest };
        Node x = dtype == DType.Float32 ? Input<float>("x", ["N", 6], requiresGrad: true) : Input<double>("x", ["N", 6], requiresGrad: true);
        Generator generator = new(8);
        Node y = Dropout(generator, Exp(Dropout(generator, x * 2, 0.5)), 0.25);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], [Sum(y), Dropout(generator, y, 0)], null, options);
        for (int call = 0; call < 3; call++)
        {
            TensorValue result;
            double[] gradient;
            if (dtype == DType.Float32)
            {
                float[] ones = [.. Enumerable.Repeat(1f, 60)];
                result = Values.Read(model.Forward(ones), 1, dtype, [10, 6]);
                model.Backward();
                gradient = [.. ((Input<float>)x).Grad!.ToArray().Select(v => (double)v)];
            }
            else
            {
                double[] ones = [.. Enumerable.Repeat(1.0, 60)];
                result = Values.Read(model.Forward(ones), 1, dtype, [10, 6]);
                model.Backward();
                gradient = ((Input<double>)x).Grad!.ToArray();
            }

            // 4/3·exp(0) or 4/3·exp(4); the slope is 4 times the latter where both masks are 1, else 0.
            for (int i = 0; i < 60; i++)
            {
                double expected = result[i] > 2 ? 4 * result[i] : 0;
                Assert.That(gradient[i], Is.EqualTo(expected).Within(1e-5 * expected), $"element {i} of call {call}");
            }

            Assert.That(gradient.Count(g => g != 0), Is.InRange(5, 45));
            model.ZeroGrad();
        }
    }

    [Test]
    public void ASecondBackwardSeesTheSameMask()
    {
        Input<float> x = Input("x", [50], requiresGrad: true);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], Sum(Dropout(new Generator(8), x, 0.5)));
        model.Forward(new float[50]);
        model.Backward(retainGraph: true);
        float[] once = x.Grad!.ToArray();
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(once.Select(g => 2 * g)));
    }

    [Test]
    public void GradientsAsNodesSeeTheMask()
    {
        Input<float> x = Input("x", [50], requiresGrad: true);
        Node y = Dropout(new Generator(8), x, 0.5);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [y, Gradients(Sum(y), x)[0]]);
        float[] ones = [.. Enumerable.Repeat(1f, 50)];
        RunResults results = graph.Run(ones);
        Assert.That(results.GetArray<float>(1), Is.EqualTo(results.GetArray<float>(0)));
    }

    [Test]
    public void ALayerWithDropoutIsOneKernel([Values(DType.Float32, DType.Float64)] DType dtype, [Values] bool relu)
    {
        Assume.That(CompileOptions.Default is { Passes: { Inline: true, Epilogues: true, Fuse: true }, Checked: false, Width: not VectorWidth.Scalar });
        Node x = Placeholder(new NodeType(dtype, ["N", 64]), "x", requiresGrad: false);
        Node w = Placeholder(new NodeType(dtype, [64, 48]), "w", requiresGrad: false);
        Node b = Placeholder(new NodeType(dtype, [48]), "b", requiresGrad: false);
        Node y = MatMul(x, w) + b;
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, w, b], Dropout(new Generator(1), relu ? Relu(y) : y, 0.5));
        Assert.That(graph.Executor.Program.Kernels.Where(k => !k.Scratch.Any()), Has.Exactly(1).Items, Names(graph.Executor.Program));
        Assert.That(graph.Executor.Program.Compiled.SelectMany(c => c.ScalarLoops), Is.Empty);
    }

    /// <summary>Nothing of the mask lies in memory between forward and backward.</summary>
    [Test]
    public void BackwardDrawsTheMaskAgain()
    {
        Assume.That(CompileOptions.Default is { Passes: { Inline: true, Epilogues: true, Fuse: true, Recompute: true, ReuseMemory: true }, Verify: false, Checked: false, Width: not VectorWidth.Scalar });
        Input<float> x = Input("x", ["N", 64]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(64, 48));
        Parameter<float> b = Parameter("b", new Generator(1).Normal(48));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], Sum(Dropout(new Generator(1), MatMul(x, w) + b, 0.5)));
        model.Forward(new float[640]);
        Program program = model.TrainingExecutor.Program;
        KernelBuffer[] saved = [.. program.Buffers.Where(p => program.Plan.Buffers[p.Value] is { IsInWorkspace: true } and var at && program.Plan.IsReadBackward(program.Plan.Blocks[at.Block])).Select(p => p.Key)];
        Assert.That(saved.Select(b => b.Node?.Op), Is.All.InstanceOf<RandomStreamOp>(), Names(program));
        Assert.That(program.Compiled.SelectMany(c => c.ScalarLoops), Is.Empty);
    }

    [Test]
    public void AttentionDropsWeights()
    {
        // Every query sees all 400 values alike; with the identity for values, the result is the weights.
        Node identity = Matrices.IdentityLike(Zeros([400, 400]));
        Generator generator = new(3);
        Node weights = ScaledDotProductAttention(Zeros([5, 2]), Zeros([400, 2]), identity, dropout: 0.25, generator: generator);
        Node half = Constant((float[])[0.5f, 0, 0, 0.5f]).Reshape([2, 2]);
        (Node result, Node shown) = MultiHeadAttention(
            Ones([60, 1, 2]), Ones([60, 1, 2]), Ones([60, 1, 2]), 1, Concat([half, half, half]), null, half * 4, null, dropout: 0.25, generator: generator);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], [weights, result, Sum(shown, 2)]);
        RunResults results = graph.Run();
        float kept = 1f / 400 / 0.75f;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.GetArray<float>(0), Is.All.EqualTo(0).Or.EqualTo(kept).Within(1e-8f));
            Assert.That(results.GetArray<float>(0).Count(w => w == 0), Is.EqualTo(500).Within(70));

            // Values of 1/2, four times halved: each result is the sum of its weights.
            Assert.That(results.GetArray<float>(1).Where((_, i) => i % 2 == 0), Is.EqualTo(results.GetArray<float>(2)).Within(1e-5f));
            Assert.That(results.GetArray<float>(2).Distinct().Count(), Is.GreaterThan(5));
            Assert.That(() => ScaledDotProductAttention(Zeros([5, 2]), Zeros([4, 2]), Zeros([4, 2]), dropout: 0.5), Throws.TypeOf<GraphException>().With.Message.Contains("generator"));
            Assert.That(() => ScaledDotProductAttention(Zeros([5, 2]), Zeros([4, 2]), Zeros([4, 2]), dropout: 1.5, generator: generator), Throws.TypeOf<GraphException>());
        }
    }

    /// <summary>Streams are data: layers of one shape share their code.</summary>
    [Test]
    public void TwoLayersAreOneCode()
    {
        Assume.That(CompileOptions.Default.Passes is { CacheKernels: true, Inline: true });
        Input<float> x = Input("x", ["N", 64]);
        Input<float> y = Input("y", ["N", 64]);
        Generator generator = new(1);
        CompileOptions options = new() { Passes = new() { Fuse = false, MergeSmallKernels = false } };
        using CompiledGraph one = GraphCompiler.Compiler.Compile([x], Dropout(generator, x, 0.125), options);
        one.Run(new float[64]);
        using CompiledGraph two = GraphCompiler.Compiler.Compile([x, y], [Dropout(generator, x, 0.125), Dropout(new Generator(5), y, 0.125)], null, options);
        Assert.That(two.Executor.Program.Compiled.All(c => c.FromCache), Is.True);
    }

    [Test]
    public void MistakesAreExplained()
    {
        Generator g = new(1);
        Input<float> x = Input("x", [2, 3, 4]);
        Input<long> whole = Input<long>("i", [2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Dropout(g, x, -0.1), Throws.TypeOf<GraphException>().With.Message.Contains("-0.1"));
            Assert.That(() => Dropout(g, x, double.NaN), Throws.TypeOf<GraphException>().With.Message.Contains("NaN"));
            Assert.That(() => Dropout(g, whole, 0.5), Throws.TypeOf<DTypeException>());
            Assert.That(() => Dropout(g, x, x), Throws.TypeOf<ShapeException>().With.Message.Contains("scalar"));
            Assert.That(() => Dropout2D(g, Ones([3]), 0.5), Throws.TypeOf<ShapeException>().With.Message.Contains("[N, C, H, W]"));
            Assert.That(() => Dropout3D(g, x, 0.5), Throws.TypeOf<ShapeException>());
            Assert.That(() => Dropout(null!, x, 0.5), Throws.ArgumentNullException);
            Assert.That(() => Bernoulli(g, 2, [3]), Throws.TypeOf<GraphException>());
            Assert.That(() => Uniform(g, 1, 0, [3]), Throws.TypeOf<GraphException>().With.Message.Contains("in order"));
            Assert.That(() => Uniform(g, [-1]), Throws.TypeOf<ShapeException>());
            Assert.That(() => Uniform(g, [3], DType.Int32), Throws.TypeOf<DTypeException>());
            Assert.That(() => Uniform(g, [1 << 20, 1 << 20]), Throws.TypeOf<ShapeException>().With.Message.Contains("2^32"));
            Assert.That(() => Normal(g, 0, -1, [3]), Throws.TypeOf<GraphException>());
            Assert.That(() => Normal(g, x, Ones([5])), Throws.TypeOf<ShapeException>());
            Assert.That(() => Normal(g, x, x, [4]), Throws.TypeOf<ShapeException>().With.Message.Contains("broadcast"));
            Assert.That(() => Normal(g, x, Ones([1], DType.Float64)), Throws.TypeOf<DTypeException>());
            Assert.That(() => RandInt(g, 3, 3, [2]), Throws.TypeOf<GraphException>().With.Message.Contains("low < high"));
            Assert.That(() => RandInt(g, 0, 1L << 40, [2], DType.Int32), Throws.TypeOf<GraphException>());
            Assert.That(() => RandInt(g, long.MinValue, long.MaxValue, [2]), Throws.TypeOf<GraphException>());
            Assert.That(() => RandInt(g, 0, 2, [2], DType.Float32), Throws.TypeOf<DTypeException>());
            Assert.That(() => Permutation(g, 3, DType.Bool), Throws.TypeOf<DTypeException>());
            Assert.That(() => Multinomial(g, Ones([3]), 4), Throws.TypeOf<ShapeException>());
            Assert.That(() => Multinomial(g, Ones([3]), -1), Throws.TypeOf<ShapeException>());
            Assert.That(() => Categorical(g, Ones([3]), 1), Throws.TypeOf<ShapeException>());
            Assert.That(() => GumbelSoftmax(g, Ones([3]), 0), Throws.TypeOf<GraphException>());
            Assert.That(() => Gamma(g, whole), Throws.TypeOf<DTypeException>());
            Assert.That(() => Gamma(g, x, Ones([5])), Throws.TypeOf<ShapeException>());
            Assert.That(() => Dirichlet(g, Constant(1f)), Throws.TypeOf<ShapeException>());
            Input<double> a = Input<double>("a", [], requiresGrad: true);
            Node third = Gamma(g, a);
            Assert.That(
                () => Gradients(Gradients(Gradients(third, a)[0], a)[0], a),
                Throws.TypeOf<GradientException>().With.Message.Contains("third derivative"));
        }

        // A size that is known at the call.
        Input<float> n = Input("n", ["N"]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([n], Mean(Uniform(g, ["N", 1 << 30])));
        Assert.That(() => graph.Run(new float[5]), Throws.TypeOf<BindingException>().With.Message.Contains("2^32"));
    }

    private static string Names(Program program) => string.Join(", ", program.Kernels.Select(k => k.Kernel.Name));
}
