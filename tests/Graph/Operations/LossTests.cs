using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>What losses and normalisations promise beside PyTorch's cases: equal ways to say the same, extremes, and mistakes found when a graph runs.</summary>
internal sealed class LossTests
{
    private static readonly Node X = Constant(new double[] { 0.3, -1.2, 2.1, 0.4, 0.9, -0.5, 1.7, -2.2, 0.1, 0.6, -0.7, 1.1 }).Reshape([4, 3]);
    private static readonly Node Classes = Constant(new long[] { 2, 0, 1, 0 });
    private static readonly Node Weight = Constant(new[] { 0.5, 2, 1.5 });

    private static IEnumerable<TestCaseData> Pairs()
    {
        Node hot = Cast(Equal(Iota([4, 3], 1), Unsqueeze(Classes, 1)), DType.Float64);
        foreach (LossReduction reduction in (LossReduction[])[LossReduction.Mean, LossReduction.Sum, LossReduction.None])
        {
            yield return Pair($"{reduction} of one-hot probabilities", CrossEntropy(X, Classes, reduction), CrossEntropy(X, hot, reduction));
            yield return Pair($"{reduction} of smooth probabilities", CrossEntropy(X, Classes, reduction, labelSmoothing: 0.3), CrossEntropy(X, hot, reduction, labelSmoothing: 0.3));
            yield return Pair($"{reduction} of log-probabilities", CrossEntropy(X, Classes, reduction, Weight), NllLoss(LogSoftmax(X), Classes, reduction, Weight));
        }

        yield return Pair("an index that no class has is ignored", CrossEntropy(X, Classes, ignoreIndex: -100), CrossEntropy(X, Classes));
        yield return Pair("what is ignored may lie outside", CrossEntropy(X, Constant(new long[] { 2, -1, 1, 0 }), weight: Weight, ignoreIndex: -1, labelSmoothing: 0.2), CrossEntropy(Rows(0, 2, 3), Constant(new long[] { 2, 1, 0 }), weight: Weight, labelSmoothing: 0.2));
        yield return Pair("what is ignored may be infinite", NllLoss(Concat([X, Full([1, 3], double.NegativeInfinity, DType.Float64)]), Constant(new[] { 2, 0, 1, 0, 7 }), LossReduction.Sum, ignoreIndex: 7), NllLoss(X, Classes, LossReduction.Sum));
        yield return Pair("one sample", CrossEntropy(Select(X, 0, 1), Constant(0L), weight: Weight), CrossEntropy(Rows(1), Constant(new[] { 0 }), weight: Weight));
        yield return Pair("one sample, not reduced", Reshape(MultiMarginLoss(Select(X, 0, 1), Constant(0L), reduction: LossReduction.None), [1]), MultiMarginLoss(Rows(1), Constant(new[] { 0 }), reduction: LossReduction.None));
        yield return Pair("places are samples", CrossEntropy(Reshape(Transpose(X), [1, 3, 4]), Reshape(Classes, [1, 4]), LossReduction.Sum, Weight), CrossEntropy(X, Classes, LossReduction.Sum, Weight));
        yield return Pair("counts as logarithms or not", PoissonNllLoss(X, Square(X)), PoissonNllLoss(Exp(X), Square(X), logInput: false, epsilon: 0));
        yield return Pair("probabilities of logits", BinaryCrossEntropyWithLogits(X, Sigmoid(-X), Weight), BinaryCrossEntropy(Sigmoid(X), Sigmoid(-X), Weight));
        yield return Pair("a small variance is cut", GaussianNllLoss(X, -X, ZerosLike(X)), GaussianNllLoss(X, -X, ZerosLike(X) + 1e-6));
        yield return Pair("a divergence of logarithms", KLDivLoss(X, LogSoftmax(-X), true, LossReduction.None), KLDivLoss(X, Softmax(-X), false, LossReduction.None));
        yield return Pair("smooth L1 with 1 is Huber's with 1", SmoothL1Loss(X, -X), HuberLoss(X, -X));
        yield return Pair("the nearer of two when swapped", TripletMarginLoss(X, X, X + 1, swap: true), TripletMarginLoss(X, X, X + 1));
        yield return Pair("a group a channel", GroupNorm(Reshape(X, [1, 4, 3]), 4), InstanceNorm(Reshape(X, [1, 4, 3])));
        yield return Pair("own statistics given", BatchNormTraining(X, Weight, -Weight), BatchNorm(X, Mean(X, 0), Variance(X, 0, correction: 0), Weight, -Weight));
        yield return Pair("squares alone where the mean is 0", RmsNorm(Concat([X, -X], 1), epsilon: 1e-5), LayerNorm(Concat([X, -X], 1)));
        yield return Pair("a dot product of normalised vectors", CosineSimilarity(X, Square(X)), Sum(Normalize(X) * Normalize(Square(X)), 1));

        static TestCaseData Pair(string name, Node a, Node b) => new TestCaseData(a, b).SetArgDisplayNames(name);
    }

