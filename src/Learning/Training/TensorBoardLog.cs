using GraphCompiler.Learning.Training.TensorBoard;

namespace GraphCompiler.Learning;

/// <summary>
/// Tells TensorBoard of a training: <c>using var board = new TensorBoardLog("logs/first"); new Trainer(…) { Listeners = [board] }</c>, and <c>tensorboard --logdir logs</c> draws it.
/// Curves are <c>loss/step</c>, <c>gradient_norm</c> and <c>learning_rate</c> over steps, and <c>loss/training</c>, <c>loss/validation</c> and the same of each metric over epochs. Where a
/// training goes on from a checkpoint, what was told of later steps is forgotten.
/// </summary>
public sealed class TensorBoardLog : TrainingListener, IDisposable
{
    private readonly string folder;
    private readonly Lock writing = new();
    private EventFile? file;
    private bool isDisposed;

    /// <summary>A log in a folder, in which there is one file more for each log and process.</summary>
    /// <param name="folder">The folder, which is made when there is something to tell.</param>
    public TensorBoardLog(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        this.folder = Path.GetFullPath(folder);
    }

    /// <summary>Of which steps it tells: each so many; by default 10. The first one is always told.</summary>
    public int Every
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(Every), value, "It tells of each first, second or later step.");
    } = 10;

    /// <summary>Of whose parameters and buffers it tells how their values are distributed, after each epoch; null for none.</summary>
    public Module? Weights { get; init; }

    /// <inheritdoc/>
    public override void Began(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.FirstStep > 0)
        {
            Write(run.FirstStep, writer =>
            {
                writer.Length(EventFields.SessionLog, 2);
                writer.Integer(EventFields.Status, 1);
            });
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public override void Stepped(in StepReport step)
    {
        if (step.Step % Every == 0)
        {
            lock (writing)
            {
                EventFile to = Ready();
                ProtoWriter writer = to.Begin(step.Step);
                writer.Length(EventFields.Summary, SizeOf("loss/step") + SizeOf("gradient_norm") + SizeOf("learning_rate"));
                Scalar(writer, "loss/step", step.Loss);
                Scalar(writer, "gradient_norm", step.GradientNorm);
                Scalar(writer, "learning_rate", step.LearningRate);
                to.End();
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public override void EpochEnded(Epoch epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        List<(string Tag, double Value)> scalars = [.. Scalars(epoch.Training, "training"), .. Scalars(epoch.Validation, "validation")];
        List<(string Tag, WeightHistogram Histogram)> histograms = [];
        foreach (ModuleParameter weight in Weights?.NamedParameters() ?? [])
        {
            if (WeightHistogram.Of(weight.Parameter) is { } histogram)
            {
                histograms.Add(($"weights/{weight.Path}", histogram));
            }
        }

        // The last step of the epoch: a training that goes on behind it does not forget it.
        Write(epoch.Step - 1, writer =>
        {
            writer.Length(EventFields.Summary, scalars.Sum(s => SizeOf(s.Tag)) + histograms.Sum(h => Framed(SizeOfHistogram(h.Tag))));
            foreach ((string tag, double value) in scalars)
            {
                Scalar(writer, tag, value);
            }

            foreach ((string tag, WeightHistogram histogram) in histograms)
            {
                writer.Length(EventFields.SummaryValue, SizeOfHistogram(tag));
                writer.Text(EventFields.Tag, tag);
                writer.Length(EventFields.Histogram, WeightHistogram.Size);
                histogram.Write(writer);
            }
        });
    }

    /// <inheritdoc/>
    public override void Ended(Exception? failure)
    {
        lock (writing)
        {
            file?.Flush();
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (writing)
        {
            isDisposed = true;
            file?.Dispose();
        }
    }

    private static IEnumerable<(string Tag, double Value)> Scalars(Evaluation? evaluation, string of) =>
        evaluation is null ? [] : [($"loss/{of}", evaluation.Loss), .. evaluation.Metrics.Select(m => ($"{m.Key}/{of}", m.Value.Value))];

    private static void Scalar(ProtoWriter writer, string tag, double value)
    {
        writer.Length(EventFields.SummaryValue, ProtoWriter.SizeOfText(tag) + 1 + sizeof(float));
        writer.Text(EventFields.Tag, tag);
        writer.Float(EventFields.SimpleValue, (float)value);
    }

    /// <summary>How many bytes a scalar takes as a value of a summary.</summary>
    private static int SizeOf(string tag) => Framed(ProtoWriter.SizeOfText(tag) + 1 + sizeof(float));

    private static int SizeOfHistogram(string tag) => ProtoWriter.SizeOfText(tag) + Framed(WeightHistogram.Size);

    private static int Framed(int bytes) => 1 + ProtoWriter.SizeOfNumber((ulong)bytes) + bytes;

    private EventFile Ready()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        return file ??= new EventFile(folder);
    }

    private void Write(long step, Action<ProtoWriter> write)
    {
        lock (writing)
        {
            EventFile to = Ready();
            write(to.Begin(step));
            to.End();
            to.Flush();
        }
    }
}
