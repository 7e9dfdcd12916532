using System.Diagnostics;
using System.Runtime.CompilerServices;
using GraphCompiler.Learning.Training;

namespace GraphCompiler.Learning;

/// <content>Epochs over rows, and checkpoints.</content>
public sealed partial class Trainer
{
    private Place place;
    private int? rowsRead;
    private EpochSums? sums;
    private LossTrend trend;
    private BestModel? best;
    private Epoch? unsaved;

    /// <summary>After how many steps a checkpoint is saved, beside those at the end of epochs; null for none. Where a folder is given.</summary>
    public long? SaveEvery
    {
        get;
        init => field = value is null or > 0 ? value : throw new ArgumentOutOfRangeException(nameof(SaveEvery), value, "A checkpoint is saved after at least one step.");
    }

    /// <summary>How many checkpoints are kept, the last ones; by default 2.</summary>
    public int Kept
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(Kept), value, "At least one checkpoint is kept.");
    } = 2;

    /// <summary>Who hears of steps, epochs and checkpoints.</summary>
    public IReadOnlyList<TrainingListener> Listeners
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = [.. value];
            foreach (TrainingListener listener in field)
            {
                ArgumentNullException.ThrowIfNull(listener, nameof(value));
            }

            heard = new TrainingListeners([meter, .. field]);
        }
    } = [];

    /// <summary>The model as it was when its loss was smallest at the end of an epoch, whatever ended the loop.</summary>
    public BestModel Best => best ??= new BestModel(model);

    /// <summary>
    /// Trains epoch by epoch, a stream whose loop is the caller's: <c>await foreach (Epoch e in trainer.Fit(train, validation, epochs: 20, folder: "run"))</c>. It may end the
    /// loop at any time, and call this again to go on. Epochs are computed on a thread of the pool.
    /// </summary>
    /// <param name="train">What is learned from, in batches; a column for each input of the trainer, in their order.</param>
    /// <param name="validation">What the model is measured by after each epoch, in batches; null for nothing.</param>
    /// <param name="epochs">How many epochs the training has, those before a resumption among them.</param>
    /// <param name="folder">
    /// Where checkpoints are saved, at the end of each epoch and as <see cref="SaveEvery"/> says, and the best model, <c>best.safetensors</c>. If there are some, the training goes on
    /// from the last, to the same bits as one that was never interrupted, whatever this trainer did since. Null for none.
    /// </param>
    /// <param name="cancellation">Ends the training after the step that is being made.</param>
    /// <exception cref="ArgumentException">The rows do not have a column for each input, a schedule is shorter than the training, or a <see cref="Plateau"/> has no validation to hear of.</exception>
    /// <exception cref="DivergenceException">A loss is no finite number; nothing has changed by that step. The message names a number of its rows that is none.</exception>
    /// <exception cref="IOException">A checkpoint cannot be written, or read.</exception>
    /// <exception cref="InvalidDataException">A checkpoint is damaged, or of a training with other shards or on another number of rows.</exception>
    /// <exception cref="LoadException">The folder is that of a training of another model, or with other optimisers.</exception>
    public IAsyncEnumerable<Epoch> Fit(Rows train, Rows? validation, int epochs, string? folder = null, CancellationToken cancellation = default)
    {
        Check(train);
        if (validation is not null)
        {
            Check(validation);
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        if (validation is null && Ready().Plateaus.Count > 0)
        {
            throw new ArgumentException($"A {nameof(Plateau)} waits for the loss of validation, and there is nothing to validate by: give rows, or tell it losses in a loop over {nameof(Steps)}.", nameof(validation));
        }

        RunFolder? run = Resume(train, epochs, folder);
        return Epochs(cancellation);

        async IAsyncEnumerable<Epoch> Epochs([EnumeratorCancellation] CancellationToken token)
        {
            Exception? failure = null;
            bool isBegun = false;
            try
            {
                while (!isBegun || place.Epoch < epochs || IsToBeReported)
                {
                    Epoch epoch;
                    try
                    {
                        if (!isBegun)
                        {
                            isBegun = true;
                            Begin(train, epochs, folder);
                            continue;
                        }

                        epoch = await Task.Run(() => MakeEpoch(train, validation, run, token), token).ConfigureAwait(false);
                    }
                    catch (Exception e)
                    {
                        failure = e;
                        throw;
                    }

                    yield return epoch;
                }
            }
            finally
            {
                heard.Ended(failure);
            }
        }
    }

    /// <summary>Trains step by step, as <see cref="Fit"/> does epoch by epoch, without measuring.</summary>
    /// <param name="train">What is learned from, in batches.</param>
    /// <param name="epochs">How many epochs the training has.</param>
    /// <param name="folder">Where checkpoints are saved, and what the training goes on from; null for none.</param>
    public IEnumerable<StepReport> Steps(Rows train, int epochs, string? folder = null)
    {
        Check(train);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        RunFolder? run = Resume(train, epochs, folder);
        return Made();

        IEnumerable<StepReport> Made()
        {
            Exception? failure = null;
            try
            {
                using IEnumerator<StepReport> steps = AllSteps(train, epochs, folder, run).GetEnumerator();
                while (Next(steps, out failure))
                {
                    yield return steps.Current;
                }
            }
            finally
            {
                heard.Ended(failure);
            }
        }

        static bool Next(IEnumerator<StepReport> steps, out Exception? failure)
        {
            failure = null;
            try
            {
                return steps.MoveNext();
            }
            catch (Exception e)
            {
                failure = e;
                throw;
            }
        }
    }

    /// <summary>Measures the model, as it is at inference.</summary>
    /// <param name="rows">What by, in batches; a column for each input of the trainer.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="InvalidOperationException">All of it counts for nothing.</exception>
    public Evaluation Evaluate(Rows rows, CancellationToken cancellation = default)
    {
        Check(rows);
        Measurement measurement = Measure();
        foreach (Batch batch in rows.Batches(0))
        {
            cancellation.ThrowIfCancellationRequested();
            measurement.Add(batch.Arguments);
        }

        Evaluation result = measurement.Result;
        return result.Weight != 0 ? result
            : throw new InvalidOperationException("What the model was measured by counts for nothing, and has no mean: all of its targets are ignored, or of weight 0.");
    }

    private EpochSums Sums => sums ??= new EpochSums(Ready().Step.Metrics) { IsReported = true };

    private void Begin(Rows train, int epochs, string? folder) =>
        heard.Began(new TrainingRun { Epochs = epochs, StepsPerEpoch = train.BatchCount, Rows = train.Count, From = place, FirstStep = StepCount, Folder = folder });

    private Epoch MakeEpoch(Rows train, Rows? validation, RunFolder? run, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        foreach (StepReport report in StepsOfEpoch(train, run))
        {
            // The step before is whole, and saved if it was to be.
            cancellation.ThrowIfCancellationRequested();
        }

        // One whose save failed was measured before.
        Epoch epoch = unsaved?.Step == StepCount ? unsaved : Measured(validation, begun, cancellation);
        unsaved = epoch;
        if (epoch.IsBest && run is not null)
        {
            model.Save(run.Best);
        }

        run?.Log.Add(epoch);
        Sums.IsReported = true;
        try
        {
            SaveIn(run);
        }
        catch
        {
            Sums.IsReported = false;
            throw;
        }

        unsaved = null;
        heard.EpochEnded(epoch);
        return epoch;
    }

    private Epoch Measured(Rows? validation, long begun, CancellationToken cancellation)
    {
        Evaluation? measured = validation is null ? null : Evaluate(validation, cancellation);
        bool isBest = Best.Offer(measured?.Loss ?? Sums.Loss, StepCount);
        foreach (Plateau plateau in measured is null ? [] : Ready().Plateaus)
        {
            plateau.Tell(measured!.Loss);
        }

        return new Epoch(place.Epoch - 1, StepCount, Sums, measured, isBest, Stopwatch.GetElapsedTime(begun));
    }

    private IEnumerable<StepReport> AllSteps(Rows train, int epochs, string? folder, RunFolder? run)
    {
        Begin(train, epochs, folder);
        if (IsToBeReported && run?.IsAt(StepCount) == false)
        {
            // A loop before this one was left at the last step of an epoch.
            Sums.IsReported = true;
            SaveIn(run);
        }

        while (place.Epoch < epochs)
        {
            foreach (StepReport report in StepsOfEpoch(train, run))
            {
                yield return report;
            }

            Sums.IsReported = true;
            SaveIn(run);
        }
    }

    /// <summary>The steps that are left of an epoch.</summary>
    private IEnumerable<StepReport> StepsOfEpoch(Rows train, RunFolder? run)
    {
        if (IsToBeReported)
        {
            yield break;
        }

        if (place.Row == 0)
        {
            sums = new EpochSums(Ready().Step.Metrics);
        }

        rowsRead = train.Count;
        foreach (Batch batch in train.Batches(place))
        {
            StepReport report = Make(batch.Arguments, batch);
            Sums.Add(report);
            place = batch.Next;
            heard.Stepped(report);
            if (SaveEvery is { } every && StepCount % every == 0)
            {
                SaveIn(run);
            }

            yield return report;
        }
    }

    /// <summary>Whether all steps of an epoch were made, and its measurement was interrupted: it is made, and the epoch reported, before there are further steps.</summary>
    private bool IsToBeReported => place.Row == 0 && !Sums.IsReported;

    private void SaveIn(RunFolder? run)
    {
        if (run is not null)
        {
            heard.Saved(run.Save(StepCount, Save));
        }
    }

    /// <summary>Goes on where the last checkpoint of a folder is.</summary>
    private RunFolder? Resume(Rows train, int epochs, string? folder)
    {
        Compiled ready = Ready();
        RunFolder? run = folder is null ? null : new RunFolder(folder, Kept);
        if (run?.Last is { } last)
        {
            Load(last, train);
        }

        long all = StepCount + ((long)(epochs - place.Epoch) * train.BatchCount);
        if (ready.ScheduledSteps is { } scheduled && all > scheduled && place.Row == 0)
        {
            throw new ArgumentException($"The training has {all} steps, {epochs} epochs of {train.BatchCount}, and a schedule of its optimisers was made for {scheduled}.", nameof(epochs));
        }

        if (run is not null)
        {
            // Names that clash are refused before an epoch is made for nothing.
            State().Walk();
            run.Log.GoOnFrom(IsToBeReported ? StepCount - 1 : StepCount);
        }

        return run;
    }

    private void Check(Rows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Columns.Count != inputs.Count)
        {
            throw new ArgumentException($"The rows have {rows.Columns.Count} columns ({string.Join(", ", rows.Columns)}), and the trainer {inputs.Count} inputs ({string.Join(", ", inputs)}): a column for each is needed, in the same order.", nameof(rows));
        }

        // They go by their order; names that say another are a mistake that trains without a word.
        for (int i = 0; i < inputs.Count; i++)
        {
            Column column = rows.Columns[i];
            if (column.Name != inputs[i].Name && inputs.Any(input => input.Name == column.Name))
            {
                throw new ArgumentException($"Column {column} would go to input {inputs[i]}, by their order, and there is an input '{column.Name}': give columns and inputs in the same order.", nameof(rows));
            }
        }
    }
}
