namespace GraphCompiler;

/// <summary>
/// What a convolution or a pool adds around its input: widths, the same on both sides of an axis unless made by <see cref="Of"/>, as
/// <c>Padding.Of((0, 1))</c>; or <see cref="Same"/>, which keeps the spatial sizes, or <see cref="Valid"/>, which adds nothing.
/// </summary>
public readonly struct Padding : IEquatable<Padding>
{
    private readonly EquatableArray<(int Before, int After)> widths;

    private Padding(EquatableArray<(int Before, int After)> widths, bool isSame = false)
    {
        this.widths = widths;
        IsSame = isSame;
    }

    /// <summary>As much as keeps the spatial sizes at stride 1; of an odd number of elements one more comes after than before.</summary>
    public static Padding Same => new([], isSame: true);

    /// <summary>Nothing.</summary>
    public static Padding Valid => default;

    internal bool IsSame { get; }

    /// <summary>A width for both sides of every axis.</summary>
    /// <param name="width">The width.</param>
    public static implicit operator Padding(int width) => new([(width, width)]);

    /// <summary>Widths for two axes, for both sides of each.</summary>
    /// <param name="widths">The widths.</param>
    public static implicit operator Padding((int First, int Second) widths) => new([(widths.First, widths.First), (widths.Second, widths.Second)]);

    /// <summary>Widths for three axes, for both sides of each.</summary>
    /// <param name="widths">The widths.</param>
    public static implicit operator Padding((int First, int Second, int Third) widths) =>
        new([(widths.First, widths.First), (widths.Second, widths.Second), (widths.Third, widths.Third)]);

    /// <summary>Widths for both sides, one an axis, or one for all.</summary>
    /// <param name="widths">The widths; null for nothing.</param>
    public static implicit operator Padding(int[]? widths) => new([.. (widths ?? []).Select(w => (w, w))]);

    /// <summary>Widths before and after, one pair an axis, or one for all.</summary>
    /// <param name="widths">The widths.</param>
    public static Padding Of(params ReadOnlySpan<(int Before, int After)> widths) => new(EquatableArray.Create(widths));

    /// <inheritdoc/>
    public bool Equals(Padding other) => IsSame == other.IsSame && widths == other.widths;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Padding other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsSame, widths);

    /// <summary>The widths as text.</summary>
    public override string ToString() => IsSame ? "same" : widths.Count == 0 ? "valid" : widths.ToString();

    /// <summary>Whether both add the same in the same way.</summary>
    public static bool operator ==(Padding left, Padding right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Padding left, Padding right) => !left.Equals(right);

    /// <summary>The widths for so many axes.</summary>
    internal (int Before, int After)[] For(int axes, string op)
    {
        if (widths.Count > 1 && widths.Count != axes)
        {
            throw new ShapeException($"{op}: the padding {this} has {InvariantText.Count(widths.Count, "width")} for {InvariantText.Count(axes, "spatial axis")}; give one, or one each.");
        }

        return widths.Any(w => w.Before < 0 || w.After < 0)
            ? throw new ShapeException($"{op}: the padding {this} must not be negative.")
            : widths.Count == axes ? [.. widths] : [.. Enumerable.Repeat(widths.Count == 0 ? (0, 0) : widths[0], axes)];
    }
}

/// <summary>What stands in the padding of a convolution.</summary>
public enum PaddingMode
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The elements mirrored at the first and last one, which are not repeated.</summary>
    Reflect,

    /// <summary>The first and last elements.</summary>
    Replicate,

    /// <summary>The elements from the other end.</summary>
    Circular,
}
