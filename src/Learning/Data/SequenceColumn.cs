namespace GraphCompiler.Learning.Data;

/// <summary>A column whose rows are sequences of different lengths.</summary>
internal sealed class SequenceColumn<T>(T[][] sequences) : Column<T>(sequences.Length, [-1]), ISequences
    where T : unmanaged
{
    public override int LengthOf(int row) => sequences[row].Length;

    public override void CopyRow(int row, Span<T> destination) => sequences[row].CopyTo(destination);

    internal override void RequireOneLength() =>
        throw new InvalidOperationException($"The rows of column '{Name}' have different lengths, which make no batch: say Pad(\"{Name}\", …) first.");
}

/// <summary>What has rows of different lengths, whatever their elements.</summary>
internal interface ISequences
{
    /// <summary>How long a row is.</summary>
    int LengthOf(int row);
}
