namespace GraphCompiler.Learning;

/// <content>Rows of different lengths.</content>
public sealed partial class Rows
{
    /// <summary>Makes the sequences of a column equally long within a batch, by a value behind their ends.</summary>
    /// <typeparam name="T">The column's element type.</typeparam>
    /// <param name="column">A column of sequences.</param>
    /// <param name="value">What comes behind the ends.</param>
    /// <param name="length">How long all become; null for the longest of each batch.</param>
    /// <param name="lengths">The name of a further column, of how long each sequence is (long); null for none.</param>
    /// <param name="padding">The name of a further column, true where a place is padding, as attention takes it; null for none.</param>
    /// <exception cref="ArgumentException">There is no such column, its rows have one shape, a sequence is longer than <paramref name="length"/>, or a name is taken.</exception>
    /// <exception cref="DTypeException">The column holds another type.</exception>
    public Rows Pad<T>(string column, T value, int? length = null, string? lengths = null, string? padding = null)
        where T : unmanaged
    {
        int number = Find.Column(Columns, column);
        if (Columns[number] is not ISequences || Columns[number] is not Column<T>)
        {
            throw Columns[number] is ISequences
                ? new DTypeException($"Column '{column}' holds {Columns[number].DType.Display()}, and is not padded by {DTypes.Of<T>().Display()}.")
                : new ArgumentException($"The rows of column {Columns[number]} have one shape: there is nothing to pad.", nameof(column));
        }

        var sequences = Columns[number] as SequenceColumn<T> ?? throw new ArgumentException($"Column '{column}' is padded already.", nameof(column));
        if (length is { } most)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(most, nameof(length));
            for (int row = 0; row < Count; row++)
            {
                if (sequences.LengthOf(SourceOf(row)) is var found && found > most)
                {
                    throw new ArgumentException($"Row {SourceOf(row)} of column '{column}' has {found} elements, more than the {most} that all are to have.", nameof(length));
                }
            }
        }

        var padded = new PaddedColumn<T>(sequences, value, length);
        List<Column> columns = [.. Columns];
        columns[number] = padded.Named(column);
        Add(columns, lengths, new LengthsColumn(sequences, sequences.Count), nameof(lengths));
        Add(columns, padding, new PaddingColumn<T>(padded), nameof(padding));
        return new Rows(this) { Columns = columns };
    }

    /// <summary>
    /// Gives out rows of like length together, so that little is padded: as rows come, each waits among those of its like until they fill a batch. What is left at the end of the
    /// epoch are smaller batches.
    /// </summary>
    /// <param name="column">A column of sequences.</param>
    /// <param name="boundaries">The greatest lengths of all groups but the last, ascending: 10, 20 makes groups of up to 10, of 11 to 20, and of more.</param>
    /// <exception cref="ArgumentException">There is no such column, its rows have one shape, or boundaries do not ascend.</exception>
    /// <exception cref="InvalidOperationException">The rows are in groups already.</exception>
    public Rows Bucket(string column, params IReadOnlyList<int> boundaries)
    {
        ArgumentNullException.ThrowIfNull(boundaries);
        if (Columns[Find.Column(Columns, column)] is not ISequences sequences)
        {
            throw new ArgumentException($"The rows of column '{column}' have one shape: there is nothing to sort them by.", nameof(column));
        }

        if (boundaries.Count == 0 || boundaries.Zip(boundaries.Skip(1)).Any(b => b.First >= b.Second))
        {
            throw new ArgumentException($"Boundaries ascend, and there is at least one: [{string.Join(", ", boundaries.Select(b => $"{b}"))}] do not.", nameof(boundaries));
        }

        return Buckets is null ? new Rows(this) { Buckets = new BucketChoice(sequences, [.. boundaries]) } : throw Already("in buckets", nameof(Bucket));
    }

    private static void Add(List<Column> columns, string? name, Column column, string parameter)
    {
        if (name is not null)
        {
            ArgumentException.ThrowIfNullOrEmpty(name, parameter);
            columns.Add(columns.TrueForAll(c => c.Name != name) ? column.Named(name) : throw new ArgumentException($"There is a column '{name}' already.", parameter));
        }
    }
}
