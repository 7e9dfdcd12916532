namespace GraphCompiler.Learning;

/// <summary>Writes a row of a column that is read only when it is asked for.</summary>
/// <typeparam name="T">The column's element type.</typeparam>
/// <param name="row">The row's number.</param>
/// <param name="destination">Where its numbers go, row-major; they are zeros before.</param>
public delegate void RowReader<T>(int row, Span<T> destination)
    where T : unmanaged;
