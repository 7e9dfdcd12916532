using System.Runtime.CompilerServices;

namespace GraphCompiler;

/// <summary>A whole number for each spatial axis, such as a stride: one for all of them, or one each, outermost first, as <c>(2, 1)</c> or <c>[2, 1]</c>.</summary>
[CollectionBuilder(typeof(PerAxis), nameof(Create))]
public readonly struct PerAxis : IEquatable<PerAxis>
{
    private readonly EquatableArray<int> numbers;

    private PerAxis(EquatableArray<int> numbers) => this.numbers = numbers;

    /// <summary>Whether a number was given.</summary>
    internal bool IsGiven => numbers.Count > 0;

    /// <summary>One number for every axis.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator PerAxis(int number) => new([number]);

    /// <summary>Numbers for two axes.</summary>
    /// <param name="numbers">The numbers.</param>
    public static implicit operator PerAxis((int First, int Second) numbers) => new([numbers.First, numbers.Second]);

    /// <summary>Numbers for three axes.</summary>
    /// <param name="numbers">The numbers.</param>
    public static implicit operator PerAxis((int First, int Second, int Third) numbers) => new([numbers.First, numbers.Second, numbers.Third]);

    /// <summary>Numbers, one an axis, or one for all.</summary>
    /// <param name="numbers">The numbers; null for none.</param>
    public static implicit operator PerAxis(int[]? numbers) => numbers is null ? default : Create(numbers);

    /// <summary>Numbers, one an axis, or one for all.</summary>
    /// <param name="numbers">The numbers.</param>
    public static PerAxis Create(ReadOnlySpan<int> numbers) => new(EquatableArray.Create(numbers));

    /// <summary>Enumerates the numbers as given.</summary>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)numbers).GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(PerAxis other) => numbers == other.numbers;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PerAxis other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => numbers.GetHashCode();

    /// <summary>The numbers as text.</summary>
    public override string ToString() => numbers.Count == 1 ? $"{numbers[0]}" : numbers.ToString();

    /// <summary>Whether both give the same numbers in the same way.</summary>
    public static bool operator ==(PerAxis left, PerAxis right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(PerAxis left, PerAxis right) => !left.Equals(right);

    /// <summary>The numbers for so many axes, none below a least one.</summary>
    internal int[] For(int axes, int otherwise, int least, string op, string what)
    {
        if (!IsGiven)
        {
            return [.. Enumerable.Repeat(otherwise, axes)];
        }

        if (numbers.Count != 1 && numbers.Count != axes)
        {
            throw new ShapeException($"{op}: the {what} {this} has {InvariantText.Count(numbers.Count, "number")} for {InvariantText.Count(axes, "spatial axis")}; give one, or one each.");
        }

        return numbers.Any(n => n < least)
            ? throw new ShapeException($"{op}: the {what} {this} must be at least {least} along every axis.")
            : numbers.Count == 1 ? [.. Enumerable.Repeat(numbers[0], axes)] : [.. numbers];
    }
}
