namespace GraphCompiler.Learning.Training;

/// <summary>What a batch, or a part of one, gives to a step.</summary>
/// <param name="Sum">The sum of its losses.</param>
/// <param name="Weight">What they count for.</param>
/// <param name="Parameters">What the objective reaches of what is trained.</param>
/// <param name="Gradients">The gradient of the sum by each.</param>
/// <param name="Buffers">What layers write.</param>
/// <param name="Metrics">What is measured beside it, no term of the step.</param>
internal sealed record StepTerms(Node Sum, Node Weight, IReadOnlyList<Parameter> Parameters, IReadOnlyList<Node> Gradients, IReadOnlyList<Update> Buffers, IReadOnlyList<Metric> Metrics)
{
    /// <summary>The terms as outputs, in the order of <see cref="Passed"/>.</summary>
    public IReadOnlyList<Node> Outputs => [Sum, Weight, .. Gradients, .. Buffers.Select(b => b.Value)];

    /// <summary>What the metrics are put together of, outputs too.</summary>
    public IEnumerable<Node> MetricParts => Metrics.SelectMany(m => m.Parts);

    /// <summary>The terms of an objective.</summary>
    /// <exception cref="ArgumentException">Nothing is trained, or the objective depends on nothing that is.</exception>
    public static StepTerms Of(Module model, Objective objective, IReadOnlyList<Update> buffers)
    {
        IReadOnlyList<Parameter> parameters = model.Parameters();
        if (parameters.Count == 0)
        {
            throw new ArgumentException($"{model} has nothing to train: it has no parameters, or all are frozen.");
        }

        IReadOnlyList<Node?> gradients = Ops.GradientsOrNull(objective.Sum, parameters);
        Parameter[] reached = [.. parameters.Where((_, i) => gradients[i] is not null)];
        return reached.Length > 0
            ? new(Metric.Double(objective.Sum), Metric.Double(objective.Weight), reached, [.. gradients.OfType<Node>()], buffers, StepMetrics.In(objective.Metrics))
            : throw new ArgumentException($"The objective depends on none of the parameters of {model}.");
    }

    /// <summary>The same terms where another graph adds them up: inputs, the last of which is of how many parts they are the sum. Buffers of floats become the mean.</summary>
    public (StepTerms Terms, IReadOnlyList<Node> Inputs) Passed()
    {
        Input[] sums = [.. Outputs.Select((t, i) => Ops.Input($"term {i}", t.Shape, t.DType))];
        Input<double> parts = Ops.Input<double>("parts", []);
        Input[] buffers = sums[^Buffers.Count..];
        var passed = new StepTerms(
            sums[0],
            sums[1],
            Parameters,
            sums[2..^Buffers.Count],
            [.. Buffers.Select((b, i) => new Update(b.Parameter, buffers[i].DType is DType.Float32 or DType.Float64 ? buffers[i] / Ops.Cast(parts, buffers[i].DType) : buffers[i]))],
            []);
        return (passed, [.. sums, parts]);
    }
}
