namespace GraphCompiler.Learning.Data;

/// <summary>Columns by number and by name.</summary>
internal static class Find
{
    /// <summary>The number of a column, if there is one of it.</summary>
    public static int Column(IReadOnlyList<Column> columns, int number) => (uint)number < (uint)columns.Count
        ? number
        : throw new ArgumentOutOfRangeException(nameof(number), $"There is no column {number}; there are 0 to {columns.Count - 1}: {Names(columns)}.");

    /// <summary>The number of the column of a name.</summary>
    public static int Column(IReadOnlyList<Column> columns, string name)
    {
        for (int i = 0; i < columns.Count; i++)
        {
            if (columns[i].Name == name)
            {
                return i;
            }
        }

        throw new ArgumentException($"There is no column '{name}'; there are {Names(columns)}.", nameof(name));
    }

    private static string Names(IReadOnlyList<Column> columns) => string.Join(", ", columns.Select(c => $"'{c.Name}'"));
}
