namespace GraphCompiler.Learning.Data;

/// <summary>Sequences with a value behind their ends, to one length or to the longest of a batch.</summary>
internal sealed class PaddedColumn<T>(SequenceColumn<T> sequences, T value, int? length) : Column<T>(sequences.Count, [length ?? -1]), ISequences
    where T : unmanaged
{
    public override int LengthOf(int row) => sequences.LengthOf(row);

    public override int LengthIn(ReadOnlySpan<int> rows)
    {
        if (length is { } said)
        {
            return said;
        }

        int longest = 0;
        foreach (int row in rows)
        {
            longest = Math.Max(longest, sequences.LengthOf(row));
        }

        return longest;
    }

    public override void CopyRow(int row, Span<T> destination)
    {
        sequences.CopyRow(row, destination);
        destination[sequences.LengthOf(row)..].Fill(value);
    }
}

/// <summary>How long each sequence is.</summary>
internal sealed class LengthsColumn(ISequences sequences, int count) : Column<long>(count, [])
{
    public override int LengthOf(int row) => -1;

    public override void CopyRow(int row, Span<long> destination) => destination[0] = sequences.LengthOf(row);
}

/// <summary>Which places of padded sequences are padding.</summary>
internal sealed class PaddingColumn<T>(PaddedColumn<T> padded) : Column<bool>(padded.Count, [.. padded.RowShape])
    where T : unmanaged
{
    public override int LengthOf(int row) => padded.LengthOf(row);

    public override int LengthIn(ReadOnlySpan<int> rows) => padded.LengthIn(rows);

    public override void CopyRow(int row, Span<bool> destination)
    {
        destination.Clear();
        destination[padded.LengthOf(row)..].Fill(true);
    }
}
