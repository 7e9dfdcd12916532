using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>Forward writes parameters that require no gradient, such as running statistics, and Backward sees what they were before.</summary>
internal sealed class UpdatesOfForwardTests
{
    [Test]
    public void ForwardUpdatesAndBackwardSeesTheOldValue()
    {
        Input<float> x = Input("x", ["N"]);
        Parameter<float> w = Parameter("w", 2f);
        Parameter<float> mean = Parameter("mean", 10f, requiresGrad: false);
        Node loss = (x * w * mean).Sum();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], [loss], [(mean, (mean * 0.5f) + x.Mean())], new CompileOptions { Ahead = GraphCalls.Accumulation });
        Assert.That(model.Forward(new float[] { 1, 3 }).Scalar<float>(), Is.EqualTo(80f));
        Assert.That(mean.Values[0], Is.EqualTo(7f));
        model.Backward(retainGraph: true);
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 40 }), "4 · 10, not 4 · 7");
        mean.Fill(100);
        model.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 80 }), "it has a copy, whoever writes");

        Assert.That(model.Run(new float[] { 1, 3 }).Scalar<float>(), Is.EqualTo(800f));
        Assert.That(mean.Values[0], Is.EqualTo(52f));
        using (GradMode.NoGrad())
        {
            Assert.That(model.Forward(new float[] { 1, 3 }).Scalar<float>(), Is.EqualTo(416f));
        }

        Assert.That(mean.Values[0], Is.EqualTo(28f));
    }

    [Test]
    public void AForwardThatFailsUpdatesNothing()
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        Input<long> at = Input<long>("at", [1]);
        Parameter<float> count = Parameter("count", 0f, requiresGrad: false);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x, at], [TakeAt(x, at)], [(count, count + 1)]);
        Assert.That(() => model.Forward(new float[3], new long[] { 7 }), Throws.TypeOf<ExecutionException>());
        Assert.That(count.Values[0], Is.Zero);
        model.Forward(new float[3], new long[] { 2 });
        Assert.That(count.Values[0], Is.EqualTo(1f));
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 0, 0, 1 }));

        static Node TakeAt(Node x, Node at) => Take(x, at, 0).Sum();
    }

    [Test]
    public void StatisticsOfABatchAndOfAllThatWereSeen()
    {
        // As in batch normalisation that counts with running statistics: the update reads what backward reads, and two of them change places.
        Input<float> x = Input("x", ["N", 2], requiresGrad: true);
        Parameter<float> a = Parameter("a", new float[] { 1, 2 }, requiresGrad: false);
        Parameter<float> b = Parameter("b", new float[] { 3, 4 }, requiresGrad: false);
        Node loss = (x * a * Exp(b - x)).Sum();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], [loss], [(a, b), (b, a)]);
        using CompiledGraph plain = GraphCompiler.Compiler.Compile([x], loss);
        float[] given = [0.5f, 1, 2, 3];
        for (int i = 0; i < 3; i++)
        {
            x.ZeroGrad();
            plain.Forward(given);
            plain.Backward();
            float[] expected = x.Grad!.ToArray();
            float[][] old = [a.Values.ToArray(), b.Values.ToArray()];
            x.ZeroGrad();
            model.Forward(given);
            Assert.That(a.Values.ToArray(), Is.EqualTo(old[1]));
            Assert.That(b.Values.ToArray(), Is.EqualTo(old[0]));
            model.Backward();
            Assert.That(x.Grad!.ToArray(), Is.EqualTo(expected).Within(1e-5));
        }
    }

    [Test]
    public void WithoutOutputsThereIsNothingToTrain()
    {
        Parameter<float> count = Parameter("count", 0f, requiresGrad: false);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([], [], [(count, count + 1)]);
        model.Run();
        model.Forward();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(count.Values[0], Is.EqualTo(2f));
            Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("this graph has none"));
            Assert.That(() => model.Prepare(GraphCalls.Training), Throws.TypeOf<GradientException>().With.Message.Contains("this graph has none"));
        }
    }

    [Test]
    public void AStepOfAnOptimiserIsNotForForward()
    {
        Parameter<float> w = Parameter("w", 2f);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [w * w], [(w, w - 1)]);
        Assert.That(() => step.Forward(), Throws.TypeOf<GraphException>().With.Message.Contains("'w'").And.Message.Contains("which requires a gradient"));
        Assert.That(
            () => GraphCompiler.Compiler.Compile([], [w * w], [(w, w - 1)], new CompileOptions { Ahead = GraphCalls.Training }),
            Throws.TypeOf<GraphException>().With.Message.Contains("'w'").And.Message.Contains("run by Run"));
        Assert.That(w.Values[0], Is.EqualTo(2f));
    }
}
