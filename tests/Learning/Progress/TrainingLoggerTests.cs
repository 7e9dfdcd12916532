using GraphCompiler.Learning.Tests.Files;
using Microsoft.Extensions.Logging;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Progress;

/// <summary>A logger gets an event with fields for all that a trainer does, at the level that it asks for.</summary>
internal sealed class TrainingLoggerTests
{
    private static readonly Input<float> X = Input("x", ["N", 1]);

    [Test]
    public async Task Events_have_ids_fields_and_texts()
    {
        using var folder = new Scratch();
        var ear = new Ear(LogLevel.Trace);
        using Trainer trainer = Made(ear);
        Rows rows = Rows.Of(new float[2, 1]).Batch(2);
        await foreach (Epoch epoch in trainer.Fit(rows, rows, 3, folder.Folder))
        {
            break;
        }

        Assert.That(ear.Events.Select(e => e.Name), Is.EqualTo((string[])["Information 1 Began", "Trace 2 Stepped", "Debug 4 Saved", "Information 3 EpochEnded", "Information 5 Ended"]));
        Assert.That(ear.Events[0].Text, Is.EqualTo("training: 3 epochs of 1 steps, 2 rows in each"));
        Assert.That(ear.Events[0].Fields["Folder"], Is.EqualTo(folder.Folder));
        Assert.That(ear.Events[1].Fields["LearningRate"], Is.EqualTo(0.1).Within(1e-6));
        Assert.That(ear.Events[3].Text, Is.EqualTo("epoch 1: loss 0.0000, validation loss -0.1000, size 0.1000"));
        Assert.That(ear.Events[3].Fields["size"], Is.EqualTo(0.1).Within(1e-6));
        Assert.That(ear.Events[3].Fields["ValidationLoss"], Is.EqualTo(-0.1).Within(1e-6));
        Assert.That(ear.Events[4].Text, Does.StartWith("left after epoch 1/3, "));
    }

    [Test]
    public void What_fails_is_an_error_and_what_is_below_the_level_is_not_told()
    {
        var ear = new Ear(LogLevel.Warning);
        using Trainer trainer = Made(ear);
        Assert.That(() => trainer.Steps(Rows.Of(new float[,] { { 0 }, { float.NaN } }).Batch(1), 2).ToArray(), Throws.TypeOf<DivergenceException>());
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.That(async () => await trainer.Fit(Rows.Of(new float[2, 1]).Batch(1), null, 2, null, cancellation.Token).GetAsyncEnumerator().MoveNextAsync(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(ear.Events.Select(e => e.Name), Is.EqualTo((string[])["Error 7 Failed", "Warning 6 Cancelled"]));
        Assert.That(ear.Events[0].Failure, Is.TypeOf<DivergenceException>());
        Assert.That(() => new TrainingLogger(null!), Throws.ArgumentNullException);
    }

    private static Trainer Made(Ear ear)
    {
        var net = new Falling();
        Objective Define()
        {
            Node y = net.Forward(X);
            return Objective.Mean(y).With(Metric.Mean("size", Abs(y)));
        }

        return new Trainer(net, [X], Define, new Generator(2)) { Optimizers = [new Sgd(0.1)], Listeners = [new TrainingLogger(ear)] };
    }

    private sealed class Ear(LogLevel least) : ILogger
    {
        public List<(string Name, string Text, IReadOnlyDictionary<string, object?> Fields, Exception? Failure)> Events { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = (IReadOnlyList<KeyValuePair<string, object?>>)state!;
            Events.Add(($"{logLevel} {eventId.Id} {eventId.Name}", formatter(state, exception), fields.ToDictionary(f => f.Key, f => f.Value), exception));
        }
    }
}
