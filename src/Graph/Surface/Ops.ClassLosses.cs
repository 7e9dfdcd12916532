using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Losses of classes: indices or probabilities of the one right class, or several right ones.</summary>
public static partial class Ops
{
    /// <summary>The cross-entropy −w·log softmax(logits)[class] of class indices, or −Σ w·target·log softmax(logits) of probabilities.</summary>
    /// <param name="logits">Floats [N, C], [N, C, …] for a class at each of several places, or [C] for one sample.</param>
    /// <param name="target">
    /// Class indices, int32 or int64 [N], [N, …], or [] for one sample, each in [0, C); another is an error when the graph runs. Or probabilities of
    /// the logits' shape and dtype.
    /// </param>
    /// <param name="reduction">The mean over the samples, which class weights weigh (of probabilities they do not), their sum, or one loss a sample.</param>
    /// <param name="weight">Weights w of the classes, [C], or null for none.</param>
    /// <param name="ignoreIndex">A class whose samples do not count, which may lie outside [0, C); null for none, where PyTorch has −100.</param>
    /// <param name="labelSmoothing">The part of the target, in [0, 1], that is spread over all classes evenly (Szegedy et al., 2016).</param>
    /// <exception cref="ArgumentOutOfRangeException">The smoothing is outside [0, 1].</exception>
    public static Node CrossEntropy(
        Node logits, Node target, LossReduction reduction = LossReduction.Mean, Node? weight = null, long? ignoreIndex = null, double labelSmoothing = 0)
    {
        const string Name = "CrossEntropy";
        RequireFloat(Name, logits);
        if (!(labelSmoothing is >= 0 and <= 1))
        {
            throw InvariantText.OutOfRange(nameof(labelSmoothing), labelSmoothing, $"{Name}: the smoothing must be in [0, 1].");
        }

        if (NotNull(target).DType.IsFloat() && target.Shape == logits.Shape && logits.Rank > 0)
        {
            return ignoreIndex is null
                ? Composite.Of(Name, logits, target, weight, (logits, target, weight) => OfProbabilities(logits, target, reduction, weight, labelSmoothing), ("Reduction", reduction), ("LabelSmoothing", labelSmoothing))
                : throw new ArgumentException($"{Name}: probabilities have no class index to ignore.", nameof(ignoreIndex));
        }

        if (target.DType.IsFloat())
        {
            throw new DTypeException($"{Name}: the target must be class indices, int32 or int64, or probabilities of the shape {logits.Shape}, not {target.Type}. Inputs: {logits.Describe()}, {target.Describe()}.");
        }

        return Composite.Of(
            Name,
            logits,
            target,
            weight,
            (logits, target, weight) =>
            {
                ClassTargets targets = new(Name, logits, target, weight, ignoreIndex);
                Node losses = targets.Weighted(Create(new CrossEntropyOp(), targets.Scores, targets.Classes).Named(Name));
                if (labelSmoothing > 0)
                {
                    Node even = -targets.Kept(Sum(targets.OfClasses(LogSoftmax(targets.Scores, 1)), 1));
                    losses = ((1 - labelSmoothing) * losses) + (labelSmoothing * (even / DimValue(targets.Scores.Shape[1], logits.DType)));
                }

                return targets.Reduced(losses, reduction);
            },
            ("Reduction", reduction),
            ("IgnoreIndex", ignoreIndex),
            ("LabelSmoothing", labelSmoothing));
    }

    /// <summary>The negative log-likelihood −w·x[class] of class indices.</summary>
    /// <param name="logProbabilities">Floats [N, C], [N, C, …] for a class at each of several places, or [C] for one sample.</param>
    /// <param name="target">Class indices, int32 or int64 [N], [N, …], or [] for one sample, each in [0, C); another is an error when the graph runs.</param>
    /// <param name="reduction">The mean over the samples, which class weights weigh, their sum, or one loss a sample.</param>
    /// <param name="weight">Weights w of the classes, [C], or null for none.</param>
    /// <param name="ignoreIndex">A class whose samples do not count, which may lie outside [0, C); null for none, where PyTorch has −100.</param>
    public static Node NllLoss(Node logProbabilities, Node target, LossReduction reduction = LossReduction.Mean, Node? weight = null, long? ignoreIndex = null)
    {
        RequireFloat("NllLoss", logProbabilities);
        return Composite.Of(
            "NllLoss",
            logProbabilities,
            NotNull(target),
            weight,
            (logProbabilities, target, weight) =>
            {
                ClassTargets targets = new("NllLoss", logProbabilities, target, weight, ignoreIndex);
                return targets.Reduced(targets.Weighted(-targets.Pick(targets.Scores)), reduction);
            },
            ("Reduction", reduction),
            ("IgnoreIndex", ignoreIndex));
    }

