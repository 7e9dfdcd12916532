using ScottPlot;

namespace Charts;

/// <summary>How often values are in ranges of one width.</summary>
public sealed class Histogram : Chart
{
    private readonly string name;
    private readonly double first;
    private readonly double width;
    private readonly int[] counts;

    /// <summary>A histogram.</summary>
    /// <param name="name">What the values are.</param>
    /// <param name="values">The values; finite ones count.</param>
    /// <param name="bins">How many ranges there are between the smallest and the largest.</param>
    public Histogram(string name, IEnumerable<double> values, int bins = 20)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        double[] finite = [.. values.Where(double.IsFinite)];
        this.name = name;
        first = finite.Length == 0 ? 0 : finite.Min();
        double range = finite.Length == 0 ? 0 : finite.Max() - first;
        width = range > 0 ? range / bins : 1;
        counts = new int[range > 0 ? bins : 1];
        foreach (double value in finite)
        {
            // The largest is in the last range.
            counts[Math.Min((int)((value - first) / width), counts.Length - 1)]++;
        }
    }

    private protected override void Draw(Plot plot)
    {
        Color color = plot.Add.GetNextColor();
        plot.Add.Bars((Bar[])[.. counts.Select((count, i) => new Bar { Position = Middle(i), Value = count, Size = width, FillColor = color })]);
        plot.XLabel(name);
        plot.YLabel("count");
        plot.Axes.Margins(bottom: 0);
    }

    private protected override IEnumerable<string> Numbers() => [Line([$"middle of {name}", "count"]), .. counts.Select((count, i) => Line([Middle(i), count]))];

    private double Middle(int bin) => first + ((bin + 0.5) * width);
}
