namespace GraphCompiler.Operations;

/// <summary>Bools or integers, bit by bit, to the same dtype; no slope.</summary>
internal abstract record BitwiseOp : FlatOp
{
    protected sealed override DType InferDType(TypeContext context)
    {
        context.RequireSameTypes();
        return context.Inputs[0].DType.IsFloat()
            ? throw context.BadDType($"it takes bools or integers, not {context.Inputs[0].DType.Display()}; compare, for example NotEqual(x, 0), or use Cast.")
            : context.Inputs[0].DType;
    }

    protected sealed override double Real(TensorValue[] x, int i) => throw new InvalidOperationException($"{Name} takes bools or integers.");

    protected sealed override long Integer(TensorValue[] x, int i) => Apply(x[0].DType, x[0].Integers[i], x[^1].Integers[i]);

    protected abstract long Apply(DType type, long a, long b);
}

internal sealed record NotOp : BitwiseOp
{
    protected override long Apply(DType type, long a, long b) => type == DType.Bool ? 1 - a : ~a;
}

internal sealed record AndOp : BitwiseOp
{
    protected override long Apply(DType type, long a, long b) => a & b;
}

internal sealed record OrOp : BitwiseOp
{
    protected override long Apply(DType type, long a, long b) => a | b;
}

internal sealed record XorOp : BitwiseOp
{
    protected override long Apply(DType type, long a, long b) => a ^ b;
}

/// <summary>Integers shifted; a count outside of the width shifts everything out.</summary>
internal abstract record ShiftOp : FlatOp
{
    protected sealed override DType InferDType(TypeContext context)
    {
        context.RequireSameTypes();
        return context.Inputs[0].DType.IsInteger()
            ? context.Inputs[0].DType
            : throw context.BadDType($"it takes int32 or int64, not {context.Inputs[0].DType.Display()}; use Cast.");
    }

    protected sealed override double Real(TensorValue[] x, int i) => throw new InvalidOperationException($"{Name} takes integers.");

    protected sealed override long Integer(TensorValue[] x, int i) => Apply(x[0].DType, x[0].Integers[i], x[1].Integers[i]);

    protected abstract long Apply(DType type, long x, long count);
}

/// <summary>x·2^count, wrapping.</summary>
internal sealed record ShiftLeftOp : ShiftOp
{
    protected override long Apply(DType type, long x, long count) => type switch
    {
        DType.Int32 => ScalarMath.ShiftLeft((int)x, (int)count),
        DType.Int64 => ScalarMath.ShiftLeft(x, count),
        _ => throw DTypes.Unexpected(type),
    };
}

/// <summary>x/2^count, rounded down.</summary>
internal sealed record ShiftRightOp : ShiftOp
{
    protected override long Apply(DType type, long x, long count) => type switch
    {
        DType.Int32 => ScalarMath.ShiftRight((int)x, (int)count),
        DType.Int64 => ScalarMath.ShiftRight(x, count),
        _ => throw DTypes.Unexpected(type),
    };
}
