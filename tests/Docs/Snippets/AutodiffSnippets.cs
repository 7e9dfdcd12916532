using System.Linq.Expressions;
using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

public sealed class AutodiffSnippets
{
    [Test]
    public void Values_and_gradients()
    {
        // snippet: value-and-gradients
        var x = Input("x", [3]);
        var (value, gradients) = ValueAndGradients(v => Sum(v[0] * v[0]), [x]);
        var evaluate = Compiler.Compile<Func<float[], (float, float[])>>([x], [value, gradients[0]]);
        var (loss, slope) = evaluate([1, 2, 3]);            // 14, [2, 4, 6]

        // end
        Assert.That(loss, Is.EqualTo(14));
        Assert.That(slope, Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    [Test]
    public void Products()
    {
        // snippet: products
        var x = Input("x", [2], requiresGrad: true);
        var y = x * x;
        var direction = Constant(new float[] { 1, 10 });
        var pulled = Vjp([y], [x], [direction])[0];         // 2x·u
        var pushed = Jvp([y], [x], [direction])[0];         // 2x·v
        var curved = HessianVectorProduct(Sum(x * y), [x], [direction])[0];     // 6x·v
        var evaluate = Compiler.Compile<Func<float[], (float[], float[], float[])>>([x], [pulled, pushed, curved]);
        var (u, v, h) = evaluate([1, 2]);                   // [2, 40], [2, 40], [6, 120]

        // end
        Assert.That(u, Is.EqualTo(new float[] { 2, 40 }));
        Assert.That(v, Is.EqualTo(u));
        Assert.That(h, Is.EqualTo(new float[] { 6, 120 }));
    }

    [Test]
    public void Whole_matrices()
    {
        // snippet: matrices
        var x = Input("x", [2], requiresGrad: true);
        var y = Stack([x[0] * x[1], x[0], Exp(x[1])]);
        var jacobian = Jacobian(y, x);                      // [3, 2]: by columns, as x has fewer elements than y
        var loss = x[0] * x[0] * x[1];
        var hessian = Hessian(loss, x);                     // [2, 2]
        var diagonal = HessianDiagonal(loss, x);            // [2]
        using var graph = Compiler.Compile([x], [jacobian, hessian, diagonal]);
        RunResults results = graph.Run(new float[] { 3, 0 });
        float[] first = results.GetArray<float>(0);         // [0, 3, 1, 0, 0, 1]
        float[] second = results.GetArray<float>(1);        // [0, 6, 6, 0]

        // end
        Assert.That(first, Is.EqualTo(new float[] { 0, 3, 1, 0, 0, 1 }));
        Assert.That(second, Is.EqualTo(new float[] { 0, 6, 6, 0 }));
        Assert.That(results.GetArray<float>(2), Is.EqualTo(new float[] { 0, 0 }));
    }

    [Test]
    public void Examples_of_a_batch()
    {
        // snippet: examples-of-a-batch
        var w = Parameter("w", new float[] { 1, 2 });
        var xs = Input("xs", ["N", 2]);
        var each = Vmap(x => Gradients(Dot(x, w).Square(), w)[0])(xs);          // [N, 2]: 2·(x·w)·x
        float[] gradients = Compiler.Compile([xs], each).Run(new float[,] { { 1, 0 }, { 1, 1 } }).GetArray<float>();   // [2, 0, 6, 6]

        // end
        Assert.That(gradients, Is.EqualTo(new float[] { 2, 0, 6, 6 }));
    }

    [Test]
    public void Less_memory()
    {
        // snippet: checkpoint
        var random = new Generator(seed: 0);
        var h = Input("x", ["N", 8]);
        Node layer = h;
        var weights = new List<Parameter<float>>();
        for (int i = 0; i < 4; i++)
        {
            var w = Parameter($"w{i}", random.Normal(8, 8));
            weights.Add(w);
            layer = Checkpoint(x => x + Tanh(MatMul(Sin(x), w)), layer);        // keeps x, and nothing within
        }

        var gradients = Gradients(layer.Square().Mean(), [.. weights]);

        // end
        Assert.That(gradients, Has.Count.EqualTo(4));
    }

    [Test]
    public void Straight_through()
    {
        // snippet: straight-through
        static Node Quantize(Node x) => CustomGradient("Quantize", [x], v => Round(v[0]), (_, _, cotangent) => [cotangent]);

        var x = Input("x", [], requiresGrad: true);
        var slope = Gradients(Quantize(x * 3f), x)[0];
        float through = Compiler.Compile<Func<float, float>>([x], slope)(0.4f);  // 3, where the slope of Round is 0

        // end
        Assert.That(through, Is.EqualTo(3));
    }

    [Test]
    public void Hooks()
    {
        // snippet: hook
        var x = Input("x", [2], requiresGrad: true);
        var y = GradientHook(x, cotangent => Clamp(cotangent, -1, 1));
        var clipped = Compiler.Compile<Func<float[], float[]>>([x], Gradients(Sum(y * y), x)[0]);
        float[] slope = clipped([0.25f, 3]);                // [0.5, 1]

        // end
        Assert.That(slope, Is.EqualTo(new[] { 0.5f, 1 }));
    }

    [Test]
    public void Lambdas()
    {
        // snippet: map
        Expression<Func<float, float>> swish = v => v / (1 + MathF.Exp(-v));
        var x = Input("x", [2], requiresGrad: true);
        var (a, b) = (Constant(2f), Constant(0.5f));
        var y = Map(x, a, (v, scale) => v > 0 ? scale * swish.Of(v) : b.Element());
        var evaluate = Compiler.Compile<Func<float[], (float[], float[])>>([x], [y, Gradients(Sum(y), x)[0]]);
        var (values, slopes) = evaluate([-1, 0.5f]);

        // end
        Assert.That(values, Is.EqualTo(new[] { 0.5f, 1 / (1 + MathF.Exp(-0.5f)) }).Within(1e-6));
        Assert.That(slopes[0], Is.Zero);
        Assert.That(slopes[1], Is.GreaterThan(1));
    }
}
