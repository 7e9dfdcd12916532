namespace GraphCompiler.Loops;

/// <summary>A scalar expression of the Loop IR. Inside a vector loop the emitter widens what varies with the loop variable.</summary>
internal abstract record LoopValue
{
    /// <param name="type">The dtype of a value, which memory may hold in less than it is computed with.</param>
    protected LoopValue(DType type) => Type = type.Row().ComputedAs;

    /// <summary>What it is computed with.</summary>
    public DType Type { get; }
}

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
    public static Literal Of(DType type, double value) => new(type, ScalarEvaluator.OfReal(type, value));

    /// <inheritdoc cref="Of(DType, double)"/>
    public static Literal Of(DType type, long value) => new(type, ScalarEvaluator.OfInteger(type, value));

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

/// <summary>An element of a buffer, widened to what it is computed with; the index counts elements.</summary>
internal sealed record Load(LoopBuffer Buffer, LoopValue Index) : LoopValue(Buffer.Storage);

/// <summary>An operation of one argument; see <see cref="ScalarFunction"/>.</summary>
internal sealed record UnaryValue(UnaryFunction Function, LoopValue X) : LoopValue(ScalarFunction.Of(Function).ResultOf(X.Type));

/// <summary>An operation of two arguments of one type; see <see cref="ScalarFunction"/>.</summary>
internal sealed record BinaryValue(BinaryFunction Function, LoopValue X, LoopValue Y) : LoopValue(ScalarFunction.Of(Function).ResultOf(X.Type))
{
    /// <summary>Whether what is shifted by is known and within the width of what is shifted.</summary>
    public bool HasLiteralCount => Y is Literal count && count.Bits >= 0 && count.Bits < 8 * X.Type.Size();
}

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
