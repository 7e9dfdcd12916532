using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GraphCompiler.Nodes;

/// <summary>
/// The elements of a gradient and the tensor that shows them. They lie in an ordinary array, held in place only while kernels write it: small arrays
/// that the collector may not move cost more to make than a small backward takes.
/// </summary>
/// <typeparam name="T">The C# element type.</typeparam>
internal sealed class GradientMemory<T>
    where T : unmanaged
{
    // Arrays from about here on are not moved although they may be, so that it pays to begin them where vectors and cache lines begin.
    private const int LeastBytesToAlign = 85_000;

    private const int Unseen = 0;
    private const int Seen = 1;
    private const int TakenBack = 2;

    private readonly T[] array;
    private readonly int offset;
    private readonly int count;

    // Whether somebody has seen the tensor, or nobody will.
    private int state;

    /// <param name="lengths">The sizes; the elements are whatever was there.</param>
    public unsafe GradientMemory(ReadOnlySpan<nint> lengths)
    {
        count = Sizes.Count(lengths);
        bool align = (long)count * sizeof(T) >= LeastBytesToAlign;
        array = Allocation.Array<T>(align ? checked(count + (AlignedBuffer.Alignment / sizeof(T))) : count);
        if (align)
        {
            var start = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
            offset = (int)((AlignedBuffer.RoundUp(start) - start) / sizeof(T));
        }

        Tensor = System.Numerics.Tensors.Tensor.Create(array, offset, lengths.IsEmpty ? [1] : lengths, []);
    }

    public Tensor<T> Tensor { get; }

    /// <summary>Lets somebody see the tensor, whose it then is too; false if it was taken back.</summary>
    public bool TryShow() => Interlocked.CompareExchange(ref state, Seen, Unseen) != TakenBack;

    /// <summary>Keeps the memory for another gradient, if nobody has seen this one.</summary>
    public bool TryTakeBack() => Interlocked.CompareExchange(ref state, TakenBack, Unseen) == Unseen;

    /// <summary>Makes memory that was taken back a gradient again.</summary>
    public void Renew() => Volatile.Write(ref state, Unseen);

    public Span<T> Span => array.AsSpan(offset, count);

    /// <summary>The first element; where it would be if there are none.</summary>
    public ref T First => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), offset);

    /// <summary>Whether a gradient with axes of these sizes has the tensor's shape.</summary>
    public bool HasShape(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims)
    {
        ReadOnlySpan<nint> lengths = Tensor.Lengths;
        for (int axis = 0; axis < dims.Length; axis++)
        {
            if (lengths[axis] != sizes[dims[axis]])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds a dense gradient in memory.</summary>
    public unsafe void Add(nint address)
    {
        var contribution = new ReadOnlySpan<T>((void*)address, count);
        if (typeof(T) == typeof(float))
        {
            Span<float> sum = MemoryMarshal.Cast<T, float>(Span);
            TensorPrimitives.Add(sum, MemoryMarshal.Cast<T, float>(contribution), sum);
        }
        else
        {
            Span<double> sum = MemoryMarshal.Cast<T, double>(Span);
            TensorPrimitives.Add(sum, MemoryMarshal.Cast<T, double>(contribution), sum);
        }
    }

    /// <summary>The first element whose sum with that of a dense gradient in memory is no finite number, and both; null if there is none.</summary>
    public unsafe (int At, double Kept, double Added)? OverflowWith(nint address)
    {
        var contribution = new ReadOnlySpan<T>((void*)address, count);
        return typeof(T) == typeof(float)
            ? First(MemoryMarshal.Cast<T, float>(Span), MemoryMarshal.Cast<T, float>(contribution))
            : First(MemoryMarshal.Cast<T, double>(Span), MemoryMarshal.Cast<T, double>(contribution));

        static (int At, double Kept, double Added)? First<TFloat>(ReadOnlySpan<TFloat> kept, ReadOnlySpan<TFloat> added)
            where TFloat : IFloatingPoint<TFloat>
        {
            for (int i = 0; i < kept.Length; i++)
            {
                if (!TFloat.IsFinite(kept[i] + added[i]))
                {
                    return (i, double.CreateChecked(kept[i]), double.CreateChecked(added[i]));
                }
            }

            return null;
        }
    }
}
