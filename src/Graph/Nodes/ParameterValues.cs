using System.Numerics;

namespace GraphCompiler;

/// <summary>Values apart from their parameter, such as those of a file: bytes that know what they are of.</summary>
public sealed class ParameterValues
{
    /// <summary>Values of a dtype and shape.</summary>
    /// <param name="dtype">The element type.</param>
    /// <param name="shape">The sizes, numbers.</param>
    /// <param name="bytes">The elements as they lie in memory, row-major; they are not copied.</param>
    /// <exception cref="ShapeException">A size is a symbol, or so many bytes are no elements of this dtype and shape.</exception>
    /// <exception cref="DTypeException">There is no such dtype.</exception>
    public ParameterValues(DType dtype, Shape shape, ReadOnlyMemory<byte> bytes)
    {
        if (shape.Constants is not { } sizes || Array.Exists(sizes, s => s < 0))
        {
            throw new ShapeException($"The sizes of values are numbers, at least 0; {shape} has {(shape.IsConstant ? "one that is not" : "a symbol")}.");
        }

        BigInteger needed = sizes.Aggregate(new BigInteger(dtype.Size()), (product, size) => product * size);
        (DType, Shape, Bytes) = (dtype, shape, bytes.Length == needed ? bytes
            : throw new ShapeException($"{new NodeType(dtype, shape)} has {InvariantText.Count(needed, "byte")}, and {bytes.Length} were given."));
    }

    /// <summary>A copy of an array, a tensor, memory or a single value.</summary>
    /// <param name="value">What has one axis only says how many elements there are.</param>
    /// <exception cref="SizeException">There are more bytes than an array may have.</exception>
    public static ParameterValues Of(Argument value)
    {
        if (value.IsNull)
        {
            throw new ArgumentNullException(nameof(value));
        }

        long[] sizes = [.. Enumerable.Range(0, Math.Abs(value.Rank)).Select(axis => value.Rank < 0 ? (long)value.ElementCount : value.GetLength(axis))];
        byte[] bytes = value.ElementCount <= Array.MaxLength / value.DType.Size() ? new byte[value.ElementCount * value.DType.Size()]
            : throw new SizeException($"A copy of {value} has more bytes than an array may have ({Array.MaxLength}).");
        value.CopyTo(bytes);
        return new(value.DType, Shape.Of(sizes), bytes);
    }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The elements as they lie in memory, row-major.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>What they are of, such as <c>float32[2, 3]</c>.</summary>
    public override string ToString() => new NodeType(DType, Shape).ToString();
}
