using System.Numerics.Tensors;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using GraphCompiler.Tests.Docs.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>The grad mode decides what users' functions record, and nothing else: neither values, nor what bodies, rules and compilers make.</summary>
public class GradModeTests
{
    private static readonly Input<double> X = Variable("x", 3);
    private static readonly TensorValue At = Reals([3], 0.5, -1, 2);

    private static T Quietly<T>(Func<T> make)
    {
        using (GradMode.NoGrad())
        {
            return make();
        }
    }

    [Test]
    public void No_function_records_under_NoGrad()
    {
        foreach (PublicFunction function in PublicFunction.All(Repository.Root))
        {
            if (Quietly(() => FunctionTrace.Of(function)) is { } trace)
            {
                IEnumerable<Node> recorded = GraphWalk.TopologicalOrder(trace.Results).Where(n => n.RequiresGrad && !n.Op.IsLeaf);
                Assert.That(recorded, Is.Empty, function.Signature);
            }
        }
    }

    [Test]
    public void A_gradient_taken_under_NoGrad_is_the_same_and_constant()
    {
        Node loss = Sum(Gelu(X) * Softmax(X)) + Prod(X) + Sum(CumulativeScan(X, 0, (double a, double b) => a * Math.Sin(b))) + Sum(Call("f", [X], v => v[0] * v[0]));
        Func<Node>[] takes =
        [
            () => Gradients(loss, X)[0], () => GradientsOrNull(loss, [X])[0]!, () => Jvp([loss], [X], [OnesLike(X)])[0], () => HessianVectorProduct(loss, [X], [OnesLike(X)])[0],
            () => Gradients(Gradients(loss, X)[0].Sum(), X)[0],
        ];
        foreach (Func<Node> take in takes[..4])
        {
            (Node quiet, Node recorded) = (Quietly(take), take());
            Assert.That((quiet.RequiresGrad, recorded.RequiresGrad), Is.EqualTo((false, true)));
            Assert.That(Values(quiet, (X, At)), Is.EqualTo(Values(recorded, (X, At))));
            Assert.That(() => Gradients(quiet.Sum(), X), Throws.TypeOf<GradientException>().With.Message.Contains("was made under NoGrad"));
        }

        Assert.That(() => Quietly(takes[4]), Throws.TypeOf<GradientException>(), "the first is a constant");
    }

    [Test]
    public void What_is_passed_through_is_constant_too()
    {
        Input<double> leaf = Variable("leaf", 3);
        Node made = Sin(leaf);
        Node moved = X + 1;
        foreach (Node cotangent in new[] { leaf, made })
        {
            Node quiet = Quietly(() => Vjp([moved], [X], [cotangent])[0]);
            Assert.That(quiet.RequiresGrad, Is.False);
            Assert.That(Values(quiet, (leaf, At)), Is.EqualTo(Values(cotangent, (leaf, At))));
            Assert.That(Vjp([moved], [X], [cotangent])[0].RequiresGrad, Is.True);
        }
    }

    [Test]
    public void A_pullback_of_the_users_may_be_asked_under_NoGrad()
    {
        Node loss = Sum(CustomGradient("square", [X], v => v[0] * v[0], (i, r, c) => [c * i[0] * 2.0]));
        Node quiet = Quietly(() => Gradients(loss, X)[0]);
        Assert.That(quiet.RequiresGrad, Is.False);
        Assert.That(Values(quiet, (X, At)), Is.EqualTo(new double[] { 1, -2, 4 }));
    }

    [Test]
    public void A_call_under_NoGrad_is_constant_whatever_its_body_does()
    {
        Node Body(Node v)
        {
            using (GradMode.EnableGrad())
            {
                return v * v;
            }
        }

        Node quiet = Quietly(() => Call("f", [X], v => Body(v[0])));
        Assert.That(quiet.RequiresGrad, Is.False);
        Assert.That(Values(Gradients(Sum(quiet * X), X)[0], (X, At)), Is.EqualTo(new[] { 0.25, 1, 4 }), "it is a factor");
    }

    [Test]
    public void A_body_made_under_NoGrad_is_constant_in_a_call_with_gradients()
    {
        NodeList y = Call("f", [X], v => Quietly<NodeList>(() => [v[0] * v[0], v[0] + 1]));
        Assert.That(Values(Gradients(Sum(y[0] * X), X)[0], (X, At)), Is.EqualTo(new[] { 0.25, 1, 4 }));
        Node mixed = Call("g", [X], v => Quietly(() => Call("inner", [v[0]], w => w[0] * w[0])) * v[0]);
        Assert.That(Values(Gradients(Sum(mixed), X)[0], (X, At)), Is.EqualTo(new[] { 0.25, 1, 4 }));
    }

