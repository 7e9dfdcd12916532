using System.Reflection;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>A choice that its type does not name is refused, and never taken for another.</summary>
internal sealed class ChoiceTests
{
    private static IEnumerable<(string Function, Action Call)> Calls()
    {
        Node images = Input("images", ["N", 3, 8, 8]);
        Node rows = Input("rows", ["N", 3], requiresGrad: true);
        Node matrix = Input("matrix", [3, 3]);
        Node classes = Input<long>("classes", ["N"]);
        Node indices = Input<long>("indices", ["N", 3]);
        Node loss = Sum(rows);
        yield return (nameof(Resize), () => Resize(images, [4, 4], (ResizeMode)9));
        yield return (nameof(ResizeBy), () => ResizeBy(images, 2, (ResizeMode)9));
        yield return (nameof(GridSample), () => GridSample(images, Input("grid", ["N", 4, 4, 2]), (ResizeMode)9));
        yield return (nameof(GridSample), () => GridSample(images, Input("grid", ["N", 4, 4, 2]), padding: (GridPadding)9));
        yield return (nameof(ScatterReduce), () => ScatterReduce(rows, 0, indices, rows, (ScatterReduction)9));
        yield return (nameof(IndexReduce), () => IndexReduce(matrix, 0, classes, rows, (ScatterReduction)9));
        yield return (nameof(SegmentReduce), () => SegmentReduce(rows, classes, 4, (ScatterReduction)9));
        yield return (nameof(Quantile), () => Quantile(rows, 0.5, interpolation: (QuantileInterpolation)9));
        yield return (nameof(NaNQuantile), () => NaNQuantile(rows, 0.5, interpolation: (QuantileInterpolation)9));
        yield return (nameof(ConditionNumber), () => ConditionNumber(matrix, (MatrixNormKind)9));
        yield return (nameof(EmbeddingBag), () => EmbeddingBag(indices, matrix, (BagReduction)9));
        yield return (nameof(MatrixNorm), () => MatrixNorm(matrix, (MatrixNormKind)9));
        yield return (nameof(Pad), () => Pad(images, [(1, 1)], (PaddingMode)9));
        yield return (nameof(Conv1D), () => Conv1D(Input("x", ["N", 3, 8]), Input("w", [4, 3, 3]), paddingMode: (PaddingMode)9));
        yield return (nameof(Conv2D), () => Conv2D(images, Input("w", [4, 3, 3, 3]), paddingMode: (PaddingMode)9));
        yield return (nameof(Conv3D), () => Conv3D(Input("x", ["N", 3, 8, 8, 8]), Input("w", [4, 3, 3, 3, 3]), paddingMode: (PaddingMode)9));
        yield return (nameof(OdeSolve), () => OdeSolve((_, y) => y, rows, Input("times", ["T"]), gradient: (OdeGradient)9));
        yield return (nameof(Gradients), () => Gradients(loss, [rows], (Unreached)9));
        yield return (nameof(Vjp), () => Vjp([loss], [rows], [Ones([])], (Unreached)9));
        yield return (nameof(Vmap), () => Vmap(x => x, randomness: (VmapRandomness)9));
        yield return (nameof(Jacobian), () => Jacobian(rows, rows, (JacobianMode)9));

        // The losses share their reduction.
        yield return (nameof(MeanSquaredError), () => MeanSquaredError(rows, rows, (LossReduction)9));
        yield return (nameof(CrossEntropy), () => CrossEntropy(rows, classes, (LossReduction)9));
        yield return (nameof(KLDivLoss), () => KLDivLoss(rows, rows, reduction: (LossReduction)9));
    }

    private static IEnumerable<TestCaseData> Cases => Calls().Select((c, i) => new TestCaseData(c.Call).SetArgDisplayNames($"{c.Function} {i}"));

    [TestCaseSource(nameof(Cases))]
    public void AnUnknownChoiceIsRefused(Action call) => Assert.That(call, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("9"));

    [Test]
    public void EveryChoiceIsTried()
    {
        Type[] others = [typeof(DType), typeof(LossReduction)];
        IEnumerable<string> functions = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Where(m => m.GetParameters().Any(p => p.ParameterType.IsEnum && !others.Contains(p.ParameterType)))
            .Select(m => m.Name);
        Assert.That(functions.Except(Calls().Select(c => c.Function)), Is.Empty);
    }
}
