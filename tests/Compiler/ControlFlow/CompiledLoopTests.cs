using GraphCompiler.Lowering;
using GraphCompiler.Operations;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.ControlFlow;

/// <summary>Loops and branches in compiled graphs.</summary>
internal sealed class CompiledLoopTests
{
    [Test]
    public void Scan_of_any_length([Values(false, true)] bool reverse)
    {
        Node xs = Input("xs", ["N", 3], DType.Float64);
        Node h = Input("h", [3], DType.Float64);
        (Node last, Node outputs) = Scan(h, xs, (h, x) => Tanh((h * 0.5) + x), reverse: reverse);
        LoopCheck.Agrees([xs, h], [last, outputs], 0, 1, 2, 7, 500);
    }

    [Test]
    public void Scan_by_products_with_captured_weights()
    {
        Node xs = Input("xs", ["N", 4, 3], DType.Float64);
        Node w = Input("w", [5, 3], DType.Float64);
        Node u = Input("u", [5, 5], DType.Float64);
        Node b = Input("bias", [5], DType.Float64);
        (NodeList last, NodeList outputs) = Scan([Zeros([4, 5], DType.Float64), Ones([4, 5], DType.Float64)], [xs], (carry, x) =>
        {
            Node c = Sigmoid(MatMul(x[0], Transpose(w, 0, 1)) + MatMul(carry[0], u) + b) * carry[1];
            Node h = Tanh(c + b);
            return ([h, c], [h, carry[1], Sum(c, 0)]);
        });
        LoopCheck.Agrees([xs, w, u, b], [last[0], last[1], outputs[0], outputs[1], outputs[2]], 0, 1, 3, 8);
        LoopCheck.Agrees([xs, w, u, b], [outputs[2]], 0, 3);
    }

    [Test]
    public void Carries_that_change_places_stay_or_are_captured()
    {
        Node a = Input("a", [2], DType.Int64);
        Node b = Input("bb", [2], DType.Int64);
        (NodeList last, NodeList outputs) = Scan([a, b, a], "N", (carry, step) => ([carry[1], carry[0] + step, carry[2]], [carry[0], carry[0], Iota([3], 0, DType.Int64), carry[2] * b]));
        Node n = Input("steps", ["N"], DType.Bool);
        LoopCheck.Agrees([a, b, n], [.. last, .. outputs], 0, 1, 2, 5);
    }

    [Test]
    public void Loops_in_loops()
    {
        Node xs = Input("xs", ["N", 3, 2], DType.Float64);
        Node w = Input("w", [2, 2], DType.Float64);
        (Node last, Node outputs) = Scan(Zeros([2], DType.Float64), xs, (h, x) =>
        {
            (Node inner, Node rows) = Scan(h, x, (g, row) => Sin(MatMul(Unsqueeze(g, 0), w)[0] + row));
            return (inner + 1, Sum(rows * h));
        });
        LoopCheck.Agrees([xs, w], [last, outputs], 0, 1, 4);
    }

    [Test]
    public void While_with_and_without_a_bound()
    {
        Node x = Input("x", [3], DType.Float64);
        Node limit = Input("limit", [], DType.Float64);
        NodeList free = While([x, Constant(0L)], c => c[1] < 5L, c => [(c[0] * 2) + limit, c[1] + 1]);
        Node bound = While(x, v => Sum(Abs(v)) < 100.0, v => v * 1.5, most: 4);
        LoopCheck.Agrees([x, limit], [.. free, bound], 0);
    }

    [Test]
    public void Gradients_of_a_loop_with_a_condition([Values(3, 300)] int size)
    {
        // Rows that no step writes are filled before the loop.
        Input<double> x = Input<double>("x", [size], requiresGrad: true);
        Node value = Sum(While(x, v => Sum(Abs(v)) < 100.0 * size, v => Sin(v) * 1.5, most: 4));
        LoopCheck.Agrees([x], [value, Gradients(value, [x])[0]], 0);
    }

