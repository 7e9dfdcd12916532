using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>The runtime's functions behind those of the Loop IR.</summary>
internal static class MathFunctions
{
    /// <summary>The type argument of <see cref="VectorMath"/>'s Apply.</summary>
    public static Type Of(UnaryFunction function) => function switch
    {
        UnaryFunction.Exp => typeof(Functions.Exp),
        UnaryFunction.Exp2 => typeof(Functions.Exp2),
        UnaryFunction.ExpM1 => typeof(Functions.ExpM1),
        UnaryFunction.Log => typeof(Functions.Log),
        UnaryFunction.Log2 => typeof(Functions.Log2),
        UnaryFunction.Log10 => typeof(Functions.Log10),
        UnaryFunction.Log1P => typeof(Functions.Log1P),
        UnaryFunction.Tanh => typeof(Functions.Tanh),
        UnaryFunction.Sigmoid => typeof(Functions.Sigmoid),
        UnaryFunction.Sin => typeof(Functions.Sin),
        UnaryFunction.Cos => typeof(Functions.Cos),
        UnaryFunction.Erf => typeof(Functions.Erf),
        UnaryFunction.NormalCdf => typeof(Functions.NormalCdf),
        UnaryFunction.Sinh => typeof(Functions.Sinh),
        UnaryFunction.Cosh => typeof(Functions.Cosh),
        UnaryFunction.Asinh => typeof(Functions.Asinh),
        UnaryFunction.Acosh => typeof(Functions.Acosh),
        UnaryFunction.Atanh => typeof(Functions.Atanh),
        UnaryFunction.Cbrt => typeof(Functions.Cbrt),
        UnaryFunction.Tan => typeof(Functions.Tan),
        UnaryFunction.Asin => typeof(Functions.Asin),
        UnaryFunction.Acos => typeof(Functions.Acos),
        UnaryFunction.Atan => typeof(Functions.Atan),
        UnaryFunction.Erfc => typeof(Functions.Erfc),
        UnaryFunction.ErfInv => typeof(Functions.ErfInv),
        UnaryFunction.BesselI0 => typeof(Functions.BesselI0),
        UnaryFunction.BesselI1 => typeof(Functions.BesselI1),
        UnaryFunction.LogGamma => typeof(Functions.LogGamma),
        UnaryFunction.Digamma => typeof(Functions.Digamma),
        _ => throw new CompileException($"{function} is no function of the runtime's."),
    };

    /// <inheritdoc cref="Of(UnaryFunction)"/>
    public static Type Of(BinaryFunction function) => function switch
    {
        BinaryFunction.Remainder => typeof(Functions.Remainder),
        BinaryFunction.Atan2 => typeof(Functions.Atan2),
        BinaryFunction.Polygamma => typeof(Functions.Polygamma),
        BinaryFunction.GammaSlope => typeof(Functions.GammaSlope),
        BinaryFunction.GammaCurvature => typeof(Functions.GammaCurvature),
        _ => throw new CompileException($"{function} is no function of the runtime's."),
    };
}