    /// <summary>The functions of scans are shared by all graphs of a process: who asks for one first, and in which mode, must not matter.</summary>
    [Test]
    public void The_function_of_a_recurrence_knows_no_mode()
    {
        Function body = Quietly(() => RecurrenceOp.Trace(DType.Float64, (a, b) => a * b));
        Node y = Create(new RecurrenceOp(body, 0, Reverse: false), X);
        Node known = CumulativeProduct(X, 0);
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(Values(Gradients(Sum(known), X)[0], (X, At))));
        Assert.That(Values(HessianVectorProduct(Sum(y), [X], [OnesLike(X)])[0], (X, At)), Is.EqualTo(Values(HessianVectorProduct(Sum(known), [X], [OnesLike(X)])[0], (X, At))));
    }

    [Test]
    public void A_gradient_check_works_under_NoGrad()
    {
        Node loss = Sum(Gelu(X) * Detach(X)) + Sum(Quietly(() => Exp(X)) * X);
        GradientReport report = Quietly(() => GradientCheck.Run(loss, [X], options: new GradientCheckOptions { Order = 2 }));
        Assert.That(report.Passed, Is.True, () => report.ToString());
    }

    [Test]
    public void Rules_make_the_same_under_NoGrad()
    {
        Node loss = Sum(Log(Softmax(X)) * X) + Sum(Log(1 + Exp(X))) + Sum(X / (1 + Exp(-X))) - Prod(X);
        Node gradient = Gradients(loss, X)[0];
        Assert.That(Quietly(Compile), Is.EqualTo(Compile()));

        string Compile()
        {
            Node[] nodes = Stabilize.Run([loss, gradient]).Of([loss, gradient]);
            nodes = InlineCalls.Run(nodes);
            nodes = Rewriter.Run([.. Simplify.Rules, .. Stabilize.Rules], nodes).Of(nodes);
            nodes = InlineCalls.Run(nodes);
            nodes = JoinSlices.Run(nodes);
            return GraphPrinter.Print(GraphWalk.TopologicalOrder(nodes), nodes, gradients: false);
        }
    }

    /// <summary>A graph made without gradients is as stable as one made with them, and as fast: it becomes the same.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void Values_do_not_depend_on_the_mode(bool simplify)
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        CompileOptions options = new() { Passes = new() { Simplify = simplify } };
        Node[] Make() => [Log(Softmax(x)), Log(Sum(Exp(x))), Softmax(x) + Softmax(Detach(x)), x + (-Detach(x))];
        float[] at = [0, -200, 100];
        float[][] recorded = Values(Make());
        Assert.That(Quietly(() => Values(Make())), Is.EqualTo(recorded));
        Assert.That(Values(Quietly(Make)), Is.EqualTo(recorded));
        Assert.That(recorded[0], Is.EqualTo(new float[] { -100, -300, 0 }));

        float[][] Values(Node[] outputs)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], outputs, options: options);
            RunResults results = graph.Run(at);
            return [.. outputs.Select((_, i) => results.Get<float>(i).ToArray())];
        }
    }

    [Test]
    public void Training_compiled_under_NoGrad_is_the_same()
    {
        float[] Train()
        {
            Parameter<float> w = Parameter("w", Tensor.Create<float>([0.5f, -1, 2], [3]));
            Node loss = Recorded(() => Sum(Log(Softmax(w)) * Sin(w)) + Sum(Gelu(w)));
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([], loss);
            graph.Forward();
            graph.Backward();
            return [.. w.Grad!];
        }

        static Node Recorded(Func<Node> make)
        {
            using (GradMode.EnableGrad())
            {
                return make();
            }
        }

        float[] TrainCompiledQuietly()
        {
            Parameter<float> w = Parameter("w", Tensor.Create<float>([0.5f, -1, 2], [3]));
            Node loss = Sum(Log(Softmax(w)) * Sin(w)) + Sum(Gelu(w));
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([], loss);
            graph.Forward();

            // Backward is compiled when it is first asked for.
            Quietly(() =>
            {
                graph.Backward();
                return 0;
            });
            return [.. w.Grad!];
        }

        Assert.That(TrainCompiledQuietly(), Is.EqualTo(Train()));
    }

    [Test]
    public void Each_thread_has_its_mode()
    {
        using var together = new Barrier(8);
        bool[] right = new bool[8];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(i => new Thread(() => right[i] = Build(i)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.That(right, Is.All.True);

        bool Build(int thread)
        {
            bool records = thread % 2 == 0;
            bool all = true;
            using (records ? GradMode.EnableGrad() : GradMode.NoGrad())
            {
                for (int round = 0; round < 50; round++)
                {
                    together.SignalAndWait();
                    Node y = Call("f", [X], v => Gelu(v[0]) * v[0]);
                    all &= y.RequiresGrad == records;
                    Node recorded;
                    using (GradMode.EnableGrad())
                    {
                        recorded = Sum(Softmax(X) * X);
                    }

                    Node gradient = Gradients(recorded, X)[0];
                    all &= gradient.RequiresGrad == records && GradMode.IsEnabled == records;
                    _ = Rewriter.Run(Simplify.Rules, InlineCalls.Run([gradient, y]));
                }
            }

            return all && GradMode.IsEnabled;
        }
    }

    [Test]
    public void Scopes_are_equal_that_restore_the_same_mode()
    {
        GradMode.Scope first = GradMode.NoGrad();
        GradMode.Scope second = GradMode.EnableGrad();
        GradMode.Scope third = GradMode.NoGrad();
        bool within = GradMode.IsEnabled;
        third.Dispose();
        bool restored = GradMode.IsEnabled;
        second.Dispose();
        bool outer = GradMode.IsEnabled;
        first.Dispose();
        Assert.That((within, restored, outer, GradMode.IsEnabled), Is.EqualTo((false, true, false, true)));
        Assert.That((first == third, first.Equals(third), first.GetHashCode() == third.GetHashCode()), Is.EqualTo((true, true, true)));
        Assert.That((first != second, first.Equals(second)), Is.EqualTo((true, false)));
    }
}
