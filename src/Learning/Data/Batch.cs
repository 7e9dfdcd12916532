using System.Numerics.Tensors;

namespace GraphCompiler.Learning;

/// <summary>
/// Some rows at once, a tensor [rows, …] for each column. Its memory is used again: a batch, and all that was taken from it, is good until the next one is asked for.
/// </summary>
public sealed class Batch
{
    private readonly BatchColumn[] parts;
    private readonly Argument[] arguments;

    internal Batch(IReadOnlyList<Column> columns)
    {
        Columns = columns;
        parts = [.. columns.Select(c => c.NewBuffer())];
        arguments = new Argument[parts.Length];
    }

    /// <summary>How many rows there are: fewer than asked for in an epoch's last batch, and in that of a bucket.</summary>
    public int Count => Indices.Length;

    /// <summary>The columns, in the order of <see cref="Arguments"/>.</summary>
    public IReadOnlyList<Column> Columns { get; }

    /// <summary>Which rows these are, by their numbers in what <c>Rows.Of</c> was given.</summary>
    public ReadOnlySpan<int> Indices => Rows.Span;

    /// <summary>What a compiled function is given, in the order of the columns: <c>graph.Run(batch.Arguments)</c>.</summary>
    public ReadOnlySpan<Argument> Arguments => arguments;

    /// <summary>Where to go on after this batch: in the same epoch, or at the beginning of the next.</summary>
    public Place Next { get; private set; }

    /// <summary>What a compiled function is given for a column.</summary>
    /// <param name="column">The column's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    public Argument this[int column] => arguments[Find.Column(Columns, column)];

    /// <summary>What a compiled function is given for a column.</summary>
    /// <param name="column">The column's name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public Argument this[string column] => arguments[Find.Column(Columns, column)];

    private ReadOnlyMemory<int> Rows { get; set; }

    /// <summary>The values of a column, a tensor [rows, …].</summary>
    /// <typeparam name="T">The column's element type.</typeparam>
    /// <param name="column">The column's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    /// <exception cref="DTypeException">The column holds another type.</exception>
    public Tensor<T> Get<T>(int column)
        where T : unmanaged => Part<T>(Find.Column(Columns, column)).Tensor;

    /// <summary>The values of a column, a tensor [rows, …].</summary>
    /// <typeparam name="T">The column's element type.</typeparam>
    /// <param name="column">The column's name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DTypeException">The column holds another type.</exception>
    public Tensor<T> Get<T>(string column)
        where T : unmanaged => Part<T>(Find.Column(Columns, column)).Tensor;

    /// <summary>Takes in other rows.</summary>
    internal void Fill(ReadOnlyMemory<int> rows, Place next)
    {
        (Rows, Next) = (rows, next);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].Fill(rows.Span);
            arguments[i] = parts[i].Argument;
        }
    }

    internal BatchColumn<T> Part<T>(int column)
        where T : unmanaged => parts[column] as BatchColumn<T>
        ?? throw new DTypeException($"Column '{Columns[column].Name}' holds {Columns[column].DType.Display()}, not {DTypes.Of<T>().Display()}.");
}
