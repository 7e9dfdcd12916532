namespace GraphCompiler.Learning.Progress;

/// <summary>Where a run is, and how fast it goes on.</summary>
internal sealed class RunProgress
{
    private readonly TrainingRun run;
    private readonly TimeProvider clock;
    private readonly long begun;
    private long epochBegun;
    private long firstStep;
    private long lastStep;
    private int made;
    private long counted;
    private int madeInEpoch;
    private double sum;
    private double weight;
    private Epoch? best;

    public RunProgress(TrainingRun run, TimeProvider clock)
    {
        (this.run, this.clock) = (run, clock);
        begun = epochBegun = lastStep = Now;
        Steps = ((long)run.From.Epoch * StepsPerEpoch) + (run.From.Row == 0 ? 0 : (long)Math.Round((double)run.From.Row * StepsPerEpoch / run.Rows));
        counted = Epoch;
    }

    public int Epochs => run.Epochs;

    public int StepsPerEpoch => Math.Max(run.StepsPerEpoch, 1);

    /// <summary>The number of the epoch of the last step, the first being 1.</summary>
    public long Epoch => Math.Clamp((Steps - 1) / StepsPerEpoch, 0, Epochs - 1) + 1;

    /// <summary>How many steps of the epoch were made, before a resumption too.</summary>
    public long StepsOfEpoch => Math.Min(Steps - ((Epoch - 1) * StepsPerEpoch), StepsPerEpoch);

    /// <summary>The mean loss of the epoch's steps.</summary>
    public double Loss => sum / weight;

    /// <summary>How many rows a second the epoch's steps have read; null where there is nothing to tell by.</summary>
    public double? RowsPerSecond => clock.GetElapsedTime(epochBegun, lastStep).TotalSeconds is > 0 and var seconds && madeInEpoch > 0 ? (double)run.Rows / StepsPerEpoch * madeInEpoch / seconds : null;

    /// <summary>The learning rate of the last step.</summary>
    public double LearningRate { get; private set; } = double.NaN;

    public TimeSpan Elapsed => Since(begun);

    /// <summary>How long what is left will take, if it goes on as since the first step; null where there is nothing to tell by.</summary>
    public TimeSpan? Left => made > 1 ? Since(firstStep) / (made - 1) * Math.Max(AllSteps - Steps, 0) : null;

    public long Now => clock.GetTimestamp();

    /// <summary>What is to be done, in a line.</summary>
    public string Plan => $"training: {Epochs} epochs of {StepsPerEpoch} steps, {run.Rows:N0} rows in each" + run.From switch
    {
        (0, 0) => "",
        (var epochs, 0) => $"; goes on after epoch {epochs}",
        (var epochs, var rows) => $"; goes on after {rows:N0} rows of epoch {epochs + 1}",
    };

    /// <summary>How many steps the training has made, those before a resumption among them.</summary>
    private long Steps { get; set; }

    private long AllSteps => (long)Epochs * StepsPerEpoch;

    public TimeSpan Since(long timestamp) => clock.GetElapsedTime(timestamp);

    public void Add(in StepReport step)
    {
        Steps++;
        if (Epoch != counted)
        {
            (counted, madeInEpoch, sum, weight) = (Epoch, 0, 0, 0);
            epochBegun = lastStep;
        }

        lastStep = Now;
        firstStep = made++ == 0 ? lastStep : firstStep;
        madeInEpoch++;
        sum += step.Loss * step.Weight;
        weight += step.Weight;
        LearningRate = step.LearningRate;
    }

    public void Add(Epoch epoch)
    {
        // Where an epoch that was gone on with began was known by its rows only.
        Steps = (epoch.Number + 1L) * StepsPerEpoch;
        best = epoch.IsBest ? epoch : best;
    }

    /// <summary>What comes is no time of an epoch's steps.</summary>
    public void EndEpoch() => lastStep = Now;

    /// <summary>How the run ended, in a line.</summary>
    public string Outcome(Exception? failure)
    {
        string where = Steps == 0 ? "before the first step" : StepsOfEpoch == StepsPerEpoch ? $"after epoch {Epoch}/{Epochs}" : $"in epoch {Epoch}/{Epochs}, after step {StepsOfEpoch} of {StepsPerEpoch}";
        string how = failure switch
        {
            null when Steps >= AllSteps => "done",
            null => "left",
            OperationCanceledException => "cancelled",
            _ => "failed",
        };
        string what = failure is null or OperationCanceledException ? "" : $": {failure.GetType().Name}: {ProgressText.Line(failure.Message)}";
        return $"{how} {where}, {ProgressText.Duration(Elapsed)}{what}{(best is null ? "" : $"; best was epoch {best.Number + 1}, {BestLoss(best)}")}";
    }

    private static string BestLoss(Epoch best) => $"{(best.Validation is null ? "" : "validation ")}loss {ProgressText.Number((best.Validation ?? best.Training).Loss)}";
}
