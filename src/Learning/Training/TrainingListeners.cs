namespace GraphCompiler.Learning.Training;

/// <summary>Several listeners as one.</summary>
internal sealed class TrainingListeners(TrainingListener[] all) : TrainingListener
{
    private int began;

    public override void Began(TrainingRun run)
    {
        for (began = 0; began < all.Length; began++)
        {
            all[began].Began(run);
        }
    }

    public override void Stepped(in StepReport step)
    {
        foreach (TrainingListener listener in all)
        {
            listener.Stepped(step);
        }
    }

    public override void EpochEnded(Epoch epoch)
    {
        foreach (TrainingListener listener in all)
        {
            listener.EpochEnded(epoch);
        }
    }

    public override void Saved(string path)
    {
        foreach (TrainingListener listener in all)
        {
            listener.Saved(path);
        }
    }

    /// <summary>Tells all to whom it began, whatever one of them throws.</summary>
    public override void Ended(Exception? failure) => Ended(failure, 0);

    private void Ended(Exception? failure, int from)
    {
        if (from < began)
        {
            try
            {
                all[from].Ended(failure);
            }
            finally
            {
                Ended(failure, from + 1);
            }
        }
    }
}
