namespace GraphCompiler.Learning.Data;

/// <summary>Groups of rows by length.</summary>
/// <param name="Sequences">What is measured.</param>
/// <param name="Boundaries">The greatest lengths of all groups but the last.</param>
internal sealed record BucketChoice(ISequences Sequences, int[] Boundaries)
{
    /// <summary>How many groups there are.</summary>
    public int Count => Boundaries.Length + 1;

    /// <summary>The group of a row.</summary>
    public int Of(int row) => Array.BinarySearch(Boundaries, Sequences.LengthOf(row)) is var found && found < 0 ? ~found : found;
}

/// <summary>Which rows each batch of an epoch has: a function of the rows, the seed and the epoch.</summary>
internal sealed class EpochPlan
{
    private readonly int[] order;
    private readonly int[] sources;
    private readonly List<int> ends;
    private readonly int start;

    private EpochPlan(int epoch, int start, int[] order, int[] sources, List<int> ends) =>
        (Epoch, this.start, this.order, this.sources, this.ends) = (epoch, start, order, sources, ends);

    /// <summary>The epoch.</summary>
    public int Epoch { get; }

    /// <summary>How many batches there are.</summary>
    public int Count => ends.Count;

    /// <summary>What is left of an epoch at a place.</summary>
    public static EpochPlan Of(Rows rows, Place from)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from.Epoch, nameof(from));
        ArgumentOutOfRangeException.ThrowIfNegative(from.Row, nameof(from));
        if (rows.Size == 0)
        {
            throw new InvalidOperationException("These rows are not in batches: say Batch(size) first.");
        }

        int[] order = rows.Seed is { } seed ? [.. RowChance.Of(seed, RowChance.Order, from.Epoch).Permutation<int>(rows.Count)] : [.. Enumerable.Range(0, rows.Count)];
        List<int> ends = rows.Buckets is { } buckets ? Group(rows, buckets, ref order) : Cut(rows, from.Row);
        if (ends.Count == 0 && from.Row == 0)
        {
            throw new InvalidOperationException($"{rows.Count} rows fill no batch of {rows.Size}, and what does not is dropped: there would be nothing to read.");
        }

        if (ends.Count == 0 && from.Row < rows.Count)
        {
            throw NoPlace(from, $"the {rows.Count - from.Row} rows that are left fill no batch of {rows.Size}, and what does not is dropped; batches of the size before go on");
        }

        int passed = from.Row == 0 ? 0 : ends.IndexOf(from.Row) + 1;
        if (rows.Buckets is not null && from.Row > 0)
        {
            ends = passed > 0 ? ends[passed..] : throw NoPlace(from, $"no batch begins there: the batches begin at 0, {string.Join(", ", ends.Take(3).Select(e => $"{e}"))}, …");
        }

        return from.Row < rows.Count ? new EpochPlan(from.Epoch, from.Row, order, [.. order.Select(rows.SourceOf)], ends) : throw NoPlace(from, $"it has {rows.Count} rows");
    }

    /// <summary>The rows of a batch, by their numbers in the columns.</summary>
    public ReadOnlyMemory<int> Sources(int batch) => sources.AsMemory(Begin(batch)..ends[batch]);

    /// <summary>The rows of a batch, by their numbers before they were shuffled.</summary>
    public ReadOnlySpan<int> Numbers(int batch) => order.AsSpan(Begin(batch)..ends[batch]);

    /// <summary>Where to go on after a batch.</summary>
    public Place After(int batch) => batch + 1 < ends.Count ? new Place(Epoch, ends[batch]) : new Place(Epoch + 1, 0);

    private int Begin(int batch) => batch == 0 ? start : ends[batch - 1];

    private static List<int> Cut(Rows rows, int from)
    {
        List<int> ends = [];
        int end = from;
        while (rows.Count - end >= rows.Size)
        {
            ends.Add(end += rows.Size);
        }

        if (end < rows.Count && !rows.DropRemainder)
        {
            ends.Add(rows.Count);
        }

        return ends;
    }

    private static List<int> Group(Rows rows, BucketChoice buckets, ref int[] order)
    {
        List<int>[] waiting = [.. Enumerable.Range(0, buckets.Count).Select(_ => new List<int>())];
        List<int> grouped = new(order.Length);
        List<int> ends = [];
        foreach (int row in order)
        {
            List<int> like = waiting[buckets.Of(rows.SourceOf(row))];
            like.Add(row);
            if (like.Count == rows.Size)
            {
                Close(like);
            }
        }

        foreach (List<int> rest in waiting)
        {
            if (rest.Count > 0 && !rows.DropRemainder)
            {
                Close(rest);
            }
        }

        order = [.. grouped];
        return ends;

        void Close(List<int> like)
        {
            grouped.AddRange(like);
            ends.Add(grouped.Count);
            like.Clear();
        }
    }

    private static ArgumentOutOfRangeException NoPlace(Place from, string why) => new(nameof(from), $"Epoch {from.Epoch} cannot go on at row {from.Row}: {why}.");
}