    /// <summary>The hinge loss of many classes: the sum of max(0, margin − x[class] + x[other])ᵖ over the other classes, divided by C.</summary>
    /// <param name="x">Floats [N, C], or [C] for one sample.</param>
    /// <param name="target">Class indices, int32 or int64 [N], or [] for one sample, each in [0, C); another is an error when the graph runs.</param>
    /// <param name="p">1 or 2.</param>
    /// <param name="margin">By how much the right class should lead.</param>
    /// <param name="weight">Weights [C] of the right classes, before the power, or null for none.</param>
    /// <param name="reduction">The mean over the samples, their sum, or one loss a sample.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is neither 1 nor 2.</exception>
    public static Node MultiMarginLoss(
        Node x, Node target, int p = 1, double margin = 1, Node? weight = null, LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "MultiMarginLoss";
        RequireFloat(Name, x);
        if (p is not (1 or 2))
        {
            throw InvariantText.OutOfRange(nameof(p), p, $"{Name}: the power is 1 or 2.");
        }

        ClassTargets targets = new(Name, x, NotNull(target), weight, null);
        (Node scores, Node classes) = (targets.Scores, targets.Classes);
        if (scores.Rank != 2)
        {
            throw new ShapeException($"{Name}: x must be [N, C], or [C] for one sample. Input: {x.Describe()}.");
        }

        Node lead = Relu(margin - Unsqueeze(targets.Pick(scores), 1) + scores);
        Node others = Where(Equal(Iota(scores.Shape, 1, classes.DType), Unsqueeze(classes, 1)), 0, p == 1 ? lead : lead * lead);
        Node losses = targets.Weighted(Sum(others, 1)) / DimValue(scores.Shape[1], x.DType);
        return FunctionParts.Of(Name, Reduced(Name, targets.IsSingle ? Squeeze(losses, 0) : losses, reduction), x, target, weight);
    }

    /// <summary>The binary cross-entropy of each class by itself, averaged over the classes, which are the last axis.</summary>
    /// <param name="x">Floats [N, C] or [C], logits.</param>
    /// <param name="target">0 or 1, of the same dtype and shape.</param>
    /// <param name="weight">Weights of the classes, [C], or null for none.</param>
    /// <param name="reduction">The mean over the samples, their sum, or one loss a sample.</param>
    public static Node MultiLabelSoftMarginLoss(Node x, Node target, Node? weight = null, LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "MultiLabelSoftMarginLoss";
        RequirePair(Name, x, target);
        if (x.Rank == 0)
        {
            throw new ShapeException($"{Name}: x must be [N, C], or [C] for one sample. Input: {x.Describe()}.");
        }

        return Reduced(Name, Mean(BinaryCrossEntropyWithLogits(x, target, weight, reduction: LossReduction.None), -1), reduction);
    }

    /// <summary>
    /// The hinge loss of several right classes a sample: the sum of max(0, 1 − x[right] + x[other]) over all pairs of a right class and one that is not,
    /// divided by C.
    /// </summary>
    /// <param name="x">Floats [N, C], or [C] for one sample.</param>
    /// <param name="target">
    /// int32 or int64 of x's shape: the right classes of each sample, in [0, C), then a negative number, behind which nothing counts. A class that is out of
    /// range is an error when the graph runs.
    /// </param>
    /// <param name="reduction">The mean over the samples, their sum, or one loss a sample.</param>
    public static Node MultiLabelMarginLoss(Node x, Node target, LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "MultiLabelMarginLoss";
        RequireFloat(Name, x);
        if (!NotNull(target).DType.IsInteger())
        {
            throw new DTypeException($"{Name}: class indices must be int32 or int64, not {target.DType.Display()}. Inputs: {x.Describe()}, {target.Describe()}.");
        }

        if (x.Rank is not (1 or 2) || target.Shape != x.Shape)
        {
            throw new ShapeException($"{Name}: scores and classes of one shape, [N, C] or [C], are needed.{Broadcasting.Declare(x.Shape, target.Shape)} Inputs: {x.Describe()}, {target.Describe()}.");
        }

        // From the first negative number on nothing counts.
        Node counts = CumulativeMin(target, -1).Values >= 0;
        Node classes = Where(counts, target, 0);
        Node isRight = ScatterAdd(Zeros(x.Shape, x.DType), -1, classes, Cast(counts, x.DType)).Named(Name) > 0;
        Node right = Gather(x, -1, classes).Named(Name);
        Node lead = Relu(1 - Unsqueeze(right, -1) + Unsqueeze(x, -2));
        Node pairs = Where(Unsqueeze(counts, -1) & !Unsqueeze(isRight, -2), lead, 0);
        return FunctionParts.Of(Name, Reduced(Name, Sum(pairs, [-2, -1]) / DimValue(x.Shape[^1], x.DType), reduction), x, target);
    }

