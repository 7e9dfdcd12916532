using System.Collections.Concurrent;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>What writes values of a parameter, or a gradient, while another call does, of whatever graph, is refused and changes nothing.</summary>
internal sealed class WritersTests
{
    [Test]
    public void A_forward_keeps_nobody_from_gradients()
    {
        Parameter<float> w = Parameter("w", [2], 1f);
        Action inside = () => { };
        Node hooked = HostFunction("hook", [w * w], new NodeType(DType.Float32, [2]), call =>
        {
            inside();
            call.In<float>(0).CopyTo(call.Out<float>(0));
        }, (_, _, cotangent) => [cotangent]);
        using CompiledGraph first = GraphCompiler.Compiler.Compile([], Sum(hooked));
        using CompiledGraph second = GraphCompiler.Compiler.Compile([], Sum(w * 3));
        first.Forward();
        first.Backward();
        second.Forward();
        inside = () => Task.Run(() =>
        {
            second.Backward();
            w.ZeroGrad();
        }).Wait();
        first.Forward();
        Assert.That(w.HasGrad, Is.False);
    }

    [Test]
    public void StepsOfTwoGraphsLoseNoUpdate([Values] bool typed)
    {
        Parameter<double> total = Parameter("total", 0d, requiresGrad: false);
        Parameter<double> mine = Parameter("mine", 0d, requiresGrad: false);
        using CompiledGraph one = GraphCompiler.Compiler.Compile([], [], [(total, total + 1)]);
        using CompiledGraph two = GraphCompiler.Compiler.Compile([], [], [(mine, mine + 1), (total, total + 1)]);
        Action[] calls = typed ? [one.CreateDelegate<Action>(), two.CreateDelegate<Action>()] : [() => one.Run(), () => two.Forward()];
        int[] done = new int[2];
        Run(2, (thread, _) =>
        {
            calls[thread]();
            done[thread]++;
        });
        Assert.That(total.Values[0], Is.EqualTo(done[0] + done[1]));
        Assert.That(mine.Values[0], Is.EqualTo(done[1]));
        Assert.That(total.Version, Is.EqualTo(done[0] + done[1]));
    }

