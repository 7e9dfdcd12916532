using ScottPlot;
using ScottPlot.Plottables;

namespace CharLm;

/// <summary>Losses over the steps of a training, drawn by ScottPlot.</summary>
internal sealed class LossCurve
{
    private readonly List<(int Step, double Training, double HeldOut)> points = [];

    public void Add(int step, double training, double heldOut) => points.Add((step, training, heldOut));

    /// <summary>Saves a picture, or the numbers if this machine cannot draw; tells which, and where.</summary>
    /// <param name="path">Where the picture goes.</param>
    /// <param name="toBeat">The held-out loss of the model to beat.</param>
    public string Save(string path, double toBeat)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            Draw(toBeat).SavePng(path, 900, 600);
            return $"loss curve: {path}";
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            string table = Path.ChangeExtension(path, ".csv");
            File.WriteAllLines(table, ["step,training,heldout", .. points.Select(p => $"{p.Step},{p.Training:0.0000},{p.HeldOut:0.0000}")]);
            return $"loss curve: {table}; numbers instead of a picture, as the native library that draws does not load here ({e.GetBaseException().Message.Split(". ")[0]})";
        }
    }

    private Plot Draw(double toBeat)
    {
        var plot = new Plot();
        int[] steps = [.. points.Select(p => p.Step)];
        AddLine("training, with hidden characters", [.. points.Select(p => p.Training)]);
        AddLine("held-out", [.. points.Select(p => p.HeldOut)]);
        HorizontalLine line = plot.Add.HorizontalLine(toBeat, pattern: LinePattern.Dashed);
        line.LegendText = "3-gram, held-out";
        plot.XLabel("step");
        plot.YLabel("loss, nats a character");
        plot.ShowLegend(Alignment.UpperRight);
        return plot;

        void AddLine(string name, double[] losses) => plot.Add.Scatter(steps, losses).LegendText = name;
    }
}
