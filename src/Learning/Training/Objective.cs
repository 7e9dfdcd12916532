namespace GraphCompiler.Learning;

/// <summary>
/// What training makes small: a sum over examples, and the weight by which it is divided. The division is done once, over all parts of a batch and all batches, so that neither
/// depends on how examples are divided into parts. An objective brings the metrics that are measured beside it.
/// </summary>
public sealed class Objective
{
    private Objective(Node sum, Node weight, IReadOnlyList<Metric> metrics) => (Sum, Weight, Metrics) = (sum, weight, metrics);

    /// <summary>The sum, a float scalar that requires a gradient where a model is trained.</summary>
    public Node Sum { get; }

    /// <summary>What the sum is divided by, a scalar of the same dtype: the number of examples, or what they count for together.</summary>
    public Node Weight { get; }

    /// <summary>What is measured beside it.</summary>
    public IReadOnlyList<Metric> Metrics { get; }

    /// <summary>The mean loss of what was given, <see cref="Sum"/> divided by <see cref="Weight"/>.</summary>
    public Node Loss => Sum / Weight;

    /// <summary>A sum and a weight of one's own.</summary>
    /// <param name="sum">The sum, a float scalar.</param>
    /// <param name="weight">What it is divided by, a scalar of the same dtype, above 0 unless nothing was summed.</param>
    /// <exception cref="ShapeException">One is no scalar.</exception>
    /// <exception cref="DTypeException">The sum is no float, or the weight has another dtype.</exception>
    public static Objective Of(Node sum, Node weight)
    {
        ArgumentNullException.ThrowIfNull(sum);
        ArgumentNullException.ThrowIfNull(weight);
        if (sum.Rank != 0 || weight.Rank != 0)
        {
            throw new ShapeException($"An objective is a scalar and its weight another, not {sum} and {weight}; Objective.Mean takes losses of any shape.");
        }

        return sum.DType is DType.Float32 or DType.Float64 && weight.DType == sum.DType ? new(sum, weight, [])
            : throw new DTypeException($"An objective is a float and its weight of the same dtype, not {sum} and {weight}.");
    }

    /// <summary>The mean of losses.</summary>
    /// <param name="losses">A loss an example, or of any shape; floats.</param>
    public static Objective Mean(Node losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        return Of(losses.Sum(), Count(losses, losses.DType));
    }

    /// <summary>The mean of losses that count for different amounts.</summary>
    /// <param name="losses">Losses of any shape; floats.</param>
    /// <param name="weights">What each counts for, of the same shape and dtype; at least 0.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Objective Mean(Node losses, Node weights)
    {
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentNullException.ThrowIfNull(weights);
        return losses.Shape == weights.Shape ? Of((losses * weights).Sum(), weights.Sum())
            : throw new ShapeException($"Losses {losses} and weights {weights} must have one shape.");
    }

    /// <summary>The cross-entropy of classes, see <see cref="Ops.CrossEntropy"/>; what is ignored counts for nothing, and others for the weight of their class.</summary>
    /// <param name="logits">Floats [N, C, …].</param>
    /// <param name="target">Integers [N, …] from 0 to C − 1.</param>
    /// <param name="weight">Factors [C] of the classes, or null for 1.</param>
    /// <param name="ignoreIndex">A target that counts for nothing.</param>
    /// <param name="labelSmoothing">The part of a target that is shared by all classes, from 0 to 1.</param>
    public static Objective CrossEntropy(Node logits, Node target, Node? weight = null, long? ignoreIndex = null, double labelSmoothing = 0)
    {
        Node sum = Ops.CrossEntropy(logits, target, LossReduction.Sum, weight, ignoreIndex, labelSmoothing);
        if (weight is null && ignoreIndex is null)
        {
            return Of(sum, Count(target, sum.DType));
        }

        // What is ignored may be no class; it is looked up as class 0 then, and counts for nothing.
        Node counts = ignoreIndex is { } ignored ? Ops.NotEqual(target, ignored) : Ops.Ones(target.Shape, DType.Bool);
        Node factors = weight is null ? Ops.Cast(counts, sum.DType) : Ops.Where(counts, Ops.Take(weight, Ops.Where(counts, target, 0)), 0);
        return Of(sum, factors.Sum());
    }

    /// <summary>The binary cross-entropy of yes and no, see <see cref="Ops.BinaryCrossEntropyWithLogits"/>.</summary>
    /// <param name="logits">Floats of any shape.</param>
    /// <param name="target">Floats of the same shape, in [0, 1].</param>
    /// <param name="positiveWeight">Factors of the part of positive targets that broadcast to the shape, or null for none.</param>
    public static Objective BinaryCrossEntropy(Node logits, Node target, Node? positiveWeight = null) =>
        Mean(Ops.BinaryCrossEntropyWithLogits(logits, target, null, positiveWeight, LossReduction.None));

    /// <summary>The mean squared error.</summary>
    /// <param name="prediction">Floats of any shape.</param>
    /// <param name="target">Floats of the same shape.</param>
    public static Objective MeanSquaredError(Node prediction, Node target) => Mean(Ops.MeanSquaredError(prediction, target, LossReduction.None));

    /// <summary>The same objective, with metrics beside it.</summary>
    /// <param name="metrics">The metrics, whose names differ.</param>
    /// <exception cref="ArgumentException">Two have one name.</exception>
    public Objective With(params ReadOnlySpan<Metric> metrics)
    {
        Metric[] all = [.. Metrics, .. metrics];
        foreach (Metric metric in all)
        {
            ArgumentNullException.ThrowIfNull(metric, nameof(metrics));
        }

        return all.GroupBy(m => m.Name).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new ArgumentException($"Two metrics are called '{twice.Key}'; give one another name by {nameof(Metric.Called)}.", nameof(metrics))
            : new(Sum, Weight, all);
    }

    /// <summary>The objective with something added to its mean, such as a penalty of large weights, however many examples there are.</summary>
    /// <param name="penalty">A scalar of the objective's dtype.</param>
    public Objective Plus(Node penalty)
    {
        ArgumentNullException.ThrowIfNull(penalty);
        return new(Of(Sum + (penalty * Weight), Weight).Sum, Weight, Metrics);
    }

    /// <summary>The number of elements of a node, as a scalar.</summary>
    internal static Node Count(Node x, DType dtype) => Ops.Ones(x.Shape, dtype).Sum();
}
