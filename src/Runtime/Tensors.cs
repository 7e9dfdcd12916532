using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace GraphCompiler;

/// <summary>
/// Concrete tensors made simply: dense, row-major and owning their array. System.Numerics.Tensors has no rank 0: an empty shape gives a tensor of
/// shape [1].
/// </summary>
public static class Tensors
{
    /// <summary>A tensor of zeros (of <c>false</c> for bool).</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor<T> Zeros<T>(params ReadOnlySpan<int> shape)
        where T : unmanaged => Sizes.ToTensor(Allocation.ArrayOf<T>(Sizes.Count(shape), clear: true), shape);

    /// <inheritdoc cref="Zeros{T}(ReadOnlySpan{int})"/>
    public static Tensor<T> Zeros<T>(ReadOnlySpan<nint> shape)
        where T : unmanaged => Sizes.ToTensor(Allocation.ArrayOf<T>(Sizes.Count(shape), clear: true), shape);

    /// <summary>A tensor of ones.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor<T> Ones<T>(params ReadOnlySpan<int> shape)
        where T : unmanaged, INumberBase<T> => Full(shape, T.One);

    /// <inheritdoc cref="Ones{T}(ReadOnlySpan{int})"/>
    public static Tensor<T> Ones<T>(ReadOnlySpan<nint> shape)
        where T : unmanaged, INumberBase<T> => Full(shape, T.One);

    /// <summary>A tensor of one value: <c>Full([2, 3], 0.5f)</c>.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="shape">The sizes.</param>
    /// <param name="value">What every element is.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor<T> Full<T>(ReadOnlySpan<int> shape, T value)
        where T : unmanaged => Sizes.ToTensor(Filled(Sizes.Count(shape), value), shape);

    /// <inheritdoc cref="Full{T}(ReadOnlySpan{int}, T)"/>
    public static Tensor<T> Full<T>(ReadOnlySpan<nint> shape, T value)
        where T : unmanaged => Sizes.ToTensor(Filled(Sizes.Count(shape), value), shape);

    /// <summary>The numbers 0, 1, 2 and so on below a bound.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="stop">The bound that is never reached (but see rounding, in the overload with a step).</param>
    /// <exception cref="ArgumentException">The bound is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are more elements than an array may hold.</exception>
    public static Tensor<T> Arange<T>(T stop)
        where T : unmanaged, INumber<T> => Arange(T.Zero, stop, T.One);

    /// <summary>
    /// The numbers start + i · step from start to before stop: shape [max(0, ⌈(stop − start) / step⌉)]. For floating-point types the count and each
    /// element are computed in double and rounded once, so that errors do not add up; when the step is not exact, rounding may take the last element to
    /// the bound.
    /// </summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="start">The first number.</param>
    /// <param name="stop">The bound that is never reached.</param>
    /// <param name="step">The difference of neighbours, not 0; below 0 to count down.</param>
    /// <exception cref="ArgumentException">A number is not finite, or the step is 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are more elements than an array may hold.</exception>
    public static Tensor<T> Arange<T>(T start, T stop, T step)
        where T : unmanaged, INumber<T>
    {
        if (!T.IsFinite(start) || !T.IsFinite(stop) || !T.IsFinite(step) || T.IsZero(step))
        {
            throw new ArgumentException($"A range needs finite numbers and a step that is not 0; start is {start}, stop {stop}, step {step}.", nameof(step));
        }

        var values = Allocation.ArrayOf<T>(RangeCount(start, stop, step));
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = IsInteger<T>()
                ? T.CreateChecked(Int128.CreateChecked(start) + (i * Int128.CreateChecked(step)))
                : T.CreateTruncating(double.CreateChecked(start) + (i * double.CreateChecked(step)));
        }

