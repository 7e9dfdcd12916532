using System.Globalization;
using ScottPlot;

namespace Charts;

/// <summary>How often what is of one class was taken for what: a row each class that is, a column each that was said.</summary>
public sealed class ConfusionMatrix : Chart
{
    private readonly string[] classes;
    private readonly double[,] counts;

    /// <summary>A table of counts.</summary>
    /// <param name="table">The counts, row-major, as a metric's <c>Table</c> has them.</param>
    /// <param name="classes">The names of classes, in order.</param>
    public ConfusionMatrix(IReadOnlyList<double> table, IEnumerable<string> classes)
    {
        this.classes = [.. classes];
        int count = this.classes.Length;
        if (table.Count != count * count)
        {
            throw new ArgumentException($"A table of {count} classes has {count * count} counts, and this one has {table.Count}.", nameof(table));
        }

        counts = new double[count, count];
        for (int i = 0; i < table.Count; i++)
        {
            counts[i / count, i % count] = table[i];
        }

        Size = (600, 600);
    }

    private protected override void Draw(Plot plot)
    {
        // Each row in shares, so that rare classes are seen; a class that does not occur has no row.
        double[,] shares = new double[classes.Length, classes.Length];
        for (int i = 0; i < classes.Length; i++)
        {
            double all = Enumerable.Range(0, classes.Length).Sum(j => counts[i, j]);
            for (int j = 0; j < classes.Length; j++)
            {
                shares[i, j] = all == 0 ? 0 : counts[i, j] / all;
                if (counts[i, j] != 0)
                {
                    var text = plot.Add.Text(counts[i, j].ToString("0.###", CultureInfo.InvariantCulture), j, classes.Length - 1 - i);
                    text.Alignment = Alignment.MiddleCenter;
                    text.LabelFontColor = shares[i, j] > 0.5 ? Colors.White : Colors.Black;
                }
            }
        }

        var map = plot.Add.Heatmap(shares);
        map.Colormap = new ScottPlot.Colormaps.Blues().Reversed();
        map.ManualRange = new ScottPlot.Range(0, 1);
        plot.MoveToBottom(map);
        Tick[] columns = [.. classes.Select((name, i) => new Tick(i, name))];
        Tick[] rows = [.. classes.Select((name, i) => new Tick(classes.Length - 1 - i, name))];
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(columns);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual(rows);
        plot.XLabel("said");
        plot.YLabel("is");
        plot.HideGrid();
        plot.Axes.Margins(0, 0);
    }

    private protected override IEnumerable<string> Numbers() =>
        [Line(["is / said", .. classes]), .. classes.Select((name, i) => Line([name, .. classes.Select((_, j) => (object)counts[i, j])]))];
}
