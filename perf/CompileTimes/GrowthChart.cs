using System.Globalization;
using System.Text;

namespace GraphCompiler.Perf.CompileTimes;

/// <summary>What compiling takes, drawn over the nodes: both axes logarithmic, a line a form of graph, and circles where a goal is.</summary>
internal static class GrowthChart
{
    private const int Width = 640;
    private const int Height = 400;
    private const int Left = 50;
    private const int Right = 110;
    private const int Margin = 36;

    private static readonly int[] TickSteps = [1, 3];
    private static readonly string[] Colours = ["#4477aa", "#ee6677", "#228833", "#aa3377"];

    /// <param name="lines">The forms with their sizes, and the goal of one size.</param>
    /// <returns>A picture in SVG.</returns>
    public static string Draw(IReadOnlyList<(string Form, (int Nodes, double Seconds)[] Points, (int Nodes, double Seconds) Goal)> lines)
    {
        double most = Math.Log10(lines.Max(l => l.Points.Max(p => p.Nodes)) * 1.2);
        double least = Math.Log10(lines.Min(l => l.Points.Min(p => p.Nodes)) / 1.2);
        double longest = Math.Log10(lines.Max(l => Math.Max(l.Goal.Seconds, l.Points.Max(p => p.Seconds))) * 1.2);
        double shortest = Math.Log10(lines.Min(l => l.Points.Min(p => p.Seconds)) / 1.2);
        double X(double nodes) => Left + ((Width - Left - Right) * (Math.Log10(nodes) - least) / (most - least));
        double Y(double seconds) => Height - Margin - ((Height - (2 * Margin)) * (Math.Log10(seconds) - shortest) / (longest - shortest));
        var svg = new StringBuilder();
        void Add(FormattableString element) => svg.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/>");
        foreach (double nodes in Ticks(least, most))
        {
            Add($"<path d=\"M{X(nodes):0.0} {Margin}V{Height - Margin}\" stroke=\"#ddd\"/><text x=\"{X(nodes):0.0}\" y=\"{Height - Margin + 16}\" text-anchor=\"middle\">{nodes:N0}</text>");
        }

        foreach (double seconds in Ticks(shortest, longest))
        {
            Add($"<path d=\"M{Left} {Y(seconds):0.0}H{Width - Right}\" stroke=\"#ddd\"/><text x=\"{Left - 6}\" y=\"{Y(seconds) + 4:0.0}\" text-anchor=\"end\">{seconds:0.##} s</text>");
        }

        foreach ((int i, (string form, (int Nodes, double Seconds)[] points, (int Nodes, double Seconds) goal)) in lines.Index())
        {
            string colour = Colours[i % Colours.Length];
            string path = string.Join("L", points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.Nodes):0.0} {Y(p.Seconds):0.0}")));
            Add($"<path d=\"M{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
            Add($"<text x=\"{X(points[^1].Nodes) + 6:0.0}\" y=\"{Y(points[^1].Seconds) + 4:0.0}\" fill=\"{colour}\">{form}</text>");
            Add($"<circle cx=\"{X(goal.Nodes):0.0}\" cy=\"{Y(goal.Seconds):0.0}\" r=\"5\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        }

        Add($"<text x=\"{Left}\" y=\"20\">seconds to the end of the first call, over nodes; circles are goals</text>");
        return svg.Append("</svg>\n").ToString();
    }

    private static IEnumerable<double> Ticks(double low, double high) =>
        from power in Enumerable.Range((int)Math.Floor(low), (int)Math.Ceiling(high) - (int)Math.Floor(low) + 1)
        from step in TickSteps
        let tick = step * Math.Pow(10, power)
        where Math.Log10(tick) >= low && Math.Log10(tick) <= high
        select tick;
}
