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

    private static long[] Sizes(int spatial) => spatial switch { 1 => [7], 2 => [5, 4], _ => [3, 2, 4] };

    /// <summary>Numbers above 0, no two of which are alike.</summary>
    private static TensorValue Numbers(long[] shape) => Reals(shape, [.. Enumerable.Range(0, (int)TensorValue.CountOf(shape)).Select(i => 0.1 + (i * 37 % 101 / 16.0))]);

    private static Node Places((Node Values, Node Indices) pool) => pool.Values * 100 + Cast(pool.Indices, DType.Float64);

    private static Node Positions(Node x) => Cast(FMod(x * 16, Scalar(37, x.DType)), DType.Int64);
}