    [Test]
    public void A_class_without_probability_may_be_impossible()
    {
        Input<double> logits = Variable("x", 1, 3);
        Node loss = CrossEntropy(logits, Constant(new[] { 0.25, 0, 0.75 }).Reshape([1, 3]));
        (Node, TensorValue) given = (logits, Reals([1, 3], 1, double.NegativeInfinity, 2));
        double normaliser = Math.Log(Math.E + Math.Exp(2));
        Assert.That(Value(loss, given), Is.EqualTo(normaliser - 1.75).Within(1e-12));
        Assert.That(Values(Gradients(loss, logits)[0], given), Is.EqualTo(new[] { Math.Exp(1 - normaliser) - 0.25, 0, Math.Exp(2 - normaliser) - 0.75 }).Within(1e-12));
    }

    [TestCaseSource(nameof(Pairs))]
    public void Two_ways_to_say_the_same(object a, object b)
    {
        Assert.That(((Node)a).Results, Is.EqualTo(((Node)b).Results));
        (double[] left, double[] right) = (Run((Node)a), Run((Node)b));
        Assert.That(left, Has.All.Matches<double>(double.IsFinite));
        Assert.That(left, Is.EqualTo(right).Within(1e-12));
    }

    [Test]
    public void Large_logits_lose_nothing()
    {
        Node x = Constant(new[] { 1000f, -1000, 40, -40 });
        Node y = Constant(new[] { 0f, 1, 1, 0 });
        float[] losses = Floats(BinaryCrossEntropyWithLogits(x, y, reduction: LossReduction.None));
        Assert.That(losses[..2], Is.EqualTo(new[] { 1000f, 1000 }));
        Assert.That(losses[2..], Has.All.InRange(4e-18f, 4.5e-18f));
        Assert.That(Floats(SoftMarginLoss(x, (2 * y) - 1, LossReduction.None))[..2], Is.EqualTo(new[] { 1000f, 1000 }));
        Assert.That(Floats(CrossEntropy(Constant(new[] { 1e4f, 0, -1e4f }), Constant(2), LossReduction.None))[0], Is.EqualTo(2e4f));
    }

    [Test]
    public void A_class_out_of_range_is_named([Values(-1, 3)] int bad)
    {
        Node classes = Constant(new[] { 0, bad, 1, 2 });
        foreach (Node loss in new[] { CrossEntropy(X, classes, weight: Weight), CrossEntropy(X, classes, labelSmoothing: 0.1), NllLoss(X, classes), MultiMarginLoss(X, classes) })
        {
            Input<int> given = Input<int>("c", [4]);
            Node open = GraphWalk.Substitute([loss], new Dictionary<Node, Node> { [classes] = given })[0];
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([given], open);
            Assert.That(
                () => compiled.Run((Argument)new[] { 0, bad, 1, 2 }),
                Throws.TypeOf<ExecutionException>().With.Message.Contains($"index {bad} is outside axis").And.Message.Contains("[0, 3)"));
        }
    }

    [Test]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.That(() => HuberLoss(X, X, 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("delta must be above 0"));
        Assert.That(() => HuberLoss(X, X, double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => SmoothL1Loss(X, X, -1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("beta must be at least 0"));
        Assert.That(() => CrossEntropy(X, Classes, labelSmoothing: 1.5), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("in [0, 1]"));
        Assert.That(() => CrossEntropy(X, X, ignoreIndex: 1), Throws.ArgumentException.With.Message.Contains("no class index to ignore"));
        Assert.That(() => MultiMarginLoss(X, Classes, 3), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("1 or 2"));
        Assert.That(() => GaussianNllLoss(X, X, X, epsilon: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => L1Loss(X, X, LossReduction.BatchMean), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("KLDivLoss"));
        Assert.That(() => PairwiseDistance(X, X, double.NaN), Throws.InstanceOf<GraphException>().With.Message.Contains("the order is NaN"));
        Assert.That(() => LocalResponseNorm(X, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => BatchNormTraining(X, Weight, Weight, null, null, 2), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("momentum"));
    }

    [Test]
    public void Running_statistics_are_updates()
    {
        Input<float> x = Input("x", ["N", 2], requiresGrad: true);
        Parameter<float> mean = Parameter("mean", System.Numerics.Tensors.Tensor.Create([0f, 0]), requiresGrad: false);
        Parameter<float> variance = Parameter("variance", System.Numerics.Tensors.Tensor.Create([1f, 1]), requiresGrad: false);
        (Node result, Node newMean, Node newVariance) = BatchNormTraining(x, mean, variance, null, null, 0.5);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([x], [result], [(mean, newMean), (variance, newVariance)]);
        step.Run((Argument)new float[,] { { 1, 10 }, { 3, 20 }, { 5, 30 } });
        Assert.That(mean.Values.ToArray(), Is.EqualTo(new[] { 1.5f, 10 }));
        Assert.That(variance.Values.ToArray(), Is.EqualTo(new[] { 2.5f, 50.5f }));
        Assert.That(newMean.RequiresGrad || newVariance.RequiresGrad, Is.False);
    }

    private static Node Rows(params long[] rows) => Take(X, Constant(rows));

    private static double[] Run(Node node)
    {
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([], [node], options: new CompileOptions { Verify = true });
        return compiled.Run().GetArray<double>();
    }

    private static float[] Floats(Node node)
    {
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([], node);
        return compiled.Run().GetArray<float>();
    }
}
