using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Elementwise operations as scalar expressions: the one table from operations of the graph to those of the Loop IR.</summary>
internal static class Scalars
{
    public static LoopValue Apply(Node node, LoopValue[] x) => node.Op switch
    {
        ComparisonOp when x[0].Type == DType.Bool => CompareBools(node.Op, x[0], x[1]),
        NegOp => new UnaryValue(UnaryFunction.Negate, x[0]),
        AbsOp => new UnaryValue(UnaryFunction.Abs, x[0]),
        SignOp => Sign(x[0]),
        ExpOp => new UnaryValue(UnaryFunction.Exp, x[0]),
        LogOp => new UnaryValue(UnaryFunction.Log, x[0]),
        Log1POp => new UnaryValue(UnaryFunction.Log1P, x[0]),
        SqrtOp => new UnaryValue(UnaryFunction.Sqrt, x[0]),
        ReciprocalOp => new BinaryValue(BinaryFunction.Divide, Loops.Literal.Of(x[0].Type, 1), x[0]),
        TanhOp => new UnaryValue(UnaryFunction.Tanh, x[0]),
        SigmoidOp => new UnaryValue(UnaryFunction.Sigmoid, x[0]),
        SinOp => new UnaryValue(UnaryFunction.Sin, x[0]),
        CosOp => new UnaryValue(UnaryFunction.Cos, x[0]),
        ErfOp => new UnaryValue(UnaryFunction.Erf, x[0]),
        FloorOp => new UnaryValue(UnaryFunction.Floor, x[0]),
        NotOp => new UnaryValue(UnaryFunction.Not, x[0]),
        CastOp cast => LoopMath.Convert(cast.To, x[0]),
        DetachOp => x[0],
        AddOp => new BinaryValue(BinaryFunction.Add, x[0], x[1]),
        SubOp => new BinaryValue(BinaryFunction.Subtract, x[0], x[1]),
        MulOp => new BinaryValue(BinaryFunction.Multiply, x[0], x[1]),
        DivOp => new BinaryValue(BinaryFunction.Divide, x[0], x[1]),
        PowOp => new BinaryValue(BinaryFunction.Power, x[0], x[1]),
        MaximumOp => new BinaryValue(BinaryFunction.Maximum, x[0], x[1]),
        MinimumOp => new BinaryValue(BinaryFunction.Minimum, x[0], x[1]),
        ScaleCotangentOp => new SelectValue(
            new BinaryValue(BinaryFunction.Equal, x[0], Zero(x[0])), Zero(x[0]), new BinaryValue(BinaryFunction.Multiply, x[0], x[1])),
        EqualOp => new BinaryValue(BinaryFunction.Equal, x[0], x[1]),
        NotEqualOp => new BinaryValue(BinaryFunction.NotEqual, x[0], x[1]),
        LessOp => new BinaryValue(BinaryFunction.Less, x[0], x[1]),
        LessEqualOp => new BinaryValue(BinaryFunction.LessEqual, x[0], x[1]),
        GreaterOp => new BinaryValue(BinaryFunction.Greater, x[0], x[1]),
        GreaterEqualOp => new BinaryValue(BinaryFunction.GreaterEqual, x[0], x[1]),
        AndOp => new BinaryValue(BinaryFunction.And, x[0], x[1]),
        OrOp => new BinaryValue(BinaryFunction.Or, x[0], x[1]),
        XorOp => new BinaryValue(BinaryFunction.Xor, x[0], x[1]),
        WhereOp => new SelectValue(x[0], x[1], x[2]),
        _ => throw new CompileException($"{node.Describe()} has no scalar form."),
    };

    /// <summary>A constant of one element.</summary>
    public static Literal Literal(ConstantOp constant)
    {
        TensorValue value = constant.Data.Value;
        return value.DType switch
        {
            DType.Float32 => Loops.Literal.Of((float)value.Reals[0]),
            DType.Float64 => Loops.Literal.Of(value.Reals[0]),
            DType.Int32 => Loops.Literal.Of((int)value.Integers[0]),
            DType.Int64 => Loops.Literal.Of(value.Integers[0]),
            _ => Loops.Literal.Of(value.Integers[0] != 0),
        };
    }

    /// <summary>false is less than true.</summary>
    private static LoopValue CompareBools(Op op, LoopValue a, LoopValue b) => op switch
    {
        EqualOp => Not(new BinaryValue(BinaryFunction.Xor, a, b)),
        NotEqualOp => new BinaryValue(BinaryFunction.Xor, a, b),
        LessOp => LoopMath.Both(Not(a), b),
        LessEqualOp => LoopMath.Either(Not(a), b),
        GreaterOp => LoopMath.Both(a, Not(b)),
        _ => LoopMath.Either(a, Not(b)),
    };

    private static UnaryValue Not(LoopValue x) => new(UnaryFunction.Not, x);

    private static Literal Zero(LoopValue x) => Loops.Literal.Of(x.Type, 0);

    /// <summary>x where it is 0 or NaN, so that both pass through.</summary>
    private static SelectValue Sign(LoopValue x)
    {
        LoopValue one = Loops.Literal.Of(x.Type, 1);
        LoopValue minusOne = Loops.Literal.Of(x.Type, -1);
        return new SelectValue(
            new BinaryValue(BinaryFunction.Greater, x, Zero(x)),
            one,
            new SelectValue(new BinaryValue(BinaryFunction.Less, x, Zero(x)), minusOne, x));
    }
}
