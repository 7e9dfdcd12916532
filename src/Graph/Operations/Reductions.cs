using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>Combines the elements along axes, which leave the shape. Axes are sorted, distinct and within the rank.</summary>
internal abstract record ReductionOp(EquatableArray<int> Axes) : SingleResultOp
{
    protected sealed override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        foreach (int axis in Axes)
        {
            context.RequireAxis(axis, x.Rank);
        }

        return new NodeType(InferDType(context), x.Shape.Without(Axes));
    }

    protected virtual DType InferDType(TypeContext context)
    {
        context.RequireNumber();
        return context.Inputs[0].DType;
    }

    protected override Node BatchResult(BatchContext context) => context.Create(this with { Axes = Axis.BehindBatch(Axes) }, context.Inputs[0]);

    protected sealed override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        var groups = new List<long>[TensorValue.CountOf(shape)];
        for (long i = 0; i < groups.Length; i++)
        {
            groups[i] = [];
        }

        for (long i = 0; i < x.Count; i++)
        {
            long[] kept = [.. EvaluationContext.Coordinates(i, x.Shape).Where((_, axis) => !Axes.Contains(axis))];
            groups[EvaluationContext.Position(kept, shape)].Add(i);
        }

        return context.ResultType().IsFloat()
            ? TensorValue.OfReals(context.ResultType(), shape, [.. groups.Select(g => Real(context, [.. g.Select(i => x.Reals[i])]))])
            : TensorValue.OfIntegers(context.ResultType(), shape, [.. groups.Select(g => Integer(context, x, g))]);
    }

    /// <summary>The result for the elements of one group, in row-major order.</summary>
    protected abstract double Real(EvaluationContext context, double[] group);

    /// <summary>The result of a group whose result is an integer or bool.</summary>
    protected abstract long Integer(EvaluationContext context, TensorValue x, List<long> group);
}

internal sealed record SumOp(EquatableArray<int> Axes) : ReductionOp(Axes)
{
    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Axis.Expand(cotangent, Axes, node.Inputs[0].Shape)];

    public override Node?[] Pushforward(Node node, Node?[] tangents) => [tangents[0] is { } t ? Node.Create(this, t) : null];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.SumInBlocks(errors.Terms);

    protected override double Real(EvaluationContext context, double[] group)
    {
        NeumaierSum sum = default;
        foreach (double term in group)
        {
            sum.Add(term);
        }

        return sum.Value;
    }

    protected override long Integer(EvaluationContext context, TensorValue x, List<long> group) => group.Aggregate(0L, (sum, i) => unchecked(sum + x.Integers[i]));
}

internal sealed record ProdOp(EquatableArray<int> Axes) : ReductionOp(Axes)
{
    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Products.Pullback(node.Inputs[0], Axes, cotangent)];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Products(errors.Terms);

    protected override double Real(EvaluationContext context, double[] group) => group.Aggregate(1.0, (product, v) => product * v);

    protected override long Integer(EvaluationContext context, TensorValue x, List<long> group) => group.Aggregate(1L, (product, i) => unchecked(product * x.Integers[i]));
}

/// <summary>The largest or smallest element; NaN if there is one. Ties share the gradient evenly.</summary>
internal abstract record ExtremumOp(EquatableArray<int> Axes) : ReductionOp(Axes)
{
    /// <summary>Whether nothing is allowed, whose result is what any element beats: for what is made of an extremum and makes sense of nothing.</summary>
    public bool MayBeOfNothing { get; init; }

    protected override DType InferDType(TypeContext context)
    {
        foreach (int axis in MayBeOfNothing ? [] : Axes)
        {
            context.RequireAtLeast(context.Inputs[0].Shape[axis], 1, $"axis {axis} has no elements to choose from.");
        }

        return base.InferDType(context);
    }

    protected sealed override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node x = node.Inputs[0];

        // Where the result is NaN, what made it so attains it; NaN equals nothing, and 0/0 would spread to the other elements.
        Node attains = Ops.Cast(Ops.LogicalOr(Ops.Equal(x, Axis.Expand(node, Axes, x.Shape)), Ops.NotEqual(x, x)), x.DType);
        Node share = cotangent / Node.Create(new SumOp(Axes), attains);
        return [attains * Axis.Expand(share, Axes, x.Shape)];
    }

    public sealed override double[]? BoundErrors(RoundingErrors errors) => errors.Linear(new MaxOp(Axes));

    protected sealed override double Real(EvaluationContext context, double[] group) => group.Aggregate(OfNothing, Choose);

    protected sealed override long Integer(EvaluationContext context, TensorValue x, List<long> group) => group.Select(i => x.Integers[i]).Aggregate(Choose);

    protected abstract double OfNothing { get; }

    protected abstract double Choose(double a, double b);

    protected abstract long Choose(long a, long b);
}

internal sealed record MaxOp(EquatableArray<int> Axes) : ExtremumOp(Axes)
{
    protected override double OfNothing => double.NegativeInfinity;

    protected override double Choose(double a, double b) => Math.Max(a, b);

    protected override long Choose(long a, long b) => Math.Max(a, b);
}

internal sealed record MinOp(EquatableArray<int> Axes) : ExtremumOp(Axes)
{
    protected override double OfNothing => double.PositiveInfinity;

    protected override double Choose(double a, double b) => Math.Min(a, b);

    protected override long Choose(long a, long b) => Math.Min(a, b);
}

/// <summary>The int64 position of the first largest or smallest element along one axis; the first NaN if there is one. No slope.</summary>
internal abstract record ArgExtremumOp(int Along) : ReductionOp(EquatableArray.Create([Along]))
{
    public sealed override bool IsDifferentiable => false;

    protected override DType InferDType(TypeContext context)
    {
        context.RequireNumber();
        context.RequireAtLeast(context.Inputs[0].Shape[Along], 1, $"axis {Along} has no elements to choose from.");
        return DType.Int64;
    }

    public sealed override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    protected sealed override Node?[] PullbackResult(Node node, Node cotangent) => [null];

    protected sealed override Node BatchResult(BatchContext context) =>
        context.Create(this with { Along = Along + 1, Axes = Axis.BehindBatch(Axes) }, context.Inputs[0]);

    protected sealed override double Real(EvaluationContext context, double[] group) => throw new InvalidOperationException($"{Name} gives integers.");

    protected sealed override long Integer(EvaluationContext context, TensorValue x, List<long> group)
    {
        int best = 0;
        for (int i = 1; i < group.Count; i++)
        {
            double candidate = x[group[i]];
            double current = x[group[best]];
            bool wins = x.DType.IsFloat()
                ? !double.IsNaN(current) && (double.IsNaN(candidate) || Beats(candidate, current))
                : Beats(x.Integers[group[i]], x.Integers[group[best]]);
            best = wins ? i : best;
        }

        return best;
    }

    protected abstract bool Beats(double a, double b);

    protected abstract bool Beats(long a, long b);
}

internal sealed record ArgMaxOp(int Along) : ArgExtremumOp(Along)
{
    protected override bool Beats(double a, double b) => a > b;

    protected override bool Beats(long a, long b) => a > b;
}

internal sealed record ArgMinOp(int Along) : ArgExtremumOp(Along)
{
    protected override bool Beats(double a, double b) => a < b;

    protected override bool Beats(long a, long b) => a < b;
}
