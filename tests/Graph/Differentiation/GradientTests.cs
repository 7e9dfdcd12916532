using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Gradients, products, modes and their errors, as far as building graphs goes.</summary>
public class GradientTests
{
    private static readonly Input<double> X = Variable("x", 3);
    private static readonly TensorValue At = Reals([3], 0.5, -1, 2);

    [Test]
    public void Results_require_a_gradient_when_an_input_does()
    {
        Node plain = Input<double>("p", [3]);
        Assert.That((X + plain).RequiresGrad, Is.True);
        Assert.That((plain * 2).RequiresGrad, Is.False);
        Assert.That((X > 0).RequiresGrad, Is.False);
        Assert.That(ArgMax(X).RequiresGrad, Is.False);
        Assert.That(Cast(X, DType.Int32).RequiresGrad, Is.False);
        Assert.That(Cast(X, DType.Float32).RequiresGrad, Is.True);
        Assert.That(Detach(X).RequiresGrad, Is.False);
        Assert.That(Parameter("w", 1f).RequiresGrad, Is.True);
        Assert.That(Parameter("k", 1).RequiresGrad, Is.False);
    }

    [Test]
    public void NoGrad_and_EnableGrad_nest_and_come_back_after_exceptions()
    {
        using (GradMode.NoGrad())
        {
            Assert.That((X * 2).RequiresGrad, Is.False);
            Assert.That(Variable("y").RequiresGrad, Is.True, "leaves keep their flag");
            using (GradMode.EnableGrad())
            {
                Assert.That((X * 2).RequiresGrad, Is.True);
            }

            Assert.That(GradMode.IsEnabled, Is.False);
        }

        Assert.That(GradMode.IsEnabled, Is.True);
        Assert.That(Fail, Throws.InvalidOperationException);
        Assert.That(GradMode.IsEnabled, Is.True);

        static void Fail()
        {
            using (GradMode.NoGrad())
            {
                throw new InvalidOperationException();
            }
        }
    }

