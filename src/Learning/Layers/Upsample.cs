using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>Other sizes of the one to three axes of places of [N, C, …]. As PyTorch's <c>nn.Upsample</c>.</summary>
public sealed class Upsample : Layer
{
    /// <summary>A layer that makes every axis of places so many times as long, rounded down.</summary>
    /// <param name="scale">The factor; for an axis of symbolic size a fraction of small whole numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
    public Upsample(double scale) => Scale = scale > 0 && double.IsFinite(scale) ? scale : throw new ArgumentOutOfRangeException(nameof(scale), scale, "A factor of sizes is to be above 0.");

    private Upsample(Shape size) => Size = size;

    /// <summary>The factor of all axes of places; null where sizes are given.</summary>
    public double? Scale { get; }

    /// <summary>The sizes of the axes of places; null where a factor is given.</summary>
    public Shape? Size { get; }

    /// <summary>Where elements come from; PyTorch's <c>"bilinear"</c> is <see cref="ResizeMode.Linear"/>.</summary>
    public ResizeMode Mode { get; init; } = ResizeMode.Nearest;

    /// <summary>Whether the first and last elements stay where they are.</summary>
    public bool AlignCorners { get; init; }

    /// <summary>A layer that gives the axes of places sizes.</summary>
    /// <param name="size">The sizes, one for each axis of places.</param>
    /// <param name="mode">Where elements come from.</param>
    /// <param name="alignCorners">Whether the first and last elements stay where they are.</param>
    public static Upsample To(Shape size, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false) => new(size) { Mode = mode, AlignCorners = alignCorners };

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Upsample({(object?)Scale ?? Size}, {Mode})");

    /// <inheritdoc/>
    protected override Node Define(Node x) => Scale is { } scale ? Ops.ResizeBy(x, scale, Mode, AlignCorners) : Ops.Resize(x, Size!.Value, Mode, AlignCorners);
}

/// <summary>Groups of r² channels as squares of r by r neighbours: […, C·r², H, W] gives […, C, H·r, W·r]. As PyTorch's <c>nn.PixelShuffle</c>.</summary>
/// <param name="factor">r.</param>
/// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
public sealed class PixelShuffle(int factor) : Layer
{
    /// <summary>r.</summary>
    public int Factor { get; } = Require.Positive(factor);

    /// <inheritdoc/>
    public override string ToString() => $"PixelShuffle({Factor})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.PixelShuffle(x, Factor);
}

/// <summary>Squares of r by r neighbours as r² channels: […, C, H·r, W·r] gives […, C·r², H, W]. As PyTorch's <c>nn.PixelUnshuffle</c>.</summary>
/// <param name="factor">r.</param>
/// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
public sealed class PixelUnshuffle(int factor) : Layer
{
    /// <summary>r.</summary>
    public int Factor { get; } = Require.Positive(factor);

    /// <inheritdoc/>
    public override string ToString() => $"PixelUnshuffle({Factor})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.PixelUnshuffle(x, Factor);
}
