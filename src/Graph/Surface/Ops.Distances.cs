using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Distances and angles between vectors, and the losses made of them.</summary>
public static partial class Ops
{
    /// <summary>x·y/(max(‖x‖, ε)·max(‖y‖, ε)) along an axis: the cosine of the angle.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="y">Floats of the same dtype; the shapes broadcast.</param>
    /// <param name="axis">The axis of the vectors, of the common shape.</param>
    /// <param name="epsilon">ε, above 0.</param>
    public static Node CosineSimilarity(Node x, Node y, int axis = 1, double epsilon = 1e-8)
    {
        const string Name = "CosineSimilarity";
        RequireFloat(Name, x);
        RequireSameType(Name, x, NotNull(y));
        RequireAbove(epsilon, 0);
        Node[] both = Broadcasting.Together(Name, x, y);
        int along = Axis.Normalize(axis, both[0].Rank, Name, both[0]);
        Node[] directions = [.. both.Select(v => v / Clamp(Norm(v, 2, along, keepDims: true), epsilon))];
        return Sum(directions[0] * directions[1], along);
    }

    /// <summary>‖x − y + ε‖ₚ along the last axis; slope 0 where it is 0.</summary>
    /// <param name="x">Floats [..., D].</param>
    /// <param name="y">Floats of the same dtype; the shapes broadcast.</param>
    /// <param name="order">The norm, as in <see cref="Norm"/>.</param>
    /// <param name="epsilon">ε, added to each difference, which keeps the distance of equal vectors above 0.</param>
    /// <param name="keepDims">Whether the last axis stays, with size 1.</param>
    public static Node PairwiseDistance(Node x, Node y, double order = 2, double epsilon = 1e-6, bool keepDims = false)
    {
        const string Name = "PairwiseDistance";
        RequireFloat(Name, x);
        RequireSameType(Name, x, NotNull(y));
        Node[] both = Broadcasting.Together(Name, x, y);
        return Norm(both[0] - both[1] + epsilon, order, Axis.Normalize(-1, both[0].Rank, Name, both[0]), keepDims);
    }

    /// <summary>x/max(‖x‖ₚ, ε) along an axis.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="order">The norm, as in <see cref="Norm"/>.</param>
    /// <param name="axis">The axis of the vectors.</param>
    /// <param name="epsilon">ε.</param>
    public static Node Normalize(Node x, double order = 2, int axis = 1, double epsilon = 1e-12)
    {
        RequireFloat("Normalize", x);
        RequireAtLeast(epsilon, 0);
        return x / Clamp(Norm(x, order, Axis.Normalize(axis, x.Rank, "Normalize", x), keepDims: true), epsilon);
    }

    /// <summary>max(0, margin − target·(a − b)): whether a should rank before b.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype and shape.</param>
    /// <param name="target">1 where a should be larger, −1 where b should; of the same dtype and shape.</param>
    /// <param name="margin">By how much.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node MarginRankingLoss(Node a, Node b, Node target, double margin = 0, LossReduction reduction = LossReduction.Mean)
    {
        RequirePair("MarginRankingLoss", a, b);
        RequirePair("MarginRankingLoss", a, target);
        return Reduced("MarginRankingLoss", Clamp((-target * (a - b)) + margin, 0), reduction);
    }

    /// <summary>max(0, margin + d(anchor, positive) − d(anchor, negative)) with d of <see cref="PairwiseDistance"/>.</summary>
    /// <param name="anchor">Floats [N, D] or [D].</param>
    /// <param name="positive">What should be near, of the same dtype and shape.</param>
    /// <param name="negative">What should be far, of the same dtype and shape.</param>
    /// <param name="margin">By how much farther.</param>
    /// <param name="order">The norm of the distance, as in <see cref="Norm"/>.</param>
    /// <param name="epsilon">Added to each difference.</param>
    /// <param name="swap">Whether the distance from positive to negative counts instead where it is smaller (Balntas et al., 2016).</param>
    /// <param name="reduction">The mean over the samples, their sum, or one loss a sample.</param>
    public static Node TripletMarginLoss(
        Node anchor,
        Node positive,
        Node negative,
        double margin = 1,
        double order = 2,
        double epsilon = 1e-6,
        bool swap = false,
        LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "TripletMarginLoss";
        RequirePair(Name, anchor, positive);
        RequirePair(Name, anchor, negative);
        Node far = PairwiseDistance(anchor, negative, order, epsilon);
        far = swap ? Minimum(far, PairwiseDistance(positive, negative, order, epsilon)) : far;
        return Reduced(Name, Clamp(PairwiseDistance(anchor, positive, order, epsilon) - far + margin, 0), reduction);
    }

    /// <summary>With the cosine c of two vectors: 1 − c where the target is 1, max(0, c − margin) where it is −1.</summary>
    /// <param name="a">Floats [N, D] or [D].</param>
    /// <param name="b">Floats of the same dtype and shape.</param>
    /// <param name="target">1 or −1, of the same dtype, [N] or []; any other number gives 0.</param>
    /// <param name="margin">From −1 to 1; from 0 to ½ is usual.</param>
    /// <param name="reduction">The mean over the samples, their sum, or one loss a sample.</param>
    public static Node CosineEmbeddingLoss(Node a, Node b, Node target, double margin = 0, LossReduction reduction = LossReduction.Mean)
    {
        const string Name = "CosineEmbeddingLoss";
        RequirePair(Name, a, b);
        RequireSameType(Name, a, NotNull(target));
        if (a.Rank is not (1 or 2) || target.Shape != a.Shape.Without([a.Rank - 1]))
        {
            throw new ShapeException($"{Name}: vectors [N, D] and targets [N] are needed, or [D] and [].{Broadcasting.Declare(a.Shape, target.Shape)} Inputs: {a.Describe()}, {target.Describe()}.");
        }

        // PyTorch adds this to the squared lengths.
        const double Least = 1e-12;
        Node cosine = Sum(a * b, -1) * Rsqrt(Sum(a * a, -1) + Least) * Rsqrt(Sum(b * b, -1) + Least);
        Node losses = Where(Equal(target, 1), 1 - cosine, 0) + Where(Equal(target, -1), Clamp(cosine - margin, 0), 0);
        return Reduced(Name, losses, reduction);
    }
}
