using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

[TestFixture]
[NonParallelizable]
[Category("Foundation")]
public sealed class AllocationTests
{
    private const int Calls = 1000;
    private const int Rounds = 5;

    [OneTimeSetUp]
    public void CallsAreCompiledAndNotVerified() => Assume.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret, Is.False, "interpreters allocate");

    [Test]
    public void A_warm_forward_backward_and_zero_grad_allocate_nothing()
    {
        Input<float> x = Input("x", ["N", 4]);
        Input<float> y = Input("y", ["N", 1]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(4, 1));
        CompiledGraph model = GraphCompiler.Compiler.Compile([x, y], (MatMul(x, w) - y).Pow(2).Sum());
        float[] xs = new float[12];
        float[] ys = new float[3];
        float[] loss = new float[1];
        Assert.That(Allocated(() =>
        {
            model.Forward([xs, ys], [loss]);
            model.Backward();
            model.ZeroGrad(setToNull: false);
        }), Is.Zero);
    }

    [Test]
    public void A_warm_step_with_updates_allocates_nothing()
    {
        Input<float> x = Input("x", ["N", 4]);
        Input<long> label = Input<long>("label", ["N"]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(4, 3));
        Node loss = CrossEntropy(MatMul(x, w), label);
        CompiledGraph step = GraphCompiler.Compiler.Compile([x, label], [loss], Optimizers.Adam(loss, [w]));
        float[] xs = new float[20];
        long[] labels = new long[5];
        float[] value = new float[1];
        Assert.That(Allocated(() => step.Run([xs, labels], [value])), Is.Zero);
    }

    [Test]
    public void A_warm_loop_allocates_nothing()
    {
        Input<float> xs = Input("xs", ["N", 4]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(4, 4));
        Node last = Scan(Zeros([4]), xs, (h, x) => Cond(Sum(x) > 0f, () => Tanh(MatMul(Unsqueeze(h, 0), w)[0] + x), () => h)).Last;
        CompiledGraph graph = GraphCompiler.Compiler.Compile([xs], last);
        (float[] few, float[] many, float[] value) = (new float[20], new float[40], new float[4]);
        Assert.That(Allocated(() =>
        {
            graph.Run([few], [value]);
            graph.Run([many], [value]);
        }), Is.Zero);
    }

    [Test]
    public void A_warm_typed_delegate_that_writes_to_its_caller_allocates_nothing()
    {
        Input<float> x = Input("x", ["N", 4]);
        var predict = GraphCompiler.Compiler.Compile<Action<float[], float[]>>([x], [Softmax(x)]);
        float[] xs = new float[28];
        float[] result = new float[28];
        Assert.That(Allocated(() => predict(xs, result)), Is.Zero);
    }

    [Test]
    public void A_warm_step_that_threads_share_allocates_nothing()
    {
        Input<float> x = Input("x", ["N", 40]);
        Input<long> label = Input<long>("label", ["N"]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(40, 30));
        Node loss = CrossEntropy(MatMul(x, w), label);
        CompiledGraph step = GraphCompiler.Compiler.Compile(
            [x, label], [loss], Optimizers.Adam(loss, [w]), new CompileOptions { Threads = 3, Chunking = Chunking.Finest });
        float[] xs = new float[200];
        long[] labels = new long[5];
        float[] value = new float[1];
        Assert.That(Allocated(() => step.Run([xs, labels], [value])), Is.Zero);
    }

    // Two and four that alternate, and more than a workspace remembers.
    private static readonly int[][] ChangingSizes = [[5, 17], [64, 3, 17, 5], [.. Enumerable.Range(12, 24)]];

    [Test]
    public void A_warm_run_whose_sizes_change_allocates_nothing([ValueSource(nameof(ChangingSizes))] int[] sizes, [Values(1, 3)] int threads)
    {
        Input<float> x = Input("x", ["N", 4]);
        Input<float> rows = Input("rows", ["N", "M"]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(4, 3));
        Node y = CumulativeSum(Softmax(MatMul(x, w)), 0).Sum() + Sort(rows, 1).Values.Sum() + Flip(rows, 1).Max();
        CompiledGraph model = GraphCompiler.Compiler.Compile([x, rows], [y], null, new CompileOptions { Threads = threads, Chunking = Chunking.Finest });
        float[][] xs = [.. sizes.Select(n => new float[n * 4])];
        System.Numerics.Tensors.Tensor<float>[] given = [.. sizes.Select(n => Tensors.Ones<float>(n, n + 2))];
        float[] result = new float[1];
        Assert.That(
            Allocated(() =>
            {
                for (int i = 0; i < xs.Length; i++)
                {
                    model.Run([xs[i], given[i]], [result]);
                }
            }, Calls / sizes.Length),
            Is.Zero);
    }

    [Test]
    public void A_warm_typed_delegate_whose_sizes_change_allocates_nothing([ValueSource(nameof(ChangingSizes))] int[] sizes)
    {
        Input<float> x = Input("x", ["N", 4]);
        Node y = Softmax(CumulativeSum(x, 0));
        var ofArrays = GraphCompiler.Compiler.Compile<Action<float[], float[]>>([x], [y]);
        var ofTensors = GraphCompiler.Compiler.Compile<Action<System.Numerics.Tensors.Tensor<float>, System.Numerics.Tensors.Tensor<float>>>([x], [y]);
        System.Numerics.Tensors.Tensor<float>[] given = [.. sizes.Select(n => Tensors.Ones<float>(n, 4))];
        System.Numerics.Tensors.Tensor<float>[] results = [.. sizes.Select(n => Tensors.Ones<float>(n, 4))];
        float[][] arrays = [.. sizes.Select(n => new float[n * 4])];
        float[][] written = [.. sizes.Select(n => new float[n * 4])];
        Assert.That(
            Allocated(() =>
            {
                for (int i = 0; i < given.Length; i++)
                {
                    ofArrays(arrays[i], written[i]);
                    ofTensors(given[i], results[i]);
                }
            }, Calls / sizes.Length),
            Is.Zero);
    }

    [Test]
    public void A_warm_training_step_whose_sizes_change_allocates_nothing([ValueSource(nameof(ChangingSizes))] int[] sizes, [Values(1, 3)] int threads)
    {
        Input<float> x = Input("x", ["N", 4]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(4, 5));
        CompiledGraph model = GraphCompiler.Compiler.Compile([x], Tanh(MatMul(x, w)), new CompileOptions { Threads = threads, Chunking = Chunking.Finest });
        float[][] xs = [.. sizes.Select(n => new float[n * 4])];
        float[][] seeds = [.. sizes.Select(n => new float[n * 5])];
        float[][] results = [.. sizes.Select(n => new float[n * 5])];
        Assert.That(
            Allocated(() =>
            {
                for (int i = 0; i < xs.Length; i++)
                {
                    model.Forward([xs[i]], [results[i]]);
                    model.Backward(seeds[i]);
                }

                model.ZeroGrad();
            }, Calls / sizes.Length),
            Is.Zero);
    }

    /// <summary>
    /// What a round of calls allocates on this thread once that is steady: what happens once, whenever the runtime finds the time for it, is over after a
    /// round or two; what calls allocate themselves is in every round.
    /// </summary>
    /// <summary>The bytes that calls allocate on this thread, once warm.</summary>
    internal static long Allocated(Action call, int calls = Calls)
    {
        long allocated = long.MaxValue;
        for (int round = 0; round < Rounds && allocated != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < calls; i++)
            {
                call();
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return allocated;
    }
}
