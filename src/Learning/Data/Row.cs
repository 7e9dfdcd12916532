namespace GraphCompiler.Learning;

/// <summary>A row of a batch that is being made, to be changed where it lies.</summary>
public readonly ref struct Row
{
    private readonly Batch batch;
    private readonly int place;

    internal Row(Batch batch, int place) => (this.batch, this.place) = (batch, place);

    /// <summary>The row's number in what <c>Rows.Of</c> was given.</summary>
    public int Index => batch.Indices[place];

    /// <summary>The row's numbers in a column, row-major; padding, if there is any, among them.</summary>
    /// <typeparam name="T">The column's element type.</typeparam>
    /// <param name="column">The column's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    /// <exception cref="DTypeException">The column holds another type.</exception>
    public Span<T> Get<T>(int column)
        where T : unmanaged => batch.Part<T>(Find.Column(batch.Columns, column)).Row(place);

    /// <summary>The row's numbers in a column, row-major; padding, if there is any, among them.</summary>
    /// <typeparam name="T">The column's element type.</typeparam>
    /// <param name="column">The column's name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DTypeException">The column holds another type.</exception>
    public Span<T> Get<T>(string column)
        where T : unmanaged => batch.Part<T>(Find.Column(batch.Columns, column)).Row(place);
}

/// <summary>Changes a row where it lies, such as an image that is moved or mirrored by chance.</summary>
/// <param name="row">The row, which no other has seen.</param>
/// <param name="random">Chance that depends on the seed, the epoch and the row alone; good until the function ends.</param>
public delegate void RowFunction(Row row, Generator random);
