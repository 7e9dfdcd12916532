using System.Globalization;
namespace GraphCompiler.Interpretation;

/// <summary>The operation that was the first to make a NaN or an infinity of finite numbers, or the leaf that held one.</summary>
/// <param name="Node">The node.</param>
/// <param name="Value">The NaN or the infinity.</param>
/// <param name="At">Where it stands in the node's result.</param>
/// <param name="Operands">What it was made of, for messages; null of a leaf.</param>
/// <param name="Within">The loops and calls that the node runs in, sentences, the innermost first.</param>
internal sealed record Anomaly(Node Node, double Value, long[] At, string? Operands, string Within)
{
    /// <summary>The anomaly, in sentences.</summary>
    public override string ToString()
    {
        string value = $"{Number(Node.Results[0].DType, Value)}{Place(At)}";
        string what = Operands is null ? $"{Node.Describe()} holds {value}." : $"It comes from {Node.Describe()}, which makes {value} of {Operands}.";
        string derivative = Node.From?.DerivativeOf is { } of ? $" That is a part of the derivative of {of.Describe()}." : string.Empty;
        return what + derivative + Within + Node.Made;
    }

    /// <summary>A number as code would have it, with as many digits as its dtype holds.</summary>
    public static string Number(DType dtype, double value) =>
        dtype == DType.Float32 ? ((float)value).ToString(CultureInfo.InvariantCulture) : value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Where in a tensor, for messages; nothing in a scalar.</summary>
    public static string Place(long[] at) => at.Length == 0 ? string.Empty : $" at {InvariantText.List(at)}";
}
