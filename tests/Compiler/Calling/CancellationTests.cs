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
}