    [Test]
    public async Task The_mode_flows_with_async_and_stays_in_its_flow()
    {
        using (GradMode.NoGrad())
        {
            await Task.Yield();
            Assert.That(GradMode.IsEnabled, Is.False);
            await Task.Run(() =>
            {
                using (GradMode.EnableGrad())
                {
                    Assert.That((X * 2).RequiresGrad, Is.True);
                }
            });
            Assert.That(GradMode.IsEnabled, Is.False);
        }

        bool other = false;
        using var entered = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            using (GradMode.NoGrad())
            {
                entered.Set();
                done.Wait();
            }
        });
        thread.Start();
        entered.Wait();
        other = GradMode.IsEnabled;
        done.Set();
        thread.Join();
        Assert.That(other, Is.True);
    }

    [Test]
    public void Gradients_work_under_NoGrad_and_are_then_constant()
    {
        Node loss = Sum(Gelu(X) * Softmax(X)) + Prod(X);
        using (GradMode.NoGrad())
        {
            Assert.That(Gradients(loss, X)[0].RequiresGrad, Is.False);
            Assert.That(Jvp([loss], [X], [OnesLike(X)])[0].RequiresGrad, Is.False);
            Assert.That(HessianVectorProduct(loss, [X], [OnesLike(X)])[0].RequiresGrad, Is.False);
        }

        Assert.That(Gradients(loss, X)[0].RequiresGrad, Is.True);
    }

    [Test]
    public void A_gradient_has_the_shape_and_dtype_of_its_target()
    {
        Input<float> w = Input("w", [1, 3], requiresGrad: true);
        Input<float> s = Input("s", [], requiresGrad: true);
        Node x = Input("x", ["N", 3]);
        (Node dw, Node ds) = Gradients(Sum(Cast((x * w) + s, DType.Float64)), w, s);
        Assert.That(dw.Results[0], Is.EqualTo(w.Results[0]));
        Assert.That(ds.Results[0], Is.EqualTo(s.Results[0]));
    }

    [Test]
    public void Intermediate_nodes_are_targets_too()
    {
        Node y = Square(X);
        (Node dy, Node dx) = Gradients(Sum(y * y) + Sum(X), y, X);
        Assert.That(Values(dy, (X, At)), Is.EqualTo(new[] { 0.5, 2, 8 }));
        Assert.That(Values(dx, (X, At)), Is.EqualTo(new[] { 1.5, -3, 33 }));
    }

    [Test]
    public void Unreached_targets_are_as_asked_for()
    {
        Node loss = Sum(X);
        Input<double> other = Variable("other", 2);
        Assert.That(() => Gradients(loss, other), Throws.TypeOf<GradientException>().With.Message.Contains("'other'").And.Message.Contains("Unreached.Zeros"));
        Assert.That(GradientsOrNull(loss, [X, other]).Select(g => g is null), Is.EqualTo(new[] { false, true }));
        Assert.That(Values(Gradients(loss, [other], Unreached.Zeros)[0]), Is.EqualTo(new double[2]));
        Assert.That(() => Gradients(Sum(Detach(X)) * Sum(other), X), Throws.TypeOf<GradientException>(), "detached");
    }

    /// <summary>Who asks for zeros, or null, where nothing depends on a target means a constant loss too; one that can have no gradient is a mistake.</summary>
    [Test]
    public void A_loss_that_requires_no_gradient_gives_what_was_asked_for()
    {
        Node quiet;
        using (GradMode.NoGrad())
        {
            quiet = Sum(X);
        }

        using (Assert.EnterMultipleScope())
        {
            foreach (Node loss in new[] { Constant(2.0), Sum(Input<double>("plain", [3])), Sum(Detach(X)), quiet })
            {
                Assert.That(Values(Gradients(loss, [X], Unreached.Zeros)[0]), Is.EqualTo(new double[3]));
                Assert.That(GradientsOrNull(loss, [X])[0], Is.Null);
                Assert.That(Values(HessianVectorProduct(loss, [X], [OnesLike(X)])[0]), Is.EqualTo(new double[3]));
                Assert.That(() => Gradients(loss, X), Throws.TypeOf<GradientException>().With.Message.Contains("does not require a gradient"));
            }

            (Node x, Node y) = Vjp([Constant(2.0), Sum(X)], [X, Variable("other", 2)], [Constant(1.0), Constant(3.0)], Unreached.Zeros);
            Assert.That(Values(x), Is.EqualTo(new double[] { 3, 3, 3 }));
            Assert.That(Values(y), Is.EqualTo(new double[2]));
            Assert.That(() => Gradients(ArgMax(X, 0), [X], Unreached.Zeros), Throws.TypeOf<GradientException>().With.Message.Contains("int64 has no gradients"));
            Assert.That(() => Gradients(Sum(X), [Constant(2.0)], Unreached.Zeros), Throws.TypeOf<GradientException>().With.Message.Contains("target"));
        }
    }

    private static IEnumerable<TestCaseData> Flat() => new (string Name, Func<Node, Node> Of)[]
    {
        ("x⁰", x => x.Pow(0)), ("floor", Floor), ("ceil", Ceil), ("round", Round), ("trunc", Trunc), ("sign", Sign), ("floorDivide", x => FloorDivide(x, OnesLike(x))),
        ("truncDivide", x => TruncDivide(x, OnesLike(x))), ("floor of sin", x => Floor(Sin(x)) * 2), ("call", x => Call("floor", [x], v => Floor(v[0]))),
        ("norm of order 0", x => Norm(x, 0)),
    }.Select(f => new TestCaseData(f.Of).SetArgDisplayNames(f.Name));

    [TestCaseSource(nameof(Flat))]
    public void Where_all_slopes_are_zero_the_gradient_is_zero(Func<Node, Node> f)
    {
        Node loss = Sum(f(X));
        Assert.That(loss.RequiresGrad, Is.True);
        Assert.That(Values(Gradients(loss, X)[0], (X, At)), Is.EqualTo(new double[3]));
        Assert.That(GradientsOrNull(loss, [X])[0], Is.Not.Null);
        Assert.That(Value(Jvp([loss], [X], [OnesLike(X)])[0], (X, At)), Is.Zero);
        Assert.That(Values(HessianVectorProduct(loss, [X], [OnesLike(X)])[0], (X, At)), Is.EqualTo(new double[3]));
        Assert.That(Values(Gradients(loss + Sum(X), X)[0], (X, At)), Is.EqualTo(new double[] { 1, 1, 1 }));
    }

    [Test]
    public void What_has_no_gradient_says_so()
    {
        Input<double> w = Variable("w", 3);
        Node position = ArgMax(w, 0);
        Node quiet;
        using (GradMode.NoGrad())
        {
            quiet = Sin(w);
        }

        void Says(Func<object> make, params string[] parts) =>
            Assert.That(() => make(), Throws.TypeOf<GradientException>().With.Message.Matches(string.Join(".*", parts.Select(System.Text.RegularExpressions.Regex.Escape))));
        Says(() => Gradients(position, w), "The output ArgMax int64[] does not require a gradient", "int64 has no gradients");
        Says(() => Gradients(Sum(w), Input<int>("k", [3])), "The target Input 'k' int32[3]", "int32 has no gradients");
        Says(() => Jvp([w], [position], [position]), "Jvp: the input ArgMax", "int64 has no gradients");
        Says(() => Gradients(Sum(Cast(position, DType.Float64)), w), "The output Sum float64[]", "they end at ArgMax int64[]", "int64 has no gradients");
        Says(() => Gradients(Sum(Detach(w)), w), "Detach float64[3] cuts them off");
        Says(() => Gradients(Sum(quiet), w), "Sin float64[3] was made under NoGrad");
        Says(() => Gradients(Sum(Input<double>("plain", [3])), w), "nothing that it depends on does", "requiresGrad: true");
        Parameter<double> f = Parameter("f", [3], 1.0, requiresGrad: false);
        Says(() => Gradients(Sum(f * Input<double>("plain", [3])), w), "Sum float64[] does not require a gradient: nothing that it depends on does; Parameter 'f' float64[3] has requiresGrad: false.");
        Says(() => Gradients(Sum(f * Cast(Parameter("b", 0), DType.Float64)), w), "; Parameter 'f' float64[3] has requiresGrad: false.");
        Says(() => Gradients(Sum(w), f), "The target Parameter 'f' float64[3]", "make it with requiresGrad: true");
        Says(() => Gradients(Cast(Parameter("b", 0), DType.Float64), w), "; Parameter 'b' int32[] is int32 and cannot have one, write 0f instead of 0.");
        Says(() => Gradients(Sum(w), Parameter("b", 0)), "int32 has no gradients", "make it of floats, such as 0f");
        Says(() => Gradients(Cast(Input<int>("k", []), DType.Float64), w), "make an input with requiresGrad: true.");
        Says(() => Gradients(Sum(X * Cast(position, DType.Float64)), w), "does not depend on the target Input 'w'", "they end at ArgMax int64[]", "Unreached.Zeros");
        Says(() => Gradients(Sum(X * Cast(w > 0, DType.Float64)), w), "they end at", "bool has no gradients");
        Says(() => Gradients(Sum(X * quiet), w), "Sin float64[3] was made under NoGrad");
        Says(() => GradientCheck.Run(Cast(position, DType.Float64), [w]), "GradientCheck: the loss", "int64 has no gradients");
        Says(() => GradientCheck.Run(Sum(w), [position]), "GradientCheck: the target ArgMax", "int64 has no gradients");
    }

    [Test]
    public void Mistakes_are_explained()
    {
        Node plain = Input<double>("plain", [3]);
        Assert.That(() => Gradients(X * 2, X), Throws.TypeOf<GradientException>().With.Message.Contains("grad can be implicitly created only for scalar outputs").And.Message.Contains("Mul float64[3]"));
        Assert.That(() => Gradients(Sum(plain), X), Throws.TypeOf<GradientException>().With.Message.Contains("does not require a gradient"));
        Assert.That(() => Gradients(Sum(X * plain), plain), Throws.TypeOf<GradientException>().With.Message.Contains("'plain'").And.Message.Contains("requiresGrad: true"));
        Assert.That(() => Vjp([X * 2], [X], [Vector(1, 2)]), Throws.TypeOf<GradientException>().With.Message.Contains("float64[2]").And.Message.Contains("float64[3]"));
        Assert.That(() => Vjp([X * 2], [X], [Cast(X, DType.Float32)]), Throws.TypeOf<GradientException>().With.Message.Contains("float32[3]"));
        Assert.That(() => Vjp([X * 2], [X], []), Throws.TypeOf<GradientException>().With.Message.Contains("each output needs a cotangent, 1 in all, not 0"));
        Assert.That(() => Jvp([X * 2], [X], []), Throws.TypeOf<GradientException>().With.Message.Contains("each input needs a tangent, 1 in all, not 0"));
        Assert.That(() => HessianVectorProduct(Sum(X * X), [X], [Vector(1, 2)]), Throws.TypeOf<GradientException>().With.Message.StartsWith("HessianVectorProduct: the vector float64[2]"));
    }

    private static IEnumerable<TestCaseData> Closed()
    {
        foreach ((string name, Func<Node, Node> f, Func<double, double> third) in new (string, Func<Node, Node>, Func<double, double>)[]
        {
            ("x³", x => x * x * x, _ => 6), ("x⁴", x => Pow(x, 4), x => 24 * x), ("exp", Exp, Math.Exp), ("log", Log, x => 2 / (x * x * x)), ("sin", Sin, x => -Math.Cos(x)),
            ("cos", Cos, Math.Sin), ("1/x", Reciprocal, x => -6 / Math.Pow(x, 4)), ("√x", Sqrt, x => 0.375 * Math.Pow(x, -2.5)), ("x^2.5", x => Pow(x, 2.5), x => 1.875 / Math.Sqrt(x)),
            ("log1p", Log1P, x => 2 / Math.Pow(1 + x, 3)), ("2ˣ", x => Pow(Constant(2.0), x), x => Math.Pow(2, x) * Math.Pow(Math.Log(2), 3)),
            ("tanh", Tanh, x => Math.Tanh(x) is var t ? (1 - (t * t)) * ((6 * t * t) - 2) : 0),
            ("sigmoid", Sigmoid, x => 1 / (1 + Math.Exp(-x)) is var s ? s * (1 - s) * (1 - (6 * s) + (6 * s * s)) : 0),
            ("softplus", Softplus, x => 1 / (1 + Math.Exp(-x)) is var s ? s * (1 - s) * (1 - (2 * s)) : 0),
            ("log(1 + exp)", x => Log(1 + Exp(x)), x => 1 / (1 + Math.Exp(-x)) is var s ? s * (1 - s) * (1 - (2 * s)) : 0),
            ("erf", Erf, x => 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * ((4 * x * x) - 2)),
            ("x/(1 + x)", x => x / (1 + x), x => 6 / Math.Pow(1 + x, 4)),
        })
        {
            yield return new TestCaseData(f, third).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Closed))]
    public void Third_derivatives_have_their_closed_form(Func<Node, Node> f, Func<double, double> third)
    {
        Input<double> x = Variable();
        Node third1 = Gradients(Gradients(Gradients(f(x), x)[0], x).Single(), [x], Unreached.Zeros)[0];
        Node forward = f(x);
        for (int i = 0; i < 3; i++)
        {
            forward = Jvp([forward], [x], [OnesLike(x)])[0];
        }

        foreach (double at in new[] { 0.3, 0.9, 1.7 })
        {
            Assert.That(Value(third1, (x, Reals([], at))), Close(third(at), 1e-8));
            Assert.That(Value(forward, (x, Reals([], at))), Close(third(at), 1e-8));
        }
    }

    private static IEnumerable<TestCaseData> Functions()
    {
        long[] picks = [2, 0, 2];
        foreach ((string name, Func<Node, Node> f) in new (string, Func<Node, Node>)[]
        {
            ("softmax", x => Softmax(x, 0)), ("logsoftmax", x => LogSoftmax(x)), ("layernorm", x => LayerNorm(x)), ("gelu", x => Gelu(x)), ("relu", Relu), ("clamp", x => Clamp(x, -1, 1)),
            ("max", x => Max(x, 0)), ("min", x => Min(x)), ("prod", x => Prod(x, 1)), ("matmul", x => MatMul(x, Transpose(x))), ("take", x => Take(x, Constant(picks), 1)),
            ("pad", x => Pad(x, 0, 1, 2)), ("slice", x => Slice(x, 1, 0, 3, 2)), ("concat", x => Concat([x, x * 2], 1)), ("stack", x => Stack([x, Sin(x)])), ("variance", x => Variance(x, 1)),
            ("cross-entropy", x => CrossEntropy(x, Constant(new long[] { 1, 0 }))), ("where", x => Where(x > 0, Sqrt(Abs(x)), Exp(x))), ("call", x => Call("f", [x, x * x], v => v[0] * Sin(v[1]))),
            ("call twice", x => Call("f", [x, x], v => v[0] * Sin(v[1]))), ("cast", x => Cast(Cast(x, DType.Float32), DType.Float64)), ("maxWithIndex", x => MaxWithIndex(x, 1).Values),
            ("scatter", x => ScatterAdd(x, 1, Constant(Whole([2, 2], 0, 0, 2, 1)), Slice(Sin(x), 1, 0, 2))), ("index-add", x => IndexAdd(x, 1, Constant(picks), x * x)),
        })
        {
            yield return new TestCaseData(f).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Functions))]
    public void Forward_and_reverse_mode_are_transposes(Func<Node, Node> f)
    {
        Input<double> x = Variable("x", 2, 3);
        Node y = f(x);
        Node v = Constant(Sample(y.Results[0], _ => 0, 5));
        Node u = Constant(Sample(x.Results[0], _ => 0, 6));
        Node forward = Sum(v * Jvp([y], [x], [u])[0]);
        Node reverse = Sum(Vjp([y], [x], [v])[0] * u);
        TensorValue at = Sample(x.Results[0], _ => 0, 7);
        Assert.That(Value(forward, (x, at)), Close(Value(reverse, (x, at)), 1e-6));

        // And against a central difference, for both could be wrong together.
        const double H = 1e-5;
        TensorValue Moved(double h) => Reals([2, 3], [.. Enumerable.Range(0, 6).Select(i => at[i] + (h * Run(u)[i]))]);
        if (y.Inputs.All(i => i.DType != DType.Float32))
        {
            Node along = Sum(v * y);
            Assert.That(Value(forward, (x, at)), Is.EqualTo((Value(along, (x, Moved(H))) - Value(along, (x, Moved(-H)))) / (2 * H)).Within(1e-6));
        }
    }

    [Test]
    public void Modes_agree_where_one_target_depends_on_another()
    {
        Node y = Sin(X);
        Node loss = Sum(y * y * X);
        Node forward = Jvp([loss], [X, y], [Vector(1, 2, 3), Vector(4, 5, 6)])[0];
        NodeList reverse = Vjp([loss], [X, y], [Constant(1.0)]);
        Assert.That(Value(forward, (X, At)), Close(Value(Sum(reverse[0] * Vector(1, 2, 3)) + Sum(reverse[1] * Vector(4, 5, 6)), (X, At))));
    }

    [Test]
    public void A_Hessian_vector_product_is_the_gradient_of_a_directional_derivative()
    {
        Node loss = Sum(Exp(X) * Sum(X * X));
        Node v = Vector(1, -2, 0.5);
        Node product = HessianVectorProduct(loss, [X], [v])[0];
        Node expected = Gradients(Sum(Gradients(loss, X)[0] * v), X)[0];
        Assert.That(Values(product, (X, At)), Is.EqualTo(Values(expected, (X, At))).Within(1e-10));
        Assert.That(Values(HessianVectorProduct(Sum(X), [X], [v])[0], (X, At)), Is.EqualTo(new double[3]));
    }

    [Test]
    public void What_no_output_depends_on_has_no_cotangent()
    {
        Node x = Variable("x", 2);
        Node other = Variable("other", 2);
        Node seed = Vector(1, 10);
        IReadOnlyList<Node?> pulled = VjpOrNull([x * x, 3 * x], [other, x], [seed, seed]);
        Assert.That(pulled[0], Is.Null);
        Assert.That(Values(pulled[1]!, (x, Reals([2], 4, 5))), Is.EqualTo(new double[] { 11, 130 }));
        Assert.That(() => Vjp([x * x], [other], [seed]), Throws.TypeOf<GradientException>().With.Message.Contains("'other'"));
    }
}