    [Test]
    public void One_side_of_a_branch()
    {
        Node x = Input("x", ["N"], DType.Float64);
        Node flag = Input("flag", [], DType.Bool);
        Node value = Cond(flag, () => Exp(x), () => x);
        NodeList several = Cond(Sum(x) > 0.0, () => [x * 2, Constant(1.0), x], () => [x + 1, Sum(x), x + 1]);
        LoopCheck.Agrees([x, flag], [value, .. several, Cond(!flag, () => Sum(x), () => Constant(3.0))], 0, 1, 5);
    }

    [Test]
    public void Branches_in_loops_and_loops_in_branches()
    {
        Node xs = Input("xs", ["N"], DType.Float64);
        Node flag = Input("flag", [], DType.Bool);
        (Node last, Node outputs) = Scan(Constant(0.5), xs, (h, x) => Cond(h > x, () => h - 0.25, () => (h * 0.5) + x));
        Node either = Cond(flag, () => Scan(Constant(1.0), xs, (h, x) => h + x).Last, () => Constant(2.0));
        LoopCheck.Agrees([xs, flag], [last, outputs, either], 0, 1, 9);
    }

    [Test]
    public void Gradients_of_the_first_and_second_order([Values(0, 1, 6)] int length)
    {
        Input<double> xs = Input<double>("xs", ["N", 4, 3], requiresGrad: true);
        Input<double> w = Input<double>("w", [3, 5], requiresGrad: true);
        Input<double> u = Input<double>("u", [5, 5], requiresGrad: true);
        (Node last, Node outputs) = Scan(Zeros([4, 5], DType.Float64), xs, (h, x) => Tanh(MatMul(x, w) + MatMul(h, u)));
        Node loss = Sum(last * last) + Mean(Sin(outputs));
        NodeList first = Gradients(loss, [xs, w, u]);
        IReadOnlyList<Node> second = Gradients(Sum(Sin(first[2])), [w, u], Unreached.Zeros);
        LoopCheck.Agrees([xs, w, u], [loss, .. first, .. second], length);
        LoopCheck.Agrees([xs, w, u], [.. Jvp([last, outputs], [w], [OnesLike(w)])], length);
    }

    [Test]
    public void Training_is_that_of_the_steps_written_out([Values(false, true)] bool together)
    {
        const int Steps = 5;
        float[][] values = [.. new[] { Model(unrolled: true), Model(unrolled: false) }.Select(m =>
        {
            using CompiledGraph model = m.Compile(together);
            float[] xs = [.. Enumerable.Range(0, Steps * 6).Select(i => MathF.Sin(i))];
            for (int i = 0; i < 3; i++)
            {
                if (together)
                {
                    model.Run(xs);
                }
                else
                {
                    model.Forward(xs);
                    model.Backward();
                }
            }

            return together ? m.W.Values.ToArray() : m.W.Grad!.ToArray();
        })];
        Assert.That(values[1], Is.EqualTo(values[0]).Within(1e-5f));

        static (Parameter<float> W, Func<bool, CompiledGraph> Compile) Model(bool unrolled)
        {
            Input<float> xs = Input("xs", [Steps, 2, 3]);
            Parameter<float> w = Parameter("w", new Generator(3).Normal(3, 3));
            Node h = Zeros([2, 3]);
            if (unrolled)
            {
                for (int i = 0; i < Steps; i++)
                {
                    h = Tanh(MatMul(h, w) + xs[i]);
                }
            }
            else
            {
                h = Scan(h, xs, (h, x) => Tanh(MatMul(h, w) + x)).Last;
            }

            Node loss = Sum(h * h);
            return (w, together => together ? GraphCompiler.Compiler.Compile([xs], [loss], Optimizers.Adam(loss, [w])) : GraphCompiler.Compiler.Compile([xs], loss));
        }
    }

    [Test]
    public void A_weight_that_is_packed_before_the_loop_is_no_value_to_verify()
    {
        Input<double> xs = Input<double>("xs", ["N", 3]);
        Input<double> w = Input<double>("w", [3, 3]);
        Node last = Scan(xs, 2, (c, t) => MatMul(c, Transpose(w, 0, 1))).Last;
        LoopCheck.Agrees(new CompileOptions { Verify = true }, [xs, w], [last], 0, 1, 7);
    }

