using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

public sealed class SemanticsSnippets
{
    [Test]
    public void What_requires_a_gradient()
    {
        List<bool> flags = [];

        // snippet: requires-grad
        var x = Input("x", [3]);
        var w = Parameter("w", new Generator(seed: 0).Normal(3));
        bool recorded = (x * w).RequiresGrad;               // true: w requires a gradient
        bool detached = (x * w.Detach()).RequiresGrad;      // false
        bool compared = (x < w).RequiresGrad;               // false
        using (GradMode.NoGrad())
        {
            bool inside = (x * w).RequiresGrad;             // false
            bool leaf = w.RequiresGrad;                     // true
            // aside
            flags.AddRange([inside, leaf]);
            // back
        }

        // end
        Assert.That(new[] { recorded, detached, compared, flags[0], flags[1] }, Is.EqualTo(new[] { true, false, false, false, true }));
    }

    [Test]
    public void Backward_adds()
    {
        List<float?> seen = [];

        // snippet: backward-adds
        var w = Parameter("w", 3f);
        using var model = Compiler.Compile([], w * w);
        model.Forward();
        model.Backward();                                   // w.Grad is [6]
        // aside
        seen.Add(w.Grad?[0]);
        // back
        model.Forward();
        model.Backward();                                   // w.Grad is [12]
        // aside
        seen.Add(w.Grad?[0]);
        // back
        model.ZeroGrad();                                   // w.Grad is null

        // end
        Assert.That(seen, Is.EqualTo(new float?[] { 6, 12 }));
        Assert.That(w.Grad, Is.Null);
    }

    [Test]
    public void Dropout_is_for_training()
    {
        // snippet: dropout
        var generator = new Generator(seed: 1);
        var x = Input("x", ["N", 8]);
        var w = Parameter("w", new Generator(seed: 0).Normal(8, 4));
        Node Layer(double p) => Dropout(generator, Relu(MatMul(x, w)), p);
        using var training = Compiler.Compile([x], Sum(Layer(p: 0.5)));
        using var evaluation = Compiler.Compile([x], Layer(p: 0));
        training.Forward(new float[16]);                    // consumes one counter
        training.Backward();                                // sees the same mask
        evaluation.Run(new float[16]);                      // draws nothing
        ulong consumed = generator.Position;                // 1

        // end
        Assert.That(consumed, Is.EqualTo(1));
    }

    [Test]
    public void Loops_and_branches()
    {
        // snippet: scan
        var xs = Input("xs", ["T", 2]);
        var w = Parameter("w", [0.5f, 2f]);
        var (last, all) = Scan(Zeros([2]), xs, (h, x) => w * h + x);
        var (largest, steps) = While([Constant(1f), Constant(0)], s => s[0] < 100, s => [s[0] * 3, s[1] + 1]);
        var safe = Cond(Sum(last) > 0, () => Log(last), () => -last);
        using var graph = Compiler.Compile([xs], [last, all, steps, Gradients(Sum(last), w)[0]]);
        var results = graph.Run(new float[] { 1, 1, 1, 1, 1, 1 });
        float[] h = results.GetArray<float>(0);                // 1.75, 7
        int tripled = results.Scalar<int>(2);               // 5
        float[] slopes = results.GetArray<float>(3);           // 2, 5

        // end
        Assert.That((h, tripled, slopes), Is.EqualTo((new float[] { 1.75f, 7 }, 5, new float[] { 2, 5 })));
        Assert.That((largest.RequiresGrad, safe.RequiresGrad), Is.EqualTo((false, true)));
    }

