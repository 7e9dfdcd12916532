using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GraphCompiler.Learning.Data;

/// <summary>A column whose rows all have one shape and lie one after the other, in an array or in a tensor.</summary>
internal sealed class DenseColumn<T>(Array? array, Tensor<T>? tensor, int count, int[] rowShape) : Column<T>(count, rowShape)
    where T : unmanaged
{
    private readonly int size = rowShape.Aggregate(1, (product, length) => checked(product * length));

    public override int LengthOf(int row) => -1;

    public override void CopyRow(int row, Span<T> destination)
    {
        ref T first = ref tensor is not null ? ref tensor.GetPinnableReference() : ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array!));
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref first, (nint)row * size), size).CopyTo(destination);
    }
}
