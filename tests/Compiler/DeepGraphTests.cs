using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Chains of many nodes are built, differentiated, printed and compiled on threads with little stack.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class DeepGraphTests
{
    private const int LittleStack = 256 * 1024;
    private const int Many = 100_000;

    // Deep enough for a few bytes a node to be too many.
    private const int Some = 2_500;

    private static IEnumerable<TestCaseData> Links() => new (string Name, Func<Node, Node, int, Node> Next)[]
    {
        ("elementwise", Mixed),
        ("products", (y, x, _) => MatMul(y, x)),
        ("sums", (y, _, _) => y - Sum(y, axes: 1, keepDims: true)),
        ("composites", (y, _, _) => Softmax(y, 1)),
        ("forms", (y, _, _) => Log(1 + Exp(y))),
        ("everything", Everything),
        ("names", (y, _, _) => (y * 1.5f).Named("y")),
    }.Select(l => new TestCaseData(l.Next).SetArgDisplayNames(l.Name));

    [TestCaseSource(nameof(Links))]
    [Category("Slow")]
    public void DeepChainsOverflowNoStack(Func<Node, Node, int, Node> next) => OnLittleStack(() =>
    {
        (Input<float> x, Node y) = Chain(next, Some);
        Node gradient = Gradients(Sum(y), x)[0];
        foreach (bool simplify in (bool[])[true, false])
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [y, gradient], null, new CompileOptions { Passes = new() { Simplify = simplify }, Interpret = true });
            Assert.That(graph.Executor.Program.Kernels, Is.Not.Empty);
        }
    });

    [TestCase(true)]
    [TestCase(false)]
    [Category("Slow")]
    public void AHundredThousandNodesAreDifferentiatedAndPrinted(bool elementwise) => OnLittleStack(() =>
    {
        (Input<float> x, Node y) = Chain(elementwise ? Mixed : Everything, Many);
        var graph = new Graph([x], [y, Gradients(Sum(y), x)[0]]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(graph.Nodes, Has.Count.GreaterThan(2 * Many));
            Assert.That(graph.ToString(), Is.Not.Empty);
            Assert.That(graph.ToDot(), Is.Not.Empty);
            Assert.That(graph.ToMermaid(), Is.Not.Empty);
        }
    });

    [Test]
    [Category("Slow")]
    public void AHundredThousandNodesAreCompiled() => OnLittleStack(() =>
    {
        (Input<float> x, Node y) = Chain(Mixed, Many);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Sum(y));
        graph.Forward(new float[16]);
        graph.Backward();
        Assert.That(x.Grad, Is.Not.Null);
    });

    [Test]
    [Category("Slow")]
    public void AHundredThousandNodesOfAllKindsAreCompiled() => OnLittleStack(() =>
    {
        (Input<float> x, Node y) = Chain(Everything, Many);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [y, Gradients(Sum(y), x)[0]], null, new CompileOptions { Interpret = true });
        Assert.That(graph.Executor.Program.Kernels, Is.Not.Empty);
    });

    private static Node Mixed(Node y, Node x, int i) => (i % 4) switch
    {
        0 => y * 1.01f,
        1 => y + x,
        2 => Tanh(y),
        _ => y - 0.1f,
    };

    private static Node Everything(Node y, Node x, int i) => (i % 8) switch
    {
        0 => y * 1.01f,
        1 => Permute(y, [1, 0]),
        2 => y - Mean(y, axes: 1, keepDims: true),
        3 => MatMul(y, x),
        4 => Reshape(Reshape(y, [16]), [4, 4]),
        5 => BroadcastTo(y[0..1], [4, 4]),
        6 => Concat([y[2..], y[..2]], 0),
        _ => Tanh(y + x),
    };

    private static (Input<float> X, Node Y) Chain(Func<Node, Node, int, Node> next, int count)
    {
        Input<float> x = Input("x", [4, 4], requiresGrad: true);
        Node y = x;
        for (int i = 0; i < count; i++)
        {
            y = next(y, x, i);
        }

        return (x, y);
    }

    private static void OnLittleStack(Action run)
    {
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    run();
                }
                catch (Exception e)
                {
                    failure = e;
                }
            },
            LittleStack);
        thread.Start();
        thread.Join();
        Assert.That(failure, Is.Null);
    }
}
