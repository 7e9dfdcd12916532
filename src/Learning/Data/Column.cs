using System.Numerics.Tensors;

namespace GraphCompiler.Learning;

/// <summary>
/// A column of <see cref="Rows"/>: a value of one type and shape for each row. Arrays and tensors of float, double, int, long or bool convert to it by themselves; their first axis
/// counts the rows, the others are the shape of a row. Arrays of arrays have rows of different lengths.
/// </summary>
/// <remarks>Nothing is copied, but for tensors that do not lie dense: what was given must not change while rows of it are read.</remarks>
public abstract partial class Column
{
    private readonly int[] rowShape;

    private protected Column(DType dtype, int count, int[] rowShape) => (DType, Count, this.rowShape) = (dtype, count, rowShape);

    /// <summary>The name: that of the variable that <see cref="Rows.Of(Column, Column?, Column?, Column?, string?, string?, string?, string?)"/> was given, unless another was said.</summary>
    public string Name { get; private set; } = string.Empty;

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The sizes of a row; −1 where rows differ. Empty where a row is one number.</summary>
    public ReadOnlySpan<int> RowShape => rowShape;

    /// <summary>How many rows there are.</summary>
    internal int Count { get; }

    /// <summary>Numbers that lie one after the other, as rows of a shape: <c>Column.Of(pixels, 1, 28, 28)</c>.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="values">The numbers, row by row.</param>
    /// <param name="rowShape">The sizes of a row, each at least 1.</param>
    /// <exception cref="ArgumentException">The numbers are not as many as some rows have.</exception>
    /// <exception cref="DTypeException">There is no such dtype.</exception>
    public static Column Of<T>(T[] values, params ReadOnlySpan<int> rowShape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        int size = SizeOf(rowShape);
        return values.Length % size == 0
            ? new DenseColumn<T>(values, null, values.Length / size, rowShape.ToArray())
            : throw new ArgumentException($"{values.Length} numbers are no whole number of rows [{Text(rowShape.ToArray())}], of {size} each.", nameof(values));
    }

    /// <summary>
    /// Rows that are read when a batch of them is made, such as those of files that do not fit into memory: <c>Column.Of&lt;float&gt;(paths.Length, [3, 64, 64], (row, pixels) =>
    /// Decode(paths[row], pixels))</c>. <see cref="Rows.Prefetch"/> has them read by another thread.
    /// </summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="count">How many rows there are.</param>
    /// <param name="rowShape">The sizes of a row, each at least 1; none where it is one number.</param>
    /// <param name="read">Writes a row, the same numbers whenever it is asked; several threads may ask at once if several read these rows. What it throws comes where its batch would have come.</param>
    /// <exception cref="DTypeException">There is no such dtype.</exception>
    public static Column Of<T>(int count, ReadOnlySpan<int> rowShape, RowReader<T> read)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        SizeOf(rowShape);
        return new ReadColumn<T>(count, rowShape.ToArray(), read);
    }

    /// <inheritdoc/>
    public override string ToString() => $"'{Name}' {DType.Display()} [{Text(rowShape.Select(n => n < 0 ? "*" : $"{n}").Prepend($"{Count}"))}]";

    /// <summary>Memory for the rows of a batch.</summary>
    internal abstract BatchColumn NewBuffer();

    /// <summary>Refuses rows that have different lengths within a batch.</summary>
    internal virtual void RequireOneLength()
    {
    }

    /// <summary>The same under another name.</summary>
    internal Column Named(string name)
    {
        var column = (Column)MemberwiseClone();
        column.Name = name;
        return column;
    }

    private static int SizeOf(ReadOnlySpan<int> rowShape)
    {
        int size = 1;
        foreach (int length in rowShape)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length, nameof(rowShape));
            size = checked(size * length);
        }

        return size;
    }

    private protected static string Text<T>(IEnumerable<T> items) => string.Join(", ", items.Select(i => $"{i}"));

    private static DenseColumn<T> OfTensor<T>(Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        int[] shape = new int[tensor.Rank];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            shape[axis] = checked((int)tensor.Lengths[axis]);
        }

        return tensor.IsDense || tensor.FlattenedLength <= 1
            ? new DenseColumn<T>(null, tensor, shape is [int count, ..] ? count : 0, shape[Math.Min(1, shape.Length)..])
            : new DenseColumn<T>(tensor.ToArray(), null, shape[0], shape[1..]);
    }

    private static DenseColumn<T> OfArray<T>(Array array)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(array);
        return new DenseColumn<T>(array, null, array.GetLength(0), [.. Enumerable.Range(1, array.Rank - 1).Select(array.GetLength)]);
    }

    private static SequenceColumn<T> OfSequences<T>(T[][] sequences)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(sequences);
        int missing = Array.IndexOf(sequences, null);
        return missing < 0 ? new SequenceColumn<T>(sequences) : throw new ArgumentException($"Row {missing} of the sequences is null.", nameof(sequences));
    }
}
