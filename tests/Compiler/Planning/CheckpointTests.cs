using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Planning;

/// <summary>What is computed again instead of kept: the same values, in less memory.</summary>
public class CheckpointTests
{
    private const int Width = 16;
    private const int Rows = 64;

    [Test]
    [Needs(nameof(CompilerPasses.ReuseMemory))]
    public void A_deep_network_keeps_what_its_blocks_are_given_and_no_more()
    {
        float[] x = Values(Rows * Width);
        (long all, float[][] expected) = Train(x, 32, (f, h) => f(h));
        (long few, float[][] actual) = Train(x, 32, Checkpoint);
        TestContext.Out.WriteLine($"{all} bytes, {few} with checkpoints");
        Assert.That(actual, Is.EqualTo(expected), "to the bit");

        // Each block makes four tensors of twice its width, and is given one.
        Assert.That(few, Is.LessThan(all / 3));
        Assert.That(few, Is.GreaterThan(32 * Rows * Width * sizeof(float)), "what blocks are given is kept");
    }

    [Test]
    [Needs(nameof(CompilerPasses.ReuseMemory))]
    public void One_call_that_gives_gradients_needs_less_too()
    {
        (long all, float[][] expected) = InOneCall((f, h) => f(h));
        (long few, float[][] actual) = InOneCall(Checkpoint);
        TestContext.Out.WriteLine($"{all} bytes, {few} with checkpoints");
        Assert.That(actual, Is.EqualTo(expected), "to the bit");
        Assert.That(few, Is.LessThan(all / 2));

        static (long, float[][]) InOneCall(Func<Func<Node, Node>, Node, Node> wrap)
        {
            Input<float> x = Input("x", [Rows, Width]);
            (Node loss, Parameter<float>[] weights) = Network(x, 16, wrap);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [loss, .. Gradients(loss, weights)]);
            RunResults results = graph.Run(Values(Rows * Width));
            return (Bytes(graph.Executor.Program), [.. Enumerable.Range(0, 1 + weights.Length).Select(i => results.GetArray<float>(i))]);
        }
    }

    [Test]
    public void A_loop_that_is_computed_again_waits_for_what_backward_is_given([Values] bool verify)
    {
        // The loss is linear, so that the second loop needs nothing of the first, with which it has the steps' numbers in common.
        Input<double> x = Input<double>("x", [3], requiresGrad: true);
        Node loss = Sum(Checkpoint(h => Scan(h, 2, (c, t) => Tanh(c + Cast(t, DType.Float64))).Last, x));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss, new CompileOptions { Verify = verify });
        using CompiledGraph gradient = GraphCompiler.Compiler.Compile([x], Gradients(loss, x)[0]);
        double[] at = [0.3, -0.2, 0.6];
        model.Forward(at);
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(gradient.Run(at).GetArray<double>()).Within(1e-15));
        model.ZeroGrad();
    }

    [Test]
    public void Random_numbers_are_drawn_once()
    {
        var generator = new Generator(3);
        Input<float> x = Input("x", [Rows, Width], requiresGrad: true);
        Node y = Checkpoint(h => Dropout(generator, Tanh(h), 0.5) * 2f, x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [y, Gradients(y.Sum(), x)[0]]);
        float[] at = Values(Rows * Width);
        RunResults results = graph.Run(at);
        (float[] values, float[] slopes) = (results.GetArray<float>(0), results.GetArray<float>(1));
        Assert.That(values.Count(v => v == 0), Is.InRange(Rows * Width / 4, Rows * Width * 3 / 4));
        for (int i = 0; i < at.Length; i++)
        {
            Assert.That(slopes[i], values[i] == 0 ? Is.Zero : Is.EqualTo(4 * (1 - (MathF.Tanh(at[i]) * MathF.Tanh(at[i])))).Within(1e-5), $"element {i}");
        }
    }

    [Test]
    public void Blocks_of_equal_structure_draw_numbers_of_their_own()
    {
        var generator = new Generator(3);
        Input<double> x = Input<double>("x", [Rows, Width], requiresGrad: true);
        Node y = Enumerable.Range(0, 3).Aggregate((Node)x, (h, _) => Checkpoint(n => Tanh(n) * Uniform(generator, n.Shape, DType.Float64), h));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], y.Sum());
        using CompiledGraph gradient = GraphCompiler.Compiler.Compile([x], Gradients(y.Sum(), x)[0]);
        double[] at = [.. Values(Rows * Width).Select(v => (double)v)];
        GeneratorState state = generator.State;
        model.Forward(at);
        model.Backward();
        generator.State = state;
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(gradient.Run(at).GetArray<double>()).Within(1e-14));
        model.ZeroGrad();
    }

    [Test]
    public void Loops_within_are_run_again()
    {
        Input<float> x = Input("x", [8], requiresGrad: true);
        Node Loop(Node h) => Scan(h, 5, (c, i) => Sin(c) * 1.5f + Cast(i, DType.Float32)).Last;
        float[] at = Values(8);
        Assert.That(Run(Checkpoint(Loop, x)), Is.EqualTo(Run(Loop(x))));

        // And in a loop, steps are.
        Node Steps(Func<Func<Node, Node>, Node, Node> wrap) => Scan(x, 5, (c, _) => wrap(h => Tanh(Sin(h) * Cos(h)), c)).Last;
        Assert.That(Run(Steps(Checkpoint)), Is.EqualTo(Run(Steps((f, h) => f(h)))));

        float[] Run(Node y)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Gradients(y.Sum(), x)[0]);
            return graph.Run(at).GetArray<float>();
        }
    }

    private static (Node Loss, Parameter<float>[] Weights) Network(Node x, int layers, Func<Func<Node, Node>, Node, Node> wrap)
    {
        var random = new Generator(1);
        List<Parameter<float>> weights = [];
        Node h = x;
        for (int layer = 0; layer < layers; layer++)
        {
            Parameter<float> up = Parameter($"up{layer}", random.Uniform(-0.2f, 0.2f, [Width, 2 * Width]));
            Parameter<float> down = Parameter($"down{layer}", random.Uniform(-0.2f, 0.2f, [2 * Width, Width]));
            weights.AddRange([up, down]);
            h = wrap(given => given + MatMul(Sin(MatMul(Tanh(MatMul(given, up)), MatMul(Transpose(up), up))), down), h);
        }

        return (h.Square().Mean(), [.. weights]);
    }

    private static (long Bytes, float[][] Gradients) Train(float[] at, int layers, Func<Func<Node, Node>, Node, Node> wrap)
    {
        Input<float> x = Input("x", [Rows, Width]);
        (Node loss, Parameter<float>[] weights) = Network(x, layers, wrap);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], loss);
        graph.Forward(at);
        graph.Backward();
        return (Bytes(graph.TrainingExecutor.Program), [.. weights.Select(w => w.Grad!.ToArray())]);
    }

    private static long Bytes(Program program)
    {
        using var workspace = new Workspace(program.Plan);
        workspace.Bind([], []);
        return workspace.Layout.Total;
    }

    private static float[] Values(int count) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i + 1f))];
}
