using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>
/// An operation applied element by element to inputs of one shape. It supplies one thing for both modes of differentiation: a direction times
/// its partial slope; the Jacobian is diagonal, so the same rule serves pullback and pushforward.
/// </summary>
internal abstract record ElementwiseOp : SingleResultOp
{
    /// <summary>
    /// Whether finite numbers give finite numbers, but for overflow of sums and products. Not where the function has a pole, is NaN in a part of the line,
    /// or grows so fast that it overflows in ordinary use.
    /// </summary>
    internal virtual bool KeepsFinite => true;

    protected sealed override NodeType InferResult(TypeContext context)
    {
        for (int i = 1; i < context.Inputs.Count; i++)
        {
            if (context.Inputs[i].Shape != context.Inputs[0].Shape)
            {
                throw context.BadShape($"the shapes {context.Inputs[0].Shape} and {context.Inputs[i].Shape} differ.");
            }
        }

        return new NodeType(InferDType(context), context.Inputs[0].Shape);
    }

    protected abstract DType InferDType(TypeContext context);

    /// <summary>The direction times the slope with respect to an input; null where the slope is zero everywhere.</summary>
    protected abstract Node? Chain(Node node, int input, Node direction);

    protected sealed override Node?[] PullbackResult(Node node, Node cotangent) =>
        [.. node.Inputs.Select((input, i) => input.RequiresGrad ? Chain(node, i, cotangent) : null)];

    public sealed override Node?[] Pushforward(Node node, Node?[] tangents)
    {
        Node? sum = null;
        for (int i = 0; i < tangents.Length; i++)
        {
            if (tangents[i] is { } tangent && Chain(node, i, tangent) is { } part)
            {
                sum = sum is null ? part : sum + part;
            }
        }

        return [sum];
    }

    protected sealed override Node BatchResult(BatchContext context) => context.OnBatched(this)[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Elementwise();

    protected sealed override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue[] x = context.Inputs;
        int count = checked((int)x[0].Count);
        bool fromReals = x[^1].DType.IsFloat();
        if (context.ResultType().IsFloat())
        {
            double[] reals = new double[count];
            for (int i = 0; i < count; i++)
            {
                reals[i] = fromReals ? Real(x, i) : TensorValue.Round(context.ResultType(), Integer(x, i));
            }

            return TensorValue.OfReals(context.ResultType(), x[0].Shape, reals);
        }

        long[] whole = new long[count];
        for (int i = 0; i < count; i++)
        {
            whole[i] = fromReals ? Predicate(x, i) : Integer(x, i);
        }

        return TensorValue.OfIntegers(context.ResultType(), x[0].Shape, whole);
    }

    /// <summary>The float result of float inputs (the last input decides).</summary>
    protected abstract double Real(TensorValue[] x, int i);

    /// <summary>The result of integer or bool inputs.</summary>
    protected abstract long Integer(TensorValue[] x, int i);

    /// <summary>The integer or bool result of float inputs.</summary>
    protected virtual long Predicate(TensorValue[] x, int i) => throw new InvalidOperationException($"{Name} has no integer result of float inputs.");
}

/// <summary>One number to one number of the same dtype.</summary>
internal abstract record UnaryOp : ElementwiseOp
{
    protected virtual bool TakesIntegers => false;

    protected override DType InferDType(TypeContext context)
    {
        if (TakesIntegers)
        {
            context.RequireNumber();
        }
        else
        {
            context.RequireFloat();
        }

        return context.Inputs[0].DType;
    }

    protected sealed override Node? Chain(Node node, int input, Node direction) => Chain(node, node.Inputs[0], direction);

    /// <summary>The direction times the slope; <paramref name="y"/> is the result, <paramref name="x"/> the input.</summary>
    protected abstract Node? Chain(Node y, Node x, Node direction);

    protected sealed override double Real(TensorValue[] x, int i) => Apply(x[0].Reals[i]);

    protected sealed override long Integer(TensorValue[] x, int i) => Apply(x[0].Integers[i]);

    protected abstract double Apply(double x);

    protected virtual long Apply(long x) => throw new InvalidOperationException($"{Name} takes floats.");
}

/// <summary>A function of floats that is a call or a polynomial, not an instruction.</summary>
internal abstract record TranscendentalOp : UnaryOp
{
    internal override bool KeepsFinite => false;
}

/// <summary>Two numbers of one dtype to one of the same.</summary>
internal abstract record BinaryOp : ElementwiseOp
{
    protected virtual bool TakesIntegers => true;

    protected override DType InferDType(TypeContext context)
    {
        context.RequireSameTypes();
        if (TakesIntegers)
        {
            context.RequireNumber();
        }
        else
        {
            context.RequireFloat();
        }

        return context.Inputs[0].DType;
    }

    protected sealed override double Real(TensorValue[] x, int i) => Apply(x[0].Reals[i], x[1].Reals[i]);

    protected sealed override long Integer(TensorValue[] x, int i) => Apply(x[0].Integers[i], x[1].Integers[i]);

    protected abstract double Apply(double a, double b);

    protected virtual long Apply(long a, long b) => throw new InvalidOperationException($"{Name} takes floats.");
}

/// <summary>An elementwise operation without a slope.</summary>
internal abstract record FlatOp : ElementwiseOp
{
    public sealed override bool IsDifferentiable => false;

    protected sealed override Node? Chain(Node node, int input, Node direction) => null;
}

/// <summary>A float to a bool; no slope.</summary>
internal abstract record PredicateOp : FlatOp
{
    protected sealed override DType InferDType(TypeContext context)
    {
        context.RequireFloat();
        return DType.Bool;
    }

    protected sealed override double Real(TensorValue[] x, int i) => throw new InvalidOperationException($"{Name} gives bools.");

    protected sealed override long Integer(TensorValue[] x, int i) => throw new InvalidOperationException($"{Name} takes floats.");

    protected sealed override long Predicate(TensorValue[] x, int i) => Holds(x[0].Reals[i]) ? 1 : 0;

    protected abstract bool Holds(double x);
}

/// <summary>Two numbers of one dtype to a bool; no slope.</summary>
internal abstract record ComparisonOp : FlatOp
{
    protected override DType InferDType(TypeContext context)
    {
        context.RequireSameTypes();
        return DType.Bool;
    }

    protected sealed override double Real(TensorValue[] x, int i) => throw new InvalidOperationException($"{Name} gives bools.");

    protected sealed override long Integer(TensorValue[] x, int i) => Holds(x[0].Integers[i], x[1].Integers[i]) ? 1 : 0;

    protected sealed override long Predicate(TensorValue[] x, int i) => Holds(x[0].Reals[i], x[1].Reals[i]) ? 1 : 0;

    protected abstract bool Holds(double a, double b);

    protected abstract bool Holds(long a, long b);
}
