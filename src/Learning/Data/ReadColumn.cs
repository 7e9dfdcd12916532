namespace GraphCompiler.Learning.Data;

/// <summary>A column whose rows are read when they are asked for.</summary>
internal sealed class ReadColumn<T>(int count, int[] rowShape, RowReader<T> read) : Column<T>(count, rowShape)
    where T : unmanaged
{
    public override int LengthOf(int row) => -1;

    public override void CopyRow(int row, Span<T> destination)
    {
        // What another row left there is none of this one's.
        destination.Clear();
        read(row, destination);
    }
}
