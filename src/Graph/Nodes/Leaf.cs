using System.Diagnostics;
using System.Numerics.Tensors;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>A node without inputs whose value comes from outside: an <see cref="Input"/> or a <see cref="Parameter"/>. Its gradient is kept here after a backward.</summary>
[DebuggerTypeProxy(typeof(LeafView))]
public abstract class Leaf : Node
{
    private protected Leaf(Op op, string name, bool requiresGrad)
        : base(op, [], requiresGrad, name)
    {
        if (requiresGrad && !DType.IsFloat())
        {
            throw new DTypeException($"{Describe()}: Only floating point tensors can require gradients; this one is {DType.Display()}.");
        }

        Gradient = requiresGrad ? GradientKeeper.Of(this) : null;
    }

    /// <summary>
    /// The gradient that backward passes have added up, of the leaf's shape and dtype (a scalar's has length 1); null before the first, after
    /// <see cref="ZeroGrad"/>, and for a leaf that requires none or that the loss does not reach. Later backward passes add into it.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public abstract IReadOnlyTensor? Grad { get; }

    /// <summary>Whether there is a gradient.</summary>
    public bool HasGrad => Gradient is { HasGradient: true };

    /// <summary>What keeps the gradient; null of a leaf that requires none.</summary>
    internal GradientKeeper? Gradient { get; }

    /// <summary>Forgets the gradient.</summary>
    /// <param name="setToNull">True makes <see cref="Grad"/> null; false fills it with zeros where there is one.</param>
    /// <exception cref="GraphException">Another call is writing the gradient.</exception>
    public void ZeroGrad(bool setToNull = true)
    {
        if (Gradient is { } gradient)
        {
            gradient.Written.Take();
            gradient.Zero(setToNull);
            gradient.Written.GiveBack();
        }
    }
}
