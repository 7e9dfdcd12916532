using System.Globalization;
using GraphCompiler.Learning.Tests.Files;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Progress;

/// <summary>What a person sees of a run, on terminals of any width and in logs, whatever ends it.</summary>
internal sealed class ConsoleProgressTests
{
    private static readonly Input<float> X = Input("x", ["N", 1]);

    [Test]
    public async Task A_log_has_the_plan_each_epoch_and_the_end()
    {
        var log = new StringWriter(CultureInfo.InvariantCulture);
        var clock = new Clock();
        using Trainer trainer = Made(clock.Every(TimeSpan.FromSeconds(2)), new ConsoleProgress(log) { Clock = clock });
        await Run(trainer.Fit(Data(2000).Batch(1000), Data(3).Batch(2), 2));
        Assert.That(Lines(log), Is.EqualTo((string[])
        [
            "training: 2 epochs of 2 steps, 2,000 rows in each",
            "epoch 1/2: loss -0.0500, validation loss -0.2000, distance 0.2000, rate 0.1, 500 rows/s, 0:04 left",
            "epoch 2/2: loss -0.2500, validation loss -0.4000, distance 0.4000, rate 0.1, 500 rows/s",
            "done after epoch 2/2, 0:08; best was epoch 2, validation loss -0.4000",
        ]));
    }

    [TestCase(20)]
    [TestCase(40)]
    [TestCase(80)]
    [TestCase(200)]
    public async Task What_a_terminal_has_no_room_for_is_left_out(int width)
    {
        var screen = new Screen();
        var clock = new Clock();
        List<string> changing = [];
        using Trainer trainer = Made(clock.Every(TimeSpan.FromSeconds(2)), new ConsoleProgress(screen, width) { Clock = clock }, TrainingListener.Of(_ => changing.Add(screen.Lines[^1])));
        await Run(trainer.Fit(Data(2000).Batch(1000), Data(3).Batch(2), 2));
        Assert.That(screen.Lines.Where(l => l.StartsWith("epoch", StringComparison.Ordinal) || l.StartsWith("  ", StringComparison.Ordinal)).Append(changing[2]), Is.EqualTo(width switch
        {
            20 => (string[])
            [
                "epoch      loss",
                "  1/2   -0.0500",
                "  2/2   -0.2500",
                "epoch 2/2   50 %",
            ],
            40 =>
            [
                "epoch      loss  validation  distance",
                "  1/2   -0.0500     -0.2000    0.2000",
                "  2/2   -0.2500     -0.4000    0.4000",
                "epoch 2/2  ━━━────   50 %  loss -0.2000",
            ],
            80 =>
            [
                "epoch      loss  validation  distance      time    rows/s      rate",
                "  1/2   -0.0500     -0.2000    0.2000      0:04       500       0.1",
                "  2/2   -0.2500     -0.4000    0.4000      0:08       500       0.1",
                "epoch 2/2  ━━━━━━━───────   50 %  loss -0.2000  0:02 left  500 rows/s  rate 0.1",
            ],
            _ =>
            [
                "epoch      loss  validation  distance      time    rows/s      rate",
                "  1/2   -0.0500     -0.2000    0.2000      0:04       500       0.1",
                "  2/2   -0.2500     -0.4000    0.4000      0:08       500       0.1",
                "epoch 2/2  ━━━━━━━━━━━━━━━───────────────   50 %  loss -0.2000  0:02 left  500 rows/s  rate 0.1",
            ],
        }));
        Assert.That(changing, Has.All.Length.LessThan(width));
    }

    [Test]
    public async Task A_line_that_changes_is_gone_where_a_loop_writes_its_own([Values] bool leaves)
    {
        var screen = new Screen();
        using Trainer trainer = Made(new ConsoleProgress(screen, 80));
        await foreach (Epoch epoch in trainer.Fit(Data(2).Batch(1), null, 3))
        {
            screen.WriteLine($"mine {epoch.Number}");
            if (leaves)
            {
                break;
            }
        }

        string[] lines = screen.Lines;
        Assert.That(lines[3], Is.EqualTo("mine 0"));
        Assert.That(lines[^2], Does.Match(leaves ? @"^left after epoch 1/3, 0:0\d; best was epoch 1, loss -0\.0500$" : @"^done after epoch 3/3, 0:0\d; best was epoch 3, loss -0\.4500$"));
        Assert.That(lines[^1], Is.Empty);
        Assert.That(screen.ToString(), Does.EndWith("\e[0m" + Environment.NewLine).And.Not.Contain("\e[?25l"));
    }

