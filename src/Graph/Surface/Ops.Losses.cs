using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>How a loss a sample becomes the result.</summary>
public enum LossReduction
{
    /// <summary>The mean over the samples.</summary>
    Mean,

    /// <summary>The sum over the samples.</summary>
    Sum,

    /// <summary>One loss a sample.</summary>
    None,

    /// <summary>The sum divided by the size of the first axis, for <see cref="Ops.KLDivLoss"/>.</summary>
    BatchMean,
}

/// <summary>Losses between numbers and numbers of the same shape.</summary>
public static partial class Ops
{
    /// <summary>The mean-squared error (x − target)².</summary>
    /// <param name="x">Floats.</param>
    /// <param name="target">Floats of the same dtype and shape.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node MeanSquaredError(Node x, Node target, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("MeanSquaredError", x, target);
        return Composite.Of("MeanSquaredError", x, target, (x, target) => Reduced("MeanSquaredError", Square(x - target), reduction), ("Reduction", reduction));
    }

    /// <summary>The absolute error |x − target|; slope 0 where they are equal.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="target">Floats of the same dtype and shape.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node L1Loss(Node x, Node target, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("L1Loss", x, target);
        return Composite.Of("L1Loss", x, target, (x, target) => Reduced("L1Loss", Abs(x - target), reduction), ("Reduction", reduction));
    }

    /// <summary>With d = |x − target|: ½·d²/beta where d is below beta, d − ½·beta elsewhere; the absolute error if beta is 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="target">Floats of the same dtype and shape.</param>
    /// <param name="beta">Where the square becomes a line; at least 0.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    /// <exception cref="ArgumentOutOfRangeException">beta is below 0.</exception>
    public static Node SmoothL1Loss(Node x, Node target, double beta = 1, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("SmoothL1Loss", x, target);
        RequireAtLeast(beta, 0);
        return Composite.Of(
            "SmoothL1Loss",
            x,
            target,
            (x, target) =>
            {
                Node error = x - target;
                Node losses = beta == 0 ? Abs(error) : Where(Abs(error) < beta, (0.5 / beta) * (error * error), Abs(error) - (0.5 * beta));
                return Reduced("SmoothL1Loss", losses, reduction);
            },
            ("Beta", beta),
            ("Reduction", reduction));
    }

    /// <summary>With d = |x − target|: ½·d² where d is below delta, delta·(d − ½·delta) elsewhere (Huber, 1964).</summary>
    /// <param name="x">Floats.</param>
    /// <param name="target">Floats of the same dtype and shape.</param>
    /// <param name="delta">Where the square becomes a line; above 0.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    /// <exception cref="ArgumentOutOfRangeException">delta is not above 0.</exception>
    public static Node HuberLoss(Node x, Node target, double delta = 1, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("HuberLoss", x, target);
        RequireAbove(delta, 0);
        return Composite.Of(
            "HuberLoss",
            x,
            target,
            (x, target) =>
            {
                Node error = x - target;
                Node losses = Where(Abs(error) < delta, 0.5 * (error * error), delta * (Abs(error) - (0.5 * delta)));
                return Reduced("HuberLoss", losses, reduction);
            },
            ("Delta", delta),
            ("Reduction", reduction));
    }

    /// <summary>−(target·log p + (1 − target)·log(1 − p)), the logarithms cut at −100; slope 0 where one is cut.</summary>
    /// <param name="probability">Floats p in [0, 1]; outside, the loss is NaN.</param>
    /// <param name="target">Floats of the same dtype and shape, in [0, 1].</param>
    /// <param name="weight">Factors of the losses that broadcast to their shape, or null for none.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node BinaryCrossEntropy(Node probability, Node target, Node? weight = null, LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "BinaryCrossEntropy";
        RequirePair(Name, probability, target);
        Node losses = -((target * Clamp(Log(probability), -100)) + ((1 - target) * Clamp(Log1P(-probability), -100)));
        return Reduced(Name, Weighted(Name, losses, weight), reduction);
    }

    /// <summary>The binary cross-entropy of p = sigmoid(logits), without overflow or loss: pos·target·softplus(−x) + (1 − target)·softplus(x).</summary>
    /// <param name="logits">Floats.</param>
    /// <param name="target">Floats of the same dtype and shape, in [0, 1].</param>
    /// <param name="weight">Factors of the losses that broadcast to their shape, or null for none.</param>
    /// <param name="positiveWeight">Factors of the part of positive targets that broadcast to the shape, or null for none.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node BinaryCrossEntropyWithLogits(
        Node logits, Node target, Node? weight = null, Node? positiveWeight = null, LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "BinaryCrossEntropyWithLogits";
        RequirePair(Name, logits, target);
        return Composite.Of(
            Name,
            logits,
            target,
            weight,
            positiveWeight,
            (logits, target, weight, positiveWeight) =>
            {
                Node positive = Weighted(Name, target, positiveWeight);
                Node losses = Times(positive, Softplus(-logits)) + Times(1 - target, Softplus(logits));
                return Reduced(Name, Weighted(Name, losses, weight), reduction);
            },
            ("Reduction", reduction));
    }

    /// <summary>The divergence of Kullback and Leibler, target·(log target − x), of logarithms x of probabilities; 0 where the target is 0.</summary>
    /// <param name="x">Floats, logarithms.</param>
    /// <param name="target">Probabilities of the same dtype and shape, or their logarithms.</param>
    /// <param name="logTarget">Whether the target is given as logarithms: exp(target)·(target − x).</param>
    /// <param name="reduction">
    /// The mean over all elements, their sum, one loss an element, or, as the mathematical definition has it, the sum divided by the size of the
    /// first axis.
    /// </param>
    public static Node KLDivLoss(Node x, Node target, bool logTarget = false, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("KLDivLoss", x, target);
        Node losses = logTarget ? Where(Equal(target, double.NegativeInfinity), 0, Exp(target) * (target - x)) : XLogY(target, target) - Times(target, x);
        if (reduction != LossReduction.BatchMean)
        {
            return Reduced("KLDivLoss", losses, reduction);
        }

        return x.Rank > 0 ? Sum(losses) / DimValue(x.Shape[0], x.DType)
            : throw new ShapeException($"KLDivLoss: a scalar has no axis of samples to divide by the size of. Input: {x.Describe()}.");
    }

    /// <summary>The negative log-likelihood of counts under Poisson's distribution: exp(x) − target·x, or x − target·log(x + ε).</summary>
    /// <param name="x">Floats: the logarithm of the expected count, or the count itself.</param>
    /// <param name="target">Floats of the same dtype and shape.</param>
    /// <param name="logInput">Whether x is a logarithm.</param>
    /// <param name="full">Whether Stirling's approximation of log(target!) is added where the target is above 1.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node PoissonNllLoss(
        Node x, Node target, bool logInput = true, bool full = false, double epsilon = 1e-8, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("PoissonNllLoss", x, target);
        RequireAtLeast(epsilon, 0);
        Node losses = logInput ? Exp(x) - Times(target, x) : x - XLogY(target, x + epsilon);
        if (full)
        {
            losses += Where(target > 1, (target * Log(target)) - target + (0.5 * Log((2 * Math.PI) * target)), 0);
        }

        return Reduced("PoissonNllLoss", losses, reduction);
    }

    /// <summary>The negative log-likelihood under a normal distribution of given mean and variance: ½·(log v + (x − target)²/v).</summary>
    /// <param name="x">Floats: the expected means.</param>
    /// <param name="target">Floats of the same dtype and shape.</param>
    /// <param name="variance">v: floats of the same shape, or without its last axis, or with size 1 there; below ε it counts as ε, with slope 1.</param>
    /// <param name="full">Whether the constant ½·log(2π) is added.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node GaussianNllLoss(
        Node x, Node target, Node variance, bool full = false, double epsilon = 1e-6, LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "GaussianNllLoss";
        RequirePair(Name, x, target);
        RequireAbove(epsilon, 0);
        RequireSameType(Name, x, NotNull(variance));
        Node v = x.Rank > 0 && variance.Shape == x.Shape.Without([x.Rank - 1]) ? Unsqueeze(variance, -1) : variance;
        if (v.Shape != x.Shape && (x.Rank == 0 || v.Shape != x.Shape.With(x.Rank - 1, 1)))
        {
            throw new ShapeException($"{Name}: the variance must have the shape {x.Shape}, or lack its last axis, or have size 1 there.{Broadcasting.Declare(x.Shape, variance.Shape)} Inputs: {x.Describe()}, {variance.Describe()}.");
        }

        // What is cut keeps its slope, so that a variance that has become too small can grow again.
        v = Where(v < epsilon, epsilon + (v - Detach(v)), v);
        Node losses = 0.5 * (Log(v) + (Square(x - target) / v));
        return Reduced(Name, full ? losses + (0.5 * Math.Log(2 * Math.PI)) : losses, reduction);
    }

    /// <summary>log(1 + exp(−target·x)), without overflow.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="target">1 or −1, of the same dtype and shape.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node SoftMarginLoss(Node x, Node target, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("SoftMarginLoss", x, target);
        return Composite.Of("SoftMarginLoss", x, target, (x, target) => Reduced("SoftMarginLoss", Softplus(-target * x), reduction), ("Reduction", reduction));
    }

    /// <summary>x where the target is 1, max(0, margin − x) where it is −1.</summary>
    /// <param name="x">Floats, distances.</param>
    /// <param name="target">1 or −1, of the same dtype and shape; for any other number both parts count.</param>
    /// <param name="margin">The distance that is far enough.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node HingeEmbeddingLoss(Node x, Node target, double margin = 1, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("HingeEmbeddingLoss", x, target);
        Node losses = Where(Equal(target, 1), 0, Clamp(margin - x, 0)) + Where(Equal(target, -1), 0, x);
        return Reduced("HingeEmbeddingLoss", losses, reduction);
    }

    /// <summary>A loss times how much it counts: 0 where it does not, however large it is.</summary>
    private static Node Times(Node factor, Node loss) => ScaleCotangent(factor, loss);

    private static Node Reduced(string op, Node losses, LossReduction reduction) => reduction switch
    {
        LossReduction.Mean => Mean(losses),
        LossReduction.Sum => Sum(losses),
        LossReduction.None => losses,
        LossReduction.BatchMean => throw InvariantText.OutOfRange(nameof(reduction), reduction, $"{op}: only {nameof(KLDivLoss)} has this reduction; use Mean, Sum or None."),
        _ => throw InvariantText.OutOfRange(nameof(reduction), reduction, $"{op}: this is no reduction; use Mean, Sum or None."),
    };

    /// <summary>The losses times factors that broadcast to their shape, and do not make it larger.</summary>
    private static Node Weighted(string op, Node losses, Node? weight)
    {
        if (weight is null)
        {
            return losses;
        }

        RequireSameType(op, losses, weight);
        return Broadcasting.Join(op, losses.Shape, weight.Shape, losses, weight) == losses.Shape
            ? losses * weight
            : throw new ShapeException($"{op}: weights of the shape {weight.Shape} do not broadcast to the losses' shape {losses.Shape}. Weights: {weight.Describe()}.");
    }

    private static void RequirePair(string op, Node x, Node target)
    {
        RequireFloat(op, x);
        RequireSameType(op, x, NotNull(target));
        if (target.Shape != x.Shape)
        {
            throw new ShapeException($"{op}: the shapes {x.Shape} and {target.Shape} differ; broadcasting would average over pairs that do not belong together.{Broadcasting.Declare(x.Shape, target.Shape)} Inputs: {x.Describe()}, {target.Describe()}.");
        }
    }

    private static void RequireSameType(string op, Node x, Node other)
    {
        if (other.DType != x.DType)
        {
            throw new DTypeException($"{op}: the inputs have different dtypes, {x.DType.Display()} and {other.DType.Display()}; nothing is promoted implicitly, use Cast. Inputs: {x.Describe()}, {other.Describe()}.");
        }
    }

    private static void RequireAtLeast(double value, double least, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= least))
        {
            throw InvariantText.OutOfRange(name, value, $"{name} must be at least {least}.");
        }
    }

    private static void RequireAbove(double value, double bound, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value > bound))
        {
            throw InvariantText.OutOfRange(name, value, $"{name} must be above {bound}.");
        }
    }
}
