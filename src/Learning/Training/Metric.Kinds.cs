using GraphCompiler.Learning.Training;

namespace GraphCompiler.Learning;

/// <content>The metrics that there are.</content>
public sealed partial class Metric
{
    /// <summary>The part of rows whose largest logit is the target's; the first of equal ones counts.</summary>
    /// <param name="logits">Floats [N, C].</param>
    /// <param name="target">Integers [N].</param>
    /// <param name="ignoreIndex">A target that counts for nothing.</param>
    public static Metric Accuracy(Node logits, Node target, long? ignoreIndex = null)
    {
        RequireClasses(logits, target);
        return Counted("accuracy", Ops.Equal(Ops.Cast(logits.ArgMax(1), target.DType), target), target, ignoreIndex);
    }

    /// <summary>The part of rows whose target is among the k largest logits: fewer than k others are larger.</summary>
    /// <param name="logits">Floats [N, C].</param>
    /// <param name="target">Integers [N].</param>
    /// <param name="k">How many, at least 1.</param>
    public static Metric TopK(Node logits, Node target, int k)
    {
        RequireClasses(logits, target);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        Node own = Ops.Gather(logits, 1, target.Unsqueeze(1));
        Node larger = Ops.Cast(Ops.Greater(logits, own), DType.Float64).Sum(1);
        return Mean($"top-{k}", Ops.Cast(Ops.Less(larger, (double)k), DType.Float64));
    }

    /// <summary>How often rows of a class were taken for which: a table [target, prediction]. Its <see cref="MetricTotal.Value"/> is the accuracy.</summary>
    /// <param name="logits">Floats [N, C], C a number.</param>
    /// <param name="target">Integers [N].</param>
    public static Metric ConfusionMatrix(Node logits, Node target)
    {
        (Node table, int classes) = Table(logits, target);
        return new("confusion", () => new SummedTotal(sums => Diagonal(sums[0], classes).Sum() / sums[0].Sum(), isTable: true), table);
    }

    /// <summary>Of what was taken for a class the part that is of it, the mean over classes that were predicted.</summary>
    /// <param name="logits">Floats [N, C], C a number.</param>
    /// <param name="target">Integers [N].</param>
    public static Metric Precision(Node logits, Node target) => OfClasses("precision", logits, target, (hits, predicted, _) => hits / predicted);

    /// <summary>Of what is of a class the part that was taken for it, the mean over classes that there are.</summary>
    /// <param name="logits">Floats [N, C], C a number.</param>
    /// <param name="target">Integers [N].</param>
    public static Metric Recall(Node logits, Node target) => OfClasses("recall", logits, target, (hits, _, actual) => hits / actual);

    /// <summary>The harmonic mean of precision and recall of a class, the mean over classes that there are or that were predicted.</summary>
    /// <param name="logits">Floats [N, C], C a number.</param>
    /// <param name="target">Integers [N].</param>
    public static Metric F1(Node logits, Node target) => OfClasses("f1", logits, target, (hits, predicted, actual) => 2 * hits / (predicted + actual));

    /// <summary>The part of examples on whose side of the threshold the score is: above it for 1, not above it for 0.</summary>
    /// <param name="scores">Logits or probabilities of any shape.</param>
    /// <param name="target">0 or 1, of the same shape.</param>
    /// <param name="threshold">What divides them: 0 for logits, 0.5 for probabilities.</param>
    public static Metric BinaryAccuracy(Node scores, Node target, double threshold = 0)
    {
        RequireSame(scores, target);
        return Mean("accuracy", Ops.Cast(Ops.Equal(Ops.Greater(scores, threshold), Ops.Greater(Double(target), 0.5)), DType.Float64));
    }

    /// <summary>How likely an example of 1 has a higher score than one of 0: the area under the receiver's operating characteristic, exact over all batches, whose scores are kept.</summary>
    /// <param name="scores">Logits or probabilities of any shape.</param>
    /// <param name="target">0 or 1, of the same shape.</param>
    public static Metric Auc(Node scores, Node target)
    {
        RequireSame(scores, target);
        return new("auc", () => new AreaTotal(), Double(scores).Reshape([-1]), Double(target).Reshape([-1]));
    }

