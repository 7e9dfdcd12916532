using System.Collections;
using System.Runtime.CompilerServices;

namespace GraphCompiler;

/// <summary>The sizes of a node's axes, outermost first; written <c>["N", 4]</c>. The empty shape <c>[]</c> is a scalar (rank 0).</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<Dim>
{
    private readonly EquatableArray<Dim> dims;

    private Shape(EquatableArray<Dim> dims) => this.dims = dims;

    /// <summary>The number of axes.</summary>
    public int Rank => dims.Count;

    /// <summary>The number of axes.</summary>
    int IReadOnlyCollection<Dim>.Count => dims.Count;

    /// <summary>The number of elements.</summary>
    public Dim ElementCount
    {
        get
        {
            // A size of 0 decides before others overflow.
            if (dims.AsSpan().Contains(0))
            {
                return 0;
            }

            Dim product = 1;
            foreach (Dim dim in dims)
            {
                product *= dim;
            }

            return product;
        }
    }

    /// <summary>The size of an axis.</summary>
    /// <param name="axis">The axis, from 0.</param>
    public Dim this[int axis] => dims[axis];

    /// <summary>The size of an axis, counted from the end with <c>^</c>.</summary>
    /// <param name="axis">The axis.</param>
    public Dim this[Index axis] => dims[axis.GetOffset(dims.Count)];

    /// <summary>A shape of given sizes.</summary>
    /// <param name="dims">The sizes, outermost first.</param>
    public static Shape Create(ReadOnlySpan<Dim> dims) => new(EquatableArray.Create(dims));

    internal static Shape Of(IEnumerable<Dim> dims) => new(dims.ToEquatableArray());

    internal static Shape Of(IEnumerable<long> dims) => Of(dims.Select(Dim.Of));

    /// <summary>Whether every size is a number.</summary>
    public bool IsConstant
    {
        get
        {
            foreach (Dim dim in dims)
            {
                if (!dim.IsConstant)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The sizes as numbers, or null if one is symbolic.</summary>
    internal long[]? Constants => IsConstant ? [.. dims.Select(d => d.Constant!.Value)] : null;

    internal IEnumerable<string> Symbols => IsConstant ? [] : dims.SelectMany(d => d.Symbols).Distinct();

    /// <inheritdoc/>
    public bool Equals(Shape other) => dims == other.dims;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => dims.GetHashCode();

    /// <summary>The shape as text, such as <c>[N, 4]</c>.</summary>
    public override string ToString() => dims.ToString();

    /// <summary>Enumerates the sizes.</summary>
    public IEnumerator<Dim> GetEnumerator() => ((IEnumerable<Dim>)dims).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both have the same sizes.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether some size or the rank differs.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    internal Shape With(int axis, Dim size) => Of(dims.Select((d, i) => i == axis ? size : d));

    internal Shape Without(IReadOnlyCollection<int> axes) => Of(dims.Where((_, i) => !axes.Contains(i)));

    internal long[] Evaluate(Func<string, long> symbol) => [.. dims.Select(d => d.Evaluate(symbol))];
}

/// <summary>The dtype and shape of one result of an operation.</summary>
/// <param name="DType">The element type.</param>
/// <param name="Shape">The sizes of its axes.</param>
public readonly record struct NodeType(DType DType, Shape Shape)
{
    /// <summary>The type as text, such as <c>float32[N, 4]</c>.</summary>
    public override string ToString() => $"{DType.Display()}{Shape}";
}
