using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>Short names for building Loop IR values; sums and products with 0 and 1 vanish.</summary>
internal static class LoopMath
{
    public static LoopValue Int(long value) => Literal.Of(value);

    public static LoopValue Plus(LoopValue x, LoopValue y) => IsZero(x) ? y : IsZero(y) ? x
        : (x, y) is (Literal { Type: DType.Int64 } a, Literal { Type: DType.Int64 } b) ? Int(a.Bits + b.Bits)
        : new BinaryValue(BinaryFunction.Add, x, y);

    public static LoopValue Sum(params ReadOnlySpan<LoopValue> terms)
    {
        LoopValue sum = Int(0);
        foreach (LoopValue term in terms)
        {
            sum = Plus(sum, term);
        }

        return sum;
    }

    public static LoopValue Minus(LoopValue x, LoopValue y) => IsZero(y) ? x
        : (x, y) is (Literal { Type: DType.Int64 } a, Literal { Type: DType.Int64 } b) ? Int(a.Bits - b.Bits)
        : new BinaryValue(BinaryFunction.Subtract, x, y);

    public static LoopValue Times(LoopValue x, LoopValue y) => IsZero(x) ? x : IsZero(y) ? y : IsOne(x) ? y : IsOne(y) ? x
        : (x, y) is (Literal { Type: DType.Int64 } a, Literal { Type: DType.Int64 } b) ? Int(a.Bits * b.Bits)
        : new BinaryValue(BinaryFunction.Multiply, x, y);

    public static LoopValue Quotient(LoopValue x, long y) => y == 1 ? x : x is Literal a ? Int(Math.DivRem(a.Bits, y).Quotient) : new BinaryValue(BinaryFunction.Divide, x, Int(y));

    public static LoopValue Quotient(LoopValue x, LoopValue y) => y is Literal known ? Quotient(x, known.Bits) : new BinaryValue(BinaryFunction.Divide, x, y);

    public static LoopValue Least(LoopValue x, LoopValue y) => (x, y) is (Literal a, Literal b) ? Int(Math.Min(a.Bits, b.Bits)) : new BinaryValue(BinaryFunction.Minimum, x, y);

    public static LoopValue Most(LoopValue x, LoopValue y) => (x, y) is (Literal a, Literal b) ? Int(Math.Max(a.Bits, b.Bits)) : new BinaryValue(BinaryFunction.Maximum, x, y);

    public static LoopValue Less(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.Less, x, y);

    public static LoopValue AtLeast(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.GreaterEqual, x, y);

    public static LoopValue Both(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.And, x, y);

    public static LoopValue Either(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.Or, x, y);

    public static LoopValue Convert(DType to, LoopValue x) => x.Type == to ? x : new ConvertValue(to, x);

    public static Local Index(string name) => new(name, DType.Int64);

    private static bool IsZero(LoopValue x) => x is Literal { Type: DType.Int64, Bits: 0 };

    private static bool IsOne(LoopValue x) => x is Literal { Type: DType.Int64, Bits: 1 };
}
