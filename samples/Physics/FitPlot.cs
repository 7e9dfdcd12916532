using ScottPlot;

namespace Physics;

/// <summary>Observations and what was fitted to them, drawn by ScottPlot.</summary>
internal static class FitPlot
{
    /// <summary>Saves a picture, or the numbers if this machine cannot draw; tells which, and where.</summary>
    /// <param name="path">Where the picture goes.</param>
    /// <param name="interval">The time between two observations.</param>
    /// <param name="observed">Prey and predators, in turn.</param>
    /// <param name="fitted">The same, as the equation gives them.</param>
    public static string Save(string path, double interval, double[] observed, double[] fitted)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        double[] times = [.. Enumerable.Range(1, observed.Length / 2).Select(i => i * interval)];
        try
        {
            Draw(times, observed, fitted).SavePng(path, 900, 600);
            return $"fit: {path}";
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            string table = Path.ChangeExtension(path, ".csv");
            File.WriteAllLines(
                table,
                ["time,prey,predators,fitted prey,fitted predators", .. times.Select((t, i) => $"{t:0.000},{observed[2 * i]:0.0000},{observed[(2 * i) + 1]:0.0000},{fitted[2 * i]:0.0000},{fitted[(2 * i) + 1]:0.0000}")]);
            return $"fit: {table}; numbers instead of a picture, as the native library that draws does not load here ({e.GetBaseException().Message.Split(". ")[0]})";
        }
    }

    private static Plot Draw(double[] times, double[] observed, double[] fitted)
    {
        var plot = new Plot();
        string[] names = ["prey", "predators"];
        for (int i = 0; i < names.Length; i++)
        {
            int each = i;
            var points = plot.Add.ScatterPoints(times, [.. observed.Where((_, k) => k % 2 == each)]);
            points.LegendText = $"{names[i]}, observed";
            var line = plot.Add.ScatterLine(times, [.. fitted.Where((_, k) => k % 2 == each)]);
            line.LegendText = $"{names[i]}, fitted";
            line.Color = points.Color;
        }

        plot.XLabel("time");
        plot.YLabel("number");
        plot.ShowLegend(Alignment.UpperRight);
        return plot;
    }
}