    /// <summary>
    /// Connectionist temporal classification (Graves et al., 2006): −log of the probability, summed over all ways to align them, that the outputs at
    /// times spell the target once repetitions are merged and blanks removed; ∞ where the target does not fit. It can be differentiated once: a second
    /// derivative is an error. Where the loss is infinite its gradient is 0.
    /// </summary>
    /// <param name="logProbabilities">Floats [T, N, C], or [T, C] for one sample, as <see cref="LogSoftmax"/> gives them.</param>
    /// <param name="targets">
    /// int32 or int64 [N, S], or [S] for one sample: the classes to spell, padded at the end by anything; each in [0, C) and not the blank. Another is
    /// an error when the graph runs.
    /// </param>
    /// <param name="inputLengths">int32 or int64 [N], or [] for one sample: how many times count, from 0 to T; another is an error when the graph runs.</param>
    /// <param name="targetLengths">int32 or int64 [N], or [] for one sample: how many targets count, from 0 to S; another is an error when the graph runs.</param>
    /// <param name="blank">The class that stands for nothing.</param>
    /// <param name="reduction">The mean over the samples of losses divided by target lengths of at least 1, the sum, or one loss a sample.</param>
    /// <param name="zeroInfinity">Whether infinite losses count as 0.</param>
    public static Node CtcLoss(
        Node logProbabilities,
        Node targets,
        Node inputLengths,
        Node targetLengths,
        int blank = 0,
        LossReduction reduction = LossReduction.Mean,
        bool zeroInfinity = false)
    {
        const string Name = "CtcLoss";
        RequireFloat(Name, logProbabilities);
        Node[] whole = [NotNull(targets), NotNull(inputLengths), NotNull(targetLengths)];
        foreach (Node node in whole)
        {
            if (!node.DType.IsInteger())
            {
                throw new DTypeException($"{Name}: targets and lengths must be int32 or int64, not {node.DType.Display()}. Inputs: {logProbabilities.Describe()}, {node.Describe()}.");
            }
        }

        Node[] given = [logProbabilities, .. whole];
        if (logProbabilities.Rank == 2 && targets.Rank == 1 && inputLengths.Rank == 0 && targetLengths.Rank == 0)
        {
            Node one = CtcLoss(Unsqueeze(logProbabilities, 1), Unsqueeze(targets, 0), Unsqueeze(inputLengths, 0), Unsqueeze(targetLengths, 0), blank, reduction, zeroInfinity);
            return FunctionParts.Of(Name, reduction == LossReduction.None ? Squeeze(one, 0) : one, given);
        }

        (Node x, Shape lengths) = (logProbabilities, inputLengths.Shape);
        if (x.Rank != 3 || targets.Rank != 2 || targets.Shape[0] != x.Shape[1] || lengths != Shape.Create([x.Shape[1]]) || targetLengths.Shape != lengths)
        {
            throw new ShapeException($"{Name}: log-probabilities [T, N, C], targets [N, S] and two lengths [N] are needed, with the same N.{Broadcasting.Declare(x.Shape, targets.Shape)} Inputs: {x.Describe()}, {targets.Describe()}, {inputLengths.Describe()}, {targetLengths.Describe()}.");
        }

        if (blank < 0 || blank >= x.Shape[2].Constant)
        {
            throw InvariantText.OutOfRange(nameof(blank), blank, $"{Name}: the blank must be a class in [0, {x.Shape[2]}).");
        }

        x = Conditions.AtLeast(Name, x, x.Shape[2], blank + 1L, $"the blank {blank} is no class of {x.Shape}.");
        Node alpha = Create(new CtcAlphaOp(blank), x, targets, inputLengths, targetLengths).Named(Name);

        // A path ends in the last label or the blank behind it, at the last time that counts.
        Node last = BroadcastTo(Reshape(Maximum(inputLengths - 1, ZerosLike(inputLengths)), [1, x.Shape[1], 1]), alpha.Shape.With(0, 1));
        Node ends = Squeeze(Gather(alpha, 0, last), 0);
        Node label = Squeeze(Gather(ends, 1, Unsqueeze(Maximum((targetLengths * 2) - 1, ZerosLike(targetLengths)), 1)), 1);
        Node behind = Squeeze(Gather(ends, 1, Unsqueeze(targetLengths * 2, 1)), 1);
        Node isEmpty = Equal(targetLengths, 0);
        Node losses = -LogAddExp(Where(isEmpty, double.NegativeInfinity, label), behind);
        losses = Where(Equal(inputLengths, 0), Where(isEmpty, ZerosLike(losses), double.PositiveInfinity), losses);
        if (zeroInfinity)
        {
            losses = Where(Equal(losses, double.PositiveInfinity), 0, losses);
        }

        Node counted = Cast(Maximum(targetLengths, OnesLike(targetLengths)), x.DType);
        return FunctionParts.Of(Name, Reduced(Name, reduction == LossReduction.Mean ? losses / counted : losses, reduction), given);
    }

