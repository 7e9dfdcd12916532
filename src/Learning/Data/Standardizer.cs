namespace GraphCompiler.Learning;

/// <summary>
/// (x − mean) / deviation along the last axis, by what columns of the data have: <c>mean</c> and <c>deviation</c> [width] are buffers, which are saved with the model that the
/// standardiser is in and are not trained.
/// </summary>
public sealed class Standardizer : Layer
{
    private readonly Parameter<float> mean;
    private readonly Parameter<float> deviation;

    /// <summary>A standardiser that changes nothing, until it is loaded.</summary>
    /// <param name="width">The size of the last axis of what it is applied to; null for one mean and deviation, of whatever it is applied to.</param>
    public Standardizer(int? width = null)
        : this(width, new float[width is not <= 0 ? width ?? 1 : throw new ArgumentOutOfRangeException(nameof(width), $"The width is at least 1, not {width}.")], Enumerable.Repeat(1f, width ?? 1), [])
    {
    }

    private Standardizer(int? width, float[] means, IEnumerable<float> deviations, IReadOnlyList<int> constants)
    {
        int[] shape = width is { } size ? [size] : [];
        (Width, Constants, mean, deviation) = (width, constants, Buffer(0f, shape), Buffer(1f, shape));
        mean.Set(means);
        deviation.Set([.. deviations]);
    }

    /// <summary>The size of the last axis; null where rows are single numbers.</summary>
    public int? Width { get; }

    /// <summary>Columns that had one value in all rows that <see cref="Of"/> saw, ascending. Their deviation is 1: they become 0, and can tell a model nothing.</summary>
    public IReadOnlyList<int> Constants { get; }

    /// <summary>
    /// Takes means and standard deviations (of all rows, divided by their number) from a column of data, computed in double. Of rows that are more than one number, each place
    /// of the last axis has its own, over all others. Give it the rows for training alone.
    /// </summary>
    /// <param name="rows">The rows, as they were given: functions on rows do not count.</param>
    /// <param name="column">A column of float or double.</param>
    /// <exception cref="ArgumentException">There is no such column, or its rows are sequences of different lengths.</exception>
    /// <exception cref="DTypeException">The column holds no floats.</exception>
    /// <exception cref="InvalidDataException">A number is NaN or infinite, or too large for a float.</exception>
    public static Standardizer Of(Rows rows, string column)
    {
        ArgumentNullException.ThrowIfNull(rows);
        (int? width, Moments moments) = rows.MomentsOf(column);
        float[] means = [.. moments.Means.ToArray().Select(m => (float)m)];
        float[] deviations = [.. means.Select((_, i) => (float)moments.Deviation(i))];
        int large = Array.FindIndex(means, m => !float.IsFinite(m)) is var first && first >= 0 ? first : Array.FindIndex(deviations, d => !float.IsFinite(d));
        if (large >= 0)
        {
            throw new InvalidDataException($"The mean or the deviation of place {large} of column '{column}' is too large for a float.");
        }

        int[] constants = [.. Enumerable.Range(0, means.Length).Where(i => deviations[i] == 0)];
        return new Standardizer(width, means, deviations.Select(d => d == 0 ? 1 : d), constants);
    }

    /// <summary>The way back, y · deviation + mean: from what a model says of a standardised target to the target.</summary>
    /// <param name="y">A float node whose last axis has the width.</param>
    /// <exception cref="ShapeException">The last axis has another size.</exception>
    /// <exception cref="DTypeException">It is no float32.</exception>
    public Node Restore(Node y)
    {
        ArgumentNullException.ThrowIfNull(y);
        return Within(() =>
        {
            RequireWidth(y);
            return (y * deviation) + mean;
        });
    }

    /// <inheritdoc/>
    public override string ToString() => Width is { } size ? $"Standardizer({size})" : nameof(Standardizer);

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        RequireWidth(x);
        return (x - mean) / deviation;
    }

    private void RequireWidth(Node x) => Require.LastAxes(x, Width is { } size ? [size] : []);
}
