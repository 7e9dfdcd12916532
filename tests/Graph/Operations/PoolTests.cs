using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Pooling in all its forms: the rank of a function says which axes are spatial, with a batch or without one.</summary>
public class PoolTests
{
    private static readonly (string Name, int Spatial, Func<Node, Node> Apply)[] Functions =
    [
        ("MaxPool1D", 1, x => MaxPool1D(x, 2)), ("MaxPool2D", 2, x => MaxPool2D(x, 2, padding: 1)), ("MaxPool3D", 3, x => MaxPool3D(x, 2, 1)),
        ("MaxPool1DWithIndices", 1, x => Places(MaxPool1DWithIndices(x, 2))), ("MaxPool2DWithIndices", 2, x => Places(MaxPool2DWithIndices(x, (2, 1)))), ("MaxPool3DWithIndices", 3, x => Places(MaxPool3DWithIndices(x, 2, 1))),
        ("MaxUnpool1D", 1, x => MaxUnpool1D(x, Positions(x), [40])), ("MaxUnpool2D", 2, x => MaxUnpool2D(x, Positions(x), [8, 5])), ("MaxUnpool3D", 3, x => MaxUnpool3D(x, Positions(x), [4, 2, 5])),
        ("AvgPool1D", 1, x => AvgPool1D(x, 2)), ("AvgPool2D", 2, x => AvgPool2D(x, 2, padding: 1, countIncludePad: false)), ("AvgPool3D", 3, x => AvgPool3D(x, 2, 1)),
        ("LpPool1D", 1, x => LpPool1D(x, 3, 2)), ("LpPool2D", 2, x => LpPool2D(x, 2, 2, ceilMode: true)), ("LpPool3D", 3, x => LpPool3D(x, double.PositiveInfinity, 2, 1)),
        ("AdaptiveAvgPool1D", 1, x => AdaptiveAvgPool1D(x, 2)), ("AdaptiveAvgPool2D", 2, x => AdaptiveAvgPool2D(x, (2, 3))), ("AdaptiveAvgPool3D", 3, x => AdaptiveAvgPool3D(x, (1, 2, 3))),
        ("AdaptiveMaxPool1D", 1, x => AdaptiveMaxPool1D(x, 2)), ("AdaptiveMaxPool2D", 2, x => AdaptiveMaxPool2D(x, (2, 2))), ("AdaptiveMaxPool3D", 3, x => AdaptiveMaxPool3D(x, (1, 2, 3))),
        ("AdaptiveMaxPool1DWithIndices", 1, x => Places(AdaptiveMaxPool1DWithIndices(x, 3))), ("AdaptiveMaxPool2DWithIndices", 2, x => Places(AdaptiveMaxPool2DWithIndices(x, (1, 2)))), ("AdaptiveMaxPool3DWithIndices", 3, x => Places(AdaptiveMaxPool3DWithIndices(x, (2, 2, 3)))),
        ("MaxPool2DWithIndices and MaxUnpool2D", 2, x => MaxUnpool2D(MaxPool2DWithIndices(x, 2).Values, MaxPool2DWithIndices(x, 2).Indices, [x.Shape[^2], x.Shape[^1]])),
    ];

    private static IEnumerable<TestCaseData> Cases => Functions.Select(f => new TestCaseData(f.Spatial, f.Apply).SetArgDisplayNames(f.Name));

    [TestCaseSource(nameof(Cases))]
    public void What_has_no_batch_is_a_batch_of_one(int spatial, Func<Node, Node> apply)
    {
        Node x = Constant(Numbers([2, .. Sizes(spatial)]));
        Node alone = apply(x);
        Node batched = apply(Unsqueeze(x, 0));
        Assert.That(alone.Shape, Is.EqualTo(Shape.Of(batched.Shape.Skip(1))));
        Assert.That(ComputedValues.Of(alone, 1e-13), Is.EqualTo(ComputedValues.Of(batched, 1e-13)));
    }

