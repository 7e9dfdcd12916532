using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Concrete values between the interpreter's tensors and what a compiled graph takes and gives.</summary>
internal static class Values
{
    /// <summary>A value as an argument: a tensor with its shape, or a flat array for scalars.</summary>
    public static Argument ToArgument(TensorValue value) => value.DType switch
    {
        DType.Float32 => Argument<float>(value, a => a, t => t),
        DType.Float64 => Argument<double>(value, a => a, t => t),
        DType.Int32 => Argument<int>(value, a => a, t => t),
        DType.Int64 => Argument<long>(value, a => a, t => t),
        _ => Argument<bool>(value, a => a, t => t),
    };

    public static T[] ToArray<T>(TensorValue value)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(value.ToBytes()).ToArray();

    /// <summary>An output of a run.</summary>
    public static TensorValue Read(RunResults results, int index, DType dtype, long[] shape) => dtype switch
    {
        DType.Float32 => Of(results.GetArray<float>(index), dtype, shape),
        DType.Float64 => Of(results.GetArray<double>(index), dtype, shape),
        DType.Int32 => Of(results.GetArray<int>(index), dtype, shape),
        DType.Int64 => Of(results.GetArray<long>(index), dtype, shape),
        _ => Of(results.GetArray<bool>(index), dtype, shape),
    };

    public static TensorValue Of<T>(ReadOnlySpan<T> array, DType dtype, long[] shape)
        where T : unmanaged => TensorValue.FromBytes(dtype, shape, MemoryMarshal.AsBytes(array));

    private static TensorValue Of<T>(T[] array, DType dtype, long[] shape)
        where T : unmanaged => Of<T>(array.AsSpan(), dtype, shape);

    /// <summary>
    /// The first difference, or null. NaNs are one, 0 and −0 are two, unless signs of zeros do not count, as in gradients; floats may differ by
    /// <paramref name="ulps"/> units in the last place of the expected value or of <paramref name="floor"/>, whichever is larger; everything else is exact.
    /// </summary>
    public static string? Difference(TensorValue expected, TensorValue actual, double ulps, double floor, bool signsOfZeros = true)
    {
        if (!expected.Shape.AsSpan().SequenceEqual(actual.Shape) || expected.DType != actual.DType)
        {
            return $"{actual.DType}[{string.Join(", ", actual.Shape)}], expected {expected.DType}[{string.Join(", ", expected.Shape)}]";
        }

        double unit = expected.DType == DType.Float32 ? 1.0 / (1 << 23) : expected.DType == DType.Float64 ? 1.0 / (1L << 52) : 0;
        for (long i = 0; i < expected.Count; i++)
        {
            bool same = expected.DType.IsFloat()
                ? AreClose(expected.Reals[i], actual.Reals[i], ulps * unit, floor) && !(signsOfZeros && DifferInSign(expected.Reals[i], actual.Reals[i]))
                : expected.Integers[i] == actual.Integers[i];
            if (!same)
            {
                string at = string.Join(", ", EvaluationContext.Coordinates(i, expected.Shape));
                return expected.DType.IsFloat()
                    ? $"{actual.Reals[i]:R} at [{at}], expected {expected.Reals[i]:R}"
                    : $"{actual.Integers[i]} at [{at}], expected {expected.Integers[i]}";
            }
        }

        return null;
    }

    /// <summary>Whether one is 0 and the other −0.</summary>
    public static bool DifferInSign(double x, double y) => x == 0 && y == 0 && double.IsNegative(x) != double.IsNegative(y);

    private static bool AreClose(double expected, double actual, double relative, double floor) =>
        expected == actual
        || (double.IsNaN(expected) && double.IsNaN(actual))
        || (relative > 0 && double.IsFinite(expected) && Math.Abs(expected - actual) <= relative * Math.Max(Math.Abs(expected), floor));

    private static Argument Argument<T>(TensorValue value, Func<T[], Argument> flat, Func<Tensor<T>, Argument> shaped)
        where T : unmanaged
    {
        T[] array = ToArray<T>(value);
        return value.Rank == 0 ? flat(array) : shaped(Tensor.Create(array, [.. value.Shape.Select(s => (nint)s)]));
    }
}
