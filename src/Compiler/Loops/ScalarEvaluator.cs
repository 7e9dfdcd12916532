using System.Diagnostics;

namespace GraphCompiler.Loops;

/// <summary>
/// The functions of the Loop IR on numbers, by other ways than those of generated code where there are any. Numbers are bits, as in <see cref="Literal"/>.
/// </summary>
internal static class ScalarEvaluator
{
    public static long Unary(UnaryFunction function, DType type, long x) => type switch
    {
        _ when function == UnaryFunction.IsNaN => double.IsNaN(Real(type, x)) ? 1 : 0,
        DType.Float32 => Bits(function switch
        {
            // A NaN may come out as it went in.
            UnaryFunction.Negate => -Single(x),
            UnaryFunction.Abs => MathF.Abs(Single(x)),
            _ => (float)Real(function, Single(x)),
        }),
        DType.Float64 => Bits(Real(function, Double(x))),
        _ => Wrap(type, Whole(function, x)),
    };

    public static long Binary(BinaryFunction function, DType type, long x, long y) => type switch
    {
        _ when ScalarFunction.Of(function).Kind == FunctionKind.Comparison => Holds(function, type.IsFloat() ? Order(Real(type, x), Real(type, y)) : Order(x, y)) ? 1 : 0,

        DType.Float32 => Bits(function switch
        {
            BinaryFunction.Maximum => MathF.Max(Single(x), Single(y)),
            BinaryFunction.Minimum => MathF.Min(Single(x), Single(y)),
            BinaryFunction.Power => MathF.Pow(Single(x), Single(y)),

            // A sum, product, quotient or remainder is the same rounded twice as rounded once.
            _ => (float)Real(function, Single(x), Single(y)),
        }),
        DType.Float64 => Bits(Real(function, Double(x), Double(y))),
        _ => Wrap(type, Whole(function, x, y)),
    };

    /// <summary>A function of integers of 64 bits, or of narrower ones and Bools before they are narrowed again.</summary>
    public static long Whole(BinaryFunction function, long x, long y) => unchecked(function switch
    {
        BinaryFunction.Add => x + y,
        BinaryFunction.Subtract => x - y,
        BinaryFunction.Multiply => x * y,
        BinaryFunction.Divide => FloorDivide(x, y),
        BinaryFunction.Maximum => Math.Max(x, y),
        BinaryFunction.Minimum => Math.Min(x, y),
        BinaryFunction.Power => ScalarMath.Power(x, y),
        BinaryFunction.And => x & y,
        BinaryFunction.Or => x | y,
        BinaryFunction.Xor => x ^ y,
        BinaryFunction.ShiftLeft => y is >= 0 and < 64 ? x << (int)y : 0,
        BinaryFunction.ShiftRight => x >> (int)(y is >= 0 and < 64 ? y : 63),
        _ => Holds(function, Order(x, y)) ? 1 : 0,
    });

    public static long Fma(DType type, long x, long y, long z) => type switch
    {
        DType.Float32 => Bits(MathF.FusedMultiplyAdd(Single(x), Single(y), Single(z))),
        DType.Float64 => Bits(Math.FusedMultiplyAdd(Double(x), Double(y), Double(z))),
        _ => throw DTypes.Unexpected(type),
    };

    public static long Convert(DType from, DType to, long x) => from == to ? x : from.IsFloat() ? OfReal(to, Real(from, x)) : OfInteger(to, x);

    private static long Whole(UnaryFunction function, long x) => unchecked(function switch
    {
        UnaryFunction.Negate => -x,
        UnaryFunction.Abs => x < 0 ? -x : x,
        UnaryFunction.Not => ~x,
        _ => throw Unknown(function),
    });

    private static double Real(UnaryFunction function, double x) => function switch
    {
        UnaryFunction.Negate => -x,
        UnaryFunction.Abs => Math.Abs(x),
        UnaryFunction.Sqrt => Math.Sqrt(x),
        UnaryFunction.Floor => Math.Floor(x),
        UnaryFunction.Round => Math.Round(x),
        UnaryFunction.Exp => Math.Exp(x),
        UnaryFunction.Exp2 => Math.Pow(2, x),
        UnaryFunction.ExpM1 => Math.Abs(x) < 1e-5 ? x * (1 + (x / 2)) : Math.Exp(x) - 1,
        UnaryFunction.Log => Math.Log(x),
        UnaryFunction.Log2 => Math.Log2(x),
        UnaryFunction.Log10 => Math.Log10(x),
        UnaryFunction.Log1P => x == 0 ? x : double.LogP1(x),
        UnaryFunction.Tanh => Math.Tanh(x),
        UnaryFunction.Sigmoid => 1 / (1 + Math.Exp(-x)),
        UnaryFunction.Sin => Math.Sin(x),
        UnaryFunction.Cos => Math.Cos(x),
        UnaryFunction.Erf => ErrorFunction.Evaluate(x),
        UnaryFunction.Sinh => Math.Sinh(x),
        UnaryFunction.Cosh => Math.Cosh(x),
        UnaryFunction.Asinh => Math.Asinh(x),
        UnaryFunction.Acosh => Math.Acosh(x),
        UnaryFunction.Atanh => Math.Atanh(x),
        UnaryFunction.Cbrt => Math.Cbrt(x),
        UnaryFunction.Tan => Math.Tan(x),
        UnaryFunction.Asin => Math.Asin(x),
        UnaryFunction.Acos => Math.Acos(x),
        UnaryFunction.Atan => Math.Atan(x),

        // .NET has none of these; the runtime's are held against references of 60 digits.
        UnaryFunction.Erfc => VectorMath.Apply<Functions.Erfc>(x),
        UnaryFunction.NormalCdf => VectorMath.Apply<Functions.NormalCdf>(x),
        UnaryFunction.ErfInv => VectorMath.Apply<Functions.ErfInv>(x),
        UnaryFunction.BesselI0 => VectorMath.Apply<Functions.BesselI0>(x),
        UnaryFunction.BesselI1 => VectorMath.Apply<Functions.BesselI1>(x),
        UnaryFunction.LogGamma => GammaFunctions.LogGamma(x),
        UnaryFunction.Digamma => GammaFunctions.Digamma(x),
        UnaryFunction.SinLarge => Math.Abs(x) > VectorMath.AngleLimit ? Math.Sin(x) : x,
        UnaryFunction.CosLarge => Math.Abs(x) > VectorMath.AngleLimit ? Math.Cos(x) : x,
        _ => throw Unknown(function),
    };

