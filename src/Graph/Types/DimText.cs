#pragma warning disable CS1591 // Operators join texts.
namespace GraphCompiler;

/// <summary>Text that a dimension was added to, such as <c>"rows: " + x.Shape[0]</c>. It is taken as a string, and never as the name of a dimension.</summary>
/// <param name="Value">The text.</param>
public readonly record struct DimText(string Value)
{
    public static implicit operator string(DimText text) => text.Value;

    public static DimText operator +(DimText left, object? right) => new($"{left.Value}{right}");

    public static DimText operator +(DimText left, string? right) => new(left.Value + right);

    public static DimText operator +(DimText left, Dim? right) => new($"{left.Value}{right}");

    public static DimText operator +(string? left, DimText right) => new($"{left}{right.Value}");

    public static DimText operator +(DimText left, DimText right) => new(left.Value + right.Value);

    /// <summary>The text.</summary>
    public override string ToString() => Value;
}
