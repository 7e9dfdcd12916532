namespace GraphCompiler.Loops;

/// <summary>What the stages must know of the functions of the Loop IR.</summary>
internal static class LoopFunctions
{
    /// <summary>Whether Float32 code writes the function out instead of calling it.</summary>
    public static bool IsExpanded(this UnaryFunction function) => function is >= UnaryFunction.Exp and <= UnaryFunction.NormalCdf;

    /// <summary>Whether a function is a call of the runtime's VectorMath, or becomes arithmetic that takes its place.</summary>
    public static bool IsTranscendental(this UnaryFunction function) => function is >= UnaryFunction.Exp and <= UnaryFunction.Digamma;

    /// <summary>Whether a function of two numbers is a call of the runtime's VectorMath.</summary>
    public static bool IsTranscendental(this BinaryFunction function) => function is >= BinaryFunction.Remainder and <= BinaryFunction.Polygamma;

    /// <summary>Whether a count is known and within the width of what is shifted.</summary>
    public static bool HasLiteralCount(this BinaryValue shift) => shift.Y is Literal count && count.Bits >= 0 && count.Bits < 8 * shift.X.Type.Size();
}