    private static double Real(BinaryFunction function, double x, double y) => function switch
    {
        BinaryFunction.Add => x + y,
        BinaryFunction.Subtract => x - y,
        BinaryFunction.Multiply => x * y,
        BinaryFunction.Divide => x / y,
        BinaryFunction.Maximum => Math.Max(x, y),
        BinaryFunction.Minimum => Math.Min(x, y),
        BinaryFunction.Power => Math.Pow(x, y),
        BinaryFunction.Remainder => x % y,
        BinaryFunction.Atan2 => Math.Atan2(x, y),
        BinaryFunction.Polygamma => GammaFunctions.Polygamma(x, y),
        BinaryFunction.GammaSlope => GammaSlopes.Slope(x, y),
        BinaryFunction.GammaCurvature => GammaSlopes.Curvature(x, y),
        BinaryFunction.LowerGamma => IncompleteGamma.Lower(x, y),
        BinaryFunction.UpperGamma => IncompleteGamma.Upper(x, y),
        BinaryFunction.GammaDensity => IncompleteGamma.Density(x, y),
        _ => throw Unknown(function),
    };

    // By way of Int128, which neither overflows nor shares code with what generated code calls.
    private static long FloorDivide(long x, long y)
    {
        if (y == 0)
        {
            return 0;
        }

        (Int128 quotient, Int128 remainder) = Int128.DivRem(x, y);
        return unchecked((long)(remainder != 0 && (remainder < 0) != (y < 0) ? quotient - 1 : quotient));
    }

    /// <summary>−1, 0 or 1 as x is below, equal to or above y; null if neither.</summary>
    private static int? Order(double x, double y) => x < y ? -1 : x > y ? 1 : x == y ? 0 : null;

    private static int? Order(long x, long y) => x.CompareTo(y);

    private static bool Holds(BinaryFunction comparison, int? order) => comparison switch
    {
        BinaryFunction.Equal => order == 0,
        BinaryFunction.NotEqual => order != 0,
        BinaryFunction.Less => order < 0,
        BinaryFunction.LessEqual => order <= 0,
        BinaryFunction.Greater => order > 0,
        BinaryFunction.GreaterEqual => order >= 0,
        _ => throw Unknown(comparison),
    };

    /// <summary>A real number as the bits of a type, converted as a C# cast would.</summary>
    public static long OfReal(DType type, double x) => type switch
    {
        DType.Float32 => Bits((float)x),
        DType.Float64 => Bits(x),
        DType.Int32 => (int)x,
        DType.Int64 => (long)x,
        DType.Bool => x != 0 ? 1 : 0,
        _ => throw DTypes.Unexpected(type),
    };

    /// <summary>An integer or Bool as the bits of a type, converted as a C# cast would.</summary>
    public static long OfInteger(DType type, long x) => type switch
    {
        DType.Float32 => Bits((float)x),
        DType.Float64 => Bits((double)x),
        DType.Bool => x != 0 ? 1 : 0,
        _ => Wrap(type, x),
    };

    private static double Real(DType type, long bits) => type.OfFloat(Single(bits), Double(bits));

    private static float Single(long bits) => BitConverter.Int32BitsToSingle(unchecked((int)bits));

    private static double Double(long bits) => BitConverter.Int64BitsToDouble(bits);

    private static long Bits(float x) => BitConverter.SingleToInt32Bits(x);

    private static long Bits(double x) => BitConverter.DoubleToInt64Bits(x);

    /// <summary>The bits of an integer or Bool that hold its value.</summary>
    private static long Wrap(DType type, long x) => type switch
    {
        DType.Int32 => unchecked((int)x),
        DType.Int64 => x,
        DType.Bool => x & 1,
        _ => throw DTypes.Unexpected(type),
    };

    private static UnreachableException Unknown(Enum function) => new($"{function} has no value here.");
}
