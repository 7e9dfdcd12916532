using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GraphCompiler.Planning;

namespace GraphCompiler;

/// <summary>What a call computed, in the order of the outputs; each lies in an array of its own.</summary>
public sealed class RunResults
{
    private readonly RootBuffer[] outputs;
    private readonly long[][] shapes;
    private readonly Array[] arrays;

    internal RunResults(Program program, Workspace workspace)
    {
        outputs = program.Outputs;
        shapes = new long[outputs.Length][];
        arrays = new Array[outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            shapes[i] = outputs[i].Shape(workspace);
            arrays[i] = Allocate(outputs[i], i, outputs[i].ElementCount(workspace), shapes[i]);
        }
    }

    /// <summary>The number of outputs.</summary>
    public int Count => outputs.Length;

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
        if (index < 0 || index >= Count)
        {
            throw InvariantText.OutOfRange(nameof(index), index, $"The outputs are 0 to {Count - 1}.");
        }

        return arrays[index] as T[]
            ?? throw new DTypeException($"Output {index}, {outputs[index].Node.Describe()}, is {outputs[index].Node.DType.Display()}, not {DTypes.Of<T>().Display()}.");
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
        return array.Length == 1 ? array[0] : throw new ShapeException($"Output {index}, {outputs[index].Node.Describe()}, has {InvariantText.Count(array.Length, "element")}, not one.");
    }

    /// <summary>The outputs with their shapes, such as <c>RunResults: Softmax float32[4, 3]</c>.</summary>
    public override string ToString() =>
        $"{nameof(RunResults)}: {string.Join(", ", outputs.Select((o, i) => o.Node.DescribeAs(new NodeType(o.Node.DType, Shape.Of(shapes[i])))))}";

    /// <summary>Where an output is to be written.</summary>
    internal ref byte At(int index) => ref MemoryMarshal.GetArrayDataReference(arrays[index]);

    private static Array Allocate(RootBuffer output, int index, long count, long[] shape)
    {
        try
        {
            int fitting = checked((int)count);
            return output.Node.DType switch
            {
                DType.Float32 => Allocation.Array<float>(fitting),
                DType.Float64 => Allocation.Array<double>(fitting),
                DType.Int32 => Allocation.Array<int>(fitting),
                DType.Int64 => Allocation.Array<long>(fitting),
                DType.Bool => Allocation.Array<bool>(fitting),
                _ => throw DTypes.Unexpected(output.Node.DType),
            };
        }
        catch (Exception e) when (e is OverflowException or OutOfMemoryException)
        {
            throw TooLarge.Of($"Output {index}, {output.Node.Describe()},", output.Node.DType, shape, e);
        }
    }
}
