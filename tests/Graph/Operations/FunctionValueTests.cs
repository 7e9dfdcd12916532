using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Functions that are several operations, against loops and against what they are made of; their mistakes.</summary>
public class FunctionValueTests
{
    private static readonly Node F = Input("f", [2, 3]);

    private static IEnumerable<TestCaseData> Mistakes() =>
    [
        Case("Linear sizes", () => Linear(F, Input("w", [4, 2])), "Linear:", "[2, 3] and [4, 2]", "[O, I]", "'w'"),
        Case("Linear bias", () => Linear(F, Input("w", [4, 3]), Input("b", [3])), "Linear:", "bias", "[4]", "'b'"),
        Case("Linear dtypes", () => Linear(F, Input<double>("w", [4, 3])), "Linear:", "float32 and float64"),
        Case("Addmm ranks", () => Addmm(F, F, Input("v", [3])), "Addmm:", "2 and 2 axes", "'v'"),
        Case("Addmm of too much", () => Addmm(Input("g", [5, 2, 2]), F, Transpose(F)), "Addmm:", "[5, 2, 2]", "[2, 2]", "'g'"),
        Case("Addmm dtypes", () => Addmm(Input<double>("g", [2, 2]), F, Transpose(F)), "Addmm:", "float64", "use Cast"),
        Case("Addbmm batches", () => Addbmm(F, Input("a", [2, 2, 2]), Input("b", [3, 2, 2])), "Addbmm:", "over equal batches"),
        Case("Pad of more axes", () => Pad(F, [(1, 1), (1, 1), (1, 1)]), "Pad:", "3 axes", "has 2", "'f'"),
        Case("Pad too wide", () => Pad(F, [(3, 0)], PaddingMode.Reflect), "Pad:", "too wide for Reflect", "axis -1", "'f'"),
        Case("Pad away", () => Pad(F, [(-1, 0)], PaddingMode.Replicate), "Pad:", "must not be negative", "Replicate"),
        Case("WeightNorm", () => WeightNorm(F, Input("g", [3])), "WeightNorm:", "[2] or [2, 1]", "'g'"),
        Case("MultiLabelMarginLoss shapes", () => MultiLabelMarginLoss(F, Input<long>("t", [2])), "MultiLabelMarginLoss:", "one shape", "'t'"),
        Case("MultiLabelMarginLoss dtypes", () => MultiLabelMarginLoss(F, F), "MultiLabelMarginLoss:", "int32 or int64"),
        Case("Median of nothing", () => Median(Input("x", [0, 2])), "Median:", "no elements", "'x'"),
        Case("Norm of nothing", () => Norm(Input("x", [0, 2]), double.PositiveInfinity, 0), "Norm:", "axis 0 has no elements", "'x'"),
    ];

    [TestCaseSource(nameof(Mistakes))]
    public void Mistakes_say_what_would_be_right(Func<Node> make, string[] parts)
    {
        GraphException? error = Assert.Catch<GraphException>(() => make());
        using (Assert.EnterMultipleScope())
        {
            foreach (string part in parts)
            {
                Assert.That(error!.Message, Does.Contain(part));
            }
        }
    }