    [Test]
    public void BackwardsOfTwoGraphsAddUp()
    {
        Parameter<double> w = Parameter("w", 3d);
        Parameter<double> v = Parameter("v", 5d);
        CompiledGraph[] graphs = [GraphCompiler.Compiler.Compile([], w * v), GraphCompiler.Compiler.Compile([], v * w)];
        int[] done = new int[2];
        Run(2, (thread, _) =>
        {
            graphs[thread].Forward();
            graphs[thread].Backward();
            done[thread]++;
        });
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new[] { 5d * (done[0] + done[1]) }));
        Assert.That(v.Grad!.ToArray(), Is.EqualTo(new[] { 3d * (done[0] + done[1]) }));
        Array.ForEach(graphs, g => g.Dispose());
    }

    [Test]
    public void GradientsComeAndGoBesideEachOther()
    {
        Parameter<double> w = Parameter("w", 3d);
        CompiledGraph[] graphs = [GraphCompiler.Compiler.Compile([], w * w), GraphCompiler.Compiler.Compile([], w * w)];
        using CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(new Sgd(0), [w]);
        Run(4, (thread, _) =>
        {
            switch (thread)
            {
                case 0 or 1:
                    graphs[thread].Forward();
                    try
                    {
                        graphs[thread].Backward();
                    }
                    catch (GradientException e) when (e.Message.Contains("was written between Forward and Backward"))
                    {
                        // A step came between, and another forward is wanted.
                    }

                    break;
                case 2:
                    graphs[0].ZeroGrad();
                    w.ZeroGrad(setToNull: false);
                    optimizer.ZeroGrad();
                    break;
                default:
                    optimizer.Step();
                    double gradient = w.Grad is { } tensor ? tensor.ToArray()[0] : 0;
                    Assert.That(gradient % 6, Is.Zero);
                    break;
            }
        });
        Array.ForEach(graphs, g => g.Dispose());
    }

    [Test]
    public void ACallWithinACallIsNoOtherThread()
    {
        Input<float> x = Input("x", [1]);
        Parameter<float> w = Parameter("w", [1], 1f);
        Action within = () => { };
        Node seen = HostFunction("within", [x], x.Type, call =>
        {
            within();
            call.In<float>(0).CopyTo(call.Out<float>(0));
        }, (_, _, cotangent) => [cotangent]);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([x], [], [(w, w + seen)]);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], Sum(w * seen));
        using CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(new Sgd(HostFunction("rate", [Sum(x)], new NodeType(DType.Float32, []), _ => within())), [w], [x]);
        float[] one = [1];
        (Action Call, string Message)[] calls =
        [
            (() => step.Run(one), "This graph is in a call that this call is within"),
            (() => model.Forward(one), "This graph is in a call that this call is within"),
            (() => optimizer.Step(one), "This optimizer is in a step that this call is within"),
        ];
        foreach ((Action call, string message) in calls)
        {
            within = call;
            Assert.That(call, Throws.TypeOf<ExecutionException>().With.InnerException.TypeOf<GraphException>().And.InnerException.Message.StartsWith(message));
            within = () => { };
            Assert.That(call, Throws.Nothing);
        }
    }

    [Test]
    public void AnEditRefusesAllElse()
    {
        Parameter<float> w = Parameter("w", new float[] { 1, 2 });
        Parameter<float> other = Parameter("other", new float[] { 5, 6 });
        w.Path = "encoder.weight";
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], [(other, other + 1), (w, w + 1)]);
        Action typed = step.CreateDelegate<Action>();
        Parameter[] both = [other, w];
        byte[] bytes = new byte[8];
        Action[] writes =
        [
            () => step.Run(),
            typed,
            () => w.Fill(0),
            () => w.Set([7f, 8f]),
            () => w.Set(new float[] { 7, 8 }.AsSpan()),
            () => w.Set(other),
            () => w.SetBytes(bytes),
            () => both.SetValues(both.ToValues()),
            () => w.Edit().Dispose(),
        ];
        using (ParameterEdit<float> edit = w.Edit())
        {
            foreach (Action write in writes)
            {
                string message = "Parameter 'encoder.weight' float32[2] is being written by another call or edit, and can only be written by one at a time: let one end before the other begins, as by a lock around both, or give each parameters of its own.";
                Assert.That(write, Throws.TypeOf<GraphException>().With.Message.EqualTo(message));
                Task.Run(() => Assert.That(write, Throws.TypeOf<GraphException>().With.Message.EqualTo(message))).Wait();
            }

            Assert.That(w.Version + other.Version, Is.Zero);
            edit.Values[0] = 3;
        }

        Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 3, 2 }));
        Assert.That(other.Values.ToArray(), Is.EqualTo(new float[] { 5, 6 }));
        Array.ForEach(writes, w => w());
    }

    [Test]
    public void AnEditIsDisposedOfAgain()
    {
        Parameter<float> w = Parameter("w", new float[] { 1, 2 });
        ParameterEdit<float> edit = w.Edit();
        edit.Dispose();
        edit.Dispose();
        Assert.That(w.Version, Is.EqualTo(1));
    }

    [Test]
    public void ReadingIsNotRefused()
    {
        Parameter<float> w = Parameter("w", new float[] { 1, 2 });
        using CompiledGraph sum = GraphCompiler.Compiler.Compile([], w.Sum());
        using ParameterEdit<float> edit = w.Edit();
        Assert.That(sum.Run().Scalar<float>(), Is.EqualTo(3));
        sum.Forward();
        sum.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 1, 1 }));
    }

    /// <summary>Calls on threads until each has succeeded a few hundred times; what is refused is tried again.</summary>
    private static void Run(int threads, Action<int, int> call)
    {
        var errors = new ConcurrentQueue<Exception>();
        using var begins = new Barrier(threads);
        Thread[] all = [.. Enumerable.Range(0, threads).Select(thread => new Thread(() =>
        {
            begins.SignalAndWait();
            for (int i = 0; i < 500 && errors.IsEmpty;)
            {
                try
                {
                    call(thread, i);
                    i++;
                }
                catch (GraphException e) when (e.Message.Contains("is being written by another call or edit") || e.Message.Contains("This graph is being trained by another thread"))
                {
                    Thread.Yield();
                }
                catch (Exception e)
                {
                    errors.Enqueue(e);
                }
            }
        }))];
        Array.ForEach(all, t => t.Start());
        Array.ForEach(all, t => t.Join());
        Assert.That(errors, Is.Empty);
    }
}
