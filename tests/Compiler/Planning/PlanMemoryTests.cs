using GraphCompiler.Planning;
using GraphCompiler.Tests.Compiler.RandomGraphs;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>The workspace against the most bytes that are live at one time, counted here from what the steps touch.</summary>
[Parallelizable(ParallelScope.Children)]
[Needs(nameof(CompilerPasses.ReuseMemory), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify))]
internal sealed class PlanMemoryTests
{
    private const double MostWaste = 1.2;

    private static IEnumerable<TestCaseData> Rows() =>
        from row in OperationTable.Rows
        from dtype in row.DTypes
        select new TestCaseData(row, dtype).SetArgDisplayNames(row.ToString(), dtype.ToString());

    [TestCaseSource(nameof(Rows))]
    public void OperationsAndTheirGradientsWasteLittle(object operation, DType dtype)
    {
        var row = (OperationRow)operation;
        var maker = new InputMaker(dtype, 37, Layout.Dense, requiresGrad: row.HasGradient && dtype.IsFloat());
        Node output = row.Build(maker);
        Node[] inputs = [.. maker.Inputs.Select(i => i.Node)];
        Check(GraphCompiler.Compiler.Compile(inputs, output).Executor.Program, [[]]);
        if (output.RequiresGrad)
        {
            Check(GraphCompiler.Compiler.Compile(inputs, output.Sum()).TrainingExecutor.Program, [[]]);
        }
    }

    [Test]
    public void ATrainingStepWastesLittle()
    {
        (Node x, Node label, Parameter<float>[] parameters, Node loss) = Classifier();
        Check(GraphCompiler.Compiler.Compile([x, label], [loss], Optimizers.Adam(loss, parameters)).Executor.Program, [[1], [7], [64], [300]]);
        Check(GraphCompiler.Compiler.Compile([x, label], loss).TrainingExecutor.Program, [[1], [7], [64], [300]]);
    }

    [Test]
    public void ADeepChainNeedsTwoBuffersAtMost([Values] bool inPlace)
    {
        // A product reads its input at other places than it writes; elementwise kernels may write in place.
        Node x = Input("x", ["N", 64]);
        Node y = x;
        for (int i = 0; i < 200; i++)
        {
            y = inPlace ? Sin(y) : MatMul(y, Input($"w{i % 2}", [64, 64]));
        }

        Node[] inputs = [x, .. GraphWalk.TopologicalOrder([y]).Where(n => n.Name is ['w', ..])];
        using CompiledGraph chain = GraphCompiler.Compiler.Compile(inputs, y, new CompileOptions { Passes = new() { Inline = false } });
        Workspace workspace = Check(chain.Executor.Program, [[16]]);
        Assert.That(workspace.Layout.Total, Is.EqualTo((inPlace ? 1 : 2) * 16 * 64 * sizeof(float)));
    }

    [Test]
    public void ARepeatedBindingToOtherSizesLaysOutAnew()
    {
        Node x = Input("x", ["N", 8]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [Softmax(MatMul(x, Permute(x, 1, 0)), 1).Sum(0), Exp(x).Sum()]);
        foreach (int n in (int[])[5, 300, 1, 40])
        {
            float[] xs = new Generator((ulong)n).Normal(n, 8).ToArray();
            Assert.That(graph.Run(xs).GetArray<float>(0).Sum(), Is.EqualTo(n).Within(1e-3));
        }
    }

    [Test]
    public void RandomGraphsWasteLittle() => Parallel.For(
        0,
        150,
        new ParallelOptions { MaxDegreeOfParallelism = 2 },
        number => CheckRandom(RandomGraph.Make(number)));

