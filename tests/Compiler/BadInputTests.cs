using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>What a caller gets wrong gives one exception that says what, and changes nothing.</summary>
[Parallelizable(ParallelScope.All)]
[Category("Foundation")]
internal sealed class BadInputTests
{
    private static readonly IReadOnlyList<(string Name, Func<Model, Action> Call, Type Error, string[] Parts)> Table =
    [
        ("too few arguments", m => () => m.Run(Floats(8)), typeof(BindingException), ["1 argument", "2 inputs", "'x'", "'rows'"]),
        ("too many arguments", m => () => m.Run(Floats(8), Ints(2), Ints(2)), typeof(BindingException), ["3 arguments", "2 inputs"]),
        ("too few destinations", m => () => m.Into([Floats(8), Ints(2)], []), typeof(BindingException), ["0 destinations", "1 output"]),
        ("a null array", m => () => m.Run((float[]?)null, Ints(2)), typeof(BindingException), ["'x'", "null"]),
        ("a null tensor", m => () => m.Run((Tensor<float>?)null, Ints(2)), typeof(BindingException), ["'x'", "null"]),
        ("a default argument", m => () => m.Run(default, Ints(2)), typeof(BindingException), ["'x'", "null"]),
        ("another dtype", m => () => m.Run(new double[8], Ints(2)), typeof(BindingException), ["'x'", "float64", "float32"]),
        ("integers of another width", m => () => m.Run(Floats(8), new long[2]), typeof(BindingException), ["'rows'", "int64", "int32"]),
        ("another rank", m => () => m.Run(Tensors.Zeros<float>(8), Ints(2)), typeof(BindingException), ["'x'", "[8]", "rank 1", "rank 2"]),
        ("a value for a matrix", m => () => m.Run(1f, Ints(2)), typeof(BindingException), ["'x'", "rank 0", "rank 2"]),
        ("another size", m => () => m.Run(Tensors.Zeros<float>(2, 5), Ints(2)), typeof(BindingException), ["'x'", "[2, 5]", "axis 1", "size 4"]),
        ("a two-dimensional array of another size", m => () => m.Run(new float[2, 3], Ints(2)), typeof(BindingException), ["'x'", "[2, 3]", "axis 1", "size 4"]),
        ("a count that is no multiple", m => () => m.Run(Floats(9), Ints(2)), typeof(BindingException), ["'x'", "9 elements", "multiple of 4", "N"]),
        ("a symbol of two sizes", m => () => m.Run(Tensors.Zeros<float>(2, 4), Tensors.Zeros<int>(3)), typeof(BindingException), ["'rows'", "N = 3", "2"]),
        ("a symbol of two sizes from counts", m => () => m.Run(Floats(8), Ints(3)), typeof(BindingException), ["N", "3", "2"]),
        ("a destination too small", m => () => m.Into([Floats(8), Ints(2)], [new float[1]]), typeof(BindingException), ["output 0", "1 element", "[2]"]),
        ("a destination of another shape", m => () => m.Into([Floats(8), Ints(2)], [Tensors.Zeros<float>(3)]), typeof(BindingException), ["output 0", "[3]", "[2]"]),
        ("a destination of another dtype", m => () => m.Into([Floats(8), Ints(2)], [new double[2]]), typeof(BindingException), ["output 0", "float64", "float32"]),
        ("a null destination", m => () => m.Into([Floats(8), Ints(2)], [(float[]?)null]), typeof(BindingException), ["output 0", "null"]),
        ("a strided destination", m => () => m.Into([Floats(8), Ints(2)], [Tensors.Zeros<float>(2, 2).Slice([NRange.All, 1..]).SqueezeDimension(1)]), typeof(BindingException), ["output 0", "strided"]),
        ("a destination that overlaps an argument", OverlappingInput, typeof(BindingException), ["output 0", "overlaps", "'x'"]),
        ("an index too large", m => () => m.Run(Floats(8), (int[])[0, 5]), typeof(ExecutionException), ["Take", "index 5", "axis 0", "size 5"]),
        ("a negative index", m => () => m.Run(Floats(8), (int[])[0, -1]), typeof(ExecutionException), ["index -1", "size 5"]),
        ("a huge index", m => () => m.Run(Floats(8), (int[])[int.MaxValue, 0]), typeof(ExecutionException), ["index 2147483647"]),
        ("the smallest index", m => () => m.Run(Floats(8), (int[])[0, int.MinValue]), typeof(ExecutionException), ["index -2147483648"]),
        ("after Dispose", Disposed, typeof(ObjectDisposedException), ["CompiledGraph"]),
        ("forward of a graph with updates", m => () => m.Graph.Forward(Floats(8), Ints(2)), typeof(GraphException), ["updates", "Run"]),
    ];

