using System.Numerics;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Functions of the user's within a graph.</summary>
[TestFixture]
[Category("Foundation")]
public sealed class HostFunctionTests
{
    private readonly Input<float> x = Input("x", ["N", 3], requiresGrad: true);

    /// <summary>x·|x| by a host function, with its pullback.</summary>
    internal static Node SignedSquare(Node x) => HostFunction("signedSquare", [x], x.Type, SquareOf, (inputs, _, cotangent) => [2 * Abs(inputs[0]) * cotangent]);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(5)]
    public void It_reads_what_kernels_wrote_and_kernels_read_what_it_writes(int rows)
    {
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], (SignedSquare(Transpose(x) - 1) * 2) + 1);
        float[] given = [.. Enumerable.Range(0, rows * 3).Select(i => i - 2f)];

        float[] result = graph.Run(given).Get<float>(0).ToArray();

        Assert.That(result, Is.EqualTo(Enumerable.Range(0, 3 * rows).Select(i => given[(i % rows * 3) + (i / rows)] - 1).Select(v => (v * MathF.Abs(v) * 2) + 1)));
    }

    [Test]
    public void It_may_have_several_results_and_inputs_of_every_dtype()
    {
        Input<double> a = Input<double>("a", [2]);
        Input<long> b = Input<long>("b", ["M"]);
        Input<int> c = Input<int>("c", []);
        Input<bool> d = Input<bool>("d", [1, "M"]);
        NodeList results = HostFunction("count", [a, b, c, d], [new NodeType(DType.Int64, [2]), new NodeType(DType.Bool, ["M", 1]), new NodeType(DType.Int32, [])], call =>
        {
            call.Out<long>(0)[0] = call.InputCount + call.OutputCount + (call.OutType(1) == DType.Bool ? 0 : 100);
            call.Out<long>(0)[1] = call.InShape(3)[1] + call.InShape(2).Length + call.OutShape(1)[1];
            for (int i = 0; i < call.Out<bool>(1).Length; i++)
            {
                call.Out<bool>(1)[i] = !call.In<bool>(3)[i];
            }

            call.Out<int>(2)[0] = (int)(call.In<double>(0)[1] + call.In<long>(1)[2] + call.In<int>(2)[0]);
        });
        CompiledGraph graph = GraphCompiler.Compiler.Compile([a, b, c, d], [.. results]);

        RunCheck(graph.Run(new[] { 1.0, 2 }, new[] { 1L, 2, 3 }, 4, new[] { true, false, true }));

        // What nobody takes is computed and thrown away.
        Assert.That(GraphCompiler.Compiler.Compile([a, b, c, d], results[2]).Run(new[] { 1.0, 2 }, new[] { 1L, 2, 3 }, 4, new[] { true, false, true }).Scalar<int>(), Is.EqualTo(9));

        static void RunCheck(RunResults run)
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(run.Get<long>(0).ToArray(), Is.EqualTo([7L, 4]));
                Assert.That(run.Get<bool>(1).ToArray(), Is.EqualTo([false, true, false]));
                Assert.That(run.Get<int>(2).ToArray(), Is.EqualTo([9]));
            }
        }
    }

    [Test]
    public void What_it_does_not_write_is_zero()
    {
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], HostFunction("nothing", [x + 1], x.Type, _ => { }) + (x * 0));
        Assert.That(graph.Run(new float[6]).Get<float>(0).ToArray(), Has.All.Zero);
    }

    [Test]
    public void Gradients_flow_through_its_pullback_to_any_order()
    {
        GradientReport report = GradientCheck.Run(Sum(SignedSquare(Exp(x))), [x], options: new GradientCheckOptions { Order = 2 });
        Assert.That(report.Verdict, Is.EqualTo(GradientVerdict.Passed), () => report.ToString());

        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Sum(SignedSquare(x)));
        graph.Forward(new float[] { 1, -2, 3 });
        graph.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo([2f, 4, 6]));
        x.ZeroGrad();
    }

    [Test]
    public void Without_a_pullback_no_gradient_flows_and_that_is_an_error()
    {
        Node result = HostFunction("copy", [x], x.Type, call => call.In<float>(0).CopyTo(call.Out<float>(0)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Gradients(Sum(result), [x]), Throws.TypeOf<GradientException>().With.Message.EqualTo(
                "HostFunction 'copy' float32[N, 3] has no pullback, and a gradient is to flow through it; give it one, or Detach its results."));
            Assert.That(() => Gradients(Sum(result.Detach()) + Sum(x), [x]), Throws.Nothing);
            Assert.That(() => GraphCompiler.Compiler.Compile([x], Sum(result)).Run(new float[3]), Throws.Nothing);
        }
    }

    [Test]
    public void A_pullback_that_does_not_fit_is_known_where_the_function_is_used()
    {
        Assert.That(() => HostFunction("f", [x], x.Type, _ => { }, (_, _, cotangent) => [Sum(cotangent)]), Throws.TypeOf<GradientException>()
            .With.Message.EqualTo("The pullback of HostFunction 'f' float32[N, 3] returned a cotangent float32[] for input 0, which is float32[N, 3]."));
    }

    [Test]
    public void What_it_throws_ends_the_call_and_nothing_has_changed()
    {
        Parameter<float> w = Parameter("w", [3], 1f);
        var error = new InvalidOperationException("no such row");
        Node checkedRows = HostFunction("check", [x], x.Type, call =>
        {
            if (call.In<float>(0)[0] < 0)
            {
                throw error;
            }

            call.In<float>(0).CopyTo(call.Out<float>(0));
        }).Named("rows");
        Node loss = Sum(checkedRows * w);
        CompiledGraph step = GraphCompiler.Compiler.Compile([x], [loss], [new Update(w, w - 1), new Update(Parameter("sum", [], 0f), loss)]);

        ExecutionException? thrown = Assert.Throws<ExecutionException>(() => step.Run(new float[] { -1, 0, 0 }));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown!.Message, Is.EqualTo("HostFunction 'check' 'rows' float32[N, 3] threw InvalidOperationException: no such row."));
            Assert.That(thrown.InnerException, Is.SameAs(error));
            Assert.That(w.Values.ToArray(), Is.EqualTo([1f, 1, 1]));
        }

        Assert.That(step.Run(new float[] { 1, 2, 3 }).Scalar<float>(), Is.EqualTo(6));
        Assert.That(w.Values.ToArray(), Is.EqualTo([0f, 0, 0]));
    }

    [Test]
    public void A_cancellation_comes_out_as_it_is_and_nothing_has_changed()
    {
        Parameter<float> w = Parameter("w", [3], 1f);
        bool isCancelled = true;
        var cancelled = new OperationCanceledException("enough");
        Node Stoppable(Node x) => HostFunction("stop", [x], x.Type, call =>
        {
            if (isCancelled)
            {
                throw cancelled;
            }

            call.In<float>(0).CopyTo(call.Out<float>(0));
        }, (_, _, cotangent) => [cotangent]);
        foreach (Node stoppable in (Node[])[Stoppable(x * w), Scan(x * w, 2, (carry, _) => (Stoppable(carry), Sum(carry))).Last, Cond(Greater(Sum(x), 0), () => Stoppable(x * w), () => x * w)])
        {
            foreach (bool verify in (bool[])[false, true])
            {
                CompileOptions options = CompileOptions.Default with { Verify = verify };
                using CompiledGraph step = GraphCompiler.Compiler.Compile([x], [Sum(stoppable)], [new Update(w, w - stoppable[0])], options);
                using CompiledGraph model = GraphCompiler.Compiler.Compile([x], Sum(stoppable), options);
                w.Fill(1f);
                isCancelled = true;
                using (Assert.EnterMultipleScope())
                {
                    Assert.That(Assert.Catch(() => step.Run(new float[] { 1, 2, 3 })), Is.SameAs(cancelled));
                    Assert.That(Assert.Catch(() => model.Forward(new float[] { 1, 2, 3 })), Is.SameAs(cancelled));
                    Assert.That(w.Values.ToArray(), Is.EqualTo([1f, 1, 1]));
                }

                isCancelled = false;
                Assert.That(model.Forward(new float[] { 1, 2, 3 }).Scalar<float>(), Is.EqualTo(6));
                model.Backward();
                Assert.That(w.Grad!.ToArray(), Is.EqualTo([1f, 2, 3]));
                model.ZeroGrad();
                Assert.That(step.Run(new float[] { 1, 2, 3 }).Scalar<float>(), Is.EqualTo(6));
                Assert.That(w.Values.ToArray(), Is.EqualTo([0f, -1, -2]));
            }
        }
    }

    [Test]
    public void A_gradient_check_of_one_that_refuses_doubles_says_what_to_do_and_can_be_cancelled()
    {
        Node Checked(Node x, HostBody body) => HostFunction("f", [x], x.Type, body, (_, _, cotangent) => [cotangent]);
        Node refusing = Checked(x, call => call.In<float>(0).CopyTo(call.Out<float>(0)));
        Assert.That(() => GradientCheck.Run(Sum(refusing), [x]), Throws.TypeOf<ExecutionException>().With.Message.EndsWith(
            "its elements are double, not float. A gradient check gives it doubles in the place of floats: let it ask InType, or check a graph of doubles."));

        Input<double> wide = Input<double>("wide", [3], requiresGrad: true);
        Assert.That(() => GradientCheck.Run(Sum(Checked(wide, _ => throw new InvalidOperationException("no"))), [wide]), Throws.TypeOf<ExecutionException>().With.Message.EndsWith("threw InvalidOperationException: no."));
        var cancelled = new OperationCanceledException();
        Assert.That(Assert.Catch(() => GradientCheck.Run(Sum(Checked(x, _ => throw cancelled)), [x])), Is.SameAs(cancelled));
    }

    [Test]
    public void Pure_ones_that_are_equal_run_once_and_those_with_effects_each_for_themselves_in_the_order_of_writing()
    {
        Assume.That(CompileOptions.Default.Verify, Is.False, "the interpreter calls pure ones, too");
        List<string> calls = [];
        void Say(string what, HostCall call)
        {
            calls.Add(what);
            call.In<float>(0).CopyTo(call.Out<float>(0));
        }

        HostBody pure = call => Say("pure", call);
        HostBody effect = call => Say("effect", call);
        Node first = HostFunction("e", [x * 3], x.Type, effect, hasEffects: true);
        Node second = HostFunction("e", [x * 3], x.Type, effect, hasEffects: true);
        Node third = HostFunction("last", [x], x.Type, call => Say("last", call), hasEffects: true);
        Node unused = HostFunction("unused", [x], x.Type, call => Say("unused", call), hasEffects: true);
        CompiledGraph graph = GraphCompiler.Compiler.Compile(
            [x], third + second + first + HostFunction("p", [x], x.Type, pure) + HostFunction("p", [x], x.Type, pure));

        graph.Run(new float[3]);
        Assert.That(calls.Where(c => c != "pure"), Is.EqualTo(["effect", "effect", "last"]));
        Assert.That(calls.Count(c => c == "pure"), Is.EqualTo(1));
        Assert.That(unused.Attributes, Does.Contain(new NodeAttribute("HasEffects", true)));
    }

    [Test]
    public void Effects_are_not_repeated_by_recomputation_nor_by_verified_runs()
    {
        int calls = 0;
        Node seen = HostFunction("see", [x * 2], x.Type, call =>
        {
            calls++;
            call.In<float>(0).CopyTo(call.Out<float>(0));
        }, (_, _, cotangent) => [cotangent], hasEffects: true);
        foreach (bool verify in (bool[])[false, true])
        {
            CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Sum(Exp(seen) * Sin(seen)), options: CompileOptions.Default with { Verify = verify });
            calls = 0;
            graph.Forward(new float[] { 1, 2, 3 });
            graph.Backward();
            Assert.That(calls, Is.EqualTo(1));
            x.ZeroGrad();
        }
    }

    [Test]
    public void Mistakes_in_it_are_told_in_its_words()
    {
        (HostBody Do, string Message)[] mistakes =
        [
            (c => c.In<double>(0), "HostFunction 'f': input 0 is float32; its elements are float, not double."),
            (c => c.Out<int>(0), "HostFunction 'f': result 0 is float32; its elements are float, not int."),
            (c => c.In<float>(1), "HostFunction 'f': it has 1 input, counted from 0. It is 1. (Parameter 'index')"),
            (c => c.OutShape(-1), "HostFunction 'f': it has 1 result, counted from 0. It is -1. (Parameter 'index')"),
        ];
        foreach ((HostBody body, string message) in mistakes)
        {
            CompiledGraph graph = GraphCompiler.Compiler.Compile([x], HostFunction("f", [x], x.Type, body));
            Assert.That(Assert.Throws<ExecutionException>(() => graph.Run(new float[3]))!.InnerException!.Message, Is.EqualTo(message));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => HostFunction("f", [x], (IReadOnlyList<NodeType>)[], _ => { }), Throws.TypeOf<GraphException>().With.Message.StartsWith("HostFunction 'f': it must give at least one result"));
            Assert.That(() => HostFunction(string.Empty, [x], x.Type, _ => { }), Throws.ArgumentException);
            Assert.That(() => HostFunction("f", [null!], x.Type, _ => { }), Throws.ArgumentNullException);
        }
    }

    [Test]
    public void It_may_run_another_graph_and_be_run_by_many_threads()
    {
        Input<float> row = Input("row", [3]);
        CompiledGraph inner = GraphCompiler.Compiler.Compile([row], Sum(row * row));
        CompiledGraph outer = GraphCompiler.Compiler.Compile([x], HostFunction("norms", [x], new NodeType(DType.Float32, ["N"]), call =>
        {
            for (int i = 0; i < call.OutShape(0)[0]; i++)
            {
                call.Out<float>(0)[i] = inner.Run(call.In<float>(0).Slice(3 * i, 3).ToArray()).Scalar<float>();
            }
        }) + 1);
        Parallel.For(0, 64, i => Assert.That(outer.Run(new float[] { i, 0, 1, 2, 0, 0 }).Get<float>(0).ToArray(), Is.EqualTo([(i * i) + 2f, 5])));
    }

    [Test]
    public void In_loops_and_branches_effects_keep_their_order()
    {
        List<string> calls = [];
        Node Tell(string what, Node x) => HostFunction(what, [x], x.Type, call =>
        {
            calls.Add($"{what} {call.In<float>(0)[0]}");
            call.In<float>(0).CopyTo(call.Out<float>(0));
        }, (_, _, cotangent) => [cotangent], hasEffects: true);

        Input<float> start = Input("start", [], requiresGrad: true);
        Node first = Tell("first", start);
        var (last, _) = Scan(start, 3, (carry, _) =>
        {
            Node twice = Tell("inner", carry * 2);
            Node told = Cond(Greater(twice, 3), () => Tell("large", twice), () => twice);
            return (told, told);
        });
        Node after = Tell("after", start + 1);
        CompiledGraph graph = GraphCompiler.Compiler.Compile([start], after + last + first);
        string[] expected = ["first 1", "inner 2", "inner 4", "large 4", "inner 8", "large 8", "after 2"];

        graph.Run(1f);
        Assert.That(calls, Is.EqualTo(expected));
        Assert.That(() => Gradients(last, [start]), Throws.TypeOf<GradientException>().With.Message.EqualTo(
            "Scan float32[], float32[3] calls HostFunction 'inner' float32[], which has effects: its derivative would repeat them. Call it outside, make it pure, or Detach what the gradient comes from."));
    }

    [Test]
    public void Effects_whose_places_were_changed_follow_what_they_need()
    {
        List<string> calls = [];
        Node Tell(Node x, string what) => HostFunction(what, [x], x.Type, call =>
        {
            calls.Add(what);
            call.In<float>(0).CopyTo(call.Out<float>(0));
        }, hasEffects: true);
        Node first = Tell(x, "first");
        Input<float> other = Input("other", ["N", 3]);
        Node second = Tell(other, "second");
        GraphCompiler.Compiler.Compile([other], Substitute(first, new Dictionary<Node, Node> { [x] = second })).Run(new float[3]);
        Assert.That(calls, Is.EqualTo(["second", "first"]));

        calls.Clear();
        Node step = Tell(x, "a") + Tell(other, "b");
        Node twice = Substitute(step, new Dictionary<Node, Node> { [x] = step });
        GraphCompiler.Compiler.Compile([x, other], twice).Run(new float[3], new float[3]);
        Assert.That(calls, Is.EqualTo(["a", "b", "a"]));
    }

    [Test]
    public void What_it_throws_in_a_loop_names_the_step()
    {
        var (last, _) = Scan(x, 5, (carry, step) =>
        {
            Node next = HostFunction("check", [carry, step], carry.Type, call => call.Out<float>(0).Fill(call.In<long>(1)[0] == 3 ? throw new ArgumentException("three") : 1));
            return (next, Sum(next));
        });
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], last);
        Assert.That(() => graph.Run(new float[3]), Throws.TypeOf<ExecutionException>().With.Message.EqualTo("HostFunction 'check' float32[N, 3] threw ArgumentException: three. In step 3 of Scan."));
    }

    [Test]
    public void A_warm_call_allocates_nothing()
    {
        Assume.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret, Is.False, "interpreters allocate");
        var run = GraphCompiler.Compiler.Compile<Action<float[], float[]>>([x], [SignedSquare(x * 2)]);
        float[] given = new float[30];
        float[] result = new float[30];
        Assert.That(AllocationTests.Allocated(() => run(given, result)), Is.Zero);
    }

    private static void SquareOf(HostCall call)
    {
        if (call.InType(0) == DType.Float32)
        {
            SignedSquares(call.In<float>(0), call.Out<float>(0));
        }
        else
        {
            SignedSquares(call.In<double>(0), call.Out<double>(0));
        }
    }

    private static void SignedSquares<T>(ReadOnlySpan<T> given, Span<T> result)
        where T : INumber<T>
    {
        for (int i = 0; i < given.Length; i++)
        {
            result[i] = given[i] * T.Abs(given[i]);
        }
    }
}
