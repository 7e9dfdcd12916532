using System.Diagnostics;
using static GraphCompiler.Loops.BinaryFunction;
using static GraphCompiler.Loops.FunctionCost;
using static GraphCompiler.Loops.FunctionKind;
using static GraphCompiler.Loops.Operands;
using static GraphCompiler.Loops.UnaryFunction;

namespace GraphCompiler.Loops;

/// <summary>Functions of one number.</summary>
internal enum UnaryFunction
{
    /// <summary>−x; integers wrap.</summary>
    Negate,

    /// <summary>|x|; integers wrap.</summary>
    Abs,

    /// <summary>Square root.</summary>
    Sqrt,

    /// <summary>Largest integer not above x.</summary>
    Floor,

    /// <summary>Nearest integer, half to even.</summary>
    Round,

    /// <summary>Logical (Bool) or bitwise (integers) complement.</summary>
    Not,

    /// <summary>x ≠ x.</summary>
    IsNaN,

    /// <summary>Functions of the runtime's; see <c>Functions</c>.</summary>
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
    /// MathExpansion uses them in a select for the arguments that it cannot reduce cheaply.
    /// </summary>
    SinLarge,
    CosLarge,
}

/// <summary>Functions of two numbers.</summary>
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

    /// <summary>The rest of a division that truncates, with the sign of x: C's fmod.</summary>
    Remainder,

    /// <summary>The angle of the point (y, x), from −π to π: C's atan2.</summary>
    Atan2,

    /// <summary>The derivative of the digamma function at y whose order is x, a whole number.</summary>
    Polygamma,

    /// <summary>How a gamma number y moves with its concentration x, and how that does.</summary>
    GammaSlope,
    GammaCurvature,

    /// <summary>The regularised incomplete gamma functions of x, up to y and from there on, and the slope of the former in y.</summary>
    LowerGamma,
    UpperGamma,
    GammaDensity,

    /// <summary>Logical (Bool) or bitwise (integers).</summary>
    And,
    Or,
    Xor,

    /// <summary>Shifts; right is arithmetic. A count outside of the width shifts everything out; a vector loop needs a literal.</summary>
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

internal enum FunctionKind
{
    /// <summary>An instruction or a few.</summary>
    Arithmetic,

    /// <summary>The same, with a Bool for result.</summary>
    Comparison,

    /// <summary>A call of the runtime's function of the same name, a type in <c>Functions</c> or a method of <c>VectorMath</c>.</summary>
    Runtime,
}

/// <summary>Sets of dtypes.</summary>
[Flags]
internal enum Operands
{
    Bools = 1,
    Integers = 2,
    Float32s = 4,
    Float64s = 8,
    Bits = Bools | Integers,
    Floats = Float32s | Float64s,
    Numbers = Integers | Floats,
    All = Bools | Numbers,
}

/// <summary>
/// About how many operations on a vector a function of Float32, Float64 or integers takes; by lane: on each number of one. It need only be right to a small
/// factor.
/// </summary>
internal sealed record FunctionCost(double Float32, double Float64, double Integer, Operands ByLane = 0)
{
    /// <summary>An instruction.</summary>
    public static readonly FunctionCost One = new(1, 1, 1);

    /// <summary>A function that Float32 code writes out.</summary>
    public static readonly FunctionCost WrittenOut = new(20, 100, 0);

    /// <summary>Sine and cosine, which are written out with a call for large angles.</summary>
    public static readonly FunctionCost Angle = new(60, 100, 0);

    /// <summary>A call that computes in float64.</summary>
    public static readonly FunctionCost Called = new(200, 100, 0);

    /// <summary>A function that takes one number at a time.</summary>
    public static FunctionCost EachLane(double cost) => new(cost, cost, cost, Numbers);

    public double Of(DType type, int lanes)
    {
        double vector = type switch
        {
            DType.Float32 => Float32,
            DType.Float64 => Float64,
            DType.Int32 or DType.Int64 or DType.Bool => Integer,
            _ => throw DTypes.Unexpected(type),
        };
        return (ByLane & ScalarFunction.SetOf(type)) == 0 ? vector : vector * lanes;
    }
}

