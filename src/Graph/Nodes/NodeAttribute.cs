using System.Reflection;
using System.Runtime.InteropServices;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>What an operation does besides its inputs, by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">
/// A bool, long, double, string, <see cref="GraphCompiler.DType"/>, <see cref="Shape"/>, <see cref="Dim"/>, <see cref="NodeType"/> or <see cref="Generator"/>; a list
/// of integers or sizes, one an axis, as <see cref="EquatableArray{T}"/> of long or <see cref="Dim"/>; the numbers of a constant as an array, row by row.
/// </param>
public readonly record struct NodeAttribute(string Name, object Value)
{
    /// <summary>Whether name and value are the same, numbers to the bit.</summary>
    public bool Equals(NodeAttribute other) => Name == other.Name
        && (Value is double a && other.Value is double b ? BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b) : Equals(Value, other.Value));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Value);

    /// <summary>The attributes of an operation: what its record is made of, in the order of its declaration, then what else is set. Bodies and pullbacks are none.</summary>
    internal static IReadOnlyList<NodeAttribute> Of(Op op)
    {
        if (op is NamedOp named)
        {
            return named.Attributes;
        }

        string?[] declared = [.. op.GetType().GetConstructors().Single().GetParameters().Select(p => p.Name)];
        IEnumerable<PropertyInfo> set = op.GetType().GetProperties().Where(p => p.CanWrite);
        return (NodeAttribute[])[.. set.OrderBy(p => (uint)Array.IndexOf(declared, p.Name)).ThenBy(p => p.Name, StringComparer.Ordinal).SelectMany(p => Of(p.Name, p.GetValue(op)))];
    }

    /// <summary>A value that the code holds, as what is public: none for null, several for parts of axes.</summary>
    internal static NodeAttribute[] Of(string name, object? value) => value switch
    {
        null or Function or Delegate or EquatableArray<NodeType> => [],
        HostEffect => [new("HasEffects", true)],
        bool or double or string or DType or Shape or Dim or NodeType or Generator or long or EquatableArray<long> or EquatableArray<Dim> => [new(Public(name, value), value)],
        int number => [new(Public(name, value), (long)number)],
        Enum choice => [new(name, choice.ToString())],
        EquatableArray<int> numbers => [new(name, Longs(numbers, n => n))],
        EquatableArray<SliceRange> ranges => [new("Starts", Dims(ranges, r => r.Start)), new("Sizes", Dims(ranges, r => r.Size)), new("Steps", Longs(ranges, r => r.Step))],
        EquatableArray<PadRange> ranges => [new("Lows", Dims(ranges, r => r.Low)), new("Highs", Dims(ranges, r => r.High)), new("Interiors", Longs(ranges, r => r.Interior))],
        EquatableArray<Margin> margins => [new("Lows", Dims(margins, m => m.Before)), new("Highs", Dims(margins, m => m.After))],
        EquatableArray<Window> windows =>
        [
            new("Axes", Longs(windows, w => w.Axis)), new("Windows", Dims(windows, w => w.Size)),
            new("Strides", Longs(windows, w => w.Stride)), new("Dilations", Longs(windows, w => w.Dilation)),
        ],
        EquatableArray<PoolAxis> axes => [.. Of(name, axes.Select(a => a.Window).ToEquatableArray()), new("Lows", Longs(axes, a => a.Low)), new("Highs", Dims(axes, a => a.High))],
        ConstantData data => [new("Values", ValuesOf(data))],
        _ => throw new InvalidOperationException($"No public type is known for the attribute {name}, a {value.GetType()}."),
    };

    /// <summary>The field's word for what has another in the code, since a type bears the same name.</summary>
    private static string Public(string name, object value) => (name, value) switch
    {
        ("Along", _) => "Axis",
        ("To", Shape) => nameof(Shape),
        ("To" or "Type", DType) => nameof(DType),
        ("CallName" or "InputName" or "ParameterName", _) => "Name",
        _ => name,
    };

    private static EquatableArray<long> Longs<T>(EquatableArray<T> items, Func<T, long> number) => items.Select(number).ToEquatableArray();

    private static EquatableArray<Dim> Dims<T>(EquatableArray<T> items, Func<T, Dim> size) => items.Select(size).ToEquatableArray();

    private static Array ValuesOf(ConstantData data) => data.Value.DType switch
    {
        DType.Float32 => MemoryMarshal.Cast<byte, float>(data.Bytes).ToArray(),
        DType.Float64 => MemoryMarshal.Cast<byte, double>(data.Bytes).ToArray(),
        DType.Int32 => MemoryMarshal.Cast<byte, int>(data.Bytes).ToArray(),
        DType.Int64 => MemoryMarshal.Cast<byte, long>(data.Bytes).ToArray(),
        DType.Bool => MemoryMarshal.Cast<byte, bool>(data.Bytes).ToArray(),
        _ => throw DTypes.Unexpected(data.Value.DType),
    };
}
