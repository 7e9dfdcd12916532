namespace GraphCompiler.Learning;

/// <summary>
/// Hears what a trainer does, as it does it: progress, logs and meters are listeners, <c>new Trainer(…) { Listeners = [progress] }</c>. It is called on the thread that trains, one call
/// after the other. What it throws ends the loop; the step before is whole, and an epoch or a checkpoint that it was told of is saved.
/// </summary>
public abstract class TrainingListener
{
    /// <summary>Hears of steps only.</summary>
    /// <param name="stepped">Is called after each step.</param>
    public static TrainingListener Of(Action<StepReport> stepped)
    {
        ArgumentNullException.ThrowIfNull(stepped);
        return new StepListener(stepped);
    }

    /// <summary>A loop of <see cref="Trainer.Fit"/> or <see cref="Trainer.Steps"/> begins, or goes on.</summary>
    /// <param name="run">What it is to do.</param>
    public virtual void Began(TrainingRun run)
    {
    }

    /// <summary>A step was made, in a loop or by <see cref="Trainer.Step"/>.</summary>
    /// <param name="step">What it was.</param>
    public virtual void Stepped(in StepReport step)
    {
    }

    /// <summary>An epoch of <see cref="Trainer.Fit"/> has ended, and was measured and saved.</summary>
    /// <param name="epoch">What it was.</param>
    public virtual void EpochEnded(Epoch epoch)
    {
    }

    /// <summary>A checkpoint is on disk.</summary>
    /// <param name="path">Where.</param>
    public virtual void Saved(string path)
    {
    }

    /// <summary>The loop that began has ended; it is said of each that began, whatever ends it.</summary>
    /// <param name="failure">What ended it, an <see cref="OperationCanceledException"/> where it was cancelled; null if it was done, or the caller left it.</param>
    public virtual void Ended(Exception? failure)
    {
    }

    private sealed class StepListener(Action<StepReport> stepped) : TrainingListener
    {
        public override void Stepped(in StepReport step) => stepped(step);
    }
}
