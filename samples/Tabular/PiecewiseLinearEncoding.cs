using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace Tabular;

/// <summary>
/// How far each number has come through each of its bins, from 0 before to 1 past it: [N, features] to [N, features·bins] (Gorishniy, Rubachev and Babenko, 2022). The bins lie between
/// quantiles of the data. A linear layer on it is a piecewise linear function of each feature, with a slope of its own in each bin: an embedding that is learned.
/// </summary>
internal sealed class PiecewiseLinearEncoding : Layer
{
    private readonly Parameter<float> lower;
    private readonly Parameter<float> width;

    private PiecewiseLinearEncoding(float[] lower, float[] width, int features, int bins)
    {
        (Features, Bins) = (features, bins);
        (this.lower, this.width) = (Buffer(0f, features, bins), Buffer(1f, features, bins));
        this.lower.Set(lower);
        this.width.Set(width);
    }

    public int Features { get; }

    public int Bins { get; }

    /// <summary>Bins between the quantiles of a column of rows of several numbers.</summary>
    public static PiecewiseLinearEncoding Of(Rows rows, string column, int bins)
    {
        float[] values = Tables.Column<float>(rows, column);
        int features = values.Length / rows.Count;
        float[] lower = new float[features * bins];
        float[] width = new float[features * bins];

        // A number that is met very often is several quantiles: there are fewer bins then, and the rest lies where nothing comes.
        Array.Fill(lower, float.MaxValue);
        Array.Fill(width, 1);
        for (int feature = 0; feature < features; feature++)
        {
            float[] sorted = [.. values.Where((_, i) => i % features == feature).Order()];
            float[] edges = [.. Enumerable.Range(0, bins + 1).Select(b => sorted[b * (sorted.Length - 1) / bins]).Distinct()];
            for (int bin = 0; bin < edges.Length - 1; bin++)
            {
                lower[(feature * bins) + bin] = edges[bin];
                width[(feature * bins) + bin] = edges[bin + 1] - edges[bin];
            }
        }

        return new PiecewiseLinearEncoding(lower, width, features, bins);
    }

    /// <inheritdoc/>
    public override string ToString() => $"PiecewiseLinearEncoding({Features} → {Features * Bins})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Flatten(Clamp((x.Unsqueeze(-1) - lower) / width, 0, 1), 1, 2);
}