    [Test]
    public void WithoutReuseEveryBufferIsAlone()
    {
        Node x = Input("x", [64]);
        Node y = Sin(Sin(Sin(x)));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y.Sum(), new CompileOptions { Passes = new() { Inline = false, Fuse = false, ReuseMemory = false } });
        using var workspace = new Workspace(graph.Executor.Program.Plan);
        workspace.Bind([], []);
        Assert.That(workspace.Layout.Total, Is.EqualTo(3 * 64 * sizeof(float)));
    }

    private static void CheckRandom(Trial graph)
    {
        Node[] inputs = graph.AllInputs;
        foreach (bool inline in (bool[])[true, false])
        {
            var options = new CompileOptions { Passes = new() { Inline = inline } };
            CheckNamed(GraphCompiler.Compiler.Compile(inputs, graph.Outputs, null, options).Executor.Program);
            if (graph.Loss is not null)
            {
                CheckNamed(GraphCompiler.Compiler.Compile(inputs, [graph.Loss, .. graph.Outputs], null, options).TrainingExecutor.Program);
            }
        }

        static void CheckNamed(Program program)
        {
            (long N, long M)[] sizes = [(3, 2), (64, 30), (200, 1)];
            Check(program, [.. sizes.Select(s => program.Symbols.Select(name => name == "N" ? s.N : s.M).ToArray())]);
        }
    }

    private static (Node X, Node Label, Parameter<float>[] Parameters, Node Loss) Classifier()
    {
        Input<float> x = Input("x", ["N", 20]);
        Input<long> label = Input<long>("label", ["N"]);
        var random = new Generator(1);
        Parameter<float>[] parameters =
        [
            Parameter("w1", random.Normal(20, 48)), Parameter("b1", random.Normal(48)), Parameter("w2", random.Normal(48, 32)), Parameter("b2", random.Normal(32)),
            Parameter("w3", random.Normal(32, 10)), Parameter("b3", random.Normal(10)),
        ];
        Node hidden = Gelu(MatMul(x, parameters[0]) + parameters[1]);
        hidden = Relu(MatMul(hidden, parameters[2]) + parameters[3]);
        return (x, label, parameters, CrossEntropy(MatMul(hidden, parameters[4]) + parameters[5], label));
    }

    /// <summary>Binds to sizes and holds the layout against the times in which buffers are touched.</summary>
    private static Workspace Check(Program program, long[][] bindings)
    {
        var workspace = new Workspace(program.Plan);
        foreach (long[] symbols in bindings)
        {
            workspace.Bind(symbols, symbols);
            string Layout() =>
                $"{string.Join(", ", symbols)}: {string.Join("; ", program.Plan.Blocks.Select((b, i) => $"{workspace.Sizes[b.Bytes]} bytes in [{b.First}, {b.Last}] at {workspace.Layout.Offsets[i]}"))}";
            using (Assert.EnterMultipleScope())
            {
                if (!program.Plan.Forward.All.Concat(program.Plan.Backward.All).Any(p => p is PlanNode.Loop or PlanNode.Branch))
                {
                    Assert.That((double)workspace.Layout.Total, Is.LessThanOrEqualTo(MostWaste * PeakOf(program, workspace)), Layout);
                }

                Assert.That((double)workspace.Layout.Total, Is.LessThanOrEqualTo(MostWaste * workspace.Layout.Peak), Layout);
                Assert.That(Clash(program.Plan, workspace), Is.Null, Layout);
            }
        }

        return workspace;
    }

    /// <summary>The most bytes, in whole cache lines, of buffers that are live at one time if none is written in place, where steps follow each other once.</summary>
    private static long PeakOf(Program program, Workspace workspace)
    {
        Plan plan = program.Plan;
        int boundary = plan.EndOfForward;
        int[] copied = [.. program.Outputs.Concat(program.Updates).Select(r => r.Buffer), .. program.Saved.Select(s => s.To)];
        int[] gradients = [.. program.Gradients.Select(g => g.Buffer)];
        long[] live = new long[plan.Steps.Length + 2];
        for (int b = 0; b < plan.Buffers.Length; b++)
        {
            List<int> times = [.. Enumerable.Range(0, plan.Steps.Length).Where(s => plan.Steps[s].Buffers.Contains(b)).Select(s => s < boundary ? s : s + 1)];
            times.AddRange(copied.Contains(b) ? [boundary] : []);
            times.AddRange(gradients.Contains(b) ? [plan.Steps.Length + 1] : []);
            if (plan.Buffers[b].IsInWorkspace)
            {
                for (int t = times.Min(); t <= times.Max(); t++)
                {
                    live[t] += (workspace.Sizes[plan.Buffers[b].Bytes] + 63) / 64 * 64 * (plan.Buffers[b].IsPerThread ? plan.Threads : 1);
                }
            }
        }

        return live.Max();
    }

    /// <summary>Two blocks that are in use at the same time and overlap, or null.</summary>
    private static string? Clash(Plan plan, Workspace workspace)
    {
        for (int a = 0; a < plan.Blocks.Length; a++)
        {
            for (int b = 0; b < a; b++)
            {
                (PlanBlock x, PlanBlock y) = (plan.Blocks[a], plan.Blocks[b]);
                (long fromX, long fromY) = (workspace.Layout.Offsets[a], workspace.Layout.Offsets[b]);
                if (x.First <= y.Last && y.First <= x.Last && fromX < fromY + BytesOf(y) && fromY < fromX + BytesOf(x))
                {
                    return $"{x} at {fromX} and {y} at {fromY}";
                }
            }
        }

        return null;

        long BytesOf(PlanBlock block) => block.IsPerThread ? (workspace.Sizes[block.Bytes] + 63) / 64 * 64 * plan.Threads : workspace.Sizes[block.Bytes];
    }
}