    [Test]
    public void An_error_names_the_step()
    {
        Node xs = Input<long>("xs", ["N"]);
        Node table = Input("table", [3]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([xs, table], Scan(Constant(0f), xs, (sum, i) => sum + Take(table, Unsqueeze(i, 0), 0)[0]).Last);
        Assert.That(graph.Run((long[])[0, 1, 2], (float[])[1, 2, 4]).GetArray<float>()[0], Is.EqualTo(7f));
        Assert.That(
            () => graph.Run((long[])[0, 1, 3, 2], (float[])[1, 2, 4]),
            Throws.TypeOf<ExecutionException>().With.Message.Contains("index 3").And.Message.Contains("In step 2 of Scan."));
        Assert.That(graph.Run((long[])[2, 2], (float[])[1, 2, 4]).GetArray<float>()[0], Is.EqualTo(8f));
    }

    [Test]
    public void What_stays_the_same_is_computed_once_and_before()
    {
        Input<float> xs = Input("xs", ["N", 3]);
        Input<float> w = Input("w", [3, 3]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(
            [xs, w], Scan(Zeros([3]), xs, (h, x) => Tanh(MatMul(Unsqueeze(h, 0), Exp(MatMul(w, w)))[0] + x)).Last, new CompileOptions { Passes = new() { MergeSmallKernels = false, LoopsInKernels = false } });
        LoweredPart[] parts = graph.Executor.Program.Parts;
        LoweredLoop loop = parts.OfType<LoweredLoop>().Single();
        Assert.That(loop.Kernels.SelectMany(k => k.Roots), Has.None.Matches<Node>(r => r is { Op: ExpOp }));
        Assert.That(parts.TakeWhile(p => p != loop).SelectMany(p => p.Roots), Has.Some.Matches<Node>(r => r is { Op: ExpOp }));
    }

    [Test]
    [Needs(nameof(CompilerPasses.MergeSmallKernels))]
    public void A_body_of_small_kernels_is_one()
    {
        Input<float> xs = Input("xs", ["N", 3]);
        Input<float> w = Input("w", [3, 3]);
        Node last = Scan(Zeros([3]), xs, (h, x) => Softmax(MatMul(Unsqueeze(h, 0), w)[0] + x, 0)).Last;
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([xs, w], last, new CompileOptions { Passes = new() { LoopsInKernels = false } });
        var loop = graph.Executor.Program.Plan.Forward.All.OfType<PlanNode.Loop>().Single();
        Assert.That(loop.Body, Is.TypeOf<PlanNode.Variants>());
        Assert.That(((PlanNode.Variants)loop.Body).Others.Single().Way, Is.TypeOf<PlanNode.Run>());
    }

    [Test]
    public void Neither_kernels_nor_memory_grow_with_the_steps()
    {
        (int Kernels, long Bytes)[] costs = [.. new[] { 10, 1000 }.Select(steps =>
        {
            Input<float> xs = Input("xs", [steps, 4, 8]);
            Input<float> w = Input("w", [8, 8]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([xs, w], Scan(Zeros([4, 8]), xs, (h, x) => Tanh(MatMul(h, w) + x)).Last);
            Workspace workspace = graph.Executor.Rent();
            graph.Executor.Return(workspace);
            graph.Run(new float[steps * 32], new float[64]);
            return (graph.Executor.Program.Kernels.Length, workspace.Bytes);
        })];
        Assert.That(costs[1], Is.EqualTo(costs[0]));
    }

    [Test]
    public void Random_numbers_of_one_call_differ_from_step_to_step()
    {
        var generator = new Generator(7);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Scan(Constant(0f), 50, (h, _) => (h, Uniform(generator, [3]))).Outputs);
        float[] drawn = graph.Run().GetArray<float>();
        Assert.That(drawn.Distinct().Count(), Is.GreaterThan(140));
    }

    [Test]
    public void Random_numbers_of_loops_that_a_condition_ends_are_those_of_the_interpreter([Values] bool isBounded)
    {
        var generator = new Generator(7);
        Input<double> x = Input<double>("x", [3], requiresGrad: true);
        Node last = While(x, c => Sum(c) < 5, c => (c * Uniform(generator, [3], DType.Float64)) + Vmap(v => Uniform(generator, [], DType.Float64) + v)(c), isBounded ? 5 : null);
        Node[] roots = isBounded ? [last, Gradients(Sum(last), x)[0]] : [last];
        double[][] drawn = [.. new[] { true, false }.Select(verify =>
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], roots, [], new CompileOptions { Verify = verify });
            generator.State = new Generator(7).State;
            RunResults results = graph.Run(new[] { 0.1, 0.2, 0.3 });
            return (double[])[.. Enumerable.Range(0, roots.Length).SelectMany(r => results.GetArray<double>(r))];
        })];
        Assert.That(drawn[1], Is.EqualTo(drawn[0]).Within(1e-14));
    }

    [Test]
    public void A_loop_and_what_its_derivatives_repeat_are_one([Values(1, 2)] int order)
    {
        Input<double> xs = Input<double>("xs", ["N", 4, 3]);
        Input<double> w = Input<double>("w", [3, 3], requiresGrad: true);
        Node value = Sum(Scan(Zeros([4, 3], DType.Float64), xs, (h, x) => Tanh(MatMul(h, w) + x)).Last);
        Node first = Gradients(value, [w])[0];
        Node[] roots = order == 1 ? [value, first] : [value, first, Gradients(Sum(first * first), [w])[0], Jvp([value], [w], [OnesLike(w)])[0]];

        // Forward, with tangents where there are any, and backward; of the second order these are the reverse of both.
        Assert.That(Loops(new() { LoopsInKernels = false, JoinLoops = true }), Is.EqualTo(order == 1 ? 2 : 4));
        Assert.That(Loops(new() { LoopsInKernels = false, JoinLoops = false }), Is.GreaterThan(order == 1 ? 2 : 4));
        LoopCheck.Agrees([xs, w], [.. roots], 0, 1, 5);

        int Loops(CompilerPasses passes)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([xs, w], roots, [], new CompileOptions { Passes = passes });
            return graph.Executor.Program.Parts.OfType<LoweredLoop>().Count();
        }
    }

    [Test]
    public void Branches_whose_condition_is_known_in_a_body()
    {
        Input<double> xs = Input<double>("xs", ["N"], requiresGrad: true);
        Node one = Scan(Constant(0.5), xs, (h, x) => Cond(Constant(true), () => Sin(h), () => h * h) + x).Last;
        Node nested = Scan(Constant(0.5), xs, (h, x) => Cond(Constant(false), () => h, () => Scan(h, 2, (g, _) => Cond(Constant(true), () => Cos(g) * x, () => g)).Last)).Last;
        NodeList still = While([Constant(0.5), Constant(true), Constant(0)], s => s[2] < 3, s => [Cond(s[1], () => s[0] * s[0], () => s[0]), s[1], s[2] + 1], most: 5);
        LoopCheck.Agrees([xs], [one, nested, still[0], Gradients(one, xs)[0], Gradients(nested, xs)[0]], 0, 1, 4);
    }

    [Test]
    public void Operations_of_several_results_in_a_body_are_trained()
    {
        Input<double> xs = Input<double>("xs", ["N", 2, 2], requiresGrad: true);
        Node value = Scan(Constant(0.5), xs + (Eye(2, dtype: DType.Float64) * Constant([2.0, 5.0])), (h, x) =>
        {
            (_, Node s, _) = Svd(x);
            return Sin(h) + Sum(s * h);
        }).Last;
        LoopCheck.Agrees([xs], [value, Gradients(value, xs)[0]], 0, 1, 3);
    }

    [Test]
    public void Loops_that_begin_alike_and_go_on_otherwise_stay_two_values_in_one()
    {
        Input<double> xs = Input<double>("xs", ["N"]);
        Node zero = Constant(0.0);
        Node sum = Scan(zero, xs, (h, x) => h + Exp(x)).Last;
        Node product = Scan(zero, xs, (h, x) => (h * 0.5) + Exp(x)).Last;
        Node apart = Scan(zero, xs, (h, x) => h - Sin(x)).Last;
        Node after = Scan(sum, xs, (h, x) => h - Exp(x)).Last;
        LoopCheck.Agrees([xs], [sum, product, apart, after], 0, 1, 7);
    }
}
