using GraphCompiler.Learning.Progress;
using Microsoft.Extensions.Logging;

namespace GraphCompiler.Learning;

/// <summary>
/// Tells a logger what a trainer does, in structured events: <c>new Trainer(…) { Listeners = [new TrainingLogger(logger)] }</c>. Their ids and names: 1 <c>Began</c>, 2 <c>Stepped</c> (a trace),
/// 3 <c>EpochEnded</c>, with <c>Loss</c>, <c>ValidationLoss</c> and each metric by its name, 4 <c>Saved</c> (for debugging), 5 <c>Ended</c>, 6 <c>Cancelled</c>, and 7 <c>Failed</c>, an error
/// with its exception. Each trainer that is to be heard has one of its own.
/// </summary>
/// <param name="logger">Whom to tell.</param>
public sealed class TrainingLogger(ILogger logger) : TrainingListener
{
    private static readonly EventId began = new(1, "Began");
    private static readonly EventId stepped = new(2, "Stepped");
    private static readonly EventId epochEnded = new(3, "EpochEnded");
    private static readonly EventId saved = new(4, "Saved");
    private static readonly EventId ended = new(5, "Ended");
    private static readonly EventId cancelled = new(6, "Cancelled");
    private static readonly EventId failed = new(7, "Failed");

    private readonly ILogger logger = logger ?? throw new ArgumentNullException(nameof(logger));
    private RunProgress? progress;

    /// <inheritdoc/>
    public override void Began(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        progress = new RunProgress(run, TimeProvider.System);
        if (logger.IsEnabled(LogLevel.Information))
        {
            Tell(LogLevel.Information, began, progress.Plan, [new("Epochs", run.Epochs), new("StepsPerEpoch", run.StepsPerEpoch), new("Rows", run.Rows), new("FromEpoch", run.From.Epoch), new("FromRow", run.From.Row), new("Folder", run.Folder)]);
        }
    }

    /// <inheritdoc/>
    public override void Stepped(in StepReport step)
    {
        progress?.Add(step);
        if (logger.IsEnabled(LogLevel.Trace))
        {
            Tell(LogLevel.Trace, stepped, $"step {step.Step}: loss {ProgressText.Number(step.Loss)}", [new("Step", step.Step), new("Loss", step.Loss), new("GradientNorm", step.GradientNorm), new("LearningRate", step.LearningRate)]);
        }
    }

    /// <inheritdoc/>
    public override void EpochEnded(Epoch epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        progress?.Add(epoch);
        if (logger.IsEnabled(LogLevel.Information))
        {
            List<KeyValuePair<string, object?>> fields = [new("Epoch", epoch.Number + 1), new("Step", epoch.Step), new("Loss", epoch.Loss), new("GradientNorm", epoch.GradientNorm), new("Seconds", epoch.Duration.TotalSeconds)];
            if (epoch.Validation is { } validation)
            {
                fields.Add(new("ValidationLoss", validation.Loss));
            }

            fields.AddRange((epoch.Validation ?? epoch.Training).Metrics.Where(m => m.Value.Table is null).Select(m => new KeyValuePair<string, object?>(m.Key, m.Value.Value)));
            Tell(LogLevel.Information, epochEnded, $"epoch {epoch.Number + 1}: {string.Join(", ", ProgressText.Measured(epoch).Select(m => $"{m.Name} {m.Value}"))}", fields);
        }
    }

    /// <inheritdoc/>
    public override void Saved(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (logger.IsEnabled(LogLevel.Debug))
        {
            Tell(LogLevel.Debug, saved, $"saved {path}", [new("Path", path)]);
        }
    }

    /// <inheritdoc/>
    public override void Ended(Exception? failure)
    {
        (LogLevel level, EventId id) = failure switch
        {
            null => (LogLevel.Information, ended),
            OperationCanceledException => (LogLevel.Warning, cancelled),
            _ => (LogLevel.Error, failed),
        };
        if (progress is not null && logger.IsEnabled(level))
        {
            Tell(level, id, progress.Outcome(failure), [new("Epoch", progress.Epoch), new("StepOfEpoch", progress.StepsOfEpoch), new("Seconds", progress.Elapsed.TotalSeconds)], failure);
        }

        progress = null;
    }

    private void Tell(LogLevel level, EventId id, string text, IReadOnlyList<KeyValuePair<string, object?>> fields, Exception? failure = null) => logger.Log(level, id, fields, failure, (_, _) => text);
}
