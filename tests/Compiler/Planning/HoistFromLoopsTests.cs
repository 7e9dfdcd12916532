using GraphCompiler.Lowering;
using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler.ControlFlow;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Planning;

/// <summary>What leaves a loop, what stays, and that it is the same.</summary>
internal sealed class HoistFromLoopsTests
{
    // Loops stay loops, to be looked at, though they have little work.
    private static readonly CompileOptions Hoisting = new() { Threads = 1, Passes = new() { LoopsInKernels = false, HoistFromLoops = true, JoinLoops = true } };
    private static readonly CompileOptions Staying = new() { Threads = 1, Passes = new() { LoopsInKernels = false, HoistFromLoops = false } };

    private static IEnumerable<TestCaseData> Sums =>
    [
        Case("a product", (x, h) => MatMul(Transpose(x), h)),
        Case("a product the other way", (x, h) => Transpose(MatMul(Transpose(h), x))),
        Case("of parts", (x, h) => Pad(MatMul(Transpose(x[.., 1..3]), h), 0, 1, 2)),
        Case("of what repeats", (x, h) => MatMul(Transpose(BroadcastTo(x[0], x.Shape)), h)),
        Case("several", (x, h) => MatMul(Transpose(x), h) - MatMul(Transpose(Exp(x)), Flip(h, 0))),
        Case("beside each other", (x, h) => Concat([MatMul(Transpose(x[.., 0..2]), h), -MatMul(Transpose(x[.., 2..]), h)])),
    ];

    private Node[] inputs = null!;

    [TestCaseSource(nameof(Sums))]
    public void A_sum_of_products_over_steps_is_a_product_after_the_loop(Func<Node, Node, Node> term)
    {
        foreach (bool reverse in (bool[])[false, true])
        {
            Node xs = Input("xs", ["N", 2, 5], DType.Float64);
            Node start = Input("start", [5, 3], DType.Float64);
            (NodeList last, NodeList outputs) = Scan([start, Ones([2, 3], DType.Float64)], [xs], (c, x) => Sin(c[1] + x[0][.., 0..3]) is var h ? ([c[0] + term(x[0], h), h], [h]) : default, reverse: reverse);
            inputs = [xs, start];
            Agrees(carried: 1, otherwise: 2, [last[0], .. outputs]);
        }
    }

    [Test]
    public void Of_a_sum_the_rest_stays()
    {
        Node xs = Input("xs", ["N", 2, 5], DType.Float64);
        Node ys = Input("ys", ["N", 5, 3], DType.Float64);
        (NodeList last, NodeList outputs) = Scan([Zeros([5, 3], DType.Float64), Ones([2, 3], DType.Float64)], [xs, ys], (c, x) =>
        {
            Node h = Sin(c[1] + x[0][.., 0..3]);
            return ([x[1] + (MatMul(Transpose(x[0]), h) + c[0]) - Exp(x[1]), h], [h]);
        });
        inputs = [xs, ys];
        Agrees(carried: 2, otherwise: 2, [last[0], .. outputs]);
        Assert.That(ProductsIn(Hoisting, last[0], outputs[0]), Is.LessThan(ProductsIn(Staying, last[0], outputs[0])));
    }

    [Test]
    public void Products_over_batches_and_sums_of_what_is_left_leave_the_loop()
    {
        Node xs = Input("xs", ["N", 2, 4, 5], DType.Float64);
        (NodeList last, NodeList outputs) = Scan([Zeros([2, 5, 3], DType.Float64), Zeros([2, 3], DType.Float64), Ones([2, 4, 3], DType.Float64)], [xs], (c, x) =>
        {
            Node h = Sin(c[2] + x[0][.., .., 0..3]);
            return ([c[0] + MatMul(Transpose(x[0]), h), c[1] + Sum(h, 1), h], [h]);
        });
        inputs = [xs];
        Agrees(carried: 1, otherwise: 3, [last[0], last[1], .. outputs]);
    }

