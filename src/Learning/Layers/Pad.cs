namespace GraphCompiler.Learning;

/// <summary>
/// A number, or elements of the input itself, around its last axes. As PyTorch's <c>nn.ZeroPad2d</c>, <c>nn.ConstantPad1d</c>, <c>nn.ReflectionPad2d</c>, <c>nn.ReplicationPad3d</c>
/// and <c>nn.CircularPad2d</c>, but that those begin with the last axis.
/// </summary>
/// <param name="widths">How many elements to add before and after, for each of the last axes in their order; negative numbers of zeros take away.</param>
public sealed class Pad(params IReadOnlyList<(int Before, int After)> widths) : Layer
{
    /// <summary>How many elements are added, for each of the last axes.</summary>
    public IReadOnlyList<(int Before, int After)> Widths { get; } = [.. widths];

    /// <summary>What they are: zeros, or what <see cref="Value"/> says, by default.</summary>
    public PaddingMode Mode { get; init; } = PaddingMode.Zeros;

    /// <summary>The number of <see cref="PaddingMode.Zeros"/>.</summary>
    public double Value { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"Pad({string.Join(", ", Widths)})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.Pad(x, [.. Widths.Select(w => ((Dim)w.Before, (Dim)w.After))], Mode, Value);
}
