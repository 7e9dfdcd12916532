using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>
/// What each step of compiling takes grows with the nodes as n·log n does at most: counted in bytes that its thread allocates, and in what fusion and the layout
/// of memory look at, from about a thousand nodes to sixteen times as many.
/// </summary>
[NonParallelizable]
internal sealed class GrowthTests
{
    private const int Growth = 16;

    // 16 · log 16,000 / log 1,000.
    private const double Most = 22.4;

    // Bytes, or steps, that are no growth: a list that was just too short.
    private const long Little = 50_000;

    private static IEnumerable<TestCaseData> Works() =>
    [
        new TestCaseData((Func<int, CompiledGraph>)Chain, 1000).SetArgDisplayNames("chain"),
        new TestCaseData((Func<int, CompiledGraph>)Parameters, 50).SetArgDisplayNames("parameters with Adam"),
        new TestCaseData((Func<int, CompiledGraph>)Layers, 25).SetArgDisplayNames("layers with Adam"),
        new TestCaseData((Func<int, CompiledGraph>)Recurrence, 25).SetArgDisplayNames("unrolled recurrence"),
        new TestCaseData((Func<int, CompiledGraph>)Heads, 200).SetArgDisplayNames("readers of one value"),
        new TestCaseData((Func<int, CompiledGraph>)Loops, 6).SetArgDisplayNames("loops after loops"),
        new TestCaseData((Func<int, CompiledGraph>)LoopsApart, 6).SetArgDisplayNames("loops side by side"),
    ];

    [TestCaseSource(nameof(Works))]
    public void EachStepTakesNoMoreThanNLogN(Func<int, CompiledGraph> work, int size)
    {
        // What is made once a process is not counted.
        Count(work, size);
        Dictionary<string, long> small = Count(work, size);
        Dictionary<string, long> large = Count(work, Growth * size);
        using (Assert.EnterMultipleScope())
        {
            foreach ((string step, long count) in large)
            {
                TestContext.Out.WriteLine($"{step,-20} {small[step],14:N0} {count,16:N0} {(double)count / Math.Max(1, small[step]),8:0.0} times");
                Assert.That(count, Is.LessThanOrEqualTo((Most * small[step]) + Little), step);
            }
        }
    }

    /// <summary>The bytes that each step allocates, and how much fusion and the layout of memory look at.</summary>
    private static Dictionary<string, long> Count(Func<int, CompiledGraph> work, int size)
    {
        using CompiledGraph graph = work(size);
        Program program = graph.Graph.Outputs[0].RequiresGrad && !graph.HasUpdates ? graph.TrainingExecutor.Program : graph.Executor.Program;
        long[] sizes = [.. program.Symbols.Select(_ => 32L)];
        var workspace = new Workspace(program.Plan);
        workspace.Bind(sizes, sizes);

        // Kernels are compiled on several threads: how much of that this one does is chance.
        return new Dictionary<string, long>(program.Costs.Where(c => c.Name != "emit-and-compile").Select(c => KeyValuePair.Create(c.Name, c.Bytes)))
        {
            ["steps of fusion"] = program.FusionSteps,
            ["steps of the layout"] = workspace.Layout.Steps,
            ["blocks"] = program.Plan.Blocks.Length,
        };
    }

    // Kernels are not compiled, for equal ones are compiled once.
    private static CompiledGraph Compile(Node[] inputs, Node[] outputs, IReadOnlyList<Update>? updates = null) =>
        GraphCompiler.Compiler.Compile(inputs, outputs, updates, new CompileOptions { Interpret = true, Ahead = GraphCalls.None });

    private static CompiledGraph Chain(int count)
    {
        Input<float> x = Input("x", [8]);
        Node y = x;
        for (int i = 0; i < count / 2; i++)
        {
            y = Tanh(y + x);
        }

        return Compile([x], [y]);
    }

    private static CompiledGraph Parameters(int count)
    {
        Input<float> x = Input("x", [8]);
        Node y = x;
        List<Parameter> parameters = [];
        for (int i = 0; i < count; i++)
        {
            parameters.Add(Parameter($"p{i}", Tensors.Zeros<float>(8)));
            y = Tanh(y + parameters[^1]);
        }

        Node loss = Sum(y);
        return Compile([x], [loss], Optimizers.Adam(loss, parameters));
    }

    private static CompiledGraph Layers(int count)
    {
        Input<float> x = Input("x", ["N", 8]);
        Node y = x;
        List<Parameter> parameters = [];
        for (int i = 0; i < count; i++)
        {
            parameters.Add(Parameter($"w{i}", Tensors.Zeros<float>(8, 8)));
            parameters.Add(Parameter($"b{i}", Tensors.Zeros<float>(8)));
            y = Tanh(MatMul(y, parameters[^2]) + parameters[^1]);
        }

        Node loss = Mean(y * y);
        return Compile([x], [loss], Optimizers.Adam(loss, parameters));
    }

    private static CompiledGraph Recurrence(int steps)
    {
        Input<float> x = Input("x", [steps, 4, 8]);
        Parameter<float> u = Parameter("u", Tensors.Zeros<float>(8, 8));
        Parameter<float> v = Parameter("v", Tensors.Zeros<float>(8, 8));
        Parameter<float> w = Parameter("w", Tensors.Zeros<float>(8, 8));
        Node h = Zeros([4, 8]);
        foreach (Node step in Unbind(x, 0))
        {
            Node gate = Sigmoid(MatMul(step, u) + MatMul(h, v));
            h = (gate * h) + ((1 - gate) * Tanh(MatMul(h, w)));
        }

        return Compile([x], [Sum(h)]);
    }

    private static CompiledGraph Loops(int count)
    {
        Input<float> x = Input("x", ["T", 4]);
        Input<long> length = Input<long>("length", []);
        Parameter<float> scale = Parameter("scale", Tensors.Ones<float>(4));
        Node y = x;
        for (int i = 0; i < count; i++)
        {
            y = Scan([Zeros([4])], [y, Arange(x.Shape[0])], (h, row) => ([Where(row[1] < length, Tanh((h[0] * scale) + row[0]), h[0])], [h[0]])).Outputs[0];
        }

        return Compile([x, length], [Sum(y)]);
    }

    /// <summary>Loops over the same rows that have no work in common.</summary>
    private static CompiledGraph LoopsApart(int count)
    {
        Input<float> x = Input("x", ["T", 4]);
        Node[] scales = [.. Enumerable.Range(0, count).Select(i => (Node)Parameter($"scale{i}", Tensors.Ones<float>(4)))];
        return Compile([x], [Sum(Stack([.. scales.Select(s => Scan(Zeros([4]), x, (h, row) => Tanh((h * s) + row)).Last)]))]);
    }

    private static CompiledGraph Heads(int count)
    {
        Input<float> x = Input("x", [64]);
        Node y = CumulativeSum(x, 0);
        return Compile([x], [.. Enumerable.Range(0, count).Select(i => CumulativeSum(Tanh(y * (float)i), 0))]);
    }
}
