namespace GraphCompiler.Loops;

/// <summary>A scalar expression of the Loop IR. Inside a vector loop the emitter widens what varies with the loop variable.</summary>
internal abstract record LoopValue(DType Type);

/// <summary>A constant, held as its bits so that -0.0 and NaN payloads keep their identity. Floats hold their IEEE bits, bools 0 or 1.</summary>
internal sealed record Literal : LoopValue
{
    private Literal(DType type, long bits)
        : base(type) => Bits = bits;

    public long Bits { get; }

    public static Literal Of(float value) => new(DType.Float32, BitConverter.SingleToInt32Bits(value));

    public static Literal Of(double value) => new(DType.Float64, BitConverter.DoubleToInt64Bits(value));

    public static Literal Of(int value) => new(DType.Int32, value);

    public static Literal Of(long value) => new(DType.Int64, value);

    public static Literal Of(bool value) => new(DType.Bool, value ? 1 : 0);

    /// <summary>The number as a literal of <paramref name="type"/>, converted as a C# cast would.</summary>
    public static Literal Of(DType type, double value) => type switch
    {
        DType.Float32 => Of((float)value),
        DType.Float64 => Of(value),
        DType.Int32 => Of((int)value),
        DType.Int64 => Of((long)value),
        DType.Bool => Of(value != 0),
        _ => throw DTypes.Unexpected(type),
    };

    /// <summary>An integer or truth value as a literal of <paramref name="type"/>, wrapped as a C# cast would.</summary>
    public static Literal Of(DType type, long value) => type switch
    {
        DType.Int32 => Of(unchecked((int)value)),
        DType.Int64 => Of(value),
        DType.Bool => Of(value != 0),
        _ => Of(type, (double)value),
    };

    /// <summary>The literal that a type's bits are.</summary>
    public static Literal OfBits(DType type, long bits) => new(type, bits);

    public float AsSingle => BitConverter.Int32BitsToSingle((int)Bits);

    public double AsDouble => BitConverter.Int64BitsToDouble(Bits);

    /// <summary>The value of a float.</summary>
    public double ToReal() => Type.OfFloat(AsSingle, AsDouble);
}

