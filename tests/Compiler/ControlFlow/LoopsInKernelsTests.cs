using GraphCompiler.Lowering;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.ControlFlow;

/// <summary>Loops and branches of little work are one kernel each.</summary>
internal sealed class LoopsInKernelsTests
{
    private static readonly CompileOptions Apart = new() { Passes = new() { LoopsInKernels = false } };

    [Test]
    [Needs(nameof(CompilerPasses.LoopsInKernels), nameof(CompilerPasses.MergeSmallKernels), nameof(CompilerPasses.Fuse))]
    public void Small_recurrences_are_one_kernel_and_no_loop()
    {
        Input<float> x = Input("x", []);
        AssertIsOne([x], Scan(x, 1000, (v, _) => 3.7f * v * (1 - v)).Last);

        // A differential equation of four variables, by the classical method of Runge and Kutta.
        Input<double> y = Input<double>("y", [4]);
        Node Slope(Node s) => Stack([s[1], (0.1 * s[2] * s[3]) - s[0], s[3], (0.1 * s[0] * s[1]) - s[2]], 0);
        AssertIsOne([y], Scan(y, 1000, (s, _) =>
        {
            Node k1 = Slope(s);
            Node k2 = Slope(s + (0.005 * k1));
            Node k3 = Slope(s + (0.005 * k2));
            return s + ((0.01 / 6) * (k1 + (2 * k2) + (2 * k3) + Slope(s + (0.01 * k3))));
        }).Last);

        static void AssertIsOne(Node[] inputs, Node last)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, last);
            using CompiledGraph apart = GraphCompiler.Compiler.Compile(inputs, last, Apart);
            PlanNode plan = graph.Executor.Program.Plan.Forward;
            Assert.That(plan.All, Has.None.TypeOf<PlanNode.Loop>());
            Assert.That(plan is PlanNode.Variants { Others: [{ Way: PlanNode.Run }] }, "copying what it begins with, and the loop, are one kernel");
            Assert.That(apart.Executor.Program.Plan.Forward.All, Has.Some.TypeOf<PlanNode.Loop>());
            if (last.DType == DType.Float32)
            {
                Assert.That(graph.Run(0.3f).Scalar<float>(), Is.EqualTo(apart.Run(0.3f).Scalar<float>()));
            }
            else
            {
                double[] start = [1, 0, 0.5, -0.5];
                Assert.That(graph.Run(start).GetArray<double>(), Is.EqualTo(apart.Run(start).GetArray<double>()));
            }
        }
    }

    [Test]
    public void Every_dtype_is_carried_with_the_same_bits([Values] DType type, [Values] bool reverse)
    {
        Node xs = Input("xs", ["N", 3], type);
        Node start = Input("start", [3], type);
        Node single = Input("single", [], type);
        Func<Node, Node> next = type == DType.Bool ? v => !v : type.IsFloat() ? v => Sin(v) * 1.1 : v => v * 3;
        (NodeList last, NodeList outputs) = Scan(
            [start, single],
            [xs],
            (carry, x) => ([Where(Equal(x[0], carry[0]), next(carry[0]), x[0]), Where(Equal(carry[0][1], x[0][0]), carry[1], next(carry[1]))], [carry[0], next(x[0]), carry[1]]),
            reverse: reverse);
        Node[] roots = [.. last, .. outputs];
        AssertIsKernels([xs, start, single], roots);
        LoopCheck.Agrees([xs, start, single], [.. roots], 0, 1, 7);
        LoopCheck.AreSame(CompileOptions.Default, Apart, [xs, start, single], [.. roots], 0, 1, 7, 500);
    }

    [Test]
    public void Gradients_are_loops_in_kernels_too()
    {
        Input<double> xs = Input<double>("xs", ["N"], requiresGrad: true);
        Input<double> w = Input<double>("w", [], requiresGrad: true);
        (Node last, Node outputs) = Scan(Constant(0.5), xs, (h, x) => Tanh((w * h) + x));
        Node loss = (last * last) + Mean(outputs);
        NodeList first = Gradients(loss, [xs, w]);
        Node[] roots = [loss, .. first, .. Gradients(Sum(Sin(first[0])), [w])];
        AssertIsKernels([xs, w], roots);
        LoopCheck.Agrees([xs, w], [.. roots], 0, 1, 7, 500);
    }

    [Test]
    public void Branches_and_loops_within_loops_are_in_the_kernel()
    {
        Node xs = Input("xs", ["N", 2], DType.Float64);
        Node rows = Input("rows", ["N", 2], DType.Float64);
        Node w = Input("w", [2, 2], DType.Float64);
        (NodeList last, NodeList outputs) = Scan([Zeros([2], DType.Float64), Constant(0L)], [xs], (carry, x) =>
        {
            Node inner = Scan(carry[0], rows, (g, row) => Tanh(g + row)).Last;
            Node halved = While(inner, v => Sum(Abs(v)) > 0.5, v => v * 0.5, most: 5);
            Node counted = Scan(halved, 3, (v, step) => v + Cast(step, DType.Float64)).Last;
            Node either = Cond(x[0][0] > 0.0, () => MatMul(Unsqueeze(counted, 0), w)[0], () => Cond(x[0][1] > 0.5, () => x[0], () => inner));
            return ([either, carry[1] + 1], [halved, carry[1]]);
        });
        Node[] roots = [.. last, .. outputs];
        AssertIsKernels([xs, rows, w], roots);
        LoopCheck.Agrees([xs, rows, w], [.. roots], 0, 1, 2, 9);
    }

    [Test]
    public void What_has_more_elements_stays_in_memory_within_the_kernel()
    {
        Node xs = Input("xs", ["N", 20], DType.Float64);
        Node w = Input("w", [20], DType.Float64);
        (NodeList last, NodeList outputs) = Scan([w, w], [xs], (carry, x) => ([Tanh(carry[0] + x[0]), carry[0]], [CumulativeSum(carry[1] * w, 0), Sum(carry[0])]), reverse: true);
        Node[] roots = [.. last, .. outputs];
        AssertIsKernels([xs, w], roots);
        LoopCheck.Agrees([xs, w], [.. roots], 0, 1, 6);
    }

    [Test]
    public void Large_bodies_stay_loops_of_the_plan()
    {
        Input<float> xs = Input("xs", ["N", 32, 64]);
        Input<float> w = Input("w", [64, 64]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([xs, w], Scan(Zeros([32, 64]), xs, (h, x) => Tanh(MatMul(h, w) + x)).Last);
        Assert.That(graph.Executor.Program.Plan.Forward.All, Has.Some.TypeOf<PlanNode.Loop>());
    }

    [Test]
    public void A_failing_step_is_told_in_all_loops_around_it([Values] bool inKernels, [Values] bool cancellable)
    {
        Node indices = Input<long>("indices", ["N", 2]);
        Node table = Input("table", [3]);
        Node last = Scan(Constant(0f), indices, (sum, row) => Scan(sum, row, (s, i) => s + Take(table, Unsqueeze(i, 0), 0)[0]).Last).Last;
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([indices, table], last, inKernels ? CompileOptions.Default : Apart);
        using var source = new CancellationTokenSource();
        long[,] given = new long[600, 2];
        Argument[] arguments = [given, (float[])[1, 2, 4]];
        RunResults Run() => cancellable ? graph.Run(arguments, source.Token) : graph.Run(arguments);
        Assert.That(Run().Scalar<float>(), Is.EqualTo(1200));
        given[517, 1] = 3;
        ExecutionException e = Assert.Throws<ExecutionException>(() => Run())!;
        Assert.That(e.Message, Does.Contain("index 3 is outside axis 0").And.Contain(" In step 1 of Scan. In step 517 of Scan."));
        given[517, 1] = 2;
        Assert.That(Run().Scalar<float>(), Is.EqualTo(1203));
    }

    [Test]
    public void Loops_that_a_condition_ends_take_any_number_of_steps()
    {
        Input<long> limit = Input<long>("limit", []);
        Node[] roots = [.. While([Constant(0L), Constant(1f)], s => s[0] < limit, s => [s[0] + 1, s[1] * 1.01f]), While(Constant(0L), s => s < limit, s => s + 1, most: 700)];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([limit], roots);
        using CompiledGraph apart = GraphCompiler.Compiler.Compile([limit], roots, [], Apart);
        using var source = new CancellationTokenSource();
        foreach (long most in new long[] { 0, 1, 255, 256, 257, 512, 699, 700, 1000, 5 })
        {
            RunResults results = graph.Run([most], source.Token);
            Assert.That(results.Scalar<long>(0), Is.EqualTo(most));
            Assert.That(results.Scalar<long>(2), Is.EqualTo(Math.Min(most, 700)));
            Assert.That(results.Scalar<float>(1), Is.EqualTo(apart.Run(most).Scalar<float>(1)));
        }
    }

    [Test]
    public void Long_loops_can_be_cancelled([Values] bool counted)
    {
        Input<long> limit = Input<long>("limit", []);
        Node last = counted ? Scan(limit, 1 << 30, (v, _) => (v * 3) + 1).Last : While(limit, v => v > 0L, v => 3 - v);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([limit], last);
        using var source = new CancellationTokenSource();
        source.CancelAfter(20);
        Assert.That(() => graph.Run([1L], source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(counted ? 0 : graph.Run(0L).Scalar<long>(), Is.Zero);
    }

    [Test]
    public void Branches_alone_are_kernels()
    {
        Node x = Input("x", [3], DType.Float64);
        Node flag = Input("flag", [], DType.Bool);
        Node[] roots = [.. Cond(flag, () => [Exp(x), x * 2], () => [CumulativeSum(x, 0), x]), Cond(!flag, () => x[0], () => Sum(x))];
        AssertIsKernels([x, flag], roots);
        LoopCheck.Agrees([x, flag], [.. roots], 0);
    }

    [Test]
    public void Interpreted_kernels_hold_loops_too()
    {
        Node xs = Input("xs", ["N", 2], DType.Float64);
        Node free = While(Constant(1.0), v => v < 1000.0, v => v * 1.01);
        (Node last, Node outputs) = Scan(Zeros([2], DType.Float64), xs, (h, x) => Cond(h[0] > x[0], () => h - 1, () => h + x));
        LoopCheck.Agrees(new CompileOptions { Interpret = true }, [xs], [free, last, outputs], 0, 1, 5);
    }

    /// <summary>Nothing is left of loops and branches in the plan, which has some otherwise.</summary>
    private static void AssertIsKernels(Node[] inputs, Node[] roots)
    {
        if (!CompileOptions.Default.Passes.LoopsInKernels)
        {
            return;
        }

        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, roots);
        Assert.That(graph.Executor.Program.Parts, Has.All.TypeOf<LoweredKernel>());
        using CompiledGraph apart = GraphCompiler.Compiler.Compile(inputs, roots, [], Apart);
        Assert.That(apart.Executor.Program.Parts, Has.Some.Matches<LoweredPart>(p => p is LoweredLoop or LoweredBranch));
    }
}
