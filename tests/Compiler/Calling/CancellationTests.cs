using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>A run that is cancelled ends between two steps of its plan, and changes no parameter.</summary>
internal sealed class CancellationTests
{
    [Test]
    public void ACancelledRunChangesNothingWhereverItEnds([Values] bool inPlace, [Values] bool merged)
    {
        Assume.That(CompileOptions.Default is { Passes: { Fuse: true, UpdateInPlace: true, MergeSmallKernels: true }, Verify: false, Checked: false });
        Input<float> x = Input("x", ["N", 3]);
        Parameter<float> w = Parameter("w", new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } });
        Parameter<float> count = Parameter("count", 0f, requiresGrad: false);
        Node loss = Softmax(MatMul(x, w), 1).Square().Sum();
        var options = new CompileOptions { Passes = new() { UpdateInPlace = inPlace, MergeSmallKernels = merged } };
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [loss], [(w, w - Gradients(loss, w)[0]), (count, count + 1)], options);
        PlanStep[] steps = graph.Executor.Program.Plan.Steps;
        PlanStep[] original = [.. steps];
        int ended = 0;
        for (int step = -1; step < steps.Length; step++)
        {
            using var source = new CancellationTokenSource();
            if (step < 0)
            {
                source.Cancel();
            }
            else
            {
                KernelEntry entry = original[step].Entry;
                steps[step] = original[step] with
                {
                    Entry = (frame, begin, end) =>
                    {
                        source.Cancel();
                        return entry(frame, begin, end);
                    },
                };
            }

            float[] before = [.. w.Values.ToArray(), .. count.Values.ToArray()];
            float[] given = [1, 2, 3, 4, 5, 6];
            bool isCancelled = false;
            try
            {
                graph.Run([given], source.Token);
            }
            catch (OperationCanceledException e)
            {
                Assert.That(e.CancellationToken, Is.EqualTo(source.Token));
                isCancelled = true;
                ended++;
            }

            float[] after = [.. w.Values.ToArray(), .. count.Values.ToArray()];
            Assert.That(after.Zip(before).Count(p => p.First != p.Second), isCancelled ? Is.Zero : Is.GreaterThan(1), $"step {step}");
            if (step >= 0)
            {
                steps[step] = original[step];
            }
        }

        Assert.That(ended, Is.Positive);
        float last = count.Values[0];
        graph.Run(new float[6]);
        Assert.That(count.Values[0], Is.EqualTo(last + 1), "the graph runs on");
    }

    [Test]
    public void ARunIntoDestinationsIsCancelledToo()
    {
        Input<float> x = Input("x", ["N"]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], x * 2);
        using var source = new CancellationTokenSource();
        float[] result = new float[2];
        graph.Run([(float[])[1, 2]], [result], source.Token);
        Assert.That(result, Is.EqualTo(new float[] { 2, 4 }));
        source.Cancel();
        Assert.That(() => graph.Run([(float[])[3, 4]], [result], source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(result, Is.EqualTo(new float[] { 2, 4 }));
        Assert.That(graph.Run(new float[] { 3, 4 }).GetArray<float>(), Is.EqualTo(new float[] { 6, 8 }));
    }

    [Test]
    public void ACancelledBackwardLeavesGradientsAsTheyWereWhereverItEnds([Values] bool adds, [Values] bool merged, [Values] bool retain)
    {
        Assume.That(CompileOptions.Default is { Passes: { Fuse: true, UpdateInPlace: true, MergeSmallKernels: true }, Verify: false, Checked: false });
        Input<float> x = Input("x", ["N", 3]);
        Parameter<float> w = Parameter("w", new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } });
        Parameter<float> b = Parameter("b", new float[] { 1, 2 });
        Parameter<float> count = Parameter("count", 0f, requiresGrad: false);
        Node loss = Softmax(MatMul(x, w) + b, 1).Square().Sum();
        var options = new CompileOptions { Passes = new() { MergeSmallKernels = merged }, Ahead = GraphCalls.Accumulation };
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [loss], [(count, count + 1)], options);
        float[] given = [1, 2, 3, 4, 5, 6];
        graph.Forward(given);
        graph.Backward();
        float[] one = Gradients();
        PlanStep[] steps = graph.TrainingExecutor.Program.Plan.Steps;
        PlanStep[] original = [.. steps];
        int ended = 0;
        for (int step = 0; step < steps.Length; step++)
        {
            graph.ZeroGrad();
            if (adds)
            {
                graph.Forward(given);
                graph.Backward();
            }

            float[] before = Gradients();
            float counted = count.Values[0];
            using var source = new CancellationTokenSource();
            KernelEntry entry = original[step].Entry;
            steps[step] = original[step] with
            {
                Entry = (frame, begin, end) =>
                {
                    source.Cancel();
                    return entry(frame, begin, end);
                },
            };
            bool isForwardDone = false;
            bool isKept = retain;
            try
            {
                graph.Forward([given], source.Token);
                isForwardDone = true;
                isKept |= source.IsCancellationRequested;
                graph.Backward(retain, source.Token);
                Assert.That(Gradients(), Is.EqualTo(one.Select(g => adds ? 2 * g : g)).Within(1e-6f), $"step {step}");
            }
            catch (OperationCanceledException e)
            {
                ended++;
                Assert.That(e.CancellationToken, Is.EqualTo(source.Token));
                Assert.That(Gradients(), Is.EqualTo(before), $"step {step}");
                steps[step] = original[step];
                Assert.That(() => graph.Backward(), isForwardDone && isKept ? Throws.Nothing : Throws.TypeOf<GradientException>());
                Assert.That(Gradients(), Is.EqualTo(isForwardDone && isKept ? one.Select(g => adds ? 2 * g : g) : before).Within(1e-6f));
            }

            Assert.That(count.Values[0], Is.EqualTo(isForwardDone ? counted + 1 : counted));
            steps[step] = original[step];
        }

        Assert.That(ended, Is.Positive);

        float[] Gradients() => [.. w.Grad?.ToArray() ?? [], .. b.Grad?.ToArray() ?? []];
    }

    [Test]
    public void WhatIsCancelledBeforeItBeginsLeavesWhatForwardSaved()
    {
        Parameter<float> w = Parameter("w", 3f);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], w * w);
        using var source = new CancellationTokenSource();
        graph.Forward();
        source.Cancel();
        Assert.That(() => graph.Forward([], source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => graph.Forward([], [new float[1]], source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => graph.Backward(cancellation: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => graph.Backward(1f, cancellation: source.Token), Throws.InstanceOf<OperationCanceledException>());
        graph.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 6 }));
        using (GradMode.NoGrad())
        {
            Assert.That(() => graph.Forward([], source.Token), Throws.InstanceOf<OperationCanceledException>());
        }
    }

    [Test]
    public void AVerifiedRunIsCancelledBetweenTheNodesItChecks()
    {
        Input<float> x = Input("x", ["N"]);
        Parameter<float> w = Parameter("w", 3f);
        Node y = (x * w).Sum().Square();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [y], [(w, w + 1)], new CompileOptions { Verify = true });
        PlanStep[] steps = graph.Executor.Program.Plan.Steps;
        using var source = new CancellationTokenSource();
        KernelEntry entry = steps[^1].Entry;
        steps[^1] = steps[^1] with
        {
            Entry = (frame, begin, end) =>
            {
                source.Cancel();
                return entry(frame, begin, end);
            },
        };
        Assert.That(() => graph.Run([(float[])[1, 2]], source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((w.Values[0], w.Version), Is.EqualTo((3f, 0L)));
    }

    private delegate void Spans(ReadOnlySpan<float> x, Span<float> y, CancellationToken cancellation);

    [Test]
    public void ADelegateTakesATokenAfterAllElse()
    {
        Input<float> x = Input("x", ["N"]);
        Parameter<float> count = Parameter("count", 0f, requiresGrad: false);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [x * 2], [(count, count + 1)]);
        Spans spans = graph.CreateDelegate<Spans>();
        Func<float[], CancellationToken, float[]> returning = graph.CreateDelegate<Func<float[], CancellationToken, float[]>>();
        Action<Argument, Destination, CancellationToken> any = graph.CreateDelegate<Action<Argument, Destination, CancellationToken>>();
        float[] given = [1, 2];
        float[] result = new float[2];
        Action<CancellationToken>[] calls =
        [
            token => spans(given, result, token),
            token => result = returning(given, token),
            token => any(given, result, token),
        ];
        foreach (Action<CancellationToken> call in calls)
        {
            using var source = new CancellationTokenSource();
            result = new float[2];
            float before = count.Values[0];
            call(source.Token);
            Assert.That(result, Is.EqualTo(new float[] { 2, 4 }));
            source.Cancel();
            Assert.That(() => call(source.Token), Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(source.Token));
            Assert.That(count.Values[0], Is.EqualTo(before + 1));
            call(CancellationToken.None);
        }

        Assert.That(graph.CreateDelegate<Action<float[], float[], CancellationToken, CancellationToken>>, Throws.TypeOf<CompileException>());
        Assert.That(
            graph.CreateDelegate<Func<CancellationToken, float[]>>,
            Throws.TypeOf<CompileException>().With.Message.EqualTo(
                "Func<CancellationToken, float[]> has 1 parameter; for 1 input and 1 output it needs 1 and a result, or 2 and none; a CancellationToken may come after them."));
    }

    [Test]
    public void OptionsFollowOutputs()
    {
        Input<float> x = Input("x", ["N"]);
        var options = new CompileOptions { Interpret = true };
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [x * 2, x + 1], options);
        Assert.That(graph.Run(new float[] { 3 }).Scalar<float>(1), Is.EqualTo(4));
        Func<float[], (float[], float[])> both = GraphCompiler.Compiler.Compile<Func<float[], (float[], float[])>>([x], [x * 2, x + 1], options);
        Assert.That(both([3]).Item2, Is.EqualTo(new float[] { 4 }));
    }
}
