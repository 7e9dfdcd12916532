using System.Diagnostics.Metrics;

namespace GraphCompiler.Learning.Training;

/// <summary>
/// What a training measures of itself, for whoever listens to the meter <c>GraphCompiler.Learning</c>: units are those of UCUM, and a tag says whose training it is. It costs next to
/// nothing where nobody does.
/// </summary>
/// <param name="model">What is trained.</param>
internal sealed class TrainingMeter(string model) : TrainingListener
{
    private static readonly Meter Meter = new("GraphCompiler.Learning");
    private static readonly Counter<long> Steps = Meter.CreateCounter<long>("graphcompiler.learning.steps", "{step}", "Steps of training.");
    private static readonly Counter<double> Examples = Meter.CreateCounter<double>("graphcompiler.learning.examples", "{example}", "What the batches of steps count for, as a rule the number of their examples.");
    private static readonly Counter<long> Epochs = Meter.CreateCounter<long>("graphcompiler.learning.epochs", "{epoch}", "Epochs of training.");
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>("graphcompiler.learning.step.duration", "s", "How long a step took, without the making of its batch.");
    private static readonly Gauge<double> Loss = Meter.CreateGauge<double>("graphcompiler.learning.loss", "1", "The loss of a step's batch, before the step.");
    private static readonly Gauge<double> GradientNorm = Meter.CreateGauge<double>("graphcompiler.learning.gradient_norm", "1", "The norm of all gradients together, before they were clipped.");
    private static readonly Gauge<double> LearningRate = Meter.CreateGauge<double>("graphcompiler.learning.learning_rate", "1", "The learning rate of the first group.");
    private static readonly Gauge<double> ValidationLoss = Meter.CreateGauge<double>("graphcompiler.learning.validation.loss", "1", "The loss of what the model is measured by after an epoch.");

    private readonly KeyValuePair<string, object?> tag = new("model", model);

    public override void Stepped(in StepReport step)
    {
        Steps.Add(1, tag);
        Examples.Add(step.Weight, tag);
        Durations.Record(step.Duration.TotalSeconds, tag);
        Loss.Record(step.Loss, tag);
        GradientNorm.Record(step.GradientNorm, tag);
        LearningRate.Record(step.LearningRate, tag);
    }

    public override void EpochEnded(Epoch epoch)
    {
        Epochs.Add(1, tag);
        if (epoch.Validation is { } validation)
        {
            ValidationLoss.Record(validation.Loss, tag);
        }
    }
}
