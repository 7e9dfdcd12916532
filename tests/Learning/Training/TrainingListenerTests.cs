using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>Who listens hears each loop begin and end, whatever ends it, and what is between.</summary>
internal sealed class TrainingListenerTests
{
    private static readonly Input<float> X = Input("x", ["N", 1]);
    private string folder = string.Empty;

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("listeners").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, true);

    [Test]
    public async Task It_hears_of_runs_steps_epochs_and_checkpoints_in_order()
    {
        var ear = new Ear();
        using Trainer trainer = Made(ear);
        await foreach (Epoch epoch in trainer.Fit(Data(4), null, 2, folder))
        {
            ear.Heard.Add($"loop {epoch.Number}");
        }

        Assert.That(ear.Heard, Is.EqualTo((string[])
        [
            $"began 2 of 2 steps and 4 rows from (0, 0), step 0, {folder}",
            "step 0", "step 1", "saved step-000000002.safetensors", "epoch 0", "loop 0",
            "step 2", "step 3", "saved step-000000004.safetensors", "epoch 1", "loop 1",
            "ended",
        ]));
    }

    [Test]
    public async Task It_hears_the_end_of_a_loop_that_was_left_cancelled_or_failed()
    {
        var ear = new Ear();
        using Trainer trainer = Made(ear);
        await foreach (Epoch epoch in trainer.Fit(Data(2), null, 9))
        {
            break;
        }

        foreach (StepReport step in trainer.Steps(Data(2), 9))
        {
            break;
        }

        Assert.That(ear.Heard.Where(h => !h.StartsWith("step", StringComparison.Ordinal)), Is.EqualTo((string[])["began 9 of 1 steps and 2 rows from (0, 0), step 0, ", "epoch 0", "ended", "began 9 of 1 steps and 2 rows from (1, 0), step 1, ", "ended"]));
        ear.Heard.Clear();
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        Assert.That(async () => await trainer.Fit(Data(2), null, 9, null, cancellation.Token).GetAsyncEnumerator().MoveNextAsync(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => trainer.Steps(Rows.Of(new float[,] { { 1 }, { float.NaN } }).Batch(1), 9).ToArray(), Throws.TypeOf<DivergenceException>());
        Assert.That(ear.Heard.Where(h => h.StartsWith("ended", StringComparison.Ordinal)), Is.EqualTo((string[])["ended by TaskCanceledException", "ended by DivergenceException"]));
    }

    [Test]
    public void All_hear_the_end_and_steps_of_ones_own_are_heard()
    {
        var ear = new Ear();
        var steps = new List<long>();
        using Trainer trainer = Made(new Thrower(), ear, TrainingListener.Of(s => steps.Add(s.Step)));
        float[,] x = { { 1 } };
        trainer.Step(x);
        Assert.That(() => trainer.Steps(Data(2), 1).ToArray(), Throws.InvalidOperationException.With.Message.EqualTo("told"));
        Assert.That(ear.Heard[^1], Is.EqualTo("ended"));
        Assert.That(steps, Is.EqualTo((long[])[0, 1]));
        Assert.That(() => Made([null!]), Throws.ArgumentNullException);
    }

    [Test]
    public void Who_began_hears_the_end_though_another_did_not_begin()
    {
        var ear = new Ear();
        var late = new Ear();
        foreach (bool steps in (bool[])[true, false])
        {
            using Trainer trainer = Made(ear, new Refuser(), late);
            Assert.That(async () => await (steps ? Task.FromResult(trainer.Steps(Data(2), 1).Any()) : trainer.Fit(Data(2), null, 1).GetAsyncEnumerator().MoveNextAsync().AsTask()), Throws.TypeOf<NotSupportedException>());
            Assert.That(ear.Heard[^1], Is.EqualTo("ended by NotSupportedException"));
        }

        Assert.That(late.Heard, Is.Empty);
    }

    private static Trainer Made(params TrainingListener[] listeners)
    {
        var net = new Linear(1, 1, new Generator(1));
        return new Trainer(net, [X], () => Objective.Mean(net.Forward(X)), new Generator(2)) { Optimizers = [new Sgd(0.1)], Listeners = listeners };
    }

    private static Rows Data(int count)
    {
        float[,] x = new float[count, 1];
        return Rows.Of(x).Batch(2);
    }

    private sealed class Ear : TrainingListener
    {
        public List<string> Heard { get; } = [];

        public override void Began(TrainingRun run) =>
            Heard.Add(FormattableString.Invariant($"began {run.Epochs} of {run.StepsPerEpoch} steps and {run.Rows} rows from ({run.From.Epoch}, {run.From.Row}), step {run.FirstStep}, {run.Folder}"));

        public override void Stepped(in StepReport step) => Heard.Add(FormattableString.Invariant($"step {step.Step}"));

        public override void EpochEnded(Epoch epoch) => Heard.Add(FormattableString.Invariant($"epoch {epoch.Number}"));

        public override void Saved(string path) => Heard.Add($"saved {Path.GetFileName(path)}");

        public override void Ended(Exception? failure) => Heard.Add(failure is null ? "ended" : $"ended by {failure.GetType().Name}");
    }

    private sealed class Refuser : TrainingListener
    {
        public override void Began(TrainingRun run) => throw new NotSupportedException("not now");
    }

    private sealed class Thrower : TrainingListener
    {
        public override void Ended(Exception? failure) => throw new InvalidOperationException("told");
    }
}