    private static Node OfProbabilities(Node logits, Node target, LossReduction reduction, Node? weight, double smoothing)
    {
        const string Name = "CrossEntropy";
        RequireSameType(Name, logits, target);
        int along = logits.Rank == 1 ? 0 : 1;
        Node smooth = smoothing == 0 ? target : ((1 - smoothing) * target) + (smoothing / DimValue(logits.Shape[along], logits.DType));
        Node weighted = Times(smooth, LogSoftmax(logits, along));
        return Reduced(Name, -Sum(weight is null ? weighted : weighted * AlongClasses(Name, weight, logits, along), along), reduction);
    }

    /// <summary>A number for each class beside numbers whose classes lie along an axis.</summary>
    private static Node AlongClasses(string op, Node weight, Node x, int along)
    {
        RequireSameType(op, x, weight);
        return weight.Rank == 1 && weight.Shape[0] == x.Shape[along]
            ? AlongAxis(op, weight, x, along)
            : throw new ShapeException($"{op}: one weight for each of the {x.Shape[along]} classes is needed, not {weight.Shape}.{Broadcasting.Declare([x.Shape[along]], weight.Shape)} Inputs: {x.Describe()}, {weight.Describe()}.");
    }

    /// <summary>Class indices beside scores whose classes are axis 1, what they weigh and which of them count.</summary>
    private sealed class ClassTargets
    {
        private readonly string op;
        private readonly Node? classWeight;
        private readonly Node? weight;
        private readonly Node? ignored;

        public ClassTargets(string op, Node scores, Node target, Node? weight, long? ignoreIndex)
        {
            if (!target.DType.IsInteger())
            {
                throw new DTypeException($"{op}: class indices must be int32 or int64, not {target.DType.Display()}. Inputs: {scores.Describe()}, {target.Describe()}.");
            }

            IsSingle = scores.Rank == 1 && target.Rank == 0;
            Scores = IsSingle ? Unsqueeze(scores, 0) : scores;
            Node given = IsSingle ? Unsqueeze(target, 0) : target;
            if (Scores.Rank < 2 || given.Shape != Scores.Shape.Without([1]))
            {
                throw new ShapeException($"{op}: scores [N, C] and classes [N] are needed, or [N, C, …] and [N, …], with the same N.{Broadcasting.Declare(scores.Shape, target.Shape)} Inputs: {scores.Describe()}, {target.Describe()}.");
            }

            this.op = op;
            ignored = ignoreIndex is { } index ? Equal(given, Scalar(index, given.DType)) : null;
            Classes = ignored is null ? given : Where(ignored, 0, given);
            classWeight = weight is null ? null : AlongClasses(op, weight, Scores, 1);
            this.weight = weight is null ? null : Take(weight, Classes).Named(op);
        }

        public Node Scores { get; }

        /// <summary>The indices, 0 for those that do not count.</summary>
        public Node Classes { get; }

        /// <summary>Whether one sample was given, without an axis of samples.</summary>
        public bool IsSingle { get; }

        /// <summary>The score of the right class; the name tells a class out of range from any other index.</summary>
        public Node Pick(Node scores) => Squeeze(Gather(scores, 1, Unsqueeze(Classes, 1)).Named(op), 1);

        /// <summary>Numbers of all classes times their weights.</summary>
        public Node OfClasses(Node values) => classWeight is null ? values : values * classWeight;

        /// <summary>0 where a sample does not count.</summary>
        public Node Kept(Node losses) => ignored is null ? losses : Where(ignored, 0, losses);

        /// <summary>Losses times the weights of the right classes.</summary>
        public Node Weighted(Node losses) => weight is null ? Kept(losses) : Kept(losses * weight);

        /// <summary>The reduction; the mean is over what samples weigh.</summary>
        public Node Reduced(Node losses, LossReduction reduction)
        {
            if (reduction == LossReduction.Mean && (weight ?? ignored) is not null)
            {
                return Sum(losses) / Sum(Kept(weight ?? OnesLike(losses)));
            }

            return Ops.Reduced(op, IsSingle ? Squeeze(losses, 0) : losses, reduction);
        }
    }
}
