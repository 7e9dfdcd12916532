using System.Diagnostics.Metrics;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>What a training tells the meters of .NET.</summary>
[NonParallelizable]
internal sealed class TrainingMeterTests
{
    [Test]
    public async Task Steps_and_epochs_are_measured_for_whoever_listens()
    {
        var x = Input("x", ["N", 1]);
        var net = new Linear(1, 1, new Generator(1));
        Dictionary<string, List<double>> heard = [];
        Dictionary<string, string?> units = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "GraphCompiler.Learning")
                {
                    units.Add(instrument.Name, instrument.Unit);
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();

        using var trainer = new Trainer(net, [x], () => Objective.Mean(net.Forward(x).Square()), new Generator(2)) { Optimizers = [new Sgd(0.125)] };
        Rows rows = Rows.Of((float[,])new float[,] { { 1 }, { 2 }, { 3 } }).Batch(2);
        List<Epoch> epochs = [];
        await foreach (Epoch epoch in trainer.Fit(rows, rows, 2))
        {
            epochs.Add(epoch);
        }

        Assert.That(heard["graphcompiler.learning.steps"], Is.EqualTo((double[])[1, 1, 1, 1]));
        Assert.That(heard["graphcompiler.learning.examples"], Is.EqualTo((double[])[2, 1, 2, 1]));
        Assert.That(heard["graphcompiler.learning.epochs"], Is.EqualTo((double[])[1, 1]));
        Assert.That(heard["graphcompiler.learning.learning_rate"], Is.EqualTo((double[])[0.125, 0.125, 0.125, 0.125]));
        Assert.That(heard["graphcompiler.learning.validation.loss"], Is.EqualTo(epochs.Select(e => e.Validation!.Loss)));
        Assert.That(heard["graphcompiler.learning.step.duration"], Has.Count.EqualTo(4).And.All.Positive);
        Assert.That(heard["graphcompiler.learning.loss"], Has.Count.EqualTo(4).And.All.Positive);
        Assert.That(heard["graphcompiler.learning.gradient_norm"], Has.Count.EqualTo(4).And.All.Positive);
        Assert.That(units, Has.Count.EqualTo(8));
        Assert.That(units["graphcompiler.learning.step.duration"], Is.EqualTo("s"));
        Assert.That(units["graphcompiler.learning.steps"], Is.EqualTo("{step}"));

        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Other trainings of the process are told apart by their model.
            if (tags.Length == 1 && tags[0] is { Key: "model", Value: string model } && model == net.ToString())
            {
                lock (heard)
                {
                    (heard.TryGetValue(instrument.Name, out List<double>? values) ? values : heard[instrument.Name] = []).Add(value);
                }
            }
        }
    }
}