    [Test]
    public void Many_examples_at_once()
    {
        // snippet: vmap
        var xs = Input("xs", ["N", 3]);
        var w = Parameter("w", [1f, 2f, 3f]);
        var losses = Vmap(x => Square(Dot(x, w) - 1))(xs);
        var slopes = Vmap(x => Gradients(Square(Dot(x, w) - 1), w)[0])(xs);      // [N, 3]: one gradient for each example
        var products = Vmap(a => Vmap(b => Dot(a, b))(xs))(xs);                  // [N, N]
        using var graph = Compiler.Compile([xs], [losses, slopes, products]);
        var results = graph.Run(new float[] { 1, 0, 0, 0, 1, 1 });
        float[] each = results.GetArray<float>(0);              // 0, 16
        float[] gradients = results.GetArray<float>(1);         // 0, 0, 0, 0, 8, 8
        float[] gram = results.GetArray<float>(2);              // 1, 0, 0, 2

        // end
        Assert.That((each, gradients, gram), Is.EqualTo((new float[] { 0, 16 }, new float[] { 0, 0, 0, 0, 8, 8 }, new float[] { 1, 0, 0, 2 })));
    }

    [Test]
    public void Searches_differential_equations_and_integrals()
    {
        // snippet: searches
        var a = Parameter("a", [2.0, 9.0]);
        var k = Parameter("k", 0.5);
        var (root, converged, _) = Bisect(x => x * x - a, ZerosLike(a), a);
        var (values, _, _) = OdeSolve((t, y) => -k * y, Constant(1.0), Constant([0.0, 1.0, 2.0]));
        var (area, error, _) = Integrate(x => Exp(-k * x), Constant(0.0), Constant(double.PositiveInfinity));
        using var graph = Compiler.Compile([], [root, Gradients(Sum(root), a)[0], Gradients(values[2], k)[0], Gradients(area, k)[0]]);
        var results = graph.Run();
        double[] roots = results.GetArray<double>(0);       // √2, 3
        double[] slopes = results.GetArray<double>(1);      // 1 / (2 · √a)
        double later = results.Scalar<double>(2);           // −2 · e⁻¹
        double smaller = results.Scalar<double>(3);         // −1 / k²

        // end
        Assert.That(roots, Is.EqualTo([Math.Sqrt(2), 3]).Within(1e-12));
        Assert.That(slopes, Is.EqualTo([Math.Sqrt(2) / 4, 1 / 6.0]).Within(1e-12));
        Assert.That(new[] { later, smaller }, Is.EqualTo(new[] { -2 / Math.E, -4 }).Within(1e-5));
        Assert.That((converged.DType, error.Rank), Is.EqualTo((DType.Bool, 0)));
    }

    [Test]
    public void Gradients_differentiate_again()
    {
        // snippet: second-derivative
        var x = Input("x", [], requiresGrad: true);
        var first = Gradients(x.Pow(3), x)[0];
        var second = Gradients(first, x)[0];
        var evaluate = Compiler.Compile<Func<float, (float, float)>>([x], [first, second]);
        var (slope, curvature) = evaluate(2f);              // 12, 12

        // end
        Assert.That((slope, curvature), Is.EqualTo((12f, 12f)));
    }

    [Test]
    public void Gradients_go_through_the_node_itself()
    {
        // snippet: intermediate-target
        var p = Input("p", [], requiresGrad: true);
        var q = p * 1f;
        var g = Gradients(q.Pow(3), q)[0];
        var again = Gradients(q * g, q)[0];                 // d(3q³)/dq
        var product = HessianVectorProduct(q.Pow(3), [q], [Ones([])])[0];
        var evaluate = Compiler.Compile<Func<float, (float, float)>>([p], [again, product]);
        var (ofGradient, ofHessian) = evaluate(2f);         // 36, 12

        // end
        Assert.That((ofGradient, ofHessian), Is.EqualTo((36f, 12f)));
    }

    [Test]
    public void Where_lets_no_nan_out_of_the_branch_not_taken()
    {
        // snippet: where-no-nan
        var x = Input("x", [2], requiresGrad: true);
        var y = Where(x > 0, Sqrt(x), x);                   // the slope of Sqrt at 0 is infinite
        var slope = Compiler.Compile<Func<float[], float[]>>([x], Gradients(y.Sum(), x)[0]);
        float[] at = slope([0, 4]);                         // [1, 0.25]: no NaN

        // end
        Assert.That(at, Is.EqualTo(new[] { 1, 0.25f }));
    }
}
