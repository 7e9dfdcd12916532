using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning;

/// <summary>
/// What a model is trained on or applied to: rows of one or more columns, and how they are given out, in which order and how many at once. Immutable: each method gives other rows.
/// <c>Rows.Of(pixels, labels).Shuffle(seed: 1).Batch(32).Map(Augment).Prefetch(2)</c>.
/// </summary>
/// <remarks>
/// What is given out depends on the data, the seeds and the epoch alone: reading ahead, threads and where an epoch was begun change nothing. First say which rows, then in which order: to
/// split what has been shuffled would mix the parts from epoch to epoch, and is refused.
/// </remarks>
public sealed partial class Rows
{
    private Rows(IReadOnlyList<Column> columns) => Columns = columns;

    private Rows(Rows other)
    {
        Columns = other.Columns;
        Chosen = other.Chosen;
        Seed = other.Seed;
        Size = other.Size;
        DropRemainder = other.DropRemainder;
        Functions = other.Functions;
        Buckets = other.Buckets;
        Depth = other.Depth;
    }

    /// <summary>The columns.</summary>
    public IReadOnlyList<Column> Columns { get; private init; }

    /// <summary>How many rows an epoch has.</summary>
    public int Count => Chosen?.Length ?? Columns[0].Count;

    /// <summary>How many batches an epoch has.</summary>
    /// <exception cref="InvalidOperationException">The rows are not in batches, see <see cref="Batch"/>.</exception>
    public int BatchCount => EpochPlan.Of(this, new Place(0, 0)).Count;

    /// <summary>Which rows of the columns these are; null if all.</summary>
    internal int[]? Chosen { get; private init; }

    /// <summary>The seed of the order; null without one.</summary>
    internal ulong? Seed { get; private init; }

    /// <summary>How many rows a batch has; 0 before that is said.</summary>
    internal int Size { get; private init; }

    internal bool DropRemainder { get; private init; }

    internal IReadOnlyList<(RowFunction Function, ulong Seed)> Functions { get; private init; } = [];

    internal BucketChoice? Buckets { get; private init; }

    /// <summary>How many batches are made ahead.</summary>
    internal int Depth { get; private init; }

    /// <summary>Rows of up to four columns, named as the variables that they are given by.</summary>
    /// <param name="first">A column: an array, or a tensor, whose first axis counts the rows.</param>
    /// <param name="second">A further column, as long.</param>
    /// <param name="third">A further column, as long.</param>
    /// <param name="fourth">A further column, as long.</param>
    /// <param name="firstName">What the first is called; by default as its variable or property, or by its number where it is another expression.</param>
    /// <param name="secondName">What the second is called.</param>
    /// <param name="thirdName">What the third is called.</param>
    /// <param name="fourthName">What the fourth is called.</param>
    /// <exception cref="ArgumentException">Columns have no rows, not equally many, or one name.</exception>
    public static Rows Of(
        Column first,
        Column? second = null,
        Column? third = null,
        Column? fourth = null,
        [CallerArgumentExpression(nameof(first))] string? firstName = null,
        [CallerArgumentExpression(nameof(second))] string? secondName = null,
        [CallerArgumentExpression(nameof(third))] string? thirdName = null,
        [CallerArgumentExpression(nameof(fourth))] string? fourthName = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        (Column? Column, string? Name)[] given = [(first, firstName), (second, secondName), (third, thirdName), (fourth, fourthName)];
        return Of([.. given.Where(g => g.Column is not null).Select((g, i) => (NameOf(g.Name, i), g.Column!))]);
    }

    /// <summary>Rows of named columns: <c>Rows.Of(("pixels", pixels), ("labels", labels))</c>.</summary>
    /// <param name="columns">The columns, at least one; a name is any text that is not empty.</param>
    /// <exception cref="ArgumentException">There are no columns, or they have no rows, not equally many, or one name.</exception>
    public static Rows Of(params ReadOnlySpan<(string Name, Column Column)> columns)
    {
        List<Column> named = [];
        foreach ((string name, Column column) in columns)
        {
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(columns));
            ArgumentNullException.ThrowIfNull(column, nameof(columns));
            named.Add(column.Named(name));
        }

        if (named.Count == 0)
        {
            throw new ArgumentException("Rows have at least one column.", nameof(columns));
        }

