using System.Runtime.CompilerServices;

namespace GraphCompiler;

/// <summary>The axes an operation works along: one number, a list such as <c>[0, 2]</c>, or all of them. Negative axes count from the end.</summary>
[CollectionBuilder(typeof(Axes), nameof(Create))]
public readonly struct Axes : IEquatable<Axes>
{
    private readonly EquatableArray<int>? axes;

    private Axes(EquatableArray<int> axes) => this.axes = axes;

    /// <summary>Every axis.</summary>
    public static Axes All => default;

    /// <summary>Whether every axis is meant.</summary>
    public bool IsAll => axes is null;

    internal EquatableArray<int> Values => axes ?? [];

    /// <summary>One axis.</summary>
    /// <param name="axis">The axis.</param>
    public static implicit operator Axes(int axis) => new(EquatableArray.Create([axis]));

    /// <summary>Some axes.</summary>
    /// <param name="axes">The axes; null for all.</param>
    public static implicit operator Axes(int[]? axes) => axes is null ? All : new(EquatableArray.Create<int>(axes));

    /// <summary>Some axes.</summary>
    /// <param name="axes">The axes.</param>
    public static Axes Create(ReadOnlySpan<int> axes) => new(EquatableArray.Create(axes));

    /// <summary>Enumerates the axes as given.</summary>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)Values).GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Axes other) => axes == other.axes;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Axes other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => axes.GetHashCode();

    /// <summary>The axes as text.</summary>
    public override string ToString() => axes is null ? "all axes" : axes.Value.ToString();

    /// <summary>Whether both name the same axes in the same way.</summary>
    public static bool operator ==(Axes left, Axes right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Axes left, Axes right) => !left.Equals(right);
}