    [Test]
    public async Task What_fails_or_is_cancelled_says_where_and_why([Values] bool onTerminal)
    {
        var screen = new Screen();
        using Trainer trainer = Made(onTerminal ? new ConsoleProgress(screen, 200) : new ConsoleProgress(screen));
        float[,] x = { { 0 }, { 0 }, { float.NaN } };
        Assert.That(async () => await Run(trainer.Fit(Rows.Of(x).Batch(1), null, 5)), Throws.TypeOf<DivergenceException>());
        Assert.That(screen.Lines[^2], Does.Match(@"^failed in epoch 1/5, after step 2 of 3, 0:0\d: DivergenceException: .*"));
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        Assert.That(async () => await Run(trainer.Fit(Data(4).Batch(1), null, 5, null, cancellation.Token)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(screen.Lines[^2], Does.Match(@"^cancelled .*, 0:0\d$"));
        Assert.That(screen.Lines[^1], Is.Empty);
        if (!onTerminal)
        {
            Assert.That(screen.ToString(), Does.Not.Contain("\e"));
        }
    }

    [TestCase(1, 200)]
    [TestCase(50, 10)]
    public async Task A_log_has_ten_lines_more_than_epochs_at_most_however_long_they_are(int epochs, int steps)
    {
        var log = new StringWriter(CultureInfo.InvariantCulture);
        var clock = new Clock();
        using Trainer trainer = Made(clock.Every(TimeSpan.FromMinutes(1.5)), new ConsoleProgress(log) { Clock = clock });
        await Run(trainer.Fit(Data(steps).Batch(1), null, epochs));
        string[] lines = Lines(log);
        string[] signs = [.. lines.Where(l => l.Contains(", step ", StringComparison.Ordinal))];
        Assert.That(lines, Has.Length.LessThanOrEqualTo(epochs + 10));
        Assert.That(lines.Count(l => l.Contains(": loss", StringComparison.Ordinal)) - signs.Length, Is.EqualTo(epochs));
        Assert.That(signs[0], Does.Match(@"^epoch 1/\d+, step 1 of \d+: loss 0\.0000, rate 0\.1, 0 rows/s$"));
        Assert.That(signs[1], Does.Match(@"^epoch 1/\d+, step 3 of \d+: loss -0\.1000, rate 0\.1, 0 rows/s, \d+:\d\d:\d\d left$"));
        Assert.That(signs, Has.Length.InRange(4, 8));
    }

    [Test]
    public async Task A_run_that_goes_on_says_from_where()
    {
        using var folder = new Scratch();
        using (Trainer trainer = Made())
        {
            await Run(trainer.Fit(Data(4).Batch(1), null, 1, folder.Folder));
        }

        var log = new StringWriter(CultureInfo.InvariantCulture);
        using Trainer again = Made(new ConsoleProgress(log));
        StepReport[] steps = [.. again.Steps(Data(4).Batch(1), 3, folder.Folder).Take(2)];
        await Run(again.Fit(Data(4).Batch(1), null, 3));
        string[] lines = Lines(log);
        Assert.That(lines[0], Is.EqualTo("training: 3 epochs of 4 steps, 4 rows in each; goes on after epoch 1"));
        Assert.That(lines[1], Does.Match(@"^left in epoch 2/3, after step 2 of 4, 0:0\d$"));
        Assert.That(lines[2], Is.EqualTo("training: 3 epochs of 4 steps, 4 rows in each; goes on after 2 rows of epoch 2"));
        Assert.That(lines[3], Does.StartWith("epoch 2/3: loss -0.5500, distance 0.5500, rate 0.1"));
        Assert.That(lines, Has.Length.EqualTo(6));
    }

    [Test]
    public void Names_and_errors_do_not_control_a_terminal()
    {
        var log = new Screen();
        using Trainer trainer = Made(new ConsoleProgress(log), new Thrower());
        Assert.That(() => trainer.Steps(Data(4).Batch(1), 3).ToArray(), Throws.InvalidOperationException);
        Assert.That(Lines(log)[^1], Does.EndWith(": InvalidOperationException: [31mtwo lines"));
        Assert.That(() => new ConsoleProgress(log, 19), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new ConsoleProgress(null!), Throws.ArgumentNullException);
    }

    [Test]
    [NonParallelizable]
    public async Task The_standard_output_gets_lines_where_it_is_redirected()
    {
        TextWriter before = Console.Out;
        using var log = new StringWriter(CultureInfo.InvariantCulture);
        Console.SetOut(log);
        try
        {
            using Trainer trainer = Made(new ConsoleProgress());
            await Run(trainer.Fit(Data(1).Batch(1), null, 1));
        }
        finally
        {
            Console.SetOut(before);
        }

        Assume.That(Console.IsOutputRedirected, "the tests run in a terminal");
        Assert.That(Lines(log), Has.Length.EqualTo(3));
        Assert.That(log.ToString(), Does.Not.Contain('\e'));
    }

    private static Trainer Made(params TrainingListener[] listeners)
    {
        var net = new Falling();
        Objective Define()
        {
            Node y = net.Forward(X);
            return Objective.Mean(y).With(Metric.Mean("distance", Abs(y - X)));
        }

        return new Trainer(net, [X], Define, new Generator(2)) { Optimizers = [new Sgd(0.1)], Listeners = listeners };
    }

    private static Rows Data(int count) => Rows.Of(new float[count, 1]);

    private static async Task Run(IAsyncEnumerable<Epoch> epochs)
    {
        await foreach (Epoch _ in epochs)
        {
        }
    }

    private static string[] Lines(StringWriter log) => [.. log.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n')];

    private sealed class Thrower : TrainingListener
    {
        public override void Stepped(in StepReport step) => throw new InvalidOperationException("\e[31mtwo\nlines");
    }

    /// <summary>A clock that somebody moves.</summary>
    private sealed class Clock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        /// <summary>Moves it at each step.</summary>
        public TrainingListener Every(TimeSpan step) => TrainingListener.Of(_ => now += step.Ticks);
    }
}
