using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>
/// Categories, texts or integers, as vectors of a one among zeros. <see cref="Encode(IReadOnlyList{string}, bool)"/> gives each value its category's number; the layer makes of
/// numbers, an int64 node […], floats […, categories]. The categories are saved with the model that the encoder is in: <c>categories</c> [count, length], in code units of UTF-16,
/// −1 behind the end.
/// </summary>
public sealed class OneHotEncoder : Layer
{
    private const int End = -1;

    private readonly Parameter<int> categories;

    /// <summary>An encoder without categories, until they are loaded.</summary>
    /// <param name="count">How many categories there are, at least 1.</param>
    /// <param name="length">How many code units the longest has, at least 1.</param>
    public OneHotEncoder(int count, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        (Count, Length, categories) = (count, length, Buffer(End, count, length));
    }

    /// <summary>How many categories there are: the size of the last axis of what the layer gives.</summary>
    public int Count { get; }

    /// <summary>How many code units the longest category may have.</summary>
    public int Length { get; }

    /// <summary>The categories, as texts.</summary>
    public IReadOnlyList<string> Categories => [.. categories.Values.ToArray().Chunk(Length).Select(units => string.Concat(units.TakeWhile(u => u != End).Select(u => (char)u)))];

    /// <summary>The categories that there are among values, each once, ordered by code units.</summary>
    /// <param name="values">At least one value, such as a column of the rows for training.</param>
    /// <exception cref="ArgumentException">There are no values, or one is null.</exception>
    public static OneHotEncoder Of(IReadOnlyList<string> values) => OfOrdered(Texts(values).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The categories that there are among integers, each once, ascending.</summary>
    /// <param name="values">At least one value, such as a column of the rows for training.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static OneHotEncoder Of(IReadOnlyList<long> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return OfOrdered(Texts(values.Distinct().Order()));
    }

    /// <summary>The number of each value's category.</summary>
    /// <param name="values">The values.</param>
    /// <param name="allowUnknown">Whether a value may be of no category: its number is −1, of which the layer makes zeros. It is refused otherwise.</param>
    /// <exception cref="ArgumentException">A value is null.</exception>
    /// <exception cref="InvalidDataException">A value is of no category.</exception>
    public long[] Encode(IReadOnlyList<string> values, bool allowUnknown = false) => Encode(Texts(values), allowUnknown);

    /// <summary>The number of each integer's category.</summary>
    /// <param name="values">The integers.</param>
    /// <param name="allowUnknown">Whether a value may be of no category: its number is −1, of which the layer makes zeros. It is refused otherwise.</param>
    /// <exception cref="InvalidDataException">A value is of no category.</exception>
    public long[] Encode(IReadOnlyList<long> values, bool allowUnknown = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Encode(Texts(values), allowUnknown);
    }

    /// <inheritdoc/>
    public override string ToString() => $"OneHotEncoder({Count})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => x.DType == DType.Int64
        ? Ops.Cast(Ops.Equal(Ops.Unsqueeze(x, -1), Ops.Constant(Tensors.Arange((long)Count))), DType.Float32)
        : throw new DTypeException($"takes numbers of categories, Int64, and was given {x.DType}.");

    private static OneHotEncoder OfOrdered(IEnumerable<string> texts)
    {
        string[] found = [.. texts];
        if (found.Length == 0)
        {
            throw new ArgumentException("There are no values, and so no categories.", nameof(texts));
        }

        var encoder = new OneHotEncoder(found.Length, Math.Max(1, found.Max(t => t.Length)));
        encoder.categories.Set([.. found.SelectMany(t => t.Select(c => (int)c).Concat(Enumerable.Repeat(End, encoder.Length - t.Length)))]);
        return encoder;
    }

    private static IEnumerable<string> Texts(IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Select((v, row) => v ?? throw new ArgumentException($"Value {row} is null.", nameof(values)));
    }

    private static IEnumerable<string> Texts(IEnumerable<long> values) => values.Select(v => v.ToString(CultureInfo.InvariantCulture));

    private long[] Encode(IEnumerable<string> texts, bool allowUnknown)
    {
        var known = Categories.Index().DistinctBy(c => c.Item).ToDictionary(c => c.Item, c => (long)c.Index);
        return [.. texts.Select((text, row) => known.TryGetValue(text, out long number) ? number : allowUnknown ? -1
            : throw new InvalidDataException($"Value {row}, '{text}', is of none of the {Count} categories that the encoder knows, '{string.Join("', '", known.Keys.Take(5))}'{(Count > 5 ? ", …" : string.Empty)}."))];
    }
}
