namespace GraphCompiler.Learning.Data;

/// <summary>Columns that were read from a file: <c>Rows.Of(("x", table.Matrix("age", "height")), ("y", table.Values&lt;float&gt;("weight")))</c>.</summary>
public sealed class CsvTable
{
    private readonly string file;
    private readonly ColumnReader[] columns;

    internal CsvTable(string file, ColumnReader[] columns) => (this.file, this.columns) = (file, columns);

    /// <summary>How many rows there are.</summary>
    public int Count => columns[0].Count;

    /// <summary>The numbers or truths of a column.</summary>
    /// <typeparam name="T">The type that was asked for.</typeparam>
    /// <param name="column">The column's name.</param>
    /// <exception cref="ArgumentException">It was not asked for, or as another type.</exception>
    public T[] Values<T>(string column)
        where T : unmanaged => [.. Find<T>(column).Values];

    /// <summary>The texts of a column.</summary>
    /// <param name="column">The column's name.</param>
    /// <exception cref="ArgumentException">It was not asked for, or not as text.</exception>
    public string[] Texts(string column) => [.. Find<string>(column).Values];

    /// <summary>Several columns of floats side by side [rows, columns].</summary>
    /// <param name="columns">Their names, at least one.</param>
    /// <exception cref="ArgumentException">One was not asked for, or as another type, or there is none.</exception>
    public float[,] Matrix(params IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0)
        {
            throw new ArgumentException("A matrix has at least one column.", nameof(columns));
        }

        float[,] matrix = new float[Count, columns.Count];
        for (int column = 0; column < columns.Count; column++)
        {
            List<float> values = Find<float>(columns[column]).Values;
            for (int row = 0; row < values.Count; row++)
            {
                matrix[row, column] = values[row];
            }
        }

        return matrix;
    }

    private TypedReader<T> Find<T>(string column) => Array.Find(columns, c => c.Name == column) switch
    {
        TypedReader<T> reader => reader,
        null => throw new ArgumentException($"Column '{column}' of {file} was not asked for; read were {string.Join(", ", columns.Select(c => $"'{c.Name}'"))}.", nameof(column)),
        var other => throw new ArgumentException($"Column '{column}' of {file} was read as {other.GetType().BaseType!.GenericTypeArguments[0].Name}, not as {typeof(T).Name}.", nameof(column)),
    };
}