    [Test]
    public void Outputs_that_are_products_are_one_after_the_loop([Values(0, 1, 2)] int form)
    {
        Node xs = Input("xs", ["N", 2, 3], DType.Float64);
        Node w = Input("w", form == 2 ? [2, 3, 4] : [3, 4], DType.Float64);
        (Node last, Node outputs) = Scan(Ones([2, 3], DType.Float64), xs, (c, x) => Sin(c + x) is var h
            ? (h, form switch { 0 => MatMul(h, w), 1 => Transpose(MatMul(Transpose(w), Transpose(h))), _ => MatMul(Unsqueeze(h, 1), Exp(w))[.., 0] }) : default);
        inputs = [xs, w];
        Agrees(carried: 1, otherwise: 1, [last, outputs]);
        Assert.That(ProductsIn(Hoisting, last, outputs), Is.Zero);
        Assert.That(ProductsIn(Staying, last, outputs), Is.Positive);
    }

    [TestCase(0, 4)]
    [TestCase(1, 4)]
    [TestCase(2, 4)]
    [TestCase(3, 4)]
    public void Products_of_rows_are_one_before_the_loop(int form, int inner)
    {
        Node xs = Input("xs", ["N", 2, inner], DType.Float64);
        Node w = Input("w", form == 2 ? [2, inner, 3] : [inner, 3], DType.Float64);
        Node u = Input("u", [3, 3], DType.Float64);
        foreach (bool reverse in (bool[])[false, true])
        {
            (Node last, Node outputs) = Scan(Ones([2, 3], DType.Float64), xs, (h, x) => Tanh(MatMul(h, u) + form switch
            {
                0 => Linear(x, Transpose(w), u[0]),
                1 => Transpose(MatMul(Transpose(w), Transpose(Exp(x) * x[0, 0]))),
                2 => MatMul(Unsqueeze(Flip(x, 0), 1), w)[.., 0],
                _ => MatMul(Sin(MatMul(x, w)), u) + MatMul(x, w),
            }), reverse: reverse);
            inputs = [xs, w, u];
            LoopCheck.Agrees(Hoisting, inputs, [last, outputs], 0, 1, 4);
            Assert.That(ProductsIn(Hoisting, last, outputs), Is.EqualTo(1), "that of what is carried");
            Assert.That(ProductsIn(Staying, last, outputs), Is.GreaterThan(1));
        }
    }

    [Test]
    public void What_is_captured_and_not_short_is_made_before_the_loop()
    {
        Node xs = Input("xs", ["N", 3], DType.Float64);
        Node w = Input("w", [3], DType.Float64);
        Node v = Input("v", [3], DType.Float64);
        Node inScan = Scan(Ones([3], DType.Float64), xs, (h, x) => Sin((h * Flip(Exp(w) + 1, 0)) + (x * Exp(x)) + v)).Last;
        Node inWhile = While(v, h => Sum(h * h) < 50.0, h => (h * (1 + Exp(w))) + 0.1);
        Node inBoth = Scan(v, xs, (h, x) => Scan(h, 2, (g, _) => Sin(g * Sum(Exp(w)) * Exp(x))).Last).Last;
        inputs = [xs, w, v];
        LoopCheck.Agrees(Hoisting, inputs, [inScan, inWhile, inBoth], 0, 1, 4);
        Assert.That(ExponentialsIn(Hoisting, inScan, inWhile, inBoth), Is.EqualTo(2), "those of rows, in the loop that has them");
        Assert.That(ExponentialsIn(Staying, inScan, inWhile, inBoth), Is.EqualTo(5));

        // Those of rows, and of a branch.
        Node some = Scan(v, xs, (h, x) => Cond(Sum(h) > 0.0, () => h * Exp(w), () => x)).Last;
        Assert.That(ExponentialsIn(Hoisting, some), Is.EqualTo(1));

        int ExponentialsIn(CompileOptions options, params Node[] roots) =>
            LoopsIn(options, roots).SelectMany(l => GraphWalk.WithBodies(l.Body.Results)).Distinct().Count(n => n.Op is ExpOp);
    }

