using System.Numerics.Tensors;

namespace GraphCompiler.Learning.Data;

/// <summary>A column's part of a batch: memory that is used again for the next.</summary>
internal abstract class BatchColumn
{
    /// <summary>What a compiled function is given.</summary>
    public abstract Argument Argument { get; }

    /// <summary>Takes in the rows of a batch.</summary>
    public abstract void Fill(ReadOnlySpan<int> rows);
}

/// <inheritdoc/>
internal sealed class BatchColumn<T>(Column<T> column) : BatchColumn
    where T : unmanaged
{
    /// <summary>A tensor for each shape that a batch had: there are few, and making one anew would allocate.</summary>
    private readonly Dictionary<(int Rows, int Length), Tensor<T>> tensors = [];
    private T[] memory = [];
    private int rowSize;

    public Tensor<T> Tensor { get; private set; } = Tensor<T>.Empty;

    public override Argument Argument => Argument.Of(Tensor);

    public Span<T> Row(int place) => memory.AsSpan(place * rowSize, rowSize);

    public override void Fill(ReadOnlySpan<int> rows)
    {
        int length = column.LengthIn(rows);
        rowSize = 1;
        foreach (int size in column.RowShape)
        {
            rowSize = checked(rowSize * (size < 0 ? length : size));
        }

        Reserve(checked(rows.Length * rowSize));
        for (int place = 0; place < rows.Length; place++)
        {
            column.CopyRow(rows[place], Row(place));
        }

        if (!tensors.TryGetValue((rows.Length, length), out Tensor<T>? tensor))
        {
            nint[] shape = new nint[column.RowShape.Length + 1];
            shape[0] = rows.Length;
            for (int axis = 1; axis < shape.Length; axis++)
            {
                shape[axis] = column.RowShape[axis - 1] is var size && size < 0 ? length : size;
            }

            tensors.Add((rows.Length, length), tensor = System.Numerics.Tensors.Tensor.Create(memory, shape));
        }

        Tensor = tensor;
    }

    private void Reserve(int count)
    {
        if (memory.Length < count)
        {
            memory = new T[count];
            tensors.Clear();
        }
    }
}
