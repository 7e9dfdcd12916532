using GraphCompiler.Operations;
using GraphCompiler.Tests.GradientChecking;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Bugs;

/// <summary>
/// Slopes of functions that stay in an interval were taken for finite, though they are NaN where their input is, the sine of infinity and the arc sine of 2 too; a
/// power's slope was no guarded product where it has no pole, though it is infinite at ∞ and NaN below 0.
/// </summary>
internal sealed class SlopesThatAreNoNumberTests
{
    private static IEnumerable<TestCaseData> Functions() =>
    [
        new TestCaseData((Func<Node, Node>)Sin, float.PositiveInfinity).SetArgDisplayNames("sin"),
        new TestCaseData((Func<Node, Node>)Cos, float.NegativeInfinity).SetArgDisplayNames("cos"),
        new TestCaseData((Func<Node, Node>)Tanh, float.NaN).SetArgDisplayNames("tanh"),
        new TestCaseData((Func<Node, Node>)Sigmoid, float.NaN).SetArgDisplayNames("sigmoid"),
        new TestCaseData((Func<Node, Node>)(x => x * Asin(x)), 2f).SetArgDisplayNames("x·asin x"),
        new TestCaseData((Func<Node, Node>)(x => x * Acos(x)), -2f).SetArgDisplayNames("x·acos x"),
        new TestCaseData((Func<Node, Node>)(x => Pow(x, 1.5)), -2f).SetArgDisplayNames("power"),
    ];

    // A user's pullback is the user's, what is judged throws, and what scales cotangents is 0 where they are, not where slopes are.
    private static IEnumerable<TestCaseData> Rows() =>
        from row in ElementwiseCases.All.Concat(FunctionCases.All).GroupBy(r => r.Name).Select(g => g.First())
        where row.Op != typeof(CallOp) && row.Op != typeof(HostFunctionOp) && row.Op != typeof(WithinOp) && row.Op != typeof(ScaleCotangentOp)
        select new TestCaseData(row).SetArgDisplayNames(row.Name);

    [TestCaseSource(nameof(Functions))]
    public void TheSideThatWasNotSelectedGetsNothing(Func<Node, Node> function, float at)
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        Node y = Where(Abs(x) < 1, function(x), x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Gradients(y.Sum(), x)[0]);
        float[] slopes = graph.Run(new float[] { at, 0.5f, at }).GetArray<float>();
        Assert.That((float[])[slopes[0], slopes[2]], Is.EqualTo((float[])[1, 1]));
        Assert.That(slopes[1], Is.Not.NaN.And.Not.EqualTo(1));
    }

    /// <summary>Every function, wherever it has no slope, to the second order.</summary>
    [TestCaseSource(nameof(Rows))]
    public void NothingGoesThroughAFunctionThatWasNotSelected(GradientCase row)
    {
        double[] specials = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -2, 0, -0.0, 1e300, double.Epsilon];
        Input<double>[] inputs = row.MakeInputs();
        Input<bool> selected = Input<bool>("selected", []);
        Node value = row.Apply(inputs);
        Node[] first = [.. Gradients(Where(BroadcastTo(selected, value.Shape), value, 0).Sum(), inputs, Unreached.Zeros)];
        Node along = first.Select(g => g.Sum()).Aggregate((a, b) => a + b);
        Node[] second = along.RequiresGrad ? [.. Gradients(along, inputs, Unreached.Zeros)] : [];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([.. inputs, selected], [.. first, .. second]);
        for (int shift = 0; shift < specials.Length; shift++)
        {
            Argument[] arguments = [.. inputs.Select((x, i) => Values.ToArgument(TensorValue.OfReals(DType.Float64, Sizes(x), [.. Enumerable.Range(0, Count(x)).Select(e => specials[(e + (shift * (i + 1))) % specials.Length])]))), new bool[1]];
            RunResults results = graph.Run(arguments);
            for (int i = 0; i < first.Length + second.Length; i++)
            {
                Assert.That(results.GetArray<double>(i), Is.All.Zero, $"{(i < first.Length ? "slope" : "curvature")}, {shift}");
            }
        }

        static long[] Sizes(Node x) => x.Shape.Evaluate(_ => 3);
        static int Count(Node x) => (int)TensorValue.CountOf(Sizes(x));
    }
}