/// <summary>
/// What every stage may know of a function of the Loop IR, a row each. All forms of a function, for numbers and for vectors of every width, give the same
/// bits; <see cref="ScalarEvaluator"/> differs from them in the last bits of transcendental functions.
/// </summary>
/// <param name="Name">As loops are printed: between or before an operator's arguments, before the parentheses around any other's.</param>
/// <param name="Kind">How it is computed, and what it gives.</param>
/// <param name="Takes">The types of its arguments.</param>
internal sealed record ScalarFunction(string Name, FunctionKind Kind, Operands Takes)
{
    private static readonly FunctionTable<ScalarFunction> Unary = new()
    {
        [Negate] = new("-", Arithmetic, Numbers) { Tightness = 8 },
        [Abs] = new("abs", Arithmetic, Numbers),
        [Sqrt] = new("sqrt", Arithmetic, Floats) { Cost = new(4, 4, 0) },
        [Floor] = new("floor", Arithmetic, Floats),
        [Round] = new("round", Arithmetic, Floats),
        [Not] = new("~", Arithmetic, Bits) { Tightness = 8 },
        [IsNaN] = new("isnan", Comparison, Floats),
        [Exp] = Call("exp", WrittenOut),
        [Exp2] = Call("exp2", WrittenOut),
        [ExpM1] = Call("expm1", WrittenOut),
        [Log] = Call("log", WrittenOut),
        [Log2] = Call("log2", WrittenOut),
        [Log10] = Call("log10", WrittenOut),
        [Log1P] = Call("log1p", WrittenOut),
        [Tanh] = Call("tanh", WrittenOut),
        [Sigmoid] = Call("sigmoid", WrittenOut),
        [Sin] = Call("sin", Angle),
        [Cos] = Call("cos", Angle),
        [Erf] = Call("erf", WrittenOut),
        [NormalCdf] = Call("normalcdf", WrittenOut),
        [Sinh] = Call("sinh", Called),
        [Cosh] = Call("cosh", Called),
        [Asinh] = Call("asinh", Called),
        [Acosh] = Call("acosh", Called),
        [Atanh] = Call("atanh", Called),
        [Cbrt] = Call("cbrt", Called),
        [Tan] = Call("tan", Called),
        [Asin] = Call("asin", Called),
        [Acos] = Call("acos", Called),
        [Atan] = Call("atan", Called),
        [Erfc] = Call("erfc", Called),
        [ErfInv] = Call("erfinv", Called),
        [BesselI0] = Call("besseli0", Called),
        [BesselI1] = Call("besseli1", Called),
        [LogGamma] = Call("loggamma", EachLane(150)),
        [Digamma] = Call("digamma", EachLane(150)),
        [SinLarge] = new("sinlarge", Runtime, Float32s),
        [CosLarge] = new("coslarge", Runtime, Float32s),
    };

    private static readonly FunctionTable<ScalarFunction> Binary = new()
    {
        [Add] = new("+", Arithmetic, Numbers) { Tightness = 6, Identity = 0 },
        [Subtract] = new("-", Arithmetic, Numbers) { Tightness = 6 },
        [Multiply] = new("*", Arithmetic, Numbers) { Tightness = 7, Identity = 1 },
        [Divide] = new("/", Arithmetic, Numbers) { Tightness = 7, Cost = new(4, 4, 20, ByLane: Integers) },
        [Maximum] = new("max", Arithmetic, Numbers) { Identity = double.NegativeInfinity },
        [Minimum] = new("min", Arithmetic, Numbers) { Identity = double.PositiveInfinity },
        [Power] = new("power", Arithmetic, Numbers) { Cost = EachLane(60) },
        [Remainder] = Call("remainder", EachLane(60)),
        [Atan2] = Call("atan2", new(100, 100, 0)),
        [Polygamma] = Call("polygamma", EachLane(500)),
        [GammaSlope] = Call("gammaslope", EachLane(3000)),
        [GammaCurvature] = Call("gammacurvature", EachLane(3000)),
        [LowerGamma] = Call("lowergamma", EachLane(1000)),
        [UpperGamma] = Call("uppergamma", EachLane(1000)),
        [GammaDensity] = Call("gammadensity", EachLane(300)),
        [And] = new("&", Arithmetic, Bits) { Tightness = 3 },
        [Or] = new("|", Arithmetic, Bits) { Tightness = 1 },
        [Xor] = new("^", Arithmetic, Bits) { Tightness = 2 },
        [ShiftLeft] = new("<<", Arithmetic, Integers) { Tightness = 5 },
        [ShiftRight] = new(">>", Arithmetic, Integers) { Tightness = 5 },
        [Equal] = new("==", Comparison, All) { Tightness = 4 },
        [NotEqual] = new("!=", Comparison, All) { Tightness = 4 },
        [Less] = new("<", Comparison, Numbers) { Tightness = 4 },
        [LessEqual] = new("<=", Comparison, Numbers) { Tightness = 4 },
        [Greater] = new(">", Comparison, Numbers) { Tightness = 4 },
        [GreaterEqual] = new(">=", Comparison, Numbers) { Tightness = 4 },
    };

    /// <summary>How closely an operator binds in printed loops; 0 for what is no operator.</summary>
    public int Tightness { get; private init; }

    public FunctionCost Cost { get; private init; } = One;

    /// <summary>The result of no numbers, which changes none that it is combined with; null for what does not reduce. Of integers it is the nearest there is.</summary>
    public double? Identity { get; private init; }

    public static ScalarFunction Of(UnaryFunction function) => Unary[function] ?? throw Missing(function);

    public static ScalarFunction Of(BinaryFunction function) => Binary[function] ?? throw Missing(function);

    /// <summary>The set of one type.</summary>
    public static Operands SetOf(DType type) => type switch
    {
        DType.Float32 => Float32s,
        DType.Float64 => Float64s,
        DType.Int32 or DType.Int64 => Integers,
        DType.Bool => Bools,
        _ => throw DTypes.Unexpected(type),
    };

    public bool Accepts(DType type) => (Takes & SetOf(type)) != 0;

    public Literal IdentityOf(DType type) => Literal.Of(type, Identity ?? throw new UnreachableException($"{Name} has no identity."));

    public DType ResultOf(DType argument) => Kind == Comparison ? DType.Bool : argument;

    private static ScalarFunction Call(string name, FunctionCost cost) => new(name, Runtime, Floats) { Cost = cost };

    private static UnreachableException Missing(Enum function) => new($"{function} has no row in {nameof(ScalarFunction)}.");
}