    [Test]
    public void Nothing_random_and_nothing_that_may_fail_leaves_the_loop()
    {
        Node xs = Input("xs", ["N", 2, 3], DType.Float64);
        Node w = Input("w", [3, 3], DType.Float64);
        Node n = Input("n", [], DType.Int64);
        inputs = [xs, w, n];
        var generator = new Generator(1);
        Node random = Scan(Zeros([2, 3], DType.Float64), xs, (h, x) => Sin(h) + MatMul(Uniform(generator, [2, 3], dtype: DType.Float64) * x, w)).Last;
        Assert.That(ProductsIn(Hoisting, random), Is.EqualTo(1));
        (Node last, Node _) = Scan(Zeros([3], DType.Float64), xs, (h, x) => Sin(h + Exp(Embedding(n, w)) + x[0]));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, [last], [], Hoisting);
        Assert.That(() => graph.Run(new double[0, 2, 3], new double[3, 3], 7L), Throws.Nothing, "no step looks");
        Assert.That(() => graph.Run(new double[1, 2, 3], new double[3, 3], 7L), Throws.TypeOf<ExecutionException>());
    }

    [Test]
    public void Loops_within_loops_leave_their_products_as_far_out_as_they_can()
    {
        Node xs = Input("xs", ["N", 3, 2, 7], DType.Float64);
        Node w = Input("w", [7, 3], DType.Float64);
        (Node last, Node outputs) = Scan(Ones([2, 3], DType.Float64), xs, (h, rows) => Scan(h, rows, (g, x) => Sin(g + MatMul(x, w))).Last);
        inputs = [xs, w];
        LoopCheck.Agrees(Hoisting, inputs, [last, outputs], 0, 1, 4);
        Assert.That(ProductsIn(Hoisting, last, outputs), Is.Zero);
    }

    [Test]
    public void What_is_read_in_the_loop_or_takes_more_memory_than_it_saves_stays()
    {
        Node xs = Input("xs", ["N", 9, 3], DType.Float64);
        Node w = Input("w", [3, 3], DType.Float64);
        inputs = [xs, w];

        // The sum decides on the next step; what would be left is larger than the sum; another product reads the output.
        Stays(c => (c[0] + MatMul(Transpose(c[1]), c[1]), Sin(c[1] + c[0][0])));
        Stays(c => (c[0] + MatMul(Transpose(Sin(c[1])), Cos(c[1])), Sin(c[1])));
        Stays(c => (c[0], MatMul(Sin(c[1]), w)));

        // Rows of which there are more than the matrix has, and those of a branch that may not be taken.
        Node many = Scan(w[0], xs, (h, x) => Sin(h + MatMul(x, w)[0])).Last;
        Assert.That(ProductsIn(Hoisting, many), Is.EqualTo(1));
        Node some = Scan(w[0], xs[.., 0], (h, x) => Cond(Sum(h) > 0.0, () => MatMul(x, w), () => h)).Last;
        Assert.That(ProductsIn(Hoisting, some), Is.EqualTo(1));
        LoopCheck.Agrees(Hoisting, inputs, [many, some], 1, 4);

        void Stays(Func<NodeList, (Node Sum, Node State)> step)
        {
            NodeList last = Scan([w, xs[0]], 6, (c, _) => step(c) is var (s, h) ? ([s, h], []) : default).Last;
            Assert.That(ProductsIn(Hoisting, [.. last]), Is.EqualTo(ProductsIn(Staying, [.. last])));
        }
    }

    [TestCase(DType.Int32)]
    [TestCase(DType.Int64)]
    [TestCase(DType.Float32)]
    public void Every_type_that_has_products(DType type)
    {
        Node xs = Input("xs", ["N", 2, 3], type);
        Node start = Input("start", [3, 3], type);
        (NodeList last, NodeList outputs) = Scan([start, xs[0] * 0], [xs], (c, x) => ([c[0] + MatMul(Transpose(x[0]), c[1]), c[1] + x[0]], [c[1]]));
        inputs = [xs, start];
        LoopCheck.Agrees(Hoisting, inputs, [last[0], .. outputs], 1, 5);
    }

    [Test]
    public void The_gradient_of_a_recurrent_weight_is_one_product([Values(1, 2)] int order)
    {
        Input<double> xs = Input<double>("xs", ["N", 2, 4], requiresGrad: true);
        Input<double> u = Input<double>("u", [4, 4], requiresGrad: true);
        Input<double> b = Input<double>("b", [4], requiresGrad: true);
        Node loss = Sum(Square(Scan(Zeros([2, 4], DType.Float64), xs, (h, x) => Tanh(x + Linear(h, u, b))).Outputs));
        NodeList first = Gradients(loss, [xs, u, b]);
        inputs = [xs, u, b];
        Node[] roots = order == 1 ? [loss, .. first] : [loss, .. first, .. Gradients(Sum(Sin(first[1])), [xs, u, b], Unreached.Zeros)];
        Assert.That(CarriesIn(Hoisting, roots), Is.EqualTo(order == 1 ? 2 : 5), "what flows, and no sum");
        LoopCheck.Agrees(Hoisting, inputs, [.. roots], 0, 1, 5);
    }

    [Test]
    public void Blocks_of_a_checkpoint_leave_nothing_for_all_steps()
    {
        Input<double> xs = Input<double>("xs", [12, 2, 4], requiresGrad: true);
        Input<double> u = Input<double>("u", [4, 4], requiresGrad: true);
        Node loss = Sum(Square(Scan(Zeros([2, 4], DType.Float64), xs, (h, x) => Tanh(x + MatMul(h, u)), checkpoint: 3).Last));
        inputs = [xs, u];
        Node[] roots = [loss, .. Gradients(loss, [xs, u])];
        LoopCheck.Agrees(Hoisting, inputs, [.. roots], 0);
        LoopOp[] around = [.. LoopsIn(Hoisting, roots).Where(l => l.Count == 4)];
        Assert.That(around.Select(l => l.Body.Results.Skip(l.Carried).Count(r => r.Rank > 2)), Is.All.LessThanOrEqualTo(1), "the gradients of the rows, and nothing else of each step");
        Assert.That(CarriesIn(Hoisting, roots), Is.LessThan(CarriesIn(Staying, roots)), "blocks have a product each");
    }

    private void Agrees(int carried, int otherwise, NodeList roots)
    {
        Assert.That(CarriesIn(Hoisting, [.. roots]), Is.EqualTo(carried));
        Assert.That(CarriesIn(Staying, [.. roots]), Is.EqualTo(otherwise));
        LoopCheck.Agrees(Hoisting, inputs, roots, 0, 1, 4);
    }

    private int CarriesIn(CompileOptions options, params Node[] roots) => LoopsIn(options, roots).Sum(l => l.Carried);

    private int ProductsIn(CompileOptions options, params Node[] roots) =>
        LoopsIn(options, roots).Sum(l => GraphWalk.WithBodies(l.Body.Results).Count(n => n.Op is MatMulOp));

    private LoopOp[] LoopsIn(CompileOptions options, Node[] roots)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, roots, [], options);
        return [.. graph.Executor.Program.Parts.SelectMany(p => p.All).OfType<LoweredLoop>().Select(l => (LoopOp)(l.Root.Op is OutputOp ? l.Root.Inputs[0] : l.Root).Op)];
    }

    private static TestCaseData Case(string name, Func<Node, Node, Node> term) => new TestCaseData(term).SetArgDisplayNames(name);
}
