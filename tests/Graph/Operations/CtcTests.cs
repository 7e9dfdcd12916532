using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>Connectionist temporal classification against all alignments written out.</summary>
internal sealed class CtcTests
{
    private const int Classes = 3;

    private static readonly long[,] Targets = { { 1, 2, 9 }, { 1, 1, -5 }, { 2, 7, 7 }, { 2, 1, 2 }, { 1, 1, 1 }, { 0, 0, 0 }, { 0, 0, 0 } };
    private static readonly long[] Times = [5, 5, 4, 5, 4, 3, 0];
    private static readonly long[] Labels = [2, 2, 1, 3, 3, 0, 0];

    [Test]
    public void Sums_over_all_alignments([Values] bool single)
    {
        double[] scores = [.. Enumerable.Range(0, 5 * 7 * Classes).Select(i => Math.Sin(3.7 * i) * 2)];
        Input<double> x = Input<double>("x", ["T", "N", Classes]);
        Input<float> f = Input<float>("f", ["T", "N", Classes]);
        Input<long> targets = Input<long>("targets", ["N", "S"]);
        Input<int> times = Input<int>("times", ["N"]);
        Input<long> labels = Input<long>("labels", ["N"]);
        Node scored = single ? Cast(f, DType.Float32) : x;
        Node losses = CtcLoss(LogSoftmax(scored), targets, times, labels, reduction: LossReduction.None);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([single ? f : x, targets, times, labels], [losses], options: new CompileOptions { Verify = true });
        Argument given = single
            ? System.Numerics.Tensors.Tensor.Create(scores.Select(v => (float)v).ToArray(), [5, 7, Classes])
            : System.Numerics.Tensors.Tensor.Create(scores, [5, 7, Classes]);
        RunResults found = compiled.Run(given, Targets, (int[])[.. Times.Select(v => (int)v)], Labels);
        double[] values = single ? [.. found.GetArray<float>().Select(v => (double)v)] : found.GetArray<double>();
        double[] wanted = [.. Enumerable.Range(0, 7).Select(n => ByHand(scores, n))];
        Assert.That(wanted[4], Is.EqualTo(double.PositiveInfinity), "a label that repeats needs a blank between");
        Assert.That(values, Is.EqualTo(wanted).Within(single ? 1e-5 : 1e-12));
    }

