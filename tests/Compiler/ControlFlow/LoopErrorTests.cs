using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Compiler.ControlFlow;

/// <summary>What fails in a step says so in the interpreter's words, compiled in whatever way.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class LoopErrorTests
{
    private static readonly Input<double> X = Variable("x", 3);
    private static readonly Input<double> Rows = Variable("rows", "T", 3);
    private static readonly Input<double> Square = Variable("square", 2, 2);
    private static readonly Node Three = Constant(3L);

    /// <summary>What fails of <see cref="X"/> and <see cref="Rows"/>, of which row k holds k, and how its message ends.</summary>
    private static readonly (string Name, Func<Node> Make, string End)[] Table =
    [
        ("an index", () => Scan(X, 5, (c, t) => c + At(t)).Last, "In step 3 of Scan."),
        ("in a sequence", () => Scan(X, Rows, (c, row) => c + At(row[0])).Last, "In step 3 of Scan."),
        ("backwards", () => Scan(X, Rows, (c, row) => c + At(4 - row[0]), reverse: true).Last, "In step 3 of Scan."),
        ("named", () => While(Constant(0L), s => At(s)[0] > 0, s => s + 1).Named("walk", "robot"), "In step 3 of While 'robot/walk'."),
        ("in an output", () => Scan(X, 5, (c, t) => (c, At(t))).Outputs, "In step 3 of Scan."),
        ("a loop in a loop", () => Scan(X, 2, (c, t) => Scan(c, 3, (d, s) => d + At((2 * t) + s)).Last).Last, "In step 1 of Scan. In step 1 of Scan."),
        ("a loop in a branch in a loop", () => Scan(X, 6, (c, t) => Cond(t > 1, () => Scan(c, 4, (d, s) => d + At(t + s)).Last, () => c)).Last, "In step 1 of Scan. In step 2 of Scan."),
        ("a While in a Scan", () => Scan(X, 3, (c, t) => While([c, t], s => s[1] < 5, s => [s[0] + At(s[1]), s[1] + 1])[0]).Last, "In step 3 of While. In step 0 of Scan."),
        ("of a condition", () => While(Constant(0L), s => At(s)[0] > 0, s => s + 1), "In step 3 of While."),
        ("in blocks", () => Scan(X, 5, (c, t) => c + At(t), checkpoint: 2).Last, "In step 1 of Scan. In step 1 of Scan 'blocks of 2'."),
        ("after the blocks", () => Scan(X, 4, (c, t) => c + At(t), checkpoint: 3).Last, "In step 0 of Scan 'after the blocks'."),
        ("a factorization", () => Scan(Square, 5, (c, t) => Cholesky(c - (Cast(t, DType.Float64) * Eye(2, dtype: DType.Float64)))).Last, "In step 2 of Scan."),
        ("a system", () => Scan(X[..2], 5, (c, t) => Solve(Cast(Three - t, DType.Float64) * Eye(2, dtype: DType.Float64), c)).Last, "In step 3 of Scan."),
        ("a range", () => Scan(X, 5, (c, t) => c + Cast(Bernoulli(new Generator(1), Cast(t, DType.Float64) / 2), DType.Float64)).Last, "In step 3 of Scan."),
        ("a host function", () => Scan(X, 5, (c, t) => c + Checked(t)).Last, "In step 3 of Scan."),
        ("a gradient's loop", () => Gradients(Sum(Scan(X, 5, (c, t) => c * Checked(t) * c).Last), X)[0], "In step 3 of Scan."),
        ("of a derivative alone", () => Gradients(Sum(Scan(X, 5, (c, t) => Picky(c, t)).Last), X)[0], "In step 0 of the derivative of Scan, which goes from the last step to the first."),
    ];

    private static IEnumerable<TestCaseData> Cases() => Table.Select(row => new TestCaseData(row.Make, row.End).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(Cases))]
    public void The_step_is_named(Func<Node> make, string end)
    {
        Node[] inputs = [X, Rows, Square];
        TensorValue[] values = [Reals([3], 1, 2, 3), Reals([5, 3], [.. Enumerable.Range(0, 15).Select(i => (double)(i / 3))]), Reals([2, 2], 1.5, 0, 0, 1.5)];
        Node root = make();
        string message = Assert.Throws<ExecutionException>(() => Interpreter.Evaluate([root], inputs.Zip(values).ToDictionary(p => p.First, p => p.Second)))!.Message;
        Assert.That(message, Does.EndWith($" {end}"));
        foreach (bool merge in (bool[])[true, false])
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, root, new CompileOptions { Passes = new() { MergeSmallKernels = merge } });
            string compiled = Assert.Throws<ExecutionException>(() => graph.Run([.. values.Select(Values.ToArgument)]))!.Message;
            Assert.That(WithoutComputed(compiled), Is.EqualTo(WithoutComputed(message)));
        }
    }

    [Test]
    public void A_verified_run_names_the_step([Values] bool reverse)
    {
        int calls = 0;
        Node outputs = Scan([], 5, (_, t) => ([], [HostFunction("lying", [t], new NodeType(DType.Float64, []), call => call.Out<double>(0)[0] = call.In<long>(0)[0] == 2 ? ++calls : 0)]), reverse: reverse).Outputs[0];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], outputs, new CompileOptions { Verify = true });
        Assert.That(
            () => graph.Run(), Throws.TypeOf<CompileException>().With.Message.EqualTo("The compiled Scan float64[5] gives 1 at [2]; the interpreter gives 2. In step 2 of Scan."));
    }

    /// <summary>A kernel does not know where an index stands that it computed on its way, and the graph is simplified.</summary>
    private static string WithoutComputed(string message) => message
        .Replace(" It stands at [0] of Reshape int64[1].", string.Empty, StringComparison.Ordinal)
        .Replace("Div float64[]", "Mul float64[]", StringComparison.Ordinal);

    /// <summary>An element that is there for the first three.</summary>
    private static Node At(Node index) => Take(X, Unsqueeze(Cast(index, DType.Int64), 0));

    private static Node Checked(Node step) => HostFunction("checked", [step], new NodeType(DType.Float64, []), call => call.Out<double>(0)[0] = call.In<long>(0)[0] < 3 ? 1 : throw new ArgumentException("three"));

    /// <summary>What has no derivative in steps 3 and 4, of which the last is the first on the way back.</summary>
    private static Node Picky(Node x, Node step) => HostFunction("picky", [x, step], x.Type, call => call.In<double>(0).CopyTo(call.Out<double>(0)), (i, y, g) => [g * Checked(i[1]), null]);
}
