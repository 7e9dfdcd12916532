namespace GraphCompiler.GradientChecking;

/// <summary>
/// Extrapolation to step 0 from values at steps that halve, with an error bar: Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", 1982.
/// The value with the smallest bar is kept; bars hold what rounding contributes.
/// </summary>
/// <param name="ratio">By what the leading error term shrinks when the step halves, and each further term more: 4 for central differences, 2 for one-sided.</param>
internal sealed class Richardson(double ratio)
{
    private const int HighestOrder = 8;

    // How much a row amplifies the rounding of its first column, summed over weights: ∏ (rʲ + 1)/(rʲ − 1).
    private readonly double amplification = ratio == 4 ? 2 : 8;
    private double[] previous = [];

    public double Value { get; private set; } = double.NaN;

    public double Bar { get; private set; } = double.PositiveInfinity;

    public int Count { get; private set; }

    /// <summary>The value at half of the former step, and how much rounding may have changed it.</summary>
    public void Add(double value, double rounding)
    {
        double[] row = new double[Math.Min(previous.Length + 1, HighestOrder)];
        row[0] = value;
        double factor = ratio;
        for (int j = 1; j < row.Length; j++, factor *= ratio)
        {
            row[j] = row[j - 1] + ((row[j - 1] - previous[j - 1]) / (factor - 1));
            double bar = Math.Max(Math.Abs(row[j] - row[j - 1]), Math.Abs(row[j] - previous[j - 1])) + (amplification * rounding);
            if (bar <= Bar)
            {
                (Value, Bar) = (row[j], bar);
            }
        }

        previous = row;
        Count++;
    }
}
