using System.Buffers;
using System.Numerics.Tensors;
using GraphCompiler.Emit;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Compiled graphs as delegates of the caller's types, and as functions that many threads call.</summary>
[Parallelizable(ParallelScope.All)]
[Category("Foundation")]
internal sealed class DelegateTests
{
    private delegate float[] FromSpan(ReadOnlySpan<float> x);

    private delegate void IntoSpan(ReadOnlySpan<float> x, Span<float> y);

    private delegate void IntoMany(ReadOnlyMemory<float> x, float[] sum, Tensor<float> doubled, Memory<float> tripled);

    private delegate float[] Scaled(Tensor<float> x, float by);

    private static Node Doubled(out Input<float> x)
    {
        x = Input("x", ["N"]);
        return x * 2;
    }

    [Test]
    public void AnArrayToAnArray()
    {
        Node y = Doubled(out Input<float> x);
        Func<float[], float[]> f = GraphCompiler.Compiler.Compile<Func<float[], float[]>>([x], y);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(f([1, 2, 3]), Is.EqualTo(new float[] { 2, 4, 6 }));
            Assert.That(f([]), Is.Empty);
            Assert.That(f([5]), Is.EqualTo(new float[] { 10 }));
            Assert.That(() => f(null!), Throws.TypeOf<BindingException>().With.Message.Contains("'x'").And.Message.Contains("null"));
        }
    }

    [Test]
    public void SpansTensorsMemoryAndScalars()
    {
        Node y = Doubled(out Input<float> x);
        FromSpan fromSpan = GraphCompiler.Compiler.Compile<FromSpan>([x], y);
        ReadOnlySpan<float> onStack = stackalloc float[] { 1, 2, 3 };
        Assert.That(fromSpan(onStack), Is.EqualTo(new float[] { 2, 4, 6 }));

        IntoSpan into = GraphCompiler.Compiler.Compile<IntoSpan>([x], y);
        Span<float> room = stackalloc float[4];
        room.Fill(-1);
        into(onStack, room);
        Assert.That(room.ToArray(), Is.EqualTo(new float[] { 2, 4, 6, -1 }), "what lies beyond the result stays");

        Func<Memory<float>, Tensor<float>> tensor = GraphCompiler.Compiler.Compile<Func<Memory<float>, Tensor<float>>>([x], y);
        Assert.That(tensor(new float[] { 0, 1, 2, 3 }.AsMemory(1, 2)).ToArray(), Is.EqualTo(new float[] { 2, 4 }));

        Input<float> matrix = Input("m", ["N", 2]);
        Input<float> by = Input("by", []);
        Scaled scaled = GraphCompiler.Compiler.Compile<Scaled>([matrix, by], matrix * by);
        Tensor<float> strided = Tensor.Create([1f, 2f, 3f, 4f, 5f, 6f], [2, 3]).Slice([NRange.All, 1..]);
        Assert.That(scaled(strided, 10), Is.EqualTo(new float[] { 20, 30, 50, 60 }), "strided tensors are read through");
        Assert.That(() => scaled(Tensor.Create([1f, 2f, 3f], [1, 3]), 1), Throws.TypeOf<BindingException>().With.Message.Contains("[1, 3]").And.Message.Contains("'m'"));
    }

    [Test]
    public void SeveralOutputsComeAsATuple()
    {
        Node y = Doubled(out Input<float> x);
        Func<float[], (float, float[], Tensor<float>, long)> f = GraphCompiler.Compiler.Compile<Func<float[], (float, float[], Tensor<float>, long)>>([x], [x.Sum(), y, x + 1, ArgMax(x)]);
        (float sum, float[] doubled, Tensor<float> plus, long at) = f([1, 5, 3]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum, Is.EqualTo(9));
            Assert.That(doubled, Is.EqualTo(new float[] { 2, 10, 6 }));
            Assert.That(plus.ToArray(), Is.EqualTo(new float[] { 2, 6, 4 }));
            Assert.That(at, Is.EqualTo(1));
        }
    }

    [Test]
    public void DestinationsTakeTheOutputs()
    {
        Node y = Doubled(out Input<float> x);
        IntoMany f = GraphCompiler.Compiler.Compile<IntoMany>([x], [x.Sum(), y, x * 3]);
        float[] sum = new float[1];
        Tensor<float> doubled = Tensors.Zeros<float>(3);
        float[] tripled = new float[5];
        f(new float[] { 1, 2, 3 }, sum, doubled, tripled.AsMemory(1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum, Is.EqualTo(new float[] { 6 }));
            Assert.That(doubled.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
            Assert.That(tripled, Is.EqualTo(new float[] { 0, 3, 6, 9, 0 }));
            Assert.That(() => f(new float[] { 1, 2, 3 }, sum, Tensors.Zeros<float>(4), tripled), Throws.TypeOf<BindingException>().With.Message.Contains("output 1").And.Message.Contains("[3]"));
            Assert.That(() => f(new float[] { 1, 2, 3 }, sum, doubled, tripled.AsMemory(0, 2)), Throws.TypeOf<BindingException>().With.Message.Contains("output 2").And.Message.Contains("2 elements"));
            Assert.That(() => f(tripled.AsMemory(0, 3), sum, doubled, tripled), Throws.TypeOf<BindingException>().With.Message.Contains("overlaps the argument").And.Message.Contains("'x'"));
            Assert.That(() => f(new float[3], tripled, doubled, tripled), Throws.TypeOf<BindingException>().With.Message.Contains("overlaps the destination for output 0"));
            Assert.That(() => f(new float[3], null!, doubled, tripled), Throws.TypeOf<BindingException>().With.Message.Contains("output 0").And.Message.Contains("null"));
        }
    }

    [Test]
    public void NoInputs()
    {
        Parameter<float> w = Parameter("w", Tensors.Of(1f, 2f));
        Func<float> f = GraphCompiler.Compiler.Compile<Func<float>>([], w.Sum());
        Assert.That(f(), Is.EqualTo(3));
        w.Fill(4);
        Assert.That(f(), Is.EqualTo(8), "parameters are read at the call");
        Action step = GraphCompiler.Compiler.Compile<Action>([], [], updates: [(w, w + 1)]);
        step();
        Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 5, 5 }));
    }

    [Test]
    public void AllElementTypes()
    {
        Input<double> d = Input<double>("d", [2]);
        Input<int> i = Input<int>("i", [2]);
        Input<long> l = Input<long>("l", [2]);
        Input<bool> b = Input<bool>("b", [2]);
        Func<double[], int[], long[], bool[], (double[], int[], long[], bool[])> f =
            GraphCompiler.Compiler.Compile<Func<double[], int[], long[], bool[], (double[], int[], long[], bool[])>>([d, i, l, b], [d + 1, i + 1, l + 1, !b]);
        (double[] ds, int[] integers, long[] ls, bool[] bs) = f([1, 2], [3, 4], [5, 6], [true, false]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ds, Is.EqualTo(new double[] { 2, 3 }));
            Assert.That(integers, Is.EqualTo(new[] { 4, 5 }));
            Assert.That(ls, Is.EqualTo(new long[] { 6, 7 }));
            Assert.That(bs, Is.EqualTo(new[] { false, true }));
        }
    }

    [Test]
    public void ADelegateTypeThatDoesNotFitIsRefused()
    {
        Node y = Doubled(out Input<float> x);
        using (Assert.EnterMultipleScope())
        {
            Refuses<Func<float[]>>("0 parameters", "1 input");
            Refuses<Func<float[], float[], float[]>>("2 parameters", "1 input");
            Refuses<Action<float[]>>("1 parameter", "1 output");
            Refuses<Func<double[], float[]>>("Double[]|double[]", "'x'", "float[]");
            Refuses<Func<float, float[]>>("'x'", "Tensor<float>");
            Refuses<Func<object, float[]>>("'x'");
            Refuses<Func<List<float>, float[]>>("List<float>");
            Refuses<Func<float[], double[]>>("double[]", "output 0", "float[]");
            Refuses<Func<float[], float>>("output 0");
            Refuses<Func<float[], (float[], float[])>>("2 values", "1 output");
            Refuses<Action<float[], ReadOnlyMemory<float>>>("output 0", "Span<float>");
            Refuses<Action<float[], double[]>>("output 0", "float[]");
            Refuses<Action<float[], float>>("output 0");
        }

        void Refuses<TDelegate>(params string[] parts)
            where TDelegate : Delegate
        {
            CompileException? error = Assert.Throws<CompileException>(() => GraphCompiler.Compiler.Compile<TDelegate>([x], y));
            foreach (string part in parts)
            {
                Assert.That(part.Split('|').Any(p => error!.Message.Contains(p, StringComparison.Ordinal)), $"'{part}' in: {error!.Message}");
            }
        }
    }

    private delegate float[] ManyFromSpan(ReadOnlySpan<float> x, Argument y);

    [Test]
    public void ADelegateEndsWithItsGraph()
    {
        Node y = Doubled(out Input<float> x);
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y);
        Func<float[], float[]> array = graph.CreateDelegate<Func<float[], float[]>>();
        FromSpan span = graph.CreateDelegate<FromSpan>();
        Func<Argument, RunResults> any = graph.CreateDelegate<Func<Argument, RunResults>>();
        Assert.That(array([1, 2]), Is.EqualTo(new float[] { 2, 4 }));
        Assert.That(span([3]), Is.EqualTo(new float[] { 6 }));
        Assert.That(any(new float[] { 4 }).GetArray<float>(), Is.EqualTo(new float[] { 8 }));
        graph.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => array([1]), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => span([1]), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => any(new float[1]), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(graph.CreateDelegate<FromSpan>, Throws.TypeOf<ObjectDisposedException>());
        }
    }

    [Test]
    public void ArraysOfSeveralAxesHaveTheirShape()
    {
        Input<float> x = Input("x", ["N", "M"]);
        Input<float> z = Input("z", ["K", 1, "M"]);
        Action<float[,], float[,,], float[,], float[,,]> f = GraphCompiler.Compiler.Compile<Action<float[,], float[,,], float[,], float[,,]>>([x, z], [x * 2, x + z]);
        float[,] matrix = { { 1, 2, 3 }, { 4, 5, 6 } };
        float[,,] cube = { { { 10, 20, 30 } } };
        float[,] doubled = new float[2, 3];
        float[,,] sums = new float[1, 2, 3];
        for (int i = 0; i < 2; i++)
        {
            f(matrix, cube, doubled, sums);
            Assert.That(doubled, Is.EqualTo(new float[,] { { 2, 4, 6 }, { 8, 10, 12 } }));
            Assert.That(sums, Is.EqualTo(new float[,,] { { { 11, 22, 33 }, { 14, 25, 36 } } }));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => f(matrix, cube, new float[3, 2], sums), Throws.TypeOf<BindingException>().With.Message.Contains("[2, 3]"));
            Assert.That(() => f(new float[2, 2], cube, doubled, sums), Throws.TypeOf<BindingException>().With.Message.Contains("M = 3").And.Message.Contains("'x'"));
            Assert.That(() => f(null!, cube, doubled, sums), Throws.TypeOf<BindingException>().With.Message.Contains("null"));
            Assert.That(f.Method, Is.Not.Null);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        f(matrix, cube, doubled, sums);
        Assert.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret ? 0 : GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void AnyNumberOfInputsAndOutputs()
    {
        Input<float>[] x = [.. Enumerable.Range(0, 6).Select(i => Input($"x{i}", ["N"]))];
        Node[] y = [.. x.Select((n, i) => n * (i + 1)), x[0].Sum(), x[1].Sum(), x[2] + x[3]];
        var returning = GraphCompiler.Compiler.Compile<Func<float[], Memory<float>, ReadOnlyMemory<float>, Tensor<float>, Argument, float[],
            (float[], float[], float[], float[], float[], float[], float, Tensor<float>, float[])>>(x, y);
        (float[] a, _, _, _, _, float[] f, float g, Tensor<float> h, float[] last) = returning([1, 2], new float[] { 3, 4 }, new float[] { 5, 6 }, Tensors.Of(7f, 8f), new float[] { 9, 10 }, [11, 12]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(a, Is.EqualTo(new float[] { 1, 2 }));
            Assert.That(f, Is.EqualTo(new float[] { 66, 72 }));
            Assert.That(g, Is.EqualTo(3f));
            Assert.That(h.ToArray(), Is.EqualTo(new float[] { 7 }));
            Assert.That(last, Is.EqualTo(new float[] { 12, 14 }));
        }

        var into = GraphCompiler.Compiler.Compile<Action<float[], float[], float[], float[], float[], float[], float[], Destination, Memory<float>, float[]>>(
            x, [x[0] + x[1], x[2] + x[3], x[4] + x[5], x[0] * x[5]]);
        float[][] given = [.. Enumerable.Range(1, 6).Select(i => (float[])[i, 10 * i])];
        float[][] results = [.. Enumerable.Range(0, 4).Select(_ => new float[2])];
        Call();
        Assert.That(results, Is.EqualTo(new float[][] { [3, 30], [7, 70], [11, 110], [6, 600] }));
        Assert.That(() => into(given[0], given[1], given[2], given[3], given[4], null!, results[0], results[1], results[2], results[3]), Throws.TypeOf<BindingException>().With.Message.Contains("'x5'"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Call();
        Assert.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret ? 0 : GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(
            () => GraphCompiler.Compiler.Compile<ManyFromSpan>([x[0], x[1]], x[0] + x[1]),
            Throws.TypeOf<CompileException>().With.Message.Contains("'x'").And.Message.Contains("ReadOnlySpan<float>").And.Message.Contains("at most 8 parameters"));

        void Call() => into(given[0], given[1], given[2], given[3], given[4], given[5], results[0], results[1], results[2], results[3]);
    }

    [Test]
    public void RunWithAndWithoutDestinations()
    {
        Node y = Doubled(out Input<float> x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [y, x.Sum(), y, x]);
        RunResults results = graph.Run((float[])[1, 2, 3]);
        float[] again = new float[3];
        float[] sum = new float[1];
        Tensor<float> twice = Tensors.Zeros<float>(3);
        float[] copy = new float[3];
        graph.Run([(float[])[1, 2, 3]], [again, sum, twice, copy]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.Count, Is.EqualTo(4));
            Assert.That(results.GetArray<float>(), Is.EqualTo(new float[] { 2, 4, 6 }));
            Assert.That(results.Get<float>(2).ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }), "an output listed twice");
            Assert.That(results.GetArray<float>(3), Is.EqualTo(new float[] { 1, 2, 3 }), "an input as output");
            Assert.That(results.Scalar<float>(1), Is.EqualTo(6));
            Assert.That(() => results.GetArray<double>(), Throws.TypeOf<DTypeException>().With.Message.Contains("float32").And.Message.Contains("float64"));
            Assert.That(() => results.Scalar<float>(0), Throws.TypeOf<ShapeException>().With.Message.Contains("3 elements"));
            Assert.That(again, Is.EqualTo(new float[] { 2, 4, 6 }));
            Assert.That(sum, Is.EqualTo(new float[] { 6 }));
            Assert.That(twice.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
            Assert.That(copy, Is.EqualTo(new float[] { 1, 2, 3 }));
        }
    }

    [Test]
    public void ManyThreadsCallOneFunction()
    {
        Input<float> x = Input("x", ["N", 8]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(8, 3));
        Node y = Softmax(MatMul(Tanh(x), w)) + (x.Sum(1, keepDims: true) * 0.25);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y);
        Func<float[], float[]> f = GraphCompiler.Compiler.Compile<Func<float[], float[]>>([x], y);
        (float[] Given, float[] Expected)[] cases = [.. Enumerable.Range(0, 24).Select(n =>
        {
            float[] given = [.. Enumerable.Range(0, n * 8).Select(i => MathF.Sin(i * (n + 1)))];
            return (given, Values.ToArray<float>(Interpreter.Evaluate([y], new Dictionary<Node, TensorValue> { [x] = Values.Of<float>(given, DType.Float32, [n, 8]) })[0]));
        })];
        List<Exception> errors = [];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            try
            {
                for (int i = 0; i < 300; i++)
                {
                    (float[] given, float[] expected) = cases[(i + (t * 3)) % cases.Length];
                    float[] actual = i % 2 == 0 ? graph.Run(given).GetArray<float>() : f(given);
                    if (actual.Length != expected.Length || actual.Zip(expected).Any(p => MathF.Abs(p.First - p.Second) > 1e-5f * MathF.Max(1, MathF.Abs(p.Second))))
                    {
                        throw new InvalidOperationException($"N = {given.Length / 8} differs");
                    }
                }
            }
            catch (Exception e)
            {
                lock (errors)
                {
                    errors.Add(e);
                }
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(errors, Is.Empty);
    }

    [Test]
    public void AnySizeRunsWithoutAnotherCompilation()
    {
        Input<float> x = Input("x", ["N", 64]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(64, 3));
        Node y = Relu(MatMul(x, w)).Sum(1);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y);
        Func<float[], float[]> f = GraphCompiler.Compiler.Compile<Func<float[], float[]>>([x], y);
        using CompiledGraph training = GraphCompiler.Compiler.Compile([x], y.Sum());
        var count = CompilationCount.Start();
        graph.Run(new float[64]);

        // What adds to gradients is compiled when there are some.
        for (int i = 0; i < 2; i++)
        {
            training.Forward(new float[64]);
            training.Backward();
        }

        long before = count.Kernels;
        foreach (int n in (int[])[0, 1, 7, 64, 1000])
        {
            float[] given = new float[n * 64];
            Array.Fill(given, 0.5f);
            Assert.That(graph.Run(given).GetArray<float>(), Has.Length.EqualTo(n));
            Assert.That(f(given), Has.Length.EqualTo(n));
            training.Forward(given);
            training.Backward();
        }

        Assert.That(count.Kernels, Is.EqualTo(before));
    }

    private delegate void ArrayIntoSpan(float[] x, Span<float> y);

    [Test]
    public void TheValuesOfAParameterAreNoPlaceForAnOutputOfItsGraph([Values] bool update)
    {
        Input<float> x = Input("x", [4]);
        Parameter<float> w = Parameter("w", Tensors.Of(1f, 2f, 3f, 4f));
        Parameter<float> other = Parameter("other", Tensors.Of(0f, 0f, 0f, 0f));
        ArrayIntoSpan f = GraphCompiler.Compiler.Compile<ArrayIntoSpan>([x], [update ? x * 2f : x * w], update ? [(w, w + 1f)] : []);
        float[] given = [1, 1, 1, 1];
        long version = w.Version;
        Assert.That(
            () =>
            {
                using ParameterEdit<float> edit = w.Edit();
                f(given, edit.Values);
            },
            update
                ? Throws.TypeOf<GraphException>().With.Message.Contains("'w' float32[4] is being written by another call or edit")
                : Throws.TypeOf<BindingException>().With.Message.Contains("overlaps").And.Message.Contains("'w'"));
        Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
        Assert.That(w.Version, Is.EqualTo(version + 1), "the edit's own");

        // A parameter that the graph does not know may take its result.
        using (ParameterEdit<float> edit = other.Edit())
        {
            f(given, edit.Values);
        }

        Assert.That(other.Values.ToArray(), Is.EqualTo(update ? new float[] { 2, 2, 2, 2 } : [1, 2, 3, 4]));
    }
}