        return Sizes.ToTensor(values, [values.Length]);
    }

    /// <inheritdoc cref="Arange{T}(T, T, T)"/>
    public static Tensor<T> Arange<T>(T start, T stop)
        where T : unmanaged, INumber<T> => Arange(start, stop, T.One);

    /// <summary>A tensor of rank 1 holding the values given: <c>Of(1f, 2f, 3f)</c>.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The elements, copied.</param>
    public static Tensor<T> Of<T>(params ReadOnlySpan<T> values)
        where T : unmanaged => Sizes.ToTensor(values.ToArray(), [values.Length]);

    /// <summary>A tensor of a shape holding values in row-major order: <c>From(values, 2, 3)</c>. Without sizes, rank 1.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The elements, copied; a null array counts as an empty one.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentException">The shape does not have as many elements as there are values.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    public static Tensor<T> From<T>(ReadOnlySpan<T> values, params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        if (shape.IsEmpty)
        {
            return Of(values);
        }

        var count = Sizes.Count(shape);
        return count == values.Length
            ? Sizes.ToTensor(values.ToArray(), shape)
            : throw new ArgumentException(
                $"Shape {InvariantText.List(shape.ToArray())} has {InvariantText.Count(count, "element")}, not the {InvariantText.Count(values.Length, "value")} that are given.", nameof(shape));
    }

    /// <summary>A tensor of rank 2 with an array's sizes and values.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The rows, copied.</param>
    /// <exception cref="ArgumentNullException">The array is null.</exception>
    public static Tensor<T> From<T>(T[,] values)
        where T : unmanaged => FromArray<T>(values);

    /// <summary>A tensor of rank 3 with an array's sizes and values.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The elements, copied.</param>
    /// <exception cref="ArgumentNullException">The array is null.</exception>
    public static Tensor<T> From<T>(T[,,] values)
        where T : unmanaged => FromArray<T>(values);

    /// <summary>The elements in row-major order, in a new array; strided tensors are gathered.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="tensor">Any tensor.</param>
    /// <exception cref="ArgumentNullException">The tensor is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A broadcast tensor has more elements than an array may hold.</exception>
    public static T[] ToArray<T>(this Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.IsEmpty)
        {
            return [];
        }

        var values = Allocation.ArrayOf<T>(Sizes.Count(tensor.Lengths));
        StridedCopy.ToDense(in tensor.GetPinnableReference(), ref values[0], tensor.Lengths, tensor.Strides);
        return values;
    }

    private static T[] Filled<T>(int count, T value)
        where T : unmanaged
    {
        var values = Allocation.ArrayOf<T>(count);
        Array.Fill(values, value);
        return values;
    }

    private static Tensor<T> FromArray<T>(Array values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        Span<nint> lengths = stackalloc nint[values.Rank];
        for (var axis = 0; axis < lengths.Length; axis++)
        {
            lengths[axis] = values.GetLength(axis);
        }

        var copy = Allocation.ArrayOf<T>(Sizes.Count(lengths));
        Buffer.BlockCopy(values, 0, copy, 0, Buffer.ByteLength(copy));
        return Sizes.ToTensor(copy, lengths);
    }

    private static bool IsInteger<T>() => typeof(T) == typeof(int) || typeof(T) == typeof(long);

    private static int RangeCount<T>(T start, T stop, T step)
        where T : INumber<T>
    {
        double count;
        if (IsInteger<T>())
        {
            var (first, bound, difference) = (Int128.CreateChecked(start), Int128.CreateChecked(stop), Int128.CreateChecked(step));
            count = (double)((bound - first + difference - (difference > 0 ? 1 : -1)) / difference);
        }
        else
        {
            count = Math.Ceiling((double.CreateChecked(stop) - double.CreateChecked(start)) / double.CreateChecked(step));
        }

        return count <= Array.MaxLength
            ? (int)Math.Max(count, 0)
            : throw new ArgumentOutOfRangeException(
                nameof(stop), $"The range from {start} to {stop} by {step} has more elements than an array may hold ({Array.MaxLength}).");
    }
}
