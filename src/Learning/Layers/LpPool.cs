using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>The p-norm of each window without the outer absolute values, (Σ xᵖ)^(1/p): what <see cref="LpPool1D"/>, <see cref="LpPool2D"/> and <see cref="LpPool3D"/> have in common.</summary>
public abstract class LpPool : PoolLayer
{
    private protected LpPool(int spatial, double order, PerAxis kernelSize)
        : base(spatial, kernelSize) => Order = order > 0 ? order : throw new ArgumentOutOfRangeException(nameof(order), order, "The order of a norm is to be above 0.");

    /// <summary>p; for an odd one the elements should not be negative. Infinity gives the largest element.</summary>
    public double Order { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}({Order}, {KernelSize})");

    /// <inheritdoc/>
    protected sealed override Node Define(Node x)
    {
        Require.AnyFloat(x);
        Require.Places(x, Spatial);
        return Spatial switch
        {
            1 => Ops.LpPool1D(x, Order, KernelSize, Stride, Padding, Dilation, CeilMode),
            2 => Ops.LpPool2D(x, Order, KernelSize, Stride, Padding, Dilation, CeilMode),
            _ => Ops.LpPool3D(x, Order, KernelSize, Stride, Padding, Dilation, CeilMode),
        };
    }
}

/// <summary>The norm (Σ xᵖ)^(1/p) of each window over one axis of floats, [N, C, L] or [C, L]. As PyTorch's <c>nn.LPPool1d</c>.</summary>
/// <param name="order">p, above 0.</param>
/// <param name="kernelSize">Elements of a window.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class LpPool1D(double order, PerAxis kernelSize) : LpPool(1, order, kernelSize);

/// <summary>The norm (Σ xᵖ)^(1/p) of each window over two axes of floats, [N, C, H, W] or [C, H, W]. As PyTorch's <c>nn.LPPool2d</c>.</summary>
/// <param name="order">p, above 0.</param>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class LpPool2D(double order, PerAxis kernelSize) : LpPool(2, order, kernelSize);

/// <summary>The norm (Σ xᵖ)^(1/p) of each window over three axes of floats, [N, C, D, H, W] or [C, D, H, W]. As PyTorch's <c>nn.LPPool3d</c>.</summary>
/// <param name="order">p, above 0.</param>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class LpPool3D(double order, PerAxis kernelSize) : LpPool(3, order, kernelSize);
