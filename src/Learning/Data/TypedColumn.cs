namespace GraphCompiler.Learning.Data;

/// <summary>A column of one element type.</summary>
internal abstract class Column<T>(int count, int[] rowShape) : Column(DTypes.Of<T>(), count, rowShape)
    where T : unmanaged
{
    /// <summary>How long a row of varying length is; −1 where all have one shape.</summary>
    public abstract int LengthOf(int row);

    /// <summary>Writes a row; what is left of the destination is padding, if the column has any.</summary>
    public abstract void CopyRow(int row, Span<T> destination);

    /// <summary>The length of rows in a batch, where it varies from batch to batch.</summary>
    public virtual int LengthIn(ReadOnlySpan<int> rows) => -1;

    /// <summary>A row's own numbers, without padding, in memory that is used again.</summary>
    public ReadOnlySpan<T> Read(int row, ref T[] memory)
    {
        int length = LengthOf(row);
        int size = 1;
        foreach (int axis in RowShape)
        {
            size *= length < 0 ? axis : length;
        }

        Array.Resize(ref memory, Math.Max(memory.Length, size));
        CopyRow(row, memory.AsSpan(0, size));
        return memory.AsSpan(0, size);
    }

    internal override BatchColumn NewBuffer() => new BatchColumn<T>(this);
}
