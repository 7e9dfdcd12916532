using GraphCompiler.Emit;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>What is compiled with the graph, what before the first call, and what not before it.</summary>
internal sealed class AheadTests
{
    // Kernels of other tests would be found in the cache.
    private static CompileOptions Ahead(GraphCalls calls) => new() { Ahead = calls, Passes = new() { CacheKernels = false } };

    [Test]
    public void NoCallCompilesWhatWasCompiledAhead([Values(GraphCalls.Run, GraphCalls.Training, GraphCalls.Accumulation, GraphCalls.All)] GraphCalls calls)
    {
        (Input<float> x, Parameter<float> w, Node loss) = Model();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss, Ahead(calls));
        AssertIsReady(model, w, calls);
    }

    [Test]
    public void NoCallCompilesWhatWasPrepared([Values(GraphCalls.Run, GraphCalls.Training, GraphCalls.Accumulation, GraphCalls.All)] GraphCalls calls)
    {
        (Input<float> x, Parameter<float> w, Node loss) = Model();
        var count = CompilationCount.Start();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss, Ahead(GraphCalls.None));
        Assert.That(count.Kernels, Is.Zero);
        model.Prepare(calls);
        long prepared = count.Kernels;
        Assert.That(prepared, Is.Positive);
        model.Prepare(calls);
        Assert.That(count.Kernels, Is.EqualTo(prepared));
        AssertIsReady(model, w, calls);
    }

    [Test]
    public void RunIsCompiledByDefault()
    {
        Assume.That(CompileOptions.Default.Ahead, Is.EqualTo(GraphCalls.Run));
        (Input<float> x, Parameter<float> w, Node loss) = Model();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss, new CompileOptions { Passes = new() { CacheKernels = false } });
        AssertIsReady(model, w, GraphCalls.Run);
    }

    [Test]
    public void WithoutUpdatesAndGradientsThereIsNothingToTrain()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Model();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => GraphCompiler.Compiler.Compile([x], ArgMax(x), Ahead(GraphCalls.Training)), Throws.TypeOf<GradientException>().With.Message.Contains("does not require a gradient"));
            Assert.That(
                () => GraphCompiler.Compiler.Compile([x], [loss], [(w, w - 1)], Ahead(GraphCalls.Training)), Throws.TypeOf<GraphException>().With.Message.Contains("which requires a gradient"));
        }

        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss);
        Assert.That(() => model.Prepare((GraphCalls)8), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Accumulation").And.Message.Contains("It is 8"));
        model.Dispose();
        Assert.That(() => model.Prepare(GraphCalls.Run), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void APullbackThatFailsIsAnErrorOfCompile()
    {
        bool fails = false;
        Input<float> x = Input("x", [3], requiresGrad: true);
        Node y = CustomGradient("square", [x], i => i[0] * i[0], (i, _, g) => fails ? throw new InvalidOperationException("not now") : [g * i[0] * 2f]);
        fails = true;
        Assert.That(() => GraphCompiler.Compiler.Compile([x], y.Sum(), Ahead(GraphCalls.Training)), Throws.InvalidOperationException.With.Message.EqualTo("not now"));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], y.Sum());
        Assert.That(model.Run(new float[] { 1, 2, 3 }).Scalar<float>(), Is.EqualTo(14f), "who does not train needs no gradient");
    }

    [Test]
    public void ARetainedNodeWithoutGradientIsAnErrorOfCompile()
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        Node beside = (x * 2).Named("beside");
        Node cut = (x * 3).Detach().Named("cut");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => GraphCompiler.Compiler.Compile([x], (x * x).Sum(), new CompileOptions { RetainGrad = [beside] }),
                Throws.TypeOf<GradientException>().With.Message.Contains("'beside'").And.Message.Contains("does not depend on it"));
            Assert.That(
                () => GraphCompiler.Compiler.Compile([x], (x * cut).Sum(), new CompileOptions { RetainGrad = [cut] }),
                Throws.TypeOf<GradientException>().With.Message.Contains("'cut'").And.Message.Contains("it requires none"));
        }
    }

    [Test]
    public async Task AGraphIsCompiledOnAnotherThread()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Model();
        using CompiledGraph model = await GraphCompiler.Compiler.CompileAsync([x], loss, Ahead(GraphCalls.All));
        AssertIsReady(model, w, GraphCalls.All);
        using CompiledGraph step = await GraphCompiler.Compiler.CompileAsync([x], [loss], [(w, w - 1)]);
        Assert.That(step.Run(new float[6]).Scalar<float>(), Is.Zero);
        Assert.That(async () => await GraphCompiler.Compiler.CompileAsync([], loss), Throws.TypeOf<GraphException>().With.Message.Contains("'x'"));
    }

    [Test]
    public void ACompilationIsCancelledBetweenAnyTwoSteps()
    {
        (Input<float> x, _, Node loss) = Model();
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.That(async () => await GraphCompiler.Compiler.CompileAsync([x], loss, cancellation: cancelled.Token), Throws.InstanceOf<OperationCanceledException>());

        // What is asked of the user comes late in the compilation, so that it ends in the middle.
        using var source = new CancellationTokenSource();
        using var shown = new CancellationTokenSource();
        Input<float> v = Input("v", [3], requiresGrad: true);
        bool cancels = false;
        Node y = CustomGradient("square", [v], i => i[0] * i[0], (i, _, g) =>
        {
            if (cancels)
            {
                source.Cancel();
            }

            return [g[0]! * i[0] * 2f];
        });
        cancels = true;
        using CompiledGraph model = GraphCompiler.Compiler.Compile([v], y.Sum());
        Assert.That(() => model.Prepare(GraphCalls.All, source.Token), Throws.InstanceOf<OperationCanceledException>());
        model.Prepare(GraphCalls.All, shown.Token);

        // Who has what he asked for is not reached by a cancellation any more.
        shown.Cancel();
        for (int i = 0; i < 2; i++)
        {
            model.Forward(new float[] { 1, 2, 3 });
            model.Backward();
        }

        Assert.That(v.Grad!.ToArray(), Is.EqualTo(new float[] { 4, 8, 12 }));
    }

    private static (Input<float> X, Parameter<float> W, Node Loss) Model()
    {
        Input<float> x = Input("x", ["N", 3]);
        Parameter<float> w = Parameter("w", new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } });
        return (x, w, Tanh(MatMul(x, w)).Square().Sum());
    }

    private static void AssertIsReady(CompiledGraph model, Parameter<float> w, GraphCalls calls)
    {
        var count = CompilationCount.Start();
        foreach (int rows in (int[])[2, 300, 1, 2])
        {
            float[] given = new float[rows * 3];
            if (calls.HasFlag(GraphCalls.Run))
            {
                model.Run(given);
                using (GradMode.NoGrad())
                {
                    model.Forward(given);
                }
            }

            if (calls.HasFlag(GraphCalls.Training))
            {
                w.ZeroGrad();
                model.Forward(given);
                model.Backward();
            }

            if (calls.HasFlag(GraphCalls.Accumulation))
            {
                model.Forward(given);
                model.Backward(1f, retainGraph: true);
                model.Backward();
                w.ZeroGrad(setToNull: false);
                model.Forward(given);
                model.Backward();
            }
        }

        Assert.That(count.Kernels, Is.Zero);
    }
}
