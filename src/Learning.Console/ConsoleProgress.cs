using GraphCompiler.Learning.Progress;
using Spectre.Console;

namespace GraphCompiler.Learning;

/// <summary>
/// Shows a person how loops of a trainer go on, <c>new Trainer(…) { Listeners = [new ConsoleProgress()] }</c>: on a terminal a row of a table for each epoch, and below them a line that
/// changes, with loss, speed and time left; elsewhere plain lines, a run at most ten more than it has epochs, without escape codes. Loops over steps have no rows. Numbers are the same
/// under every culture. The cursor stays as it is, and the line that changes is gone when an epoch or the loop has ended, so that the loop may write lines of its own between epochs.
/// Each trainer that is to be seen has one of its own.
/// </summary>
public sealed class ConsoleProgress : TrainingListener
{
    private readonly ProgressView view;
    private RunProgress? progress;

    /// <summary>
    /// Progress on the standard output: as on a terminal if it is one that understands escape codes, and as plain lines if it is redirected, <c>TERM</c> is <c>dumb</c>, or <c>CI</c> is set.
    /// </summary>
    public ConsoleProgress() => view = OfStandardOutput();

    /// <summary>Progress as plain lines.</summary>
    /// <param name="output">Where they are written.</param>
    public ConsoleProgress(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        view = new LineView(output);
    }

    /// <summary>Progress as on a terminal of a certain width, which understands escape codes.</summary>
    /// <param name="output">Where it is written.</param>
    /// <param name="width">How many characters a line of the terminal has, at least 20.</param>
    public ConsoleProgress(TextWriter output, int width)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 20);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Out = new AnsiConsoleOutput(output),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = width;
        view = new TerminalView(console);
    }

    /// <summary>What time is measured by.</summary>
    public TimeProvider Clock
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    /// <inheritdoc/>
    public override void Began(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        progress = new RunProgress(run, Clock);
        view.Began(progress);
    }

    /// <inheritdoc/>
    public override void Stepped(in StepReport step)
    {
        if (progress is not null)
        {
            progress.Add(step);
            view.Stepped(progress);
        }
    }

    /// <inheritdoc/>
    public override void EpochEnded(Epoch epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (progress is not null)
        {
            progress.Add(epoch);
            view.EpochEnded(progress, epoch);
            progress.EndEpoch();
        }
    }

    /// <inheritdoc/>
    public override void Ended(Exception? failure)
    {
        if (progress is not null)
        {
            view.Ended(progress, progress.Outcome(failure), failure is null or OperationCanceledException);
            progress = null;
        }
    }

    private static ProgressView OfStandardOutput()
    {
        // What Spectre finds out of itself takes files for terminals in some environments.
        bool isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb" && Environment.GetEnvironmentVariable("CI") is null or "" or "0" or "false";
        if (isTerminal && AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }) is { Profile.Capabilities.Ansi: true } console)
        {
            return new TerminalView(console);
        }

        return new LineView(Console.Out);
    }
}
