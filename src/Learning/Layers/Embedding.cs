namespace GraphCompiler.Learning;

/// <summary>A table of rows that are looked up by indices: what <see cref="Embedding"/> and <see cref="EmbeddingBag"/> have in common.</summary>
public abstract class EmbeddingTable : Layer
{
    private protected EmbeddingTable(int count, int width, Generator random, int? paddingIndex, Initializer? init)
    {
        (Count, Width) = (Require.Positive(count), Require.Positive(width));
        if (paddingIndex is { } given)
        {
            PaddingIndex = given >= -count && given < count ? given + (given < 0 ? count : 0)
                : throw new ArgumentOutOfRangeException(nameof(paddingIndex), given, $"There is no such row in a table of {count}.");
        }

        Weight = (init ?? Initializer.Normal()).Make(random, count, width);
        if (PaddingIndex is { } row)
        {
            using ParameterEdit<float> edit = Weight.Edit();
            edit.Values.Slice(row * width, width).Clear();
        }
    }

    /// <summary>The number of rows: indices lie in [0, count).</summary>
    public int Count { get; }

    /// <summary>The size of a row.</summary>
    public int Width { get; }

    /// <summary>The row that stands for nothing: zeros at first, and without gradient. Null if there is none.</summary>
    public int? PaddingIndex { get; }

    /// <summary>The table [count, width]. Another layer's may be given: the two are tied.</summary>
    /// <exception cref="ShapeException">It has another shape.</exception>
    public Parameter<float> Weight
    {
        get;
        init => field = field is null ? value : Require.Replaces(this, field, value);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({Count}, {Width})";
}

/// <summary>
/// Rows of a table, looked up: indices […] give […, width]. <c>weight</c> [count, width] begins with normal numbers, as PyTorch's <c>nn.Embedding</c>. For a head that is
/// tied to it: <c>new Linear(width, count, random, bias: false) { Weight = embedding.Weight }</c>.
/// </summary>
/// <param name="count">The number of rows.</param>
/// <param name="width">The size of a row.</param>
/// <param name="random">Where the rows come from.</param>
/// <param name="paddingIndex">A row of zeros that gets no gradient, counted from the end if negative; null for none.</param>
/// <param name="init">How the rows begin; by default normal numbers of deviation 1.</param>
/// <exception cref="ArgumentOutOfRangeException">A size is not above 0, or there is no such row.</exception>
public sealed class Embedding(int count, int width, Generator random, int? paddingIndex = null, Initializer? init = null) : EmbeddingTable(count, width, random, paddingIndex, init)
{
    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Require.Indices(x);
        return Ops.Embedding(x, Weight, PaddingIndex);
    }
}

/// <summary>
/// Rows of a table, looked up and reduced by bags: indices [bags, rows of a bag] give [bags, width]. <c>weight</c> [count, width] begins with normal numbers, as PyTorch's
/// <c>nn.EmbeddingBag</c>. An empty bag gives zeros.
/// </summary>
/// <param name="count">The number of rows.</param>
/// <param name="width">The size of a row.</param>
/// <param name="random">Where the rows come from.</param>
/// <param name="paddingIndex">A row of zeros that counts as absent, counted from the end if negative; null for none.</param>
/// <param name="init">How the rows begin; by default normal numbers of deviation 1.</param>
/// <exception cref="ArgumentOutOfRangeException">A size is not above 0, or there is no such row.</exception>
public sealed class EmbeddingBag(int count, int width, Generator random, int? paddingIndex = null, Initializer? init = null) : EmbeddingTable(count, width, random, paddingIndex, init)
{
    /// <summary>What becomes of the rows of a bag: their mean by default.</summary>
    public BagReduction Reduction { get; init; } = BagReduction.Mean;

    /// <summary>Defines bags of any lengths, or of rows that are multiplied before they are added up.</summary>
    /// <param name="x">The indices of all bags, a vector of int32 or int64; or [bags, rows of a bag] without offsets.</param>
    /// <param name="offsets">Where each bag begins: ascending, the first 0; int32 or int64, [bags].</param>
    /// <param name="factors">What each row is multiplied by, of the shape of <paramref name="x"/>, if <see cref="Reduction"/> is <see cref="BagReduction.Sum"/>; null for 1.</param>
    /// <returns>[bags, width].</returns>
    /// <exception cref="ShapeException">The indices are no vector, or with no offsets no matrix, or another shape does not fit.</exception>
    /// <exception cref="DTypeException">Indices or offsets are no whole numbers, or the factors are not float32.</exception>
    /// <exception cref="GraphException">There are factors, and rows are not added up.</exception>
    public Node Forward(Node x, Node? offsets, Node? factors = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Within(() => Bags(x, offsets, factors));
    }

    /// <inheritdoc/>
    protected override Node Define(Node x) => Bags(x, null, null);

    private Node Bags(Node x, Node? offsets, Node? factors)
    {
        Require.Indices(x);
        if (offsets is not null)
        {
            Require.Indices(offsets);
        }

        return x.Rank == (offsets is null ? 2 : 1) && offsets is null or { Rank: 1 } ? Ops.EmbeddingBag(x, Weight, Reduction, offsets, PaddingIndex, factors)
            : throw new ShapeException($"takes indices [bags, rows of a bag], or a vector of indices and one of offsets, and was given {x.Shape}{(offsets is null ? string.Empty : $" and {offsets.Shape}")}.");
    }
}
