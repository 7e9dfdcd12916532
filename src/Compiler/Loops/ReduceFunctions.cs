namespace GraphCompiler.Loops;

/// <summary>What the reductions of the Loop IR do with their elements.</summary>
internal static class ReduceFunctions
{
    /// <summary>The function of two elements that a reduction applies over and over.</summary>
    public static BinaryFunction Combining(this ReduceFunction function) => function switch
    {
        ReduceFunction.Sum => BinaryFunction.Add,
        ReduceFunction.Product => BinaryFunction.Multiply,
        ReduceFunction.Maximum => BinaryFunction.Maximum,
        _ => BinaryFunction.Minimum,
    };

    /// <summary>The result of no elements, which changes no element that it is combined with.</summary>
    public static Literal Identity(this ReduceFunction function, DType type) => (function, type) switch
    {
        (ReduceFunction.Sum, _) => Literal.Of(type, 0),
        (ReduceFunction.Product, _) => Literal.Of(type, 1),
        (ReduceFunction.Maximum, DType.Int32) => Literal.Of(int.MinValue),
        (ReduceFunction.Maximum, DType.Int64) => Literal.Of(long.MinValue),
        (ReduceFunction.Maximum, _) => Literal.Of(type, double.NegativeInfinity),
        (_, DType.Int32) => Literal.Of(int.MaxValue),
        (_, DType.Int64) => Literal.Of(long.MaxValue),
        _ => Literal.Of(type, double.PositiveInfinity),
    };
}
