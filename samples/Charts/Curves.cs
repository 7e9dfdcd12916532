using ScottPlot;

namespace Charts;

/// <summary>Lines and points over one axis: losses over the steps of a training, observations and what was fitted to them.</summary>
/// <param name="x">What the horizontal axis is.</param>
/// <param name="y">What the vertical axis is.</param>
public sealed class Curves(string x, string y) : Chart
{
    private readonly List<Curve> curves = [];
    private readonly List<(string Name, double Value)> levels = [];

    /// <summary>A line through points.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="xs">Where its points are.</param>
    /// <param name="ys">As many values.</param>
    /// <param name="like">The name of a curve before, whose colour it takes; null for a colour of its own.</param>
    public Curves Line(string name, IEnumerable<double> xs, IEnumerable<double> ys, string? like = null) => Add(new(name, [.. xs], [.. ys], true, like));

    /// <summary>Points.</summary>
    /// <param name="name">What they are.</param>
    /// <param name="xs">Where they are.</param>
    /// <param name="ys">As many values.</param>
    /// <param name="like">The name of a curve before, whose colour they take; null for a colour of their own.</param>
    public Curves Points(string name, IEnumerable<double> xs, IEnumerable<double> ys, string? like = null) => Add(new(name, [.. xs], [.. ys], false, like));

    /// <summary>A dashed line at one value.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="value">The value.</param>
    public Curves Level(string name, double value)
    {
        levels.Add((name, value));
        return this;
    }

    private protected override void Draw(Plot plot)
    {
        Dictionary<string, Color> colors = [];
        foreach (Curve curve in curves)
        {
            var drawn = curve.IsLine ? plot.Add.ScatterLine(curve.Xs, curve.Ys) : plot.Add.ScatterPoints(curve.Xs, curve.Ys);
            drawn.LegendText = curve.Name;
            drawn.Color = curve.Like is null ? drawn.Color : colors[curve.Like];
            colors[curve.Name] = drawn.Color;
        }

        foreach ((string name, double value) in levels)
        {
            plot.Add.HorizontalLine(value, pattern: LinePattern.Dashed).LegendText = name;
        }

        plot.XLabel(x);
        plot.YLabel(y);
        plot.ShowLegend(Alignment.UpperRight);
    }

    private protected override IEnumerable<string> Numbers() =>
    [
        Line(["curve", x, y]),
        .. curves.SelectMany(c => c.Xs.Select((at, i) => Line([c.Name, at, c.Ys[i]]))),
        .. levels.Select(l => Line([l.Name, string.Empty, l.Value])),
    ];

    private Curves Add(Curve curve)
    {
        if (curve.Xs.Length != curve.Ys.Length)
        {
            throw new ArgumentException($"'{curve.Name}' has {curve.Xs.Length} places and {curve.Ys.Length} values.");
        }

        if (curve.Like is not null && curves.All(c => c.Name != curve.Like))
        {
            throw new ArgumentException($"No curve before '{curve.Name}' is called '{curve.Like}'.");
        }

        curves.Add(curve);
        return this;
    }

    private sealed record Curve(string Name, double[] Xs, double[] Ys, bool IsLine, string? Like);
}