    [Test]
    public void What_a_factor_of_zero_leaves_out_is_not_read()
    {
        Node nan = Full([2, 2], double.NaN, DType.Float64);
        Node a = Of([2, 2], 1, 2, 3, 4);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(Addmm(nan, a, a, beta: 0)), Is.EqualTo([7, 10, 15, 22]));
            Assert.That(Values(Addmm(a, a, a, beta: 2, alpha: -1)), Is.EqualTo([-5, -6, -9, -14]));
            Assert.That(Values(Addbmm(a, Stack([a, a]), Stack([a, a]))), Is.EqualTo([15, 22, 33, 48]));
            Assert.That(Values(Addr(a, Vector(1, 2), Vector(3, 4))), Is.EqualTo([4, 6, 9, 12]));
        }
    }

    [Test]
    public void Nothing_is_normalised_to_nothing_and_sums_to_minus_infinity()
    {
        Node nothing = Zeros([2, 0], DType.Float64);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(Softmax(nothing)), Is.Empty);
            Assert.That(Values(LogSoftmax(nothing)), Is.Empty);
            Assert.That(Values(LogSumExp(nothing, 1)), Is.EqualTo([double.NegativeInfinity, double.NegativeInfinity]));
            Assert.That(Values(ScaledDotProductAttention(Ones([1, 2, 3], DType.Float64), Ones([1, 0, 3], DType.Float64), Ones([1, 0, 1], DType.Float64))), Is.EqualTo([0, 0]));
        }
    }

    [Test]
    public void A_norm_of_order_0_counts_and_has_the_gradient_0()
    {
        Input<double> x = Variable("x", 4);
        TensorValue at = Reals([4], 0, -2, double.NaN, 3);
        Assert.That(Value(Norm(x, 0), (x, at)), Is.EqualTo(3));
        Assert.That(Values(Gradients(Norm(x, 0), x)[0], (x, at)), Is.EqualTo([0, 0, 0, 0]));
    }

    [Test]
    public void Integers_have_a_median() => Assert.That(Value(Median(Constant(new long[] { 5, -1, 7, 3 }))), Is.EqualTo(3));

    [Test]
    public void Several_right_classes_end_at_a_negative_number()
    {
        double[,] x = { { 0.1, 0.2, 0.4, 0.8 }, { -0.3, 1.5, 0.2, 0.1 } };
        long[][] classes = [[3, 0], []];
        Node target = Reshape(Constant(new long[] { 3, 0, -1, 1, -5, 2, 2, 2 }), [2, 4]);

        double[] losses = Values(MultiLabelMarginLoss(Of([2, 4], [.. x.Cast<double>()]), target, LossReduction.None));

        double[] expected = [.. classes.Select((right, row) =>
            (from j in right from k in Enumerable.Range(0, 4) where !right.Contains(k) select Math.Max(0, 1 - x[row, j] + x[row, k])).Sum() / 4)];
        Assert.That(losses, Is.EqualTo(expected).Within(1e-15));
        Assert.That(expected[0], Is.EqualTo(0.85).Within(1e-15), "the example of PyTorch's documentation");
    }

    [Test]
    public void A_class_out_of_range_names_the_loss()
    {
        Input<long> target = Input<long>("target", [3]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([target], MultiLabelMarginLoss(Vector(1, 2, 3), target));
        Assert.That(() => compiled.Run(new long[] { 1, 3, -1 }), Throws.InstanceOf<GraphException>().With.Message.Contains("MultiLabelMarginLoss").And.Message.Contains("3"));
    }

    [Test]
    public void A_weight_has_the_length_that_it_is_given()
    {
        Node weight = WeightNorm(Of([2, 2], 3, 4, -1, 0), Vector(10, 2));
        Assert.That(Values(weight), Is.EqualTo([6, 8, -2, 0]).Within(1e-14));
        Assert.That(Values(WeightNorm(Of([2, 2], 1, 1, 1, 1), Constant(3.0), null)), Is.EqualTo([1.5, 1.5, 1.5, 1.5]).Within(1e-14));
    }

    [Test]
    public void Positions_of_uneven_windows_are_those_of_the_channel([Values(1, 2, 3, 4)] int rows, [Values(1, 2, 5)] int columns)
    {
        (int height, int width) = (4, 5);
        double[] x = [.. Enumerable.Range(0, 2 * height * width).Select(i => (double)(i * 7 % 11))];
        (Node values, Node indices) = AdaptiveMaxPool2DWithIndices(Of([1, 2, height, width], x), (rows, columns));
        (double[] foundValues, double[] foundIndices) = (Values(values), Values(indices));
        int at = 0;
        for (int channel = 0; channel < 2; channel++)
        {
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < columns; j++, at++)
                {
                    IEnumerable<int> window =
                        from r in Enumerable.Range(0, height)
                        from c in Enumerable.Range(0, width)
                        where r >= i * height / rows && r < (((i + 1) * height) + rows - 1) / rows && c >= j * width / columns && c < (((j + 1) * width) + columns - 1) / columns
                        select (r * width) + c;
                    int best = window.MaxBy(p => x[(channel * height * width) + p]);
                    Assert.That((foundValues[at], foundIndices[at]), Is.EqualTo((x[(channel * height * width) + best], (double)best)));
                }
            }
        }
    }

    [Test]
    public void Sums_of_large_exponentials_keep_their_digits()
    {
        const int Count = 100_000;
        Node x = Full([Count], 800, DType.Float32);
        double[] sums = Values(Cast(LogCumulativeSumExp(x, 0), DType.Float64));
        Assert.That(sums[^1], Is.EqualTo(800 + Math.Log(Count)).Within(1e-3));
    }

    private static TestCaseData Case(string name, Func<Node> make, params string[] parts) => new TestCaseData(make, parts).SetArgDisplayNames(name);
}