    [TestCaseSource(nameof(Cases))]
    public void Its_gradient_is_that_of_a_batch_of_one(int spatial, Func<Node, Node> apply)
    {
        TensorValue value = Numbers([2, .. Sizes(spatial)]);
        Node x = Placeholder(new NodeType(DType.Float64, Shape.Of(value.Shape.Select(s => (Dim)s))), "x", requiresGrad: true);
        Node alone = Slope(apply(x));
        Node batched = Slope(apply(Unsqueeze(x, 0)));
        Assert.That(ComputedValues.Of(alone, 1e-13, (x, value)), Is.EqualTo(ComputedValues.Of(batched, 1e-13, (x, value))));

        Node Slope(Node y) => Gradients(Sum(Cast(Flatten(y) * Cast(Arange(y.Shape.ElementCount), DType.Float64), DType.Float64)), x)[0];
    }

    [TestCaseSource(nameof(Cases))]
    public void Another_rank_is_refused(int spatial, Func<Node, Node> apply)
    {
        foreach (int rank in (int[])[spatial, spatial + 3])
        {
            Node x = Input<double>("x", Shape.Of(Enumerable.Repeat(Dim.Of(4), rank)));
            string message = Assert.Throws<ShapeException>(() => apply(x))!.Message;
            Assert.That(message, Does.Contain($"{spatial}D").And.Contain("[N, C, …] or [C, …] with").And.Contain(spatial == 1 ? "1 spatial axis," : $"{spatial} spatial axes,").And.Contain(x.Shape.ToString()).And.Contain("'x'"));
        }
    }

    /// <summary>Windows of every kind, those that hold no element among them, against what is found element by element.</summary>
    [Test]
    public void Windows_may_be_padded_by_any_widths([Range(0, 59)] int seed)
    {
        var random = new Random(seed);
        (int n, int size, int stride, int dilation) = (random.Next(1, 7), random.Next(1, 5), random.Next(1, 4), random.Next(1, 4));
        (int before, int after, bool ceil) = (random.Next(0, 6), random.Next(0, 6), random.Next(3) == 0);
        var pool = new Oracle(n, size, stride, dilation, before, after, ceil);
        Padding padding = Padding.Of((before, after));
        TensorValue value = Numbers([2, n]);
        Node x = Placeholder(new NodeType(DType.Float64, [2, seed % 2 == 0 ? "N" : n]), "x", requiresGrad: false);
        Func<Node> positions = () => MaxPool1DWithIndices(x, size, stride, padding, dilation, ceil).Indices;
        if (pool.Positions < 1)
        {
            Assert.That(() => Run(MaxPool1D(x, size, stride, padding, dilation, ceil), (x, value)), Throws.InstanceOf<GraphException>().With.Message.Contains("of the padded input"));
            return;
        }

        int[][] held = [.. pool.Windows.Select(w => w.Where(at => at >= 0 && at < n).ToArray())];
        Check(MaxPool1D(x, size, stride, padding, dilation, ceil), (row, w) => held[w].Select(at => row[at]).DefaultIfEmpty(double.NegativeInfinity).Max());
        Check(AvgPool1D(x, size, stride, padding, dilation, ceil), (row, w) => held[w].Sum(at => row[at]) / pool.Windows[w].Count(at => at < n + after));
        Check(AvgPool1D(x, size, stride, padding, dilation, ceil, countIncludePad: false), (row, w) => held[w].Select(at => row[at]).DefaultIfEmpty(double.NaN).Average());
        Check(AvgPool1D(x, size, stride, padding, dilation, ceil, divisor: 5), (row, w) => held[w].Sum(at => row[at]) / 5);
        if (!ceil)
        {
            Check(LpPool1D(x, 2, size, stride, padding, dilation), (row, w) => Math.Sqrt(held[w].Sum(at => row[at] * row[at])));
        }

        if (held.All(w => w.Length > 0))
        {
            Check(Cast(positions(), DType.Float64), (row, w) => held[w].MaxBy(at => row[at]));
        }
        else
        {
            Assert.That(() => Run(positions(), (x, value)), Throws.InstanceOf<GraphException>().With.Message.Contains("holds no element"));
        }

        void Check(Node pooled, Func<double[], int, double> expected)
        {
            double[] found = seed % 4 == 0 ? ComputedValues.Of(pooled, 1e-14, (x, value)) : Values(pooled, (x, value));
            double[] wanted = [.. Enumerable.Range(0, 2).SelectMany(c => Enumerable.Range(0, pool.Positions).Select(w => expected([.. Enumerable.Range(c * n, n).Select(i => value[i])], w)))];
            Assert.That(found, Is.EqualTo(wanted).Within(1e-12), $"{pool} {pooled.Op}");
        }
    }

