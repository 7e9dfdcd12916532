namespace GraphCompiler.Learning.Data;

/// <summary>
/// Means and variances of numbers that come one by one, in double, without the cancellation of sums of squares (Welford, "Note on a method for calculating corrected sums of squares
/// and products", Technometrics 4, 1962).
/// </summary>
internal sealed class Moments(int width)
{
    private readonly double[] means = new double[width];
    private readonly double[] squares = new double[width];
    private long count;

    /// <summary>The mean of each place.</summary>
    public ReadOnlySpan<double> Means => means;

    /// <summary>Takes in a number for each place.</summary>
    public void Add(ReadOnlySpan<double> values)
    {
        count++;
        for (int i = 0; i < means.Length; i++)
        {
            double difference = values[i] - means[i];
            means[i] += difference / count;
            squares[i] += difference * (values[i] - means[i]);
        }
    }

    /// <summary>The standard deviation of a place, over all that came.</summary>
    public double Deviation(int place) => Math.Sqrt(squares[place] / count);
}
