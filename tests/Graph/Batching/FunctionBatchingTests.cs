using GraphCompiler.Operations;
using GraphCompiler.Tests.ControlFlow;
using GraphCompiler.Tests.Nodes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Batching;

/// <summary>Vmap of functions: searches that end at different steps, what an operation does only with some of its inputs, and the work that examples share.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class FunctionBatchingTests
{
    private const int Examples = 2;

    private static IEnumerable<BatchingCase> Searches => SearchCase.All.Select(c =>
        BatchingCase.Of(c.Name, Examples, [.. c.Inputs.Select(s => new NodeType(DType.Float64, s))], x => c.Find(x)) with { Ulps = Units(c.Tolerance), GradientUlps = Units(4 * c.Tolerance), CompiledUlps = Units(c.Tolerance) });

    private static IEnumerable<BatchingCase> Functions =>
    [
        Of("a convolution and a bias", [F(2, 4, 5), F(6, 2, 3), F(6)], x => Conv1D(x[0], x[1], x[2], groups: 2)),
        Of("a transposed convolution and a bias", [F(2, 4, 5), F(4, 3, 2), F(6)], x => ConvTranspose1D(x[0], x[1], x[2], stride: 2, groups: 2)) with { Ulps = 8 },
        Of("rows of a table, one of them without a gradient", [I(4), F(3, 2)], x => Embedding(x[0], x[1], 1)),
        Of("a picked class", [F(3), I()], x => Take(LogSoftmax(x[0]), x[1])),
        Of("many right sides", [F(2, 3, 3), F(2, 3, 4)], x => Solve(x[0] + (4 * Eye(3, dtype: DType.Float64)), x[1])) with { Ulps = 64 },
        Of("rows of many matrices", [F(2, 1, 3), F(2, 3, 4)], x => MatMul(x[0], x[1])),
        Of("columns of many matrices", [F(2, 3, 4), F(2, 4, 1)], x => MatMul(x[0], x[1])),
        Of("few columns of many matrices", [F(2, 3, 4), F(2, 4, 3)], x => MatMul(x[0], x[1])),
        Of("attention", [F(2, 3, 4), F(2, 5, 4), F(2, 5, 4)], x => ScaledDotProductAttention(x[0], x[1], x[2])),
        Of("a layer of LSTM", [F(3, 2, 4), F(12, 4), F(12, 3)], x => Lstm(x[0], [x[1], x[2]]).Outputs),
    ];

    private static bool[] All(BatchingCase c) => [.. c.Inputs.Select(_ => true)];

    [TestCaseSource(nameof(Searches))]
    public void SearchesEndForEachExampleByItself(object search)
    {
        var c = (BatchingCase)search;
        c.AgreesWithALoop(All(c), Examples);
        c.GradientsAgreeWithALoop(All(c), Examples);
    }

    [TestCaseSource(nameof(Functions))]
    public void FunctionsEqualALoop(object function)
    {
        var c = (BatchingCase)function;
        foreach (bool[] batched in OperationBatchingTests.Subsets(c.Inputs.Length, every: true))
        {
            c.AgreesWithALoop(batched, Examples);
            c.GradientsAgreeWithALoop(batched, Examples);
        }

        c.CompiledAgrees([All(c)], Examples);
    }

    [Test]
    public void AMatrixThatExamplesShareIsReadOnce()
    {
        (Node x, Node w, Node tall) = (Input<float>("x", ["B", 5]), Input<float>("w", [5, 7]), Input<float>("tall", [7, 5]));
        foreach (Node product in (Node[])[Vmap(v => MatMul(v, w))(x), Vmap(v => MatMul(tall, v))(x), Vmap(v => Linear(v, tall))(x)])
        {
            Node only = Parts.WithParts([product]).Single(n => n.Op is MatMulOp);
            Assert.That(only.Shape, Is.EqualTo(GraphTesting.S("B", 7)));
        }

        Node narrow = Parts.WithParts([Vmap(m => MatMul(tall, m))(Input<float>("narrow", ["B", 5, 3]))]).Single(n => n.Op is MatMulOp);
        Assert.That(narrow.Shape, Is.EqualTo(GraphTesting.S(7, 3 * Dim.Named("B"))));

        Node pairs = Vmap(v => Vmap(row => MatMul(v, row))(tall))(x);
        Assert.That(Parts.WithParts([pairs]).Single(n => n.Op is MatMulOp).Shape, Is.EqualTo(GraphTesting.S("B", 7)));

        Node models = Input<float>("models", [2, 5, 7]);
        Node[] each = [Vmap(v => Vmap(w => MatMul(v, w))(models))(x), MoveAxis(Vmap(w => Vmap(v => MatMul(v, w))(x))(models), 0, 1)];
        Assert.That(each.Select(e => Parts.WithParts([e]).Single(n => n.Op is MatMulOp).Shape), Is.All.EqualTo(GraphTesting.S(2, "B", 7)));

        Node square = Input<float>("a", [5, 5]);
        Node factors = Parts.WithParts([Vmap(v => Solve(square, v))(x)]).Single(n => n.Op is LuOp);
        Assert.That(factors.Inputs[0], Is.SameAs(square));
    }

    [Test]
    public void AnIndexOutOfRangeIsOneOfItsExample()
    {
        (Node x, Node i) = (Input<float>("x", [2, 3]), Input<int>("i", [2]));
        Node table = Input<float>("table", [2, 3, 2]);
        using CompiledGraph elements = GraphCompiler.Compiler.Compile([x, i], Vmap((row, at) => Take(row, at).Named("pick"))(x, i));
        using CompiledGraph rows = GraphCompiler.Compiler.Compile([table, i], Vmap((own, at) => Take(own, at).Named("pick"))(table, i));
        foreach (Action run in (Action[])[() => elements.Run(new float[6], new[] { 2, 3 }), () => rows.Run(new float[12], new[] { 0, 3 })])
        {
            Assert.That(run, Throws.TypeOf<ExecutionException>().With.Message.Contains("'pick'").And.Message.Contains("index 3 is outside axis").And.Message.Contains("of size 3").And.Message.Contains("at [1"));
        }
    }

    private static double Units(double tolerance) => tolerance * (1L << 52);

    private static NodeType F(params Dim[] shape) => new(DType.Float64, GraphTesting.S(shape));

    private static NodeType I(params Dim[] shape) => new(DType.Int64, GraphTesting.S(shape));

    private static BatchingCase Of(string name, NodeType[] inputs, Func<Node[], Node> function) => BatchingCase.Of(name, Examples, inputs, function);
}
