namespace GraphCompiler.Learning;

/// <summary>Neighbouring axes joined into one, by default all but the first: [N, C, H, W] gives [N, C·H·W]. As PyTorch's <c>nn.Flatten</c>.</summary>
/// <param name="startAxis">The first axis to join.</param>
/// <param name="endAxis">The last axis to join.</param>
public sealed class Flatten(int startAxis = 1, int endAxis = -1) : Layer
{
    /// <summary>The first axis to join.</summary>
    public int StartAxis { get; } = startAxis;

    /// <summary>The last axis to join.</summary>
    public int EndAxis { get; } = endAxis;

    /// <inheritdoc/>
    public override string ToString() => $"Flatten({StartAxis}, {EndAxis})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.Flatten(x, StartAxis, EndAxis);
}

/// <summary>One axis as several. As PyTorch's <c>nn.Unflatten</c>.</summary>
/// <param name="axis">The axis.</param>
/// <param name="sizes">Sizes whose product is the axis' size; one may be −1, which stands for what is left.</param>
public sealed class Unflatten(int axis, Shape sizes) : Layer
{
    /// <summary>The axis.</summary>
    public int Axis { get; } = axis;

    /// <summary>The sizes of the axes that it becomes.</summary>
    public Shape Sizes { get; } = sizes;

    /// <inheritdoc/>
    public override string ToString() => $"Unflatten({Axis}, {Sizes})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.Unflatten(x, Axis, Sizes);
}
