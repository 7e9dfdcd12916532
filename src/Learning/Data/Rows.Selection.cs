namespace GraphCompiler.Learning;

/// <content>Some of the rows.</content>
public sealed partial class Rows
{
    /// <summary>The first rows.</summary>
    /// <param name="count">How many, from 1 to <see cref="Count"/>.</param>
    /// <exception cref="InvalidOperationException">The rows are shuffled or in batches.</exception>
    public Rows Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        return Only(nameof(Take), Enumerable.Range(0, count));
    }

    /// <summary>The rows after the first.</summary>
    /// <param name="count">How many to leave out, from 0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="InvalidOperationException">The rows are shuffled or in batches.</exception>
    public Rows Skip(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, Count);
        return Only(nameof(Skip), Enumerable.Range(count, Count - count));
    }

    /// <summary>Rows by their numbers, in this order; a number that is there several times is a row several times.</summary>
    /// <param name="indices">Numbers from 0 to <see cref="Count"/> − 1, at least one.</param>
    /// <exception cref="ArgumentException">There are no numbers.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no row of a number.</exception>
    /// <exception cref="InvalidOperationException">The rows are shuffled or in batches.</exception>
    public Rows Select(params IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        if (indices.Count == 0)
        {
            throw new ArgumentException("No rows are selected: there would be nothing to read.", nameof(indices));
        }

        foreach ((int place, int row) in indices.Index())
        {
            if ((uint)row >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(indices), $"There is no row {row}, which is asked for at {place}: there are 0 to {Count - 1}.");
            }
        }

        return Only(nameof(Select), indices);
    }

    /// <summary>Parts for training and testing, chosen by chance.</summary>
    /// <param name="train">The share of the first, above 0.</param>
    /// <param name="test">The share of the second, above 0; 1 together.</param>
    /// <param name="seed">Any number: which rows go where depends on it and on how many there are.</param>
    /// <param name="by">Null, or a column of labels, int, long or bool: each part then gets its share of each label, to within two rows.</param>
    /// <exception cref="ArgumentException">The shares are not 1 together, or a part would be empty.</exception>
    /// <exception cref="InvalidOperationException">The rows are shuffled or in batches.</exception>
    public (Rows Train, Rows Test) Split(double train, double test, ulong seed = 0, string? by = null) => Parts(nameof(Split), [train, test], seed, by) is [var first, var second] ? (first, second) : default;

    /// <summary>Parts for training, validation and testing, chosen by chance.</summary>
    /// <param name="train">The share of the first, above 0.</param>
    /// <param name="validation">The share of the second, above 0.</param>
    /// <param name="test">The share of the third, above 0; 1 together.</param>
    /// <param name="seed">Any number: which rows go where depends on it and on how many there are.</param>
    /// <param name="by">Null, or a column of labels, int, long or bool: each part then gets its share of each label, to within two rows.</param>
    /// <exception cref="ArgumentException">The shares are not 1 together, or a part would be empty.</exception>
    /// <exception cref="InvalidOperationException">The rows are shuffled or in batches.</exception>
    public (Rows Train, Rows Validation, Rows Test) Split(double train, double validation, double test, ulong seed = 0, string? by = null) =>
        Parts(nameof(Split), [train, validation, test], seed, by) is [var first, var second, var third] ? (first, second, third) : default;

    /// <summary>Folds for cross-validation: each row is in the test part of one of them, and in the training part of all others.</summary>
    /// <param name="folds">How many, at least 2 and at most <see cref="Count"/>.</param>
    /// <param name="seed">Any number: which rows go where depends on it and on how many there are.</param>
    /// <param name="by">Null, or a column of labels, int, long or bool: each fold then tests its share of each label, to within two rows.</param>
    /// <exception cref="InvalidOperationException">The rows are shuffled or in batches.</exception>
    public IReadOnlyList<(Rows Train, Rows Test)> KFold(int folds, ulong seed = 0, string? by = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(folds, Count);
        double[] shares = new double[folds];
        Array.Fill(shares, 1.0 / folds);
        int[] part = PartOfEach(nameof(KFold), shares, seed, by);
        return [.. Enumerable.Range(0, folds).Select(f => (Only(nameof(KFold), Where(part, p => p != f)), Only(nameof(KFold), Where(part, p => p == f))))];
    }

    private static IEnumerable<int> Where(int[] part, Func<int, bool> isMeant) => part.Index().Where(p => isMeant(p.Item)).Select(p => p.Index);

    private Rows[] Parts(string method, double[] shares, ulong seed, string? by)
    {
        string said = string.Join(", ", shares.Select(s => $"{s}"));
        if (!shares.All(s => s > 0) || !(Math.Abs(shares.Sum() - 1) < 1e-9))
        {
            throw new ArgumentException($"The shares of a split are above 0, and 1 together: {said} are {shares.Sum()}.", nameof(shares));
        }

        int[] part = PartOfEach(method, shares, seed, by);
        return [.. shares.Select((share, i) => Array.IndexOf(part, i) >= 0
            ? Only(method, Where(part, p => p == i))
            : throw new ArgumentException($"A share of {share} of {Count} rows is no row: the split {said} has an empty part.", nameof(shares)))];
    }

    /// <summary>Which part each row is in, by chance, and if labels are said, fairly among the rows of each.</summary>
    private int[] PartOfEach(string method, double[] shares, ulong seed, string? by)
    {
        RequireNoOrder(method);
        IEnumerable<int> rows = [.. RowChance.Of(seed, RowChance.Parts, 0).Permutation<int>(Count)];
        if (by is not null)
        {
            long[] labels = LabelsOf(by);
            rows = rows.OrderBy(r => labels[r]);
        }

        int[] dealt = Apportionment.Deal(Count, shares);
        int[] part = new int[Count];
        foreach ((int place, int row) in rows.Index())
        {
            part[row] = dealt[place];
        }

        return part;
    }

    private Rows Only(string method, IEnumerable<int> rows)
    {
        RequireNoOrder(method);
        return new Rows(this) { Chosen = [.. rows.Select(SourceOf)] };
    }

    private void RequireNoOrder(string method)
    {
        if (Seed is not null || Size > 0)
        {
            throw new InvalidOperationException(Seed is not null
                ? $"{method} after Shuffle would choose other rows in each epoch, and mix what is trained on with what is tested. Say {method} first."
                : $"{method} chooses rows, and these are in batches: say {method} before Batch.");
        }
    }
}
