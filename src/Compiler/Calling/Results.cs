using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace GraphCompiler;

/// <summary>What a call computed, in the order of the outputs; each lies in an array of its own.</summary>
public sealed class Results
{
    private readonly Node[] nodes;
    private readonly long[][] shapes;
    private readonly Array[] arrays;
    private readonly GCHandle[] handles;

    internal Results(Node[] nodes, long[][] shapes)
    {
        this.nodes = nodes;
        this.shapes = shapes;
        arrays = new Array[nodes.Length];
        handles = new GCHandle[nodes.Length];
    }

    internal static Results None { get; } = new([], []);

    /// <summary>The number of outputs.</summary>
    public int Count => nodes.Length;

    /// <summary>An output as a tensor; a scalar as one of length 1.</summary>
    /// <typeparam name="T">The output's element type.</typeparam>
    /// <param name="index">Which output, from 0.</param>
    /// <exception cref="DTypeException">The output has another element type.</exception>
    public Tensor<T> Get<T>(int index = 0)
        where T : unmanaged => Tensor.Create(GetArray<T>(index), shapes[index].Length == 0 ? [1] : [.. shapes[index].Select(s => (nint)s)]);

    /// <summary>The elements of an output, row-major.</summary>
    /// <typeparam name="T">The output's element type.</typeparam>
    /// <param name="index">Which output, from 0.</param>
    /// <exception cref="DTypeException">The output has another element type.</exception>
    public T[] GetArray<T>(int index = 0)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return arrays[index] as T[]
            ?? throw new DTypeException($"Output {index}, {nodes[index].Describe()}, is {nodes[index].DType.Display()}, not {DTypes.Of<T>().Display()}.");
    }

    /// <summary>An output of one element as a plain value.</summary>
    /// <typeparam name="T">The output's element type.</typeparam>
    /// <param name="index">Which output, from 0.</param>
    /// <exception cref="DTypeException">The output has another element type.</exception>
    /// <exception cref="ShapeException">The output has more or fewer elements.</exception>
    public T Scalar<T>(int index = 0)
        where T : unmanaged
    {
        T[] array = GetArray<T>(index);
        return array.Length == 1 ? array[0] : throw new ShapeException($"Output {index}, {nodes[index].Describe()}, has {array.Length} elements, not one.");
    }

    /// <summary>Makes the array of an output, held in place until <see cref="Unpin"/>.</summary>
    internal nint Pin(int index)
    {
        int count = checked((int)TensorValue.CountOf(shapes[index]));
        arrays[index] = nodes[index].DType switch
        {
            DType.Float32 => GC.AllocateUninitializedArray<float>(count),
            DType.Float64 => GC.AllocateUninitializedArray<double>(count),
            DType.Int32 => GC.AllocateUninitializedArray<int>(count),
            DType.Int64 => GC.AllocateUninitializedArray<long>(count),
            _ => GC.AllocateUninitializedArray<bool>(count),
        };
        handles[index] = GCHandle.Alloc(arrays[index], GCHandleType.Pinned);
        return handles[index].AddrOfPinnedObject();
    }

    internal void Unpin()
    {
        foreach (GCHandle handle in handles)
        {
            if (handle.IsAllocated)
            {
                handle.Free();
            }
        }
    }
}