    /// <summary>The mean of |prediction − target|.</summary>
    /// <param name="prediction">Floats of any shape.</param>
    /// <param name="target">Floats of the same shape.</param>
    public static Metric MeanAbsoluteError(Node prediction, Node target) => Mean("mae", Difference(prediction, target).Abs());

    /// <summary>The root of the mean of (prediction − target)².</summary>
    /// <param name="prediction">Floats of any shape.</param>
    /// <param name="target">Floats of the same shape.</param>
    public static Metric RootMeanSquaredError(Node prediction, Node target)
    {
        Node apart = Difference(prediction, target);
        return Summed("rmse", sums => Math.Sqrt(sums[0][0] / sums[1][0]), apart.Square().Sum(), Objective.Count(apart, DType.Float64));
    }

    /// <summary>The coefficient of determination, 1 − Σ(target − prediction)²/Σ(target − mean)².</summary>
    /// <param name="prediction">Floats of any shape.</param>
    /// <param name="target">Floats of the same shape.</param>
    public static Metric R2(Node prediction, Node target)
    {
        Node apart = Difference(prediction, target);
        Node y = Double(target);
        Node count = Objective.Count(y, DType.Float64);
        Node mean = y.Sum() / Ops.Maximum(count, Ops.Constant(1.0));
        return new("r2", () => new DeterminationTotal(), count, mean, (y - mean).Square().Sum(), apart.Square().Sum());
    }

    /// <summary>exp of the mean loss, as of tokens.</summary>
    /// <param name="objective">The loss, in nats.</param>
    public static Metric Perplexity(Objective objective)
    {
        ArgumentNullException.ThrowIfNull(objective);
        return Summed("perplexity", sums => Math.Exp(sums[0][0] / sums[1][0]), objective.Sum, objective.Weight);
    }

    private static Metric Counted(string name, Node isRight, Node target, long? ignoreIndex)
    {
        if (ignoreIndex is not { } ignored)
        {
            return Mean(name, Ops.Cast(isRight, DType.Float64));
        }

        Node counts = Ops.NotEqual(target, ignored);
        return Mean(name, Ops.Cast(Ops.LogicalAnd(isRight, counts), DType.Float64).Sum(), Ops.Cast(counts, DType.Float64).Sum());
    }

    private static Metric OfClasses(string name, Node logits, Node target, Func<double, double, double, double> of)
    {
        (Node table, int classes) = Table(logits, target);
        return new(name, () => new SummedTotal(sums => Enumerable.Range(0, classes).Select(c => of(
            sums[0][(c * classes) + c],
            Enumerable.Range(0, classes).Sum(t => sums[0][(t * classes) + c]),
            Enumerable.Range(0, classes).Sum(p => sums[0][(c * classes) + p]))).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average()), table);
    }

    /// <summary>How often [target, prediction] was met.</summary>
    private static (Node Table, int Classes) Table(Node logits, Node target)
    {
        RequireClasses(logits, target);
        if (logits.Shape[1].Constant is not { } classes || classes > ushort.MaxValue)
        {
            throw new ShapeException($"A table of classes wants their number, and logits {logits} have a symbol or too many.");
        }

        Node actual = Ops.OneHot(target, classes, DType.Float64);
        Node predicted = Ops.OneHot(logits.ArgMax(1), classes, DType.Float64);
        return (Ops.MatMul(actual.Transpose(0, 1), predicted), (int)classes);
    }

    private static IEnumerable<double> Diagonal(double[] table, int classes) => Enumerable.Range(0, classes).Select(c => table[(c * classes) + c]);

    private static Node Difference(Node prediction, Node target)
    {
        RequireSame(prediction, target);
        return Double(prediction) - Double(target);
    }

    private static void RequireSame(Node prediction, Node target)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(target);
        if (prediction.Shape != target.Shape)
        {
            throw new ShapeException($"What is predicted and what is true must have one shape, and are {prediction} and {target}.");
        }
    }

    private static void RequireClasses(Node logits, Node target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        if (logits.Rank != 2 || target.Rank != 1 || logits.Shape[0] != target.Shape[0])
        {
            throw new ShapeException($"Logits are [N, C] and targets [N], and were {logits} and {target}; Flatten joins the axes of rows.");
        }
    }
}
