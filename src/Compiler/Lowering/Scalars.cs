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
        TranscendentalOp op => Transcendental(op, x[0]),
        SqrtOp => new UnaryValue(UnaryFunction.Sqrt, x[0]),
        ReciprocalOp => new BinaryValue(BinaryFunction.Divide, Loops.Literal.Of(x[0].Type, 1), x[0]),
        FloorOp => new UnaryValue(UnaryFunction.Floor, x[0]),
        RoundOp => new UnaryValue(UnaryFunction.Round, x[0]),
        SignBitOp => SignBit(x[0]),
        NotOp => new UnaryValue(UnaryFunction.Not, x[0]),
        CastOp cast => LoopMath.Convert(cast.To, x[0]),
        AddOp => new BinaryValue(BinaryFunction.Add, x[0], x[1]),
        SubOp => new BinaryValue(BinaryFunction.Subtract, x[0], x[1]),
        MulOp => new BinaryValue(BinaryFunction.Multiply, x[0], x[1]),
        DivOp => new BinaryValue(BinaryFunction.Divide, x[0], x[1]),
        PowOp => new BinaryValue(BinaryFunction.Power, x[0], x[1]),
        FModOp => new BinaryValue(BinaryFunction.Remainder, x[0], x[1]),
        GammaSlopeOp { Order: var order } => new BinaryValue(order == 1 ? BinaryFunction.GammaSlope : BinaryFunction.GammaCurvature, x[0], x[1]),
        IncompleteGammaOp { Part: var part } => new BinaryValue(part switch { GammaPart.Lower => BinaryFunction.LowerGamma, GammaPart.Upper => BinaryFunction.UpperGamma, _ => BinaryFunction.GammaDensity }, x[0], x[1]),
        Atan2Op => new BinaryValue(BinaryFunction.Atan2, x[0], x[1]),
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
        ShiftLeftOp => new BinaryValue(BinaryFunction.ShiftLeft, x[0], x[1]),
        ShiftRightOp => new BinaryValue(BinaryFunction.ShiftRight, x[0], x[1]),
        WhereOp => new SelectValue(x[0], x[1], x[2]),
        _ => throw new CompileException($"{node.Describe()} has no scalar form."),
    };

    private static LoopValue Transcendental(TranscendentalOp op, LoopValue x) => op switch
    {
        ExpOp => new UnaryValue(UnaryFunction.Exp, x),
        Exp2Op => new UnaryValue(UnaryFunction.Exp2, x),
        ExpM1Op => new UnaryValue(UnaryFunction.ExpM1, x),
        LogOp => new UnaryValue(UnaryFunction.Log, x),
        Log2Op => new UnaryValue(UnaryFunction.Log2, x),
        Log10Op => new UnaryValue(UnaryFunction.Log10, x),
        Log1POp => new UnaryValue(UnaryFunction.Log1P, x),
        CbrtOp => new UnaryValue(UnaryFunction.Cbrt, x),
        SigmoidOp => new UnaryValue(UnaryFunction.Sigmoid, x),
        SinhOp => new UnaryValue(UnaryFunction.Sinh, x),
        CoshOp => new UnaryValue(UnaryFunction.Cosh, x),
        TanhOp => new UnaryValue(UnaryFunction.Tanh, x),
        AsinhOp => new UnaryValue(UnaryFunction.Asinh, x),
        AcoshOp => new UnaryValue(UnaryFunction.Acosh, x),
        AtanhOp => new UnaryValue(UnaryFunction.Atanh, x),
        SinOp => new UnaryValue(UnaryFunction.Sin, x),
        CosOp => new UnaryValue(UnaryFunction.Cos, x),
        TanOp => new UnaryValue(UnaryFunction.Tan, x),
        AsinOp => new UnaryValue(UnaryFunction.Asin, x),
        AcosOp => new UnaryValue(UnaryFunction.Acos, x),
        AtanOp => new UnaryValue(UnaryFunction.Atan, x),
        ErfOp => new UnaryValue(UnaryFunction.Erf, x),
        ErfcOp => new UnaryValue(UnaryFunction.Erfc, x),
        NormalCdfOp => new UnaryValue(UnaryFunction.NormalCdf, x),
        ErfInvOp => new UnaryValue(UnaryFunction.ErfInv, x),
        BesselI0Op => new UnaryValue(UnaryFunction.BesselI0, x),
        BesselI1Op => new UnaryValue(UnaryFunction.BesselI1, x),
        LogGammaOp => new UnaryValue(UnaryFunction.LogGamma, x),
        PolygammaOp { Order: 0 } => new UnaryValue(UnaryFunction.Digamma, x),
        PolygammaOp { Order: var order } => new BinaryValue(BinaryFunction.Polygamma, Loops.Literal.Of(x.Type, order), x),
        _ => throw new CompileException($"{op.Name} has no scalar form."),
    };

    private static BinaryValue SignBit(LoopValue x)
    {
        DType bits = x.Type.Row().Integer;
        return new BinaryValue(BinaryFunction.Less, new BitcastValue(bits, x), Loops.Literal.Of(bits, 0));
    }

    /// <summary>A constant of one element.</summary>
    public static Literal Literal(ConstantOp constant)
    {
        TensorValue value = constant.Data.Value;
        return value.DType.IsFloat() ? Loops.Literal.Of(value.DType, value.Reals[0]) : Loops.Literal.Of(value.DType, value.Integers[0]);
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
