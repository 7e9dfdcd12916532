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

    void ILeaf.CheckGrad(long[] shape)
    {
        if (gradTensor is not null && shape.Length > 0 && !gradTensor.Lengths.SequenceEqual([.. shape.Select(s => (nint)s)]))
        {
            throw new BindingException(
                $"{Describe()} already has a gradient of shape [{string.Join(", ", gradTensor.Lengths.ToArray())}], and this one has [{string.Join(", ", shape)}]; call ZeroGrad first.");
        }
    }

    unsafe void ILeaf.AccumulateGrad(nint address, long[] shape)
    {
        int count = checked((int)TensorValue.CountOf(shape));
        var contribution = new ReadOnlySpan<T>((void*)address, count);
        if (grad is null)
        {
            grad = new AlignedArray<T>(count);
            contribution.CopyTo(grad.Span);
            gradTensor = grad.AsTensor([.. shape.Select(s => (nint)s)]);
        }
        else if (typeof(T) == typeof(float))
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
    /// <summary>Throws if a gradient of this shape cannot be added to the one there is.</summary>
    void CheckGrad(long[] shape);

    void AccumulateGrad(nint address, long[] shape);

    void ZeroGrad(bool setToNull);
}
