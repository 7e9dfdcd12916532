using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Nodes;

/// <summary>Nodes that keep the line that made them, and what is made of them.</summary>
[NonParallelizable]
internal sealed class NodeOriginsTests
{
    private const string Here = nameof(NodeOriginsTests);

    [SetUp]
    public void OriginsAreKept() => NodeOrigins.AreKept = true;

    [TearDown]
    public void OriginsAreNotKept() => NodeOrigins.AreKept = Environment.GetEnvironmentVariable("GRAPHCOMPILER_ORIGINS") == "1";

    [Test]
    public void ANodeKnowsTheLineThatMadeIt()
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        Node y = Loss(x);
        Node gradient = Gradients(y, x)[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(x.Origin, Does.StartWith($"{Here}.{nameof(ANodeKnowsTheLineThatMadeIt)}, {Here}.cs:"));
            Assert.That(y.Origin, Does.StartWith($"{Here}.{nameof(Loss)}, {Here}.cs:"));
            Assert.That(y.Named("other").Origin, Is.EqualTo(y.Origin));
            Assert.That(Substitute(y, new Dictionary<Node, Node> { [x] = x + 1 }).Origin, Is.EqualTo(y.Origin));
            Assert.That(new GraphCompiler.Graph([x], [y]).ToString(), Does.Contain($"@ {y.Origin}"));
            Assert.That(gradient.Origin, Does.Contain(nameof(Loss)), "what is made for a gradient is its node's");
        }
    }

    [Test]
    public void ErrorsOfCallsNameTheLine([Values] bool simplify)
    {
        Input<float> x = Input("x", ["N", 4]);
        Input<long> at = Input<long>("at", [1]);
        Input<float> z = Input("z", ["M"]);
        Node picked = Picked(x, at);
        Node joined = Joined(x, z);
        var options = new CompileOptions { Passes = new() { Simplify = simplify } };
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, at, z], [picked.Sum() * 2, joined], options: options);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => graph.Run(new float[8], new long[] { 9 }, new float[8]), Throws.TypeOf<ExecutionException>().With.Message.Contains("index 9").And.Message.Contains($"Made in {picked.Origin}."));
            Assert.That(() => graph.Run(new float[8], new long[] { 1 }, new float[7]), Throws.TypeOf<BindingException>().With.Message.EndsWith($"Made in {joined.Origin}."));
        }
    }

    [Test]
    public void WithoutThemNothingIsKept()
    {
        NodeOrigins.AreKept = false;
        Input<float> x = Input("x", ["N"]);
        Assert.That(x.Origin, Is.Null);
        Assert.That((x + 1).Origin, Is.Null);
        Assert.That(new GraphCompiler.Graph([x], [x + 1]).ToString(), Does.Not.Contain("@"));
    }

    private static Node Loss(Node x) => Softmax(x * 2, 0).Square().Sum();

    private static Node Picked(Node x, Node at) => Take(x, at, 0);

    private static Node Joined(Node x, Node z) => Reshape(x, z.Shape);
}
