using System.Buffers;
using GraphCompiler.Calling;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>Who frees what when: Dispose beside calls, within them, twice.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class DisposeTests
{
    private const int Rounds = 40;
    private const int Size = 160;

    [Test]
    public void A_backward_that_runs_goes_on_to_its_end()
    {
        byte[][]? expected = null;
        for (int round = 0; round < Rounds; round++)
        {
            var model = new Model();
            model.Graph.Forward(Model.Rows);
            if (expected is null)
            {
                model.Graph.Backward();
                expected = model.GradientBytes();
                model.Graph.ZeroGrad();
                model.Graph.Forward(Model.Rows);
            }

            using var begins = new Barrier(2);
            bool refused = false;
            Exception? error = null;
            var trainer = new Thread(() =>
            {
                begins.SignalAndWait();
                try
                {
                    model.Graph.Backward();
                }
                catch (ObjectDisposedException)
                {
                    refused = true;
                }
                catch (Exception e)
                {
                    error = e;
                }
            });
            trainer.Start();
            begins.SignalAndWait();
            Thread.SpinWait(round * round * 20);
            model.Graph.Dispose();

            // Disposed: nothing runs any more, so the gradients are whole or there are none.
            byte[][] atOnce = model.GradientBytes();
            trainer.Join();
            Assert.That(error, Is.Null);
            byte[][] atLast = model.GradientBytes();
            Assert.That(atLast, Is.EqualTo(atOnce), "something ran on after Dispose");
            Assert.That(atLast, Is.EqualTo(refused ? [[], []] : expected));
            Assert.That(() => model.Graph.Backward(), Throws.InstanceOf<ObjectDisposedException>());
        }
    }

    /// <summary>Every call beside a disposal is right or refused, and leaves what it writes whole.</summary>
    [Test]
    public void Every_call_beside_it_is_right_or_refused()
    {
        float[] expected;
        using (CompiledGraph once = new Model().Graph)
        {
            expected = once.Run(Model.Rows).GetArray<float>();
        }

        for (int round = 0; round < Rounds; round++)
        {
            var model = new Model();
            var typed = TypedDelegate.Create<Action<float[], float[]>>(model.Graph);
            float[][] results = [.. Enumerable.Range(0, 4).Select(_ => new float[1])];
            Action[] calls =
            [
                () => Assert.That(model.Graph.Run(Model.Rows).GetArray<float>(), Is.EqualTo(expected)),
                () => Check(() => model.Graph.Run([Model.Rows], [results[0]]), results[0]),
                () => Check(() => typed(Model.Rows, results[1]), results[1]),
                () => Check(() => model.Graph.Forward([Model.Rows], [results[2]]), results[2]),
                () => model.Graph.Backward(),
                () => model.Graph.Backward(retainGraph: true),
                () => model.Graph.ZeroGrad(),
                () => _ = model.Graph.GradientOf<float>(model.Hidden),
                () => _ = model.First.Grad?.ToArray(),
                () => model.First.Set(model.FirstValues),
            ];
            using var begins = new Barrier(calls.Length + 1);
            var errors = new List<Exception>();
            Thread[] threads = [.. calls.Select(call => new Thread(() =>
            {
                begins.SignalAndWait();
                for (int i = 0; i < 20; i++)
                {
                    try
                    {
                        call();
                    }
                    catch (Exception e) when (e is ObjectDisposedException or GraphException)
                    {
                        // Refused: disposed of, being trained by another thread, no forward before, a parameter written in between.
                    }
                    catch (Exception e)
                    {
                        lock (errors)
                        {
                            errors.Add(e);
                        }
                    }
                }
            }))];
            Array.ForEach(threads, t => t.Start());
            begins.SignalAndWait();
            Thread.SpinWait(round * 2000);
            model.Graph.Dispose();
            Array.ForEach(threads, t => t.Join());
            Assert.That(errors, Is.Empty);
            AssertRefused(model);
        }

        void Check(Action call, float[] result)
        {
            call();
            Assert.That(result, Is.EqualTo(expected));
        }
    }

    [Test]
    public void Twice_and_from_several_threads_at_once()
    {
        for (int round = 0; round < Rounds; round++)
        {
            var model = new Model();
            model.Graph.Forward(Model.Rows);
            _ = model.Graph.Run(Model.Rows);
            Parallel.For(0, 4, _ => model.Graph.Dispose());
            model.Graph.Dispose();
            AssertRefused(model);
        }
    }

    /// <summary>A memory manager is asked for its span within a call: waiting for that call there would be for ever.</summary>
    [Test]
    public void Within_a_call_that_goes_on_to_its_end([Values("Run", "Forward", "destination")] string call)
    {
        var model = new Model();
        float[] expected = model.Graph.Run(Model.Rows).GetArray<float>();
        using var memory = new Manager(Model.Rows, model.Graph.Dispose);
        float[] result = call switch
        {
            "Run" => model.Graph.Run(memory.Memory).GetArray<float>(),
            "Forward" => model.Graph.Forward(memory.Memory).GetArray<float>(),
            _ => Into(),
        };
        Assert.That(memory.Asked, Is.True);
        Assert.That(result, Is.EqualTo(expected));
        AssertRefused(model);

        float[] Into()
        {
            float[] destination = new float[1];
            model.Graph.Run([memory.Memory], [destination]);
            return destination;
        }
    }

    [Test]
    public void Gradients_parameters_and_results_stay()
    {
        var model = new Model();
        RunResults results = model.Graph.Forward(Model.Rows);
        model.Graph.Backward();
        byte[][] gradients = model.GradientBytes();
        float[] values = model.First.Values.ToArray();
        model.Graph.Dispose();
        Assert.That(results.GetArray<float>()[0], Is.Not.NaN);
        Assert.That(model.GradientBytes(), Is.EqualTo(gradients));
        Assert.That(model.First.Values.ToArray(), Is.EqualTo(values));
    }

    /// <summary>What somebody has seen of a gradient is theirs, also if they look while another thread forgets it.</summary>
    [Test]
    public void A_gradient_seen_by_another_thread_is_not_written_again()
    {
        Input<float> x = Input("x", [8]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(8));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], (x * w).Sum());
        using var stop = new CancellationTokenSource();
        int changed = 0;
        var reader = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (w.Grad is { } seen)
                {
                    float first = seen[0];
                    Thread.SpinWait(200);
                    changed += seen[0] == first && seen[7] == first ? 0 : 1;
                }
            }
        });
        reader.Start();
        float[] given = new float[8];
        float[] result = new float[1];
        for (int i = 0; i < 20_000; i++)
        {
            Array.Fill(given, i);
            model.Forward([given], [result]);
            model.Backward();
            model.ZeroGrad();
        }

        stop.Cancel();
        reader.Join();
        Assert.That(changed, Is.Zero);
    }

    private static void AssertRefused(Model model)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => model.Graph.Run(Model.Rows), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => model.Graph.Run([Model.Rows], [new float[1]]), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => model.Graph.Forward(Model.Rows), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => model.Graph.Backward(), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => model.Graph.ZeroGrad(), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => model.Graph.GradientOf<float>(model.Hidden), Throws.InstanceOf<ObjectDisposedException>());
        }
    }

    private sealed class Model
    {
        public static readonly float[] Rows = new Generator(5).Normal(Size, Size).ToArray();

        public Model()
        {
            Input<float> x = Input("x", ["N", Size]);
            First = Parameter("first", new Generator(1).Normal(Size, Size));
            Second = Parameter("second", new Generator(2).Normal(Size, Size));
            Hidden = Tanh(MatMul(x, First));
            Node fixedRows = Constant(new Generator(3).Normal(Size));
            Graph = GraphCompiler.Compiler.Compile([x], Sum(Tanh(MatMul(Hidden, Second) + fixedRows)), new CompileOptions { RetainGrad = [Hidden] });
            FirstValues = First.ToTensor();
        }

        public Parameter<float> First { get; }

        public Parameter<float> Second { get; }

        public System.Numerics.Tensors.Tensor<float> FirstValues { get; }

        public Node Hidden { get; }

        public CompiledGraph Graph { get; }

        public byte[][] GradientBytes() => [Bytes(First), Bytes(Second)];

        private static byte[] Bytes(Parameter<float> leaf) => leaf.Grad is { } grad ? [.. grad.ToArray().SelectMany(BitConverter.GetBytes)] : [];
    }

    /// <summary>Memory over an array that does something when it is asked for its span.</summary>
    private sealed class Manager(float[] array, Action asked) : MemoryManager<float>
    {
        public bool Asked { get; private set; }

        // Making a Memory asks for nothing but its length.
        public override Memory<float> Memory => CreateMemory(array.Length);

        public override Span<float> GetSpan()
        {
            Asked = true;
            asked();
            return array;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
