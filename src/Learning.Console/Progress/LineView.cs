namespace GraphCompiler.Learning.Progress;

/// <summary>Lines of text: the plan, each epoch, the end, and a sign of life after a minute without one, then after two, four, and so on.</summary>
internal sealed class LineView(TextWriter output) : ProgressView
{
    /// <summary>With the plan and the end, ten lines beside those of epochs.</summary>
    private const int MostSigns = 8;

    private int signs;
    private long written;

    public override void Began(RunProgress progress)
    {
        signs = 0;
        Write(progress, progress.Plan);
    }

    public override void Stepped(RunProgress progress)
    {
        if (signs < MostSigns && progress.Since(written) >= TimeSpan.FromMinutes(1 << signs))
        {
            signs++;
            Write(progress, $"epoch {progress.Epoch}/{progress.Epochs}, step {progress.StepsOfEpoch} of {progress.StepsPerEpoch}: loss {ProgressText.Number(progress.Loss)}{Pace(progress)}");
        }
    }

    public override void EpochEnded(RunProgress progress, Epoch epoch) =>
        Write(progress, $"epoch {progress.Epoch}/{progress.Epochs}: {string.Join(", ", ProgressText.Measured(epoch).Select(m => $"{m.Name} {m.Value}"))}{Pace(progress)}");

    public override void Ended(RunProgress progress, string outcome, bool isWell) => Write(progress, outcome);

    private static string Pace(RunProgress progress) =>
        $", rate {ProgressText.Rate(progress.LearningRate)}" + (progress.RowsPerSecond is { } speed ? $", {ProgressText.Speed(speed)} rows/s" : "") + (progress.Left is { Ticks: > 0 } left ? $", {ProgressText.Duration(left)} left" : "");

    private void Write(RunProgress progress, string line)
    {
        output.WriteLine(line);
        output.Flush();
        written = progress.Now;
    }
}
