using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace GraphCompiler.Learning.Files;

/// <summary>An element type that files have, and what it becomes here.</summary>
/// <param name="Safetensors">What safetensors calls it; null where it has none such.</param>
/// <param name="Numpy">What NumPy calls it, without the order of bytes; null where it has none such.</param>
/// <param name="Bits">Bits an element.</param>
/// <param name="DType">What it is read as; null where nothing holds all its values.</param>
internal sealed record StoredType(string? Safetensors, string? Numpy, int Bits, DType? DType)
{
    /// <summary>All, in the order of the reference implementation of safetensors, which writes tensors of the last first.</summary>
    private static readonly StoredType[] Rows =
    [
        new("BOOL", "b1", 8, GraphCompiler.DType.Bool),
        new("F4", null, 4, null),
        new("F6_E2M3", null, 6, null),
        new("F6_E3M2", null, 6, null),
        new("U8", "u1", 8, GraphCompiler.DType.Int32) { Widen = Widened<byte, int> },
        new("I8", "i1", 8, GraphCompiler.DType.Int32) { Widen = Widened<sbyte, int> },
        new("F8_E5M2", null, 8, null),
        new("F8_E4M3", null, 8, null),
        new("F8_E5M2FNUZ", null, 8, null),
        new("F8_E4M3FNUZ", null, 8, null),
        new("F8_E8M0", null, 8, null),
        new("I16", "i2", 16, GraphCompiler.DType.Int32) { Widen = Widened<short, int> },
        new("U16", "u2", 16, GraphCompiler.DType.Int32) { Widen = Widened<ushort, int> },
        new("F16", "f2", 16, GraphCompiler.DType.Float32) { Widen = Widened<Half, float> },
        new("BF16", null, 16, GraphCompiler.DType.Float32) { Widen = WidenedFromBFloat16 },
        new("I32", "i4", 32, GraphCompiler.DType.Int32),
        new("U32", "u4", 32, GraphCompiler.DType.Int64) { Widen = Widened<uint, long> },
        new("F32", "f4", 32, GraphCompiler.DType.Float32),
        new("C64", "c8", 64, null),
        new("F64", "f8", 64, GraphCompiler.DType.Float64),
        new("I64", "i8", 64, GraphCompiler.DType.Int64),
        new("U64", "u8", 64, null),
        new(null, "c16", 128, null),
    ];

    /// <summary>What is no number, such as texts and Python's objects: nothing is known of it but its shape.</summary>
    public static StoredType Other { get; } = new(null, null, 0, null);

    /// <summary>Elements as they are stored to elements of the dtype.</summary>
    public delegate void Widening(ReadOnlySpan<byte> stored, Span<byte> elements);

    /// <summary>Makes elements of the dtype, where it is wider; null where they are stored as they are.</summary>
    public Widening? Widen { get; private init; }

    /// <summary>Bytes an element; 0 where it has less than one.</summary>
    public int Size => Bits / 8;

    /// <summary>The place in the order in which tensors are written: the last first.</summary>
    public int Rank => Array.IndexOf(Rows, this);

    /// <summary>The type that a file of the name's format has under a name.</summary>
    public static StoredType? OfSafetensors(string name) => Array.Find(Rows, row => row.Safetensors == name);

    /// <inheritdoc cref="OfSafetensors"/>
    public static StoredType? OfNumpy(ReadOnlySpan<char> name)
    {
        foreach (StoredType row in Rows)
        {
            if (row.Numpy is not null && name.SequenceEqual(row.Numpy))
            {
                return row;
            }
        }

        return null;
    }

    /// <summary>How elements of a dtype are stored.</summary>
    public static StoredType Of(DType dtype) => Array.Find(Rows, row => row.DType == dtype && row.Widen is null)!;

    /// <summary>The bytes of so many elements; null where they are more than 2⁶³ − 1 or no whole number.</summary>
    public long? BytesOf(ReadOnlySpan<long> sizes)
    {
        // Sizes beside one of 0 are multiplied, too: strides are made of them.
        bool isEmpty = false;
        UInt128 bits = (UInt128)Bits;
        foreach (long size in sizes)
        {
            isEmpty |= size == 0;
            bits *= (UInt128)Math.Max(size, 1);
            if (bits > (UInt128)long.MaxValue * 8)
            {
                return null;
            }
        }

        return isEmpty ? 0 : bits % 8 == 0 ? (long)(bits / 8) : null;
    }

    private static void Widened<TStored, T>(ReadOnlySpan<byte> stored, Span<byte> elements)
        where TStored : unmanaged, INumberBase<TStored>
        where T : unmanaged, INumberBase<T> =>
        TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, TStored>(stored), MemoryMarshal.Cast<byte, T>(elements));

    /// <summary>A bfloat16 is the upper half of a float32.</summary>
    private static void WidenedFromBFloat16(ReadOnlySpan<byte> stored, Span<byte> elements)
    {
        Span<uint> bits = MemoryMarshal.Cast<byte, uint>(elements);
        TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, ushort>(stored), bits);
        TensorPrimitives.ShiftLeft(bits, 16, bits);
    }
}
