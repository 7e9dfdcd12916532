using GraphCompiler.Lowering;
using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler.ControlFlow;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Planning;

/// <summary>What loops leave for those of their derivatives.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SaveInLoopsTests
{
    private static readonly Input<double> Xs = Input<double>("xs", ["N", 4, 3]);
    private static readonly Input<double> W = Input<double>("w", [3, 3], requiresGrad: true);
    private static readonly Node Start = Zeros([4, 3], DType.Float64);

    [Test]
    public void Products_of_the_steps_are_kept_for_the_way_back([Values] bool recompute)
    {
        Node value = Sum(Scan(Start, Xs, (h, x) => Sigmoid(MatMul(h, W) + x) * Tanh(MatMul(x, W) - h)).Last);

        // Two of each step forward, and for the way back that to the state before and one to the weights for each.
        Assert.That(Products(value, recompute, 0, 1, 5), Is.EqualTo(recompute ? new[] { 2, 3 } : [2, 5]));
    }

    [Test]
    public void Of_a_loop_with_a_condition_too([Values] bool recompute)
    {
        Node value = Sum(While([Start, Constant(0L)], s => Sum(Abs(s[0])) < 8, s => [Sigmoid(MatMul(s[0], W) + 0.3) + (0.5 * s[0]), s[1] + 1], most: 9)[0]);
        Assert.That(Products(value, recompute, 1), Is.EqualTo(recompute ? new[] { 1, 2 } : [1, 3]));
    }

    /// <summary>The derivative of a loop in the body takes results that the loop forward does not.</summary>
    [Test]
    public void Of_loops_within_that_have_several_results()
    {
        Input<double> x = Input<double>("x", [4], requiresGrad: true);
        Parameter<double> w = Parameter("w", new double[] { 0.5, -1.2, 0.3, 0.7 });
        Node y = OdeSolve((_, v) => -x * v * w, w * 1.0, Constant([0, 0.5, 1.0])).Values;
        NodeList first = Gradients(Sum(y), [x, w]);
        NodeList second = Gradients(Sum(Sin(first[0])) + Sum(Sin(first[1])), [x, w]);
        double[] at = [0.4, 0.1, -0.3, 0.9];
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [.. first, .. second]);
        using CompiledGraph interpreted = GraphCompiler.Compiler.Compile([x], [.. first, .. second], new CompileOptions { Interpret = true, Passes = new() { JoinLoops = false } });
        (RunResults found, RunResults expected) = (compiled.Run(at), interpreted.Run(at));
        for (int i = 0; i < 4; i++)
        {
            Assert.That(found.GetArray<double>(i), Is.EqualTo(expected.GetArray<double>(i)).Within(1e-9));
        }
    }

    [TestCase(null, 1024, 1056)]
    [TestCase(32, 64, 80)]
    public void A_checkpoint_keeps_what_is_carried_into_blocks_and_one_block(int? checkpoint, int least, int most)
    {
        Input<double> xs = Input<double>("xs", [1024, 64]);
        Node value = Sum(Scan(Zeros([64], DType.Float64), xs, (h, x) => (Sin(h * Sum(W)) * Exp(-h)) + x, checkpoint: checkpoint).Last);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([xs, W], [value, .. Gradients(value, [W])]);
        Workspace workspace = graph.Executor.Rent();
        graph.Executor.Return(workspace);
        graph.Run(new double[1024 * 64], new double[9]);
        Assert.That(workspace.Bytes / (64 * sizeof(double)), Is.InRange(least, most), "rows in memory");
    }

    /// <summary>The products in each of the loops of a value and its gradient, which are held against the interpreter.</summary>
    private static int[] Products(Node value, bool recompute, params long[] lengths)
    {
        var options = new CompileOptions { Passes = new() { Recompute = recompute, LoopsInKernels = false, JoinLoops = true } };
        Node[] roots = [value, .. Gradients(value, [W])];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([Xs, W], roots, [], options);
        LoweredLoop[] loops = [.. graph.Executor.Program.Parts.OfType<LoweredLoop>()];
        LoopCheck.Agrees(options, [Xs, W], [.. roots], lengths);
        return [.. loops.Select(l => l.Kernels.SelectMany(k => GraphWalk.TopologicalOrder(k.Roots)).Distinct().Count(n => n.Op is MatMulOp))];
    }
}