    [Test]
    public void The_same_size_is_kept_by_pools_and_transposed_convolutions()
    {
        Node x = Input("x", ["N", 4, "H", "W"]);
        Node w = Input("w", [4, 4, 3, 2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(MaxPool2D(x, (3, 2), stride: 1, padding: Padding.Same).Shape, Is.EqualTo(x.Shape));
            Assert.That(AvgPool2D(x, (3, 2), stride: 1, padding: Padding.Same, dilation: 2).Shape, Is.EqualTo(x.Shape));
            Assert.That(ConvTranspose2D(x, w, padding: Padding.Same).Shape, Is.EqualTo(x.Shape));
            Assert.That(Unfold(x, (3, 2), padding: Padding.Same).Shape, Is.EqualTo(Shape.Of(["N", 24, Dim.OfSymbol("H") * "W"])));
        }
    }

    [Test]
    public void A_transposed_convolution_cuts_off_what_a_convolution_adds()
    {
        Node x = Constant(Numbers([1, 2, 5, 4]));
        Node w = Constant(Numbers([3, 2, 2, 3]));
        Padding padding = Padding.Of((0, 1), (2, 1));
        Node g = Constant(Numbers([1, 3, 5, 5]));
        Node y = Conv2D(x, w, padding: padding);
        Assert.That(y.Shape, Is.EqualTo(g.Shape));
        double[] back = ComputedValues.Of(ConvTranspose2D(g, w, padding: padding), 1e-13);
        Node given = Placeholder(new NodeType(DType.Float64, x.Shape), "x", requiresGrad: true);
        Node pulled = Vjp([Conv2D(given, w, padding: padding)], [given], [g])[0];
        Assert.That(back, Is.EqualTo(Values(pulled, (given, Numbers([1, 2, 5, 4])))).Within(1e-10));
    }

    [Test]
    public void Columns_of_uneven_padding_are_put_back()
    {
        Padding padding = Padding.Of((0, 2), (1, 0));
        Node x = Constant(Numbers([1, 2, 3, 4]));
        Node there = Fold(Unfold(x, 2, padding: padding), [3, 4], 2, padding: padding);
        Node times = Fold(Unfold(OnesLike(x), 2, padding: padding), [3, 4], 2, padding: padding);
        Assert.That(Values(there / times), Is.EqualTo(Values(x)).Within(1e-13));
    }

    private static long[] Sizes(int spatial) => spatial switch { 1 => [7], 2 => [5, 4], _ => [3, 2, 4] };

    /// <summary>Numbers above 0, no two of which are alike.</summary>
    private static TensorValue Numbers(long[] shape) => Reals(shape, [.. Enumerable.Range(0, (int)TensorValue.CountOf(shape)).Select(i => 0.1 + (i * 37 % 101 / 16.0))]);

    private static Node Places((Node Values, Node Indices) pool) => pool.Values * 100 + Cast(pool.Indices, DType.Float64);

    private static Node Positions(Node x) => Cast(FMod(x * 16, Scalar(37, x.DType)), DType.Int64);

    /// <summary>Where the elements of each window lie, counted from the first element of the input.</summary>
    private sealed record Oracle(int Elements, int Size, int Stride, int Dilation, int Before, int After, bool Ceil)
    {
        private int Reach => ((Size - 1) * Dilation) + 1;

        public int Positions
        {
            get
            {
                int room = Before + Elements + After - Reach;
                int whole = (int)Math.Floor((double)room / Stride) + 1;
                return Ceil && room % Stride != 0 && whole * Stride < Before + Elements ? whole + 1 : whole;
            }
        }

        public int[][] Windows => [.. Enumerable.Range(0, Positions).Select(w => Enumerable.Range(0, Size).Select(t => (w * Stride) - Before + (t * Dilation)).ToArray())];
    }
}