    private static IEnumerable<TestCaseData> Cases() => Enumerable.Range(0, Table.Count).Select(i => new TestCaseData(i).SetArgDisplayNames(Table[i].Name));

    [TestCaseSource(nameof(Cases))]
    public void OneClearExceptionAndParametersAsBefore(int number)
    {
        (string name, Func<Model, Action> call, Type type, string[] parts) = Table[number];
        using var model = new Model();
        byte[] before = MemoryMarshal.AsBytes(model.Table.Values).ToArray();
        Exception? error = Assert.Throws(type, call(model));
        using (Assert.EnterMultipleScope())
        {
            foreach (string part in parts)
            {
                Assert.That(error!.Message, Does.Contain(part), name);
            }

            Assert.That(MemoryMarshal.AsBytes(model.Table.Values).ToArray(), Is.EqualTo(before));
            Assert.That(model.Table.Version, Is.Zero);
        }
    }

    /// <summary>Indices next to unreadable or foreign memory: the check comes before the read, in every indexing operation.</summary>
    [Test]
    public void EveryIndexingOperationNamesTheNodeAndTheIndex(
        [Values("Take", "Take last", "Gather", "IndexAdd", "ScatterAdd", "CrossEntropy", "Take gradient", "CrossEntropy gradient")] string operation,
        [Values] bool wide,
        [Values] bool isChecked,
        [Values(-1, 5, 1_000_000_000, int.MinValue)] long bad)
    {
        DType type = wide ? DType.Int64 : DType.Int32;
        long index = wide ? bad * 4_000_000_001 : bad;
        index = bad == 5 ? 5 : index;
        Node i = wide ? Input<long>("i", ["N"]) : Input<int>("i", ["N"]);
        Input<float> x = Input("x", [5, 5], requiresGrad: true);
        Node y = operation switch
        {
            "Take" => Take(x, i),
            "Take last" => Take(x, i, 1),
            "Gather" => Gather(x, 0, i.Reshape([1, "N"])),
            "IndexAdd" => IndexAdd(x, 0, i, BroadcastTo(Constant(1f), ["N", 5])),
            "ScatterAdd" => ScatterAdd(x, 0, i.Reshape([1, "N"]), BroadcastTo(Constant(1f), [1, "N"])),
            "CrossEntropy" => CrossEntropy(x, i.Reshape([5]), LossReduction.None),
            "Take gradient" => Gradients(Take(x, i).Square().Sum(), x)[0],
            _ => Gradients(CrossEntropy(x, i.Reshape([5])), x)[0],
        };

        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, i], y, new CompileOptions { Checked = isChecked });
        long[] indices = [0, 1, 2, 4, index];
        Argument given = wide ? indices : (int[])[.. indices.Select(v => (int)v)];
        ExecutionException? error = Assert.Throws<ExecutionException>(() => graph.Run(new float[25], given));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error!.Message, Does.Contain($"index {index} "));
            Assert.That(error.Message, Does.Contain("size 5"));
            Assert.That(error.Message, Does.Contain(operation == "CrossEntropy gradient" ? $"{type.Display()}[" : "float32["));
            Assert.That(error.Message, Does.Match(operation.StartsWith("Cross", StringComparison.Ordinal) ? "(Take|Gather) 'CrossEntropy'" : operation.Split(' ')[0] + "|IndexAdd"));
        }

        Assert.That(() => graph.Run(new float[25], wide ? (Argument)(long[])[4, 0, 4, 0, 4] : (int[])[4, 0, 4, 0, 4]), Throws.Nothing, "the next call is not affected");
        Assert.That(type.IsInteger());
    }

    [Test]
    public void TheErrorNamesTheNodeByItsName()
    {
        Input<int> i = Input<int>("i", ["N"]);
        Input<float> x = Input("x", [5]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, i], Take(x, i).Named("lookup", "encoder").Exp());
        Assert.That(() => graph.Run(new float[5], (int[])[9]), Throws.TypeOf<ExecutionException>().With.Message.Contains("'encoder/lookup'").And.Message.Contains("index 9"));
    }

    [Test]
    public void AGraphThatUsesAnInputThatIsNotListed()
    {
        Input<float> x = Input("x", [3]);
        Input<float> y = Input("y", [3]);
        Parameter<float> w = Parameter("w", Tensors.Zeros<float>(3));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => GraphCompiler.Compiler.Compile([x], x + y), Throws.TypeOf<GraphException>().With.Message.Contains("'y'").And.Message.Contains("list it"));
            Assert.That(() => GraphCompiler.Compiler.Compile([x, x], x), Throws.TypeOf<GraphException>().With.Message.Contains("twice"));
            Assert.That(() => GraphCompiler.Compiler.Compile([x + y], x), Throws.TypeOf<GraphException>().With.Message.Contains("not an input"));
            Assert.That(() => GraphCompiler.Compiler.Compile([x], [x], [(w, y)]), Throws.TypeOf<GraphException>().With.Message.Contains("'y'"));
            Assert.That(() => GraphCompiler.Compiler.Compile([x], [x], [(w, x), (w, x)]), Throws.TypeOf<GraphException>().With.Message.Contains("updated twice"));
            Assert.That(() => GraphCompiler.Compiler.Compile([x], [x], [(w, x.Sum())]), Throws.TypeOf<ShapeException>().With.Message.Contains("'w'").And.Message.Contains("[3]"));
            Assert.That(() => GraphCompiler.Compiler.Compile([x], [x], [(w, x.Cast(DType.Float64))]), Throws.TypeOf<DTypeException>().With.Message.Contains("'w'").And.Message.Contains("float64"));
            Assert.That(() => GraphCompiler.Compiler.Compile([Input("z", [Dim.OfSymbol("N") + 1])], x.Sum().BroadcastTo(["N"])), Throws.InstanceOf<GraphException>());
        }
    }

    [Test]
    public void AParameterCannotBeSetToAnotherShape()
    {
        Parameter<float> w = Parameter("w", Tensors.From<float>([1, 2, 3, 4, 5, 6], 2, 3));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => w.Set(Tensors.Zeros<float>(3, 2)), Throws.TypeOf<ShapeException>().With.Message.Contains("'w'").And.Message.Contains("[3, 2]").And.Message.Contains("[2, 3]"));
            Assert.That(() => w.Set(new float[5]), Throws.TypeOf<ShapeException>().With.Message.Contains("'w'").And.Message.Contains("6").And.Message.Contains("5"));
            Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
            Assert.That(w.Version, Is.Zero);
        }
    }

    [Test]
    public void SizesThatFollowFromOthersAreChecked()
    {
        Dim n = "N";
        Input<float> x = Input("x", [n]);
        Input<float> y = Input("y", [n + 1, n + 2]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], y.Sum(0));
        Assert.That(graph.Run(new float[2], Tensors.Zeros<float>(3, 4)).GetArray<float>(), Has.Length.EqualTo(4));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => graph.Run(new float[2], Tensors.Zeros<float>(4, 3)), Throws.TypeOf<BindingException>().With.Message.Contains("'y'").And.Message.Contains("[4, 3]").And.Message.Contains("[3, 4]"));
            Assert.That(() => graph.Run(new float[2], new float[13]), Throws.TypeOf<BindingException>().With.Message.Contains("'y'").And.Message.Contains("13 elements").And.Message.Contains("[3, 4]"));
        }
    }

    [Test]
    public void GuardsInsideCompositesAreChecked()
    {
        Input<float> x = Input("x", ["N"]);
        Node inside = Call("fold", [x], a => a[0].Reshape([2, 3]));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], inside * 2);
        Assert.That(graph.Run(new float[6]).Count, Is.EqualTo(1));
        Assert.That(() => graph.Run(new float[5]), Throws.TypeOf<BindingException>().With.Message.Contains("Reshape").And.Message.Contains("N is 5"));

        using CompiledGraph halved = GraphCompiler.Compiler.Compile([x], Call("halves", [x], a => Glu(a[0])));
        Assert.That(() => halved.Run(new float[5]), Throws.TypeOf<BindingException>().With.Message.StartsWith("Glu: ").And.Message.Contains("N is 5"));
    }

    [Test]
    public void GuardsAreChecked()
    {
        Input<float> x = Input("x", ["N"]);
        using CompiledGraph folded = GraphCompiler.Compiler.Compile([x], x.Reshape([2, 3]).Sum(0));
        using CompiledGraph cut = GraphCompiler.Compiler.Compile([x], x.Slice(0, 2..^1));
        using CompiledGraph most = GraphCompiler.Compiler.Compile([x], x.Max());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => folded.Run(new float[7]), Throws.TypeOf<BindingException>().With.Message.Contains("Reshape").And.Message.Contains("7"));
            Assert.That(() => cut.Run(new float[2]), Throws.TypeOf<BindingException>().With.Message.Contains("Slice"));
            Assert.That(() => most.Run(Array.Empty<float>()), Throws.TypeOf<BindingException>().With.Message.Contains("no elements"));
            Assert.That(cut.Run(new float[3]).GetArray<float>(), Is.Empty);
        }
    }

    [Test]
    public void OneThreadTrains()
    {
        Input<float> x = Input("x", ["N", 256]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(256, 256));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], Tanh(MatMul(x, w)).Sum());
        model.Forward(new float[256]);
        float[] given = new float[256 * 256];
        int refused = 0;
        int others = 0;

        // Until two calls met, however the threads are scheduled; the number of rounds is only there for one that never refuses.
        using var start = new Barrier(4);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            for (int round = 0; round < 1_000_000 && Volatile.Read(ref refused) == 0; round++)
            {
                try
                {
                    model.Forward(given);
                }
                catch (GraphException e) when (e.Message.Contains("another thread", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref refused);
                }
                catch (Exception)
                {
                    Interlocked.Increment(ref others);
                }
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(others, Is.Zero);
        Assert.That(refused, Is.GreaterThan(0));
        model.Forward(given);
        model.Backward();
        Assert.That(w.Grad, Is.Not.Null, "it works on afterwards");
    }

    private static Action OverlappingInput(Model model)
    {
        float[] shared = new float[8];
        return () => model.Into([shared, Ints(2)], [shared.AsMemory(3)]);
    }

    private static Action Disposed(Model model)
    {
        model.Graph.Dispose();
        return () => model.Run(Floats(8), Ints(2));
    }

    private static Argument Floats(int count) => new float[count];

    private static Argument Ints(int count) => new int[count];

    /// <summary>x [N, 4] · table[rows] a row, and an update of the table.</summary>
    private sealed class Model : IDisposable
    {
        public Model()
        {
            Input<float> x = Input("x", ["N", 4]);
            Input<int> rows = Input<int>("rows", ["N"]);
            Table = Parameter("table", new Generator(3).Normal(5, 4));
            Node y = (x * Take(Table, rows)).Sum(1);
            Graph = GraphCompiler.Compiler.Compile([x, rows], [y], updates: [(Table, Table * 2 + y.Sum())]);
        }

        public Parameter<float> Table { get; }

        public CompiledGraph Graph { get; }

        public void Run(params Argument[] arguments) => Graph.Run(arguments);

        public void Into(Argument[] arguments, Destination[] destinations) => Graph.Run(arguments, destinations);

        public void Dispose() => Graph.Dispose();
    }
}
