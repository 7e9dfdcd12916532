using System.Diagnostics;
using System.Numerics.Tensors;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>A value given at each call, whatever its element type.</summary>
public abstract class Input : Leaf
{
    private protected Input(InputOp op, bool requiresGrad)
        : base(op, op.InputName, requiresGrad)
    {
    }
}

/// <summary>A value given at each call.</summary>
/// <typeparam name="T">The C# element type.</typeparam>
public sealed class Input<T> : Input
    where T : unmanaged
{
    internal Input(string name, Shape shape, bool requiresGrad)
        : base(new InputOp(name, new NodeType(DTypes.Of<T>(), shape)), requiresGrad)
    {
    }

    /// <inheritdoc/>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public override Tensor<T>? Grad => GradientKeeper.Take<T>(Gradient);
}
