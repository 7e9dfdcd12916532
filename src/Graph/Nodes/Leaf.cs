using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GraphCompiler.Execution;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>A node without inputs whose value comes from outside: an input or a parameter. Its gradient is kept here after a backward.</summary>
/// <typeparam name="T">The C# element type.</typeparam>
public class Leaf<T> : Node, ILeaf
    where T : unmanaged
{
    private AlignedArray<T>? grad;
    private Tensor<T>? gradTensor;

    internal Leaf(Op op, bool requiresGrad)
        : base(op, [], requiresGrad, (op as InputOp)?.InputName ?? ((ParameterOp)op).ParameterName)
    {
        if (requiresGrad && !DType.IsFloat())
        {
            throw new DTypeException($"{Describe()}: Only floating point tensors can require gradients; this one is {DType.Display()}.");
        }
    }

    /// <summary>
    /// The gradient that backward passes have added up, of the leaf's shape and dtype (a scalar's has length 1); null before the first, after
    /// <see cref="ZeroGrad"/>, and for a leaf that requires none or that the loss does not reach. Later backward passes add into it.
    /// </summary>
    public Tensor<T>? Grad => gradTensor;

    /// <summary>Forgets the gradient.</summary>
    /// <param name="setToNull">True makes <see cref="Grad"/> null; false fills it with zeros where there is one.</param>
    public void ZeroGrad(bool setToNull = true)
    {
        if (setToNull)
        {
            grad = null;
            gradTensor = null;
        }
        else
        {
            grad?.Span.Clear();
        }
    }

    void ILeaf.CheckGrad(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims)
    {
        for (int axis = 0; gradTensor is not null && axis < dims.Length; axis++)
        {
            if (gradTensor.Lengths[axis] != sizes[dims[axis]])
            {
                long[] shape = new long[dims.Length];
                for (int i = 0; i < shape.Length; i++)
                {
                    shape[i] = sizes[dims[i]];
                }

                throw new BindingException(
                    $"{Describe()} already has a gradient of shape [{string.Join(", ", gradTensor.Lengths.ToArray())}], and this one has [{string.Join(", ", shape)}]; call ZeroGrad first.");
            }
        }
    }

    unsafe void ILeaf.AccumulateGrad(nint address, ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims)
    {
        if (grad is null)
        {
            var lengths = new nint[dims.Length];
            nint count = 1;
            for (int axis = 0; axis < lengths.Length; axis++)
            {
                lengths[axis] = (nint)sizes[dims[axis]];
                count *= lengths[axis];
            }

            grad = new AlignedArray<T>(count);
            new ReadOnlySpan<T>((void*)address, grad.Length).CopyTo(grad.Span);
            gradTensor = grad.AsTensor(lengths);
            return;
        }

        var contribution = new ReadOnlySpan<T>((void*)address, grad.Length);
        if (typeof(T) == typeof(float))
        {
            Span<float> sum = MemoryMarshal.Cast<T, float>(grad.Span);
            TensorPrimitives.Add(sum, MemoryMarshal.Cast<T, float>(contribution), sum);
        }
        else
        {
            Span<double> sum = MemoryMarshal.Cast<T, double>(grad.Span);
            TensorPrimitives.Add(sum, MemoryMarshal.Cast<T, double>(contribution), sum);
        }
    }
}

/// <summary>What running needs of a leaf whatever its element type.</summary>
internal interface ILeaf
{
    /// <summary>Throws if a gradient cannot be added to the one there is.</summary>
    /// <param name="sizes">Sizes.</param>
    /// <param name="dims">The positions among them of the sizes of the gradient's axes.</param>
    void CheckGrad(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims);

    /// <summary>Adds a dense gradient in memory to the one there is, or makes it the first.</summary>
    /// <param name="address">Where it lies.</param>
    /// <param name="sizes">Sizes.</param>
    /// <param name="dims">The positions among them of the sizes of the gradient's axes.</param>
    void AccumulateGrad(nint address, ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims);

    void ZeroGrad(bool setToNull);
}
