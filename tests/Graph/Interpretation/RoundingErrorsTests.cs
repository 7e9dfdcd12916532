using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Interpreting;

/// <summary>Bounds of rounding errors hold, and are not so wide that they would hide a fault.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class RoundingErrorsTests
{
    private const int Rows = 7;
    private const int Columns = 33;

    private static IEnumerable<TestCaseData> Expressions()
    {
        yield return Case("a sum of differences", x => (x - x.Mean(1, keepDims: true)).Sum(1));
        yield return Case("normalisation", x => (x - x.Mean(1, keepDims: true)) / Sqrt(((x - x.Mean(1, keepDims: true)).Pow(2)).Mean(1, keepDims: true) + 1e-5f));
        yield return Case("the gradient of a variance that cancels", x => Gradients(LayerNorm(x).Sum(), x)[0]);
        yield return Case("a softmax less its largest", x => Softmax(x * 30, 1) - Softmax(x * 30, 1).Max(1, keepDims: true));
        yield return Case("logarithms near 1", x => Log(1 + (x * 1e-4f)));
        yield return Case("one less a number close to it", x => 1 - Tanh((x * x) + 4));
        yield return Case("a choice that rounding decides", x => Where(x * 3 / 3 > x, x, -x));
        yield return Case("products", x => MatMul(Exp(x), (x - x.Mean(0, keepDims: true)).Permute(1, 0)));
        yield return Case("a product of many", x => (1 + (x * 0.1f)).Prod(1));
        yield return Case("joined and padded", x => Concat([x * x, x / 3], 0).Sum(0) - (x * x).Sum(0));
        yield return Case("masked", x => Softmax(Where(x > 0, x, float.NegativeInfinity), 1));

        static TestCaseData Case(string name, Func<Node, Node> make) => new TestCaseData(make).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Expressions))]
    public void What_double_precision_gives_lies_within(Func<Node, Node> make)
    {
        Input<float> x = Input("x", [Rows, Columns], requiresGrad: true);
        Node y = InlineCalls.Run([make(x)])[0];
        IReadOnlyDictionary<Node, Node> wide = WidenToDouble.Run([y]);
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            TensorValue given = TensorValue.OfReals(DType.Float32, [Rows, Columns], [.. Enumerable.Range(0, Rows * Columns).Select(_ => (random.NextDouble() * 4) - 2)]);
            (TensorValue value, double[]? errors) = RoundingErrors.Evaluate(y, new Dictionary<Node, TensorValue> { [x] = given }, _ => 0);
            TensorValue exact = Interpreter.Evaluate([wide[y]], new Dictionary<Node, TensorValue> { [wide[x]] = WidenToDouble.Wide(given) })[0];
            for (int i = 0; i < value.Count; i++)
            {
                Assert.That(value[i].Equals(exact[i]) || Math.Abs(value[i] - exact[i]) <= errors![i], Is.True, $"element {i}: {value[i]:R}, exactly {exact[i]:R}, bound {errors![i]:R}");
            }
        }
    }

    [Test]
    public void Sums_in_blocks_lie_within_and_long_ones_term_by_term_do_not([Values(1, 10, 1000, 30_000)] int count)
    {
        Input<float> x = Input("x", ["N"]);
        var random = new Random(count);

        // Equal terms round the same way again and again.
        foreach (float[] terms in (float[][])[[.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))], [.. Enumerable.Repeat(0.1f, count)]])
        {
            TensorValue given = TensorValue.OfReals(DType.Float32, [count], [.. terms.Select(t => (double)t)]);
            (TensorValue value, double[]? errors) = RoundingErrors.Evaluate(x.Sum(), new Dictionary<Node, TensorValue> { [x] = given }, _ => count);
            float[] blocks = [.. terms.Chunk(64).Select(Forward)];
            float forward = (float)blocks.Sum(b => (double)b);
            float backward = (float)blocks.Reverse().Sum(b => (double)b);
            Assert.That((float[])[forward, backward], Is.All.EqualTo(value[0]).Within(errors![0]));
            if (terms[0] == terms[^1] && count > 1000)
            {
                Assert.That(Forward(terms), Is.Not.EqualTo(value[0]).Within(errors[0]));
            }
        }

        static float Forward(IEnumerable<float> terms) => terms.Aggregate(0f, (sum, t) => sum + t);
    }

    /// <summary>Products lose no more than their chains do, once: the interpreter's sums are compensated.</summary>
    [Test]
    public void A_product_may_lose_half_a_unit_a_term([Values(1, 100, 256, 10_000)] int count, [Values] bool isDouble)
    {
        DType type = isDouble ? DType.Float64 : DType.Float32;
        Node x = isDouble ? Input<double>("x", [1, count]) : Input("x", [1, count]);
        TensorValue ones = TensorValue.OfReals(type, [1, count], [.. Enumerable.Repeat(1.0, count)]);
        double[] errors = RoundingErrors.Evaluate(MatMul(x, Transpose(x)), new Dictionary<Node, TensorValue> { [x] = ones }, _ => 0).Errors!;
        double terms = count <= 256 ? count : 256 + Math.Log2(count / 256.0);
        Assert.That(errors[0], Is.EqualTo((8 + terms) * count * Math.ScaleB(1, isDouble ? -53 : -24)).Within(1e-6).Percent);
    }

    /// <summary>In one order a sum overflows to NaN, in another it is infinite, in a third a number: what is computed of it, too.</summary>
    [Test]
    public void What_overflows_has_no_bound()
    {
        Input<double> x = Input<double>("x", [1, 4]);
        Input<double> y = Input<double>("y", [4, 1]);
        Node product = MatMul(x, y);
        Node[] nodes = [product, product * product, Tanh(product), 1 - Square(Tanh(product)), Where(product > 0, product, 1), Sum(product), CumulativeProduct(product, 0), Call("both", [product, x], p => [p[1], p[0]])[1]];
        Dictionary<Node, TensorValue> given = new()
        {
            [x] = TensorValue.OfReals(DType.Float64, [1, 4], [1e200, -1e200, 1, 2]),
            [y] = TensorValue.OfReals(DType.Float64, [4, 1], [1e200, 1e200, 3, 4]),
        };
        foreach (Node node in nodes)
        {
            Assert.That(RoundingErrors.Evaluate(node, given, _ => 0).Errors, Is.All.EqualTo(double.PositiveInfinity), node.Describe());
        }

        Assert.That(RoundingErrors.Evaluate(Where(product > 0, 0 * y[0], 0 * y[0]), given, _ => 0).Errors, Is.All.Zero);
    }

    [Test]
    public void Bounds_are_far_below_a_thousandth_where_nothing_cancels()
    {
        Input<float> x = Input("x", [Rows, Columns]);
        Node y = Sigmoid(MatMul(Exp(x), Exp(x).Permute(1, 0)) * 0.01f).Sum(1);
        TensorValue given = TensorValue.OfReals(DType.Float32, [Rows, Columns], [.. Enumerable.Range(0, Rows * Columns).Select(i => Math.Sin(i))]);
        (TensorValue value, double[]? errors) = RoundingErrors.Evaluate(y, new Dictionary<Node, TensorValue> { [x] = given }, _ => 0);
        Assert.That(errors!.Select((e, i) => e / value[i]), Is.All.LessThan(5e-5));
    }

    [Test]
    public void What_is_given_is_exact()
    {
        Input<float> x = Input("x", [3]);
        TensorValue given = TensorValue.OfReals(DType.Float32, [3], [1, 2, 3]);
        Assert.That(RoundingErrors.Evaluate(x, new Dictionary<Node, TensorValue> { [x] = given }, _ => 0).Errors, Is.All.Zero);
        Assert.That(RoundingErrors.Evaluate(x > 2, new Dictionary<Node, TensorValue> { [x] = given }, _ => 0).Errors, Is.Null);
    }
}
