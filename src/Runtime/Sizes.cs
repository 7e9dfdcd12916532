using System.Numerics.Tensors;

namespace GraphCompiler;

/// <summary>Checks of the sizes that a caller gives, and dense tensors of them.</summary>
internal static class Sizes
{
    /// <summary>The number of elements of a shape; 1 for an empty shape.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    public static int Count(ReadOnlySpan<int> shape)
    {
        Span<nint> lengths = shape.Length <= 16 ? stackalloc nint[shape.Length] : new nint[shape.Length];
        Widen(shape, lengths);
        return Count(lengths);
    }

    /// <inheritdoc cref="Count(ReadOnlySpan{int})"/>
    public static int Count(ReadOnlySpan<nint> shape)
    {
        UInt128 count = 1;
        var empty = false;
        foreach (var size in shape)
        {
            if (size < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(shape), $"A size is at least 0; shape {Display(shape)} has {size}.");
            }

            empty |= size == 0;

            // Saturates, so that any number of sizes may follow.
            count = UInt128.Min(count * (UInt128)size, ulong.MaxValue);
        }

        if (empty)
        {
            return 0;
        }

        return count <= (UInt128)Array.MaxLength
            ? (int)count
            : throw new ArgumentOutOfRangeException(
                nameof(shape), $"Shape {Display(shape)} has more elements than an array may hold ({Array.MaxLength}).");
    }

    /// <summary>A dense row-major tensor over an array of <see cref="Count(ReadOnlySpan{int})"/> elements; an empty shape gives shape [1].</summary>
    public static Tensor<T> ToTensor<T>(T[] values, ReadOnlySpan<int> shape)
    {
        Span<nint> lengths = shape.Length <= 16 ? stackalloc nint[shape.Length] : new nint[shape.Length];
        Widen(shape, lengths);
        return ToTensor(values, lengths);
    }

    /// <inheritdoc cref="ToTensor{T}(T[], ReadOnlySpan{int})"/>
    public static Tensor<T> ToTensor<T>(T[] values, ReadOnlySpan<nint> shape) => Tensor.Create(values, shape.IsEmpty ? [1] : shape);

    /// <summary>A shape as messages show it: [2, 3].</summary>
    public static string Display(ReadOnlySpan<nint> shape) => InvariantText.List(shape.ToArray());

    private static void Widen(ReadOnlySpan<int> shape, Span<nint> lengths)
    {
        for (var axis = 0; axis < shape.Length; axis++)
        {
            lengths[axis] = shape[axis];
        }
    }
}