    [Test]
    public void Reductions_and_infinite_losses()
    {
        Input<double> x = Input<double>("x", [2, 2, 3], requiresGrad: true);
        Node targets = Reshape(Constant(new long[] { 1, 2, 1, 1 }), [2, 2]);
        Node lengths = Constant(new long[] { 2, 2 });
        Node Loss(LossReduction reduction, bool zero) => CtcLoss(LogSoftmax(x), targets, lengths, lengths, 0, reduction, zero);
        Node[] losses = [Loss(LossReduction.None, false), Loss(LossReduction.None, true), Loss(LossReduction.Sum, true), Loss(LossReduction.Mean, true), Loss(LossReduction.Mean, false)];
        Node gradient = Gradients(losses[3], x)[0];
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [.. losses, gradient]);
        RunResults found = compiled.Run(System.Numerics.Tensors.Tensor.Create(new double[12], [2, 2, 3]));
        double first = 2 * Math.Log(3);
        Assert.That(found.GetArray<double>(0), Is.EqualTo(new[] { first, double.PositiveInfinity }).Within(1e-14));
        Assert.That(found.GetArray<double>(1), Is.EqualTo(new[] { first, 0 }).Within(1e-14));
        Assert.That(found.GetArray<double>(2)[0], Is.EqualTo(first).Within(1e-14));
        Assert.That(found.GetArray<double>(3)[0], Is.EqualTo(first / 4).Within(1e-14));
        Assert.That(found.GetArray<double>(4)[0], Is.EqualTo(double.PositiveInfinity));
        Assert.That(found.GetArray<double>(5), Has.All.Matches<double>(double.IsFinite));
        Assert.That(found.GetArray<double>(5)[3..6], Is.All.Zero, "no path, no gradient");
    }

    [Test]
    public void The_gradient_agrees_with_differences([Values] bool normalised)
    {
        Input<double> x = Input<double>("x", [5, 7, Classes], requiresGrad: true);
        Node scores = normalised ? LogSoftmax(x) : x;
        Node loss = CtcLoss(scores, Reshape(Constant(Targets.Cast<long>().ToArray()), [7, 3]), Constant(Times), Constant(Labels), reduction: LossReduction.Sum, zeroInfinity: true);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [loss, Gradients(loss, x)[0]]);
        double[] at = [.. Enumerable.Range(0, 5 * 7 * Classes).Select(i => (Math.Sin(3.7 * i) * 2) - 1)];
        double[] gradient = Run(at).GetArray<double>(1);
        double[] differences = [.. at.Select((_, i) => (Moved(i, 1e-4) - Moved(i, -1e-4)) / 2e-4)];
        Assert.That(gradient, Is.EqualTo(differences).Within(2e-8));
        Assert.That(gradient.Count(g => g != 0), Is.GreaterThan(30));

        double Moved(int i, double step)
        {
            double[] moved = [.. at];
            moved[i] += step;
            return Run(moved).GetArray<double>()[0];
        }

        RunResults Run(double[] values) => compiled.Run((Argument)System.Numerics.Tensors.Tensor.Create(values, [5, 7, Classes]));
    }

    [TestCase(7L, 2L, 1L, "input length 7 is outside 0 to 4")]
    [TestCase(-1L, 2L, 1L, "input length -1 is outside 0 to 4")]
    [TestCase(4L, 3L, 1L, "target length 3 is outside 0 to 2")]
    [TestCase(4L, 2L, 3L, "target 3 is outside the classes [0, 3). It stands at [0, 0] of Input 'targets' int64[1, 2].")]
    public void What_is_out_of_range_is_named(long time, long label, long target, string message)
    {
        Input<float> x = Input("x", [4, 1, 3]);
        Input<long> times = Input<long>("times", [1]);
        Input<long> labels = Input<long>("labels", [1]);
        Input<long> targets = Input<long>("targets", [1, 2]);
        Node loss = CtcLoss(x, targets, times, labels);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x, targets, times, labels], loss);
        Argument given = System.Numerics.Tensors.Tensor.Create(new float[12], [4, 1, 3]);
        Assert.That(() => compiled.Run(given, new long[,] { { target, 1 } }, new[] { time }, new[] { label }), Throws.TypeOf<ExecutionException>().With.Message.Contains(message));
        Assert.That(
            () => GraphTesting.Run(loss, (x, TensorValue.OfReals(DType.Float32, [4, 1, 3], new double[12])), (targets, GraphTesting.Whole([1, 2], target, 1)), (times, GraphTesting.Whole([1], time)), (labels, GraphTesting.Whole([1], label))),
            Throws.TypeOf<ExecutionException>().With.Message.Contains(message));
    }

    [Test]
    public void Targets_beyond_the_lengths_are_not_blamed()
    {
        Input<float> x = Input("x", [4, 2, 3]);
        Input<int> targets = Input<int>("targets", [2, 2]);
        Node loss = CtcLoss(x, targets, Constant(new[] { 4, 4 }), Constant(new[] { 1, 2 }));
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x, targets], loss);
        Argument given = System.Numerics.Tensors.Tensor.Create(new float[24], [4, 2, 3]);
        Assert.That(() => compiled.Run(given, new[,] { { 1, 9 }, { 2, 1 } }), Throws.Nothing);
        Assert.That(
            () => compiled.Run(given, new[,] { { 1, 9 }, { 9, 1 } }),
            Throws.TypeOf<ExecutionException>().With.Message.EqualTo("CtcLoss: the target 9 is outside the classes [0, 3). It stands in Input 'targets' int32[2, 2]."));
        Assert.That(
            () => compiled.Run(given, new[,] { { 1, 9 }, { 8, 1 } }),
            Throws.TypeOf<ExecutionException>().With.Message.EqualTo("CtcLoss: the target 8 is outside the classes [0, 3). It stands at [1, 0] of Input 'targets' int32[2, 2]."));
        Assert.That(
            () => GraphTesting.Run(loss, (x, TensorValue.OfReals(DType.Float32, [4, 2, 3], new double[24])), (targets, TensorValue.OfIntegers(DType.Int32, [2, 2], [1, 9, 9, 1]))),
            Throws.TypeOf<ExecutionException>().With.Message.EqualTo("CtcLoss: the target 9 is outside the classes [0, 3). It stands at [1, 0] of Input 'targets' int32[2, 2]."));
    }

    [Test]
    public void A_second_derivative_is_refused()
    {
        Input<double> x = Input<double>("x", [4, 3], requiresGrad: true);
        Node gradient = Gradients(CtcLoss(x, Constant(new long[] { 1, 2 }), Constant(4L), Constant(2L)), x)[0];
        Assert.That(() => Gradients(Sum(gradient), x), Throws.TypeOf<GradientException>().With.Message.Contains("CtcLoss can be differentiated once"));
    }

    private static double ByHand(double[] scores, int n)
    {
        int times = (int)Times[n];
        double total = 0;
        for (int path = 0; path < Math.Pow(Classes, times); path++)
        {
            int[] classes = [.. Enumerable.Range(0, times).Select(t => path / (int)Math.Pow(Classes, t) % Classes)];
            IEnumerable<long> spelt = classes.Where((c, t) => c != 0 && (t == 0 || classes[t - 1] != c)).Select(c => (long)c);
            if (spelt.SequenceEqual(Enumerable.Range(0, (int)Labels[n]).Select(i => Targets[n, i])))
            {
                total += classes.Select((c, t) => Probability(t, c)).Aggregate(1.0, (a, b) => a * b);
            }
        }

        return -Math.Log(total);

        double Probability(int t, int c)
        {
            double[] own = [.. Enumerable.Range(0, Classes).Select(k => Math.Exp(scores[(((t * 7) + n) * Classes) + k]))];
            return own[c] / own.Sum();
        }
    }
}
