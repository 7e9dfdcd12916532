using System.Runtime.InteropServices;

namespace GraphCompiler.Interpretation;

/// <summary>
/// A concrete tensor of the interpreter: dense and row-major. Floats are held as doubles (rounded to float where the dtype is float32),
/// integers and bools as longs: one plain method an operation then covers all dtypes.
/// </summary>
internal sealed class TensorValue
{
    private TensorValue(DType dtype, long[] shape, double[]? reals, long[]? integers)
    {
        DType = dtype;
        Shape = shape;
        this.reals = reals;
        this.integers = integers;
        if (Count != (reals?.Length ?? integers!.Length))
        {
            throw new ArgumentException($"{InvariantText.Count(reals?.Length ?? integers!.Length, "element")} cannot fill the shape {InvariantText.List(shape)}.");
        }
    }

    private readonly double[]? reals;
    private readonly long[]? integers;

    public DType DType { get; }

    public long[] Shape { get; }

    public int Rank => Shape.Length;

    public long Count => CountOf(Shape);

    /// <summary>The elements of a float tensor.</summary>
    public double[] Reals => reals ?? throw new InvalidOperationException($"A {DType.Display()} tensor has no floats.");

    /// <summary>The elements of an integer or bool tensor.</summary>
    public long[] Integers => integers ?? throw new InvalidOperationException($"A {DType.Display()} tensor has no integers.");

    public static long CountOf(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape)
        {
            count = checked(count * size);
        }

        return count;
    }

    /// <summary>The nearest number of a float dtype.</summary>
    public static double Round(DType dtype, double value) => dtype switch
    {
        DType.Float32 => (float)value,
        DType.Float64 => value,
        _ => throw DTypes.Unexpected(dtype),
    };

    /// <summary>The nearest number of a float dtype, rounded once.</summary>
    public static double Round(DType dtype, long value) => dtype == DType.Float32 ? (float)value : Round(dtype, (double)value);

    /// <summary>A float tensor; the values are rounded to float for float32, in place.</summary>
    public static TensorValue OfReals(DType dtype, long[] shape, double[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Round(dtype, values[i]);
        }

        return new TensorValue(dtype, shape, values, null);
    }

    /// <summary>An integer or bool tensor; values are wrapped to 32 bits for int32 and to 0 or 1 for bool, in place.</summary>
    public static TensorValue OfIntegers(DType dtype, long[] shape, long[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = dtype switch
            {
                DType.Int32 => (int)values[i],
                DType.Bool => values[i] != 0 ? 1 : 0,
                DType.Int64 => values[i],
                _ => throw DTypes.Unexpected(dtype),
            };
        }

        return new TensorValue(dtype, shape, null, values);
    }

    /// <summary>A tensor whose element i is taken from position <paramref name="source"/>(i) of <paramref name="from"/>, or <paramref name="fill"/> where that is negative.</summary>
    public static TensorValue Gather(TensorValue from, long[] shape, Func<long, long> source, double fill = 0)
    {
        long count = CountOf(shape);
        if (from.reals is { } f)
        {
            double[] values = new double[count];
            for (long i = 0; i < count; i++)
            {
                long at = source(i);
                values[i] = at < 0 ? fill : f[at];
            }

            return OfReals(from.DType, shape, values);
        }

        long[] whole = new long[count];
        for (long i = 0; i < count; i++)
        {
            long at = source(i);
            whole[i] = at < 0 ? (long)fill : from.integers![at];
        }

        return OfIntegers(from.DType, shape, whole);
    }

    /// <summary>A tensor of given rows along its first axis, zeros in all others.</summary>
    public static TensorValue Stack(DType dtype, long[] shape, IEnumerable<(long Row, TensorValue Value)> rows)
    {
        TensorValue result = Full(dtype, shape, 0);
        foreach ((long row, TensorValue value) in rows)
        {
            if (result.reals is not null)
            {
                value.Reals.CopyTo(result.reals, row * value.Count);
            }
            else
            {
                value.Integers.CopyTo(result.Integers, row * value.Count);
            }
        }

        return result;
    }

    /// <summary>A tensor of one repeated number.</summary>
    public static TensorValue Full(DType dtype, long[] shape, double value)
    {
        if (dtype.IsFloat())
        {
            double[] values = new double[CountOf(shape)];
            Array.Fill(values, value);
            return OfReals(dtype, shape, values);
        }

        long[] whole = new long[CountOf(shape)];
        Array.Fill(whole, (long)value);
        return OfIntegers(dtype, shape, whole);
    }

    /// <summary>An integer as a scalar of a dtype, rounded to floats as a conversion does.</summary>
    public static TensorValue OfInteger(DType dtype, long value) => dtype.IsFloat() ? OfReals(dtype, [], [Round(dtype, value)]) : OfIntegers(dtype, [], [value]);

    /// <summary>Copies dense row-major elements from memory.</summary>
    public static TensorValue FromBytes(DType dtype, long[] shape, ReadOnlySpan<byte> bytes)
    {
        int count = checked((int)CountOf(shape));
        double[] reals = dtype.IsFloat() ? new double[count] : [];
        long[] whole = dtype.IsFloat() ? [] : new long[count];
        switch (dtype)
        {
            case DType.Float32:
                ReadOnlySpan<float> singles = MemoryMarshal.Cast<byte, float>(bytes);
                for (int i = 0; i < count; i++)
                {
                    reals[i] = singles[i];
                }

                break;
            case DType.Float64:
                MemoryMarshal.Cast<byte, double>(bytes)[..count].CopyTo(reals);
                break;
            case DType.Int32:
                ReadOnlySpan<int> ints = MemoryMarshal.Cast<byte, int>(bytes);
                for (int i = 0; i < count; i++)
                {
                    whole[i] = ints[i];
                }

                break;
            case DType.Int64:
                MemoryMarshal.Cast<byte, long>(bytes)[..count].CopyTo(whole);
                break;
            case DType.Bool:
                for (int i = 0; i < count; i++)
                {
                    whole[i] = bytes[i] != 0 ? 1 : 0;
                }

                break;
            default:
                throw DTypes.Unexpected(dtype);
        }

        return new TensorValue(dtype, shape, dtype.IsFloat() ? reals : null, dtype.IsFloat() ? null : whole);
    }

    /// <summary>The elements as dense row-major memory of the dtype.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Count * DType.Size()];
        switch (DType)
        {
            case DType.Float32:
                Span<float> singles = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
                for (int i = 0; i < singles.Length; i++)
                {
                    singles[i] = (float)reals![i];
                }

                break;
            case DType.Float64:
                reals.CopyTo(MemoryMarshal.Cast<byte, double>(bytes.AsSpan()));
                break;
            case DType.Int32:
                Span<int> ints = MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
                for (int i = 0; i < ints.Length; i++)
                {
                    ints[i] = (int)integers![i];
                }

                break;
            case DType.Int64:
                integers.CopyTo(MemoryMarshal.Cast<byte, long>(bytes.AsSpan()));
                break;
            case DType.Bool:
                for (int i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = (byte)integers![i];
                }

                break;
            default:
                throw DTypes.Unexpected(DType);
        }

        return bytes;
    }

    /// <summary>An element as a double, whatever the dtype.</summary>
    public double this[long index] => reals is not null ? reals[index] : integers![index];

    /// <summary>A row along the first axis.</summary>
    public TensorValue Row(long row)
    {
        long[] shape = Shape[1..];
        long first = row * CountOf(shape);
        return Gather(this, shape, i => first + i);
    }

    public TensorValue Reshape(long[] shape) => new(DType, shape, reals, integers);
}
