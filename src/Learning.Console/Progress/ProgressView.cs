namespace GraphCompiler.Learning.Progress;

/// <summary>How the progress of a run is shown.</summary>
internal abstract class ProgressView
{
    public abstract void Began(RunProgress progress);

    /// <summary>Is called after each step, and decides itself how often it shows something.</summary>
    public abstract void Stepped(RunProgress progress);

    public abstract void EpochEnded(RunProgress progress, Epoch epoch);

    /// <summary>Shows how it ended.</summary>
    /// <param name="progress">The run.</param>
    /// <param name="outcome">One line.</param>
    /// <param name="isWell">Whether nothing failed.</param>
    public abstract void Ended(RunProgress progress, string outcome, bool isWell);
}
