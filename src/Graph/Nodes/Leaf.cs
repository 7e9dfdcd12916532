using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>A node without inputs whose value comes from outside: an input or a parameter. Its gradient is kept here after a backward.</summary>
/// <typeparam name="T">The C# element type.</typeparam>
public class Leaf<T> : Node, ILeaf
    where T : unmanaged
{
    private volatile GradientMemory<T>? grad;

    // Memory that nobody else knows, for the next gradient.
    private GradientMemory<T>? spare;

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
    public Tensor<T>? Grad
    {
        get
        {
            while (grad is { } shown)
            {
                // It may be taken back at this very moment, by another thread; then it is the leaf's no more.
                if (shown.TryShow())
                {
                    return shown.Tensor;
                }
            }

            return null;
        }
    }

    /// <summary>Forgets the gradient.</summary>
    /// <param name="setToNull">True makes <see cref="Grad"/> null; false fills it with zeros where there is one.</param>
    public void ZeroGrad(bool setToNull = true)
    {
        if (!setToNull)
        {
            grad?.Span.Clear();
        }
        else if (grad is { } old)
        {
            // A tensor that somebody has seen is theirs: the next gradient is another.
            grad = null;
            spare = old.TryTakeBack() ? old : null;
        }
    }

    bool ILeaf.HasGrad(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims) => grad is not null && (grad.HasShape(sizes, dims)
        ? true
        : throw new BindingException(
            $"{Describe()} already has a gradient of shape {InvariantText.List(grad.Tensor.Lengths.ToArray())}, and this one has {InvariantText.List(Lengths(sizes, dims))}; call ZeroGrad first."));

    ref byte ILeaf.GradMemory(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims)
    {
        if (grad is null && spare?.HasShape(sizes, dims) is not true)
        {
            spare = null;
            nint[] lengths = Lengths(sizes, dims);
            try
            {
                spare = new GradientMemory<T>(lengths);
            }
            catch (Exception e) when (e is OutOfMemoryException or ArgumentOutOfRangeException)
            {
                throw TooLarge.Of($"The gradient of {Describe()}", DType, [.. lengths.Select(l => (long)l)], e);
            }
        }

        return ref Unsafe.As<T, byte>(ref (grad ?? spare)!.First);
    }

    void ILeaf.ShowGrad()
    {
        spare!.Renew();
        (grad, spare) = (spare, null);
    }

    void ILeaf.AddGrad(nint address) => grad!.Add(address);

    private static nint[] Lengths(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims)
    {
        var lengths = new nint[dims.Length];
        for (int axis = 0; axis < lengths.Length; axis++)
        {
            lengths[axis] = (nint)sizes[dims[axis]];
        }

        return lengths;
    }
}

/// <summary>What running needs of a leaf whatever its element type.</summary>
internal interface ILeaf
{
    /// <summary>Whether there is a gradient; throws if there is one that this cannot be added to.</summary>
    /// <param name="sizes">Sizes.</param>
    /// <param name="dims">The positions among them of the sizes of the gradient's axes.</param>
    bool HasGrad(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims);

    /// <summary>The first byte, to be pinned, of the gradient there is, or else of memory for the first: undefined until written, unseen until shown.</summary>
    /// <param name="sizes">Sizes.</param>
    /// <param name="dims">The positions among them of the sizes of the gradient's axes.</param>
    ref byte GradMemory(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims);

    /// <summary>Makes what was written to <see cref="GradMemory"/> the gradient, where there was none.</summary>
    void ShowGrad();

    /// <summary>Adds a dense gradient in memory to the one there is.</summary>
    /// <param name="address">Where it lies.</param>
    void AddGrad(nint address);

    void ZeroGrad(bool setToNull);
}
