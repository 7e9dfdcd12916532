using System.Diagnostics;

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
    public static Literal Identity(this ReduceFunction function, DType type) => function switch
    {
        ReduceFunction.Sum => Literal.Of(type, 0),
        ReduceFunction.Product => Literal.Of(type, 1),
        ReduceFunction.Maximum => type.IsFloat() ? Literal.Of(type, double.NegativeInfinity) : Literal.Of(type, type.Row().Least),
        ReduceFunction.Minimum => type.IsFloat() ? Literal.Of(type, double.PositiveInfinity) : Literal.Of(type, type.Row().Most),
        _ => throw new UnreachableException($"{function} has no identity."),
    };
}