/// <summary>A variable: a loop variable, a <see cref="Let"/> or a mutable accumulator. Compared by reference; the name is for people.</summary>
internal sealed record Local(string Name, DType Type) : LoopValue(Type)
{
    public bool Equals(Local? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>The Int64 size argument in an extent slot of the frame: a symbolic dimension, known when sizes are bound.</summary>
internal sealed record Extent(int Slot) : LoopValue(DType.Int64);

/// <summary>An element of a buffer; the index counts elements.</summary>
internal sealed record Load(LoopBuffer Buffer, LoopValue Index) : LoopValue(Buffer.Type);

/// <summary>An operation of one argument; the result has the argument's type, except <see cref="UnaryFunction.IsNaN"/>, which is Bool.</summary>
internal sealed record UnaryValue(UnaryFunction Function, LoopValue X) : LoopValue(Function is UnaryFunction.IsNaN ? DType.Bool : X.Type);

/// <summary>An operation of two arguments of one type; comparisons give Bool.</summary>
internal sealed record BinaryValue(BinaryFunction Function, LoopValue X, LoopValue Y)
    : LoopValue(Function is >= BinaryFunction.Equal and <= BinaryFunction.GreaterEqual ? DType.Bool : X.Type);

/// <summary><paramref name="X"/> where the Bool condition holds, else <paramref name="Y"/>; both sides are evaluated.</summary>
internal sealed record SelectValue(LoopValue Condition, LoopValue X, LoopValue Y) : LoopValue(X.Type);

/// <summary>X·Y + Z rounded once (Float32, Float64).</summary>
internal sealed record FmaValue(LoopValue X, LoopValue Y, LoopValue Z) : LoopValue(X.Type);

/// <summary>Conversion between types: float to integer truncates toward zero and saturates (NaN gives 0), to Bool tests for non-zero.</summary>
internal sealed record ConvertValue(DType To, LoopValue X) : LoopValue(To);

/// <summary>The same bits as another type of the same size (Float32 ↔ Int32, Float64 ↔ Int64).</summary>
internal sealed record BitcastValue(DType To, LoopValue X) : LoopValue(To);

/// <summary>
/// The random bits that belong to an element's index (Int64), told apart by five words: see <c>PhiloxLanes</c>. Their type is that of the words, which
/// says in lanes of which size the block stands; only its parts, <see cref="RandomPart"/>, are numbers.
/// </summary>
internal sealed record RandomBlock(LoopValue Index, LoopValue Number, LoopValue NonceLow, LoopValue NonceHigh, LoopValue KeyLow, LoopValue KeyHigh) : LoopValue(Number.Type);

/// <summary>A word (Int32, four of them) or a half (Int64, two) of a block.</summary>
internal sealed record RandomPart(RandomBlock Block, int Part) : LoopValue(Block.Type);

internal enum UnaryFunction
{
    /// <summary>−x; integers wrap.</summary>
    Negate,

    /// <summary>|x|; integers wrap.</summary>
    Abs,

    /// <summary>Square root (floats).</summary>
    Sqrt,

    /// <summary>Largest integer not above x (floats).</summary>
    Floor,

    /// <summary>Nearest integer, half to even (floats).</summary>
    Round,

    /// <summary>Logical (Bool) or bitwise (integers) complement.</summary>
    Not,

    /// <summary>x ≠ x (floats); Bool.</summary>
    IsNaN,

    /// <summary>Transcendentals (floats) that <c>MathExpansion</c> writes out in Float32; of Float64 they are calls of the runtime's VectorMath.</summary>
    Exp,
    Exp2,
    ExpM1,
    Log,
    Log2,
    Log10,
    Log1P,
    Tanh,
    Sigmoid,
    Sin,
    Cos,
    Erf,
    NormalCdf,

    /// <summary>Transcendentals (floats) that are calls of VectorMath in Float32 too.</summary>
    Sinh,
    Cosh,
    Asinh,
    Acosh,
    Atanh,
    Cbrt,
    Tan,
    Asin,
    Acos,
    Atan,
    Erfc,
    ErfInv,
    BesselI0,
    BesselI1,
    LogGamma,
    Digamma,

    /// <summary>
    /// Sine and cosine by a runtime call (VectorMath), made only for vectors with a lane beyond VectorMath.AngleLimit; the other lanes give x back.
    /// MathExpansion uses them in a select for the arguments that it cannot reduce cheaply (Float32).
    /// </summary>
    SinLarge,
    CosLarge,
}

internal enum BinaryFunction
{
    Add,
    Subtract,
    Multiply,

    /// <summary>Quotient; for integers it rounds toward negative infinity (floor) and x/0 is 0.</summary>
    Divide,

    /// <summary>The larger (smaller); of floats NaN if either is, and −0 is below 0.</summary>
    Maximum,
    Minimum,

    /// <summary>x to the power y (floats: C's pow; integers: by squaring, negative exponents give 0 except for bases 1 and −1).</summary>
    Power,

    /// <summary>The rest of a division that truncates, with the sign of x: C's fmod (floats).</summary>
    Remainder,

    /// <summary>The angle of the point (y, x), from −π to π: C's atan2 (floats).</summary>
    Atan2,

    /// <summary>The derivative of the digamma function at y whose order is x, a whole number (floats).</summary>
    Polygamma,

    /// <summary>How a gamma number y moves with its concentration x, and how that does (floats).</summary>
    GammaSlope,
    GammaCurvature,

    /// <summary>Logical (Bool) or bitwise (integers).</summary>
    And,
    Or,
    Xor,

    /// <summary>Shifts of integers; right is arithmetic. A count outside of the width shifts everything out; a vector loop needs a literal.</summary>
    ShiftLeft,
    ShiftRight,

    /// <summary>Comparisons; false with NaN except NotEqual.</summary>
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}