        foreach (Column column in named)
        {
            if (column.Count != named[0].Count)
            {
                throw new ArgumentException($"Column '{column.Name}' has {column.Count} rows, and '{named[0].Name}' {named[0].Count}: all columns have equally many.", nameof(columns));
            }

            if (named.Find(c => c.Name == column.Name) != column)
            {
                throw new ArgumentException($"Two columns have the name '{column.Name}'.", nameof(columns));
            }
        }

        return named[0].Count > 0 ? new Rows(named) : throw new ArgumentException($"Column '{named[0].Name}' has no rows: there is nothing to read.", nameof(columns));
    }

    /// <summary>Gives the rows out in another order in each epoch: a permutation of (seed, epoch), whatever was read before.</summary>
    /// <param name="seed">Any number.</param>
    /// <exception cref="InvalidOperationException">The rows are shuffled already.</exception>
    public Rows Shuffle(ulong seed = 0) => Seed is null ? new Rows(this) { Seed = seed } : throw Already("shuffled", nameof(Shuffle));

    /// <summary>Gives out so many rows at once.</summary>
    /// <param name="size">How many, at least 1.</param>
    /// <param name="dropRemainder">Whether rows that do not fill a batch are left out of the epoch; they are a smaller batch otherwise.</param>
    /// <exception cref="InvalidOperationException">The rows are in batches already.</exception>
    public Rows Batch(int size, bool dropRemainder = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        return Size == 0 ? new Rows(this) { Size = size, DropRemainder = dropRemainder } : throw Already("in batches", nameof(Batch));
    }

    /// <summary>
    /// Has a function change every row where it lies in its batch: to say so before <see cref="Batch"/> or after it is the same. Several follow one another. Its chance depends on
    /// the seed, the epoch, and the row's number among these rows, as they were before they were shuffled.
    /// </summary>
    /// <param name="function">The function; where batches are made ahead, another thread calls it, one row after the other.</param>
    /// <param name="seed">Any number; functions that follow one another have different chance even of one seed.</param>
    public Rows Map(RowFunction function, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new Rows(this) { Functions = [.. Functions, (function, seed)] };
    }

    /// <summary>Makes batches ahead, on a thread of its own. The batches are the same; so is an error, which comes where its batch would have come.</summary>
    /// <param name="batches">How many may wait, at least 1.</param>
    /// <exception cref="InvalidOperationException">Batches are made ahead already.</exception>
    public Rows Prefetch(int batches)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batches);
        return Depth == 0 ? new Rows(this) { Depth = batches } : throw Already("read ahead", nameof(Prefetch));
    }

    /// <summary>
    /// The batches of an epoch, or of what is left of it: the same again whenever they are asked for, and with <see cref="Learning.Batch.Next"/> of one, those that came after it.
    /// </summary>
    /// <param name="from">Where to begin: an epoch from 0, and how many rows of it have been read.</param>
    /// <returns>Batches, each of which is good until the next one is asked for. Several threads may read, each by an enumerator of its own.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The epoch has no such place, or, with <see cref="Bucket"/>, no batch begins there.</exception>
    /// <exception cref="InvalidOperationException">The rows are not in batches, or lengths differ and nothing pads them.</exception>
    public IEnumerable<Batch> Batches(Place from)
    {
        foreach (Column column in Columns)
        {
            column.RequireOneLength();
        }

        var maker = new BatchMaker(this, EpochPlan.Of(this, from));
        return Depth > 0 ? maker.Ahead(Depth) : maker.InTurn();
    }

    /// <summary>The batches of an epoch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative.</exception>
    /// <exception cref="InvalidOperationException">The rows are not in batches, or lengths differ and nothing pads them.</exception>
    public IEnumerable<Batch> Batches(int epoch) => Batches(new Place(epoch, 0));

    /// <summary>The row of the columns that one of these rows is.</summary>
    internal int SourceOf(int row) => Chosen?[row] ?? row;

    /// <summary>The name that an expression gives: <c>labels</c>, <c>data.Labels</c>; the number of any other.</summary>
    private static string NameOf(string? expression, int number)
    {
        string name = expression?[(expression.LastIndexOf('.') + 1)..] ?? string.Empty;
        return name.Length > 0 && name.All(c => char.IsLetterOrDigit(c) || c is '_' or '@') && !char.IsDigit(name[0]) ? name.TrimStart('@') : $"{number}";
    }

    private static InvalidOperationException Already(string what, string method) => new($"These rows are {what} already: {method} is said once.");
}
