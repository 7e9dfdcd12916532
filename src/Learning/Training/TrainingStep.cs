using System.Globalization;

namespace GraphCompiler.Learning.Training;

/// <summary>A step of training as nodes: what it tells, and what it changes.</summary>
internal sealed class TrainingStep
{
    private TrainingStep(IReadOnlyList<Node> outputs, IReadOnlyList<Update> updates, IReadOnlyDictionary<Parameter, Parameter> averages, long? scheduledSteps, IReadOnlyList<Plateau> plateaus) =>
        (Outputs, Updates, Averages, ScheduledSteps, Plateaus) = (outputs, updates, averages, scheduledSteps, plateaus);

    /// <summary>Sum, weight, gradient norm and learning rate, Float64 scalars.</summary>
    public IReadOnlyList<Node> Outputs { get; }

    /// <summary>Parameters, buffers, states of optimisers, averages, the count of steps.</summary>
    public IReadOnlyList<Update> Updates { get; }

    /// <summary>The average of each parameter; empty without.</summary>
    public IReadOnlyDictionary<Parameter, Parameter> Averages { get; }

    /// <summary>For how many steps the shortest schedule of an optimiser was made; null if there is none.</summary>
    public long? ScheduledSteps { get; }

    /// <summary>What waits for losses of epochs.</summary>
    public IReadOnlyList<Plateau> Plateaus { get; }

    /// <summary>Defines a step.</summary>
    /// <param name="terms">What the batch gives.</param>
    /// <param name="step">The count of steps, an int64 scalar.</param>
    /// <param name="settings">How.</param>
    /// <exception cref="ArgumentException">No group has a parameter, or a group has none.</exception>
    public static TrainingStep Define(StepTerms terms, Parameter<long> step, TrainingSettings settings)
    {
        Node[] means = [.. terms.Gradients.Select(g => g / Ops.Cast(terms.Weight, g.DType))];
        (NodeList clipped, Node norm) = GradientClipping.ByNorm(means, settings.ClipNorm ?? double.PositiveInfinity);
        IReadOnlyList<Node> used = settings.ClipNorm is null ? means : clipped;
        used = settings.ClipValue is { } most ? GradientClipping.ByValue(used, most) : used;
        List<Update> updates = [.. Optimised(terms.Parameters, used, settings.Groups), .. terms.Buffers];
        Dictionary<Parameter, Parameter> averages = [];
        if (settings.Average is { } ema)
        {
            foreach (Update update in updates.Where(u => terms.Parameters.Contains(u.Parameter)).ToArray())
            {
                Parameter average = Copy(update.Parameter);
                averages.Add(update.Parameter, average);
                updates.Add(new Update(average, (ema.Decay * average) + ((1 - ema.Decay) * update.Value)));
            }
        }

        // Everything that a step writes, as what is infinite in a state would be in a parameter soon. A sum of zeros is the cheapest way to see it: infinity times 0 is NaN.
        Update[] floats = [.. updates.Where(u => u.Parameter.DType is DType.Float32 or DType.Float64)];
        Dictionary<Node, Node> counted = new() { [Schedule.Step] = step };
        NodeList values = Ops.Substitute([.. updates.Select(u => u.Value), .. floats.Select(u => Metric.Double(Ops.Sum(u.Value * 0))), settings.Groups[0].Optimizer.LearningRate.As(DType.Float64)], counted);
        NodeList told = Finite(terms.Sum, terms.Weight, Metric.Double(norm), step, Ops.Stack([.. values.Skip(updates.Count).Take(floats.Length)]), [.. floats.Select(u => u.Parameter.Path)]);
        return new TrainingStep([.. told, values[^1]], [.. updates.Select((u, i) => new Update(u.Parameter, values[i])), new Update(step, step + 1)], averages, Schedule.ShortestIn(updates.Select(u => u.Value)), Plateau.In(updates.Select(u => u.Value)));
    }

    /// <summary>The updates of each group; that all parameters are in one, and all groups have some.</summary>
    private static IEnumerable<Update> Optimised(IReadOnlyList<Parameter> parameters, IReadOnlyList<Node> gradients, IReadOnlyList<OptimizerGroup> groups)
    {
        var divided = parameters.Select((p, i) => (Parameter: p, Gradient: gradients[i], Group: groups.FirstOrDefault(g => g.Predicate(p)))).ToArray();
        if (divided.FirstOrDefault(d => d.Group is null).Parameter is { } left)
        {
            throw new ArgumentException($"None of the {groups.Count} groups of optimisers has the parameter '{left.Path}' {left.Shape}: let the last one's predicate hold for all, or freeze what is not to be trained.");
        }

        foreach (OptimizerGroup group in groups)
        {
            var own = divided.Where(d => d.Group == group).ToArray();
            if (own.Length == 0)
            {
                throw new ArgumentException($"No parameter is left for group {groups.TakeWhile(g => g != group).Count()}, {group.Optimizer.Name}: its predicate holds for none that no group before it has.");
            }

            foreach (Update update in group.Optimizer.Update([.. own.Select(d => d.Parameter)], [.. own.Select(d => d.Gradient)]))
            {
                yield return update;
            }
        }
    }

    private static Parameter Copy(Parameter parameter)
    {
        Parameter copy = Ops.Parameter("average", parameter.Shape, 0, parameter.DType, requiresGrad: false);
        copy.Path = $"{parameter.Path}/average";
        copy.Set(parameter);
        return copy;
    }

    /// <summary>The same numbers, if all are finite, and all that the step writes; else the call fails, and nothing has changed.</summary>
    private static NodeList Finite(Node sum, Node weight, Node norm, Node step, Node zeros, string[] written)
    {
        NodeType number = new(DType.Float64, []);
        return Ops.HostFunction("step", [sum, weight, norm, step, zeros], [number, number, number], call =>
        {
            double total = call.In<double>(0)[0];
            double count = call.In<double>(1)[0];
            double size = call.In<double>(2)[0];
            double loss = total / count;
            int bad = call.In<double>(4).IndexOfAnyExcept(0);
            if (!double.IsFinite(loss) || !double.IsFinite(size) || bad >= 0)
            {
                throw Diverged(call.In<long>(3)[0], loss, count, size, bad < 0 ? string.Empty : written[bad]);
            }

            call.Out<double>(0)[0] = total;
            call.Out<double>(1)[0] = count;
            call.Out<double>(2)[0] = size;
        });
    }

    private static DivergenceException Diverged(long step, double loss, double count, double norm, string written)
    {
        string what = count == 0 ? "The batch counts for nothing: it is empty, or all of its targets are ignored"
            : !double.IsFinite(loss) ? string.Create(CultureInfo.InvariantCulture, $"The loss is {loss}")
            : !double.IsFinite(norm) ? string.Create(CultureInfo.InvariantCulture, $"The loss is {loss}, and the norm of its gradients {norm}")
            : string.Create(CultureInfo.InvariantCulture, $"The loss is {loss}, and '{written}' would no longer be finite");
        string said = string.Create(CultureInfo.InvariantCulture, $"{what} at step {step}, which has changed nothing.");
        return count == 0 ? new DivergenceException($"{said} A batch has at least one example.", step, loss)
            : new DivergenceException(said, step, loss, "All numbers of the batch are finite: look for a learning rate that is too high; CompileOptions.DetectAnomaly tells the operation.");
    }
}

/// <summary>How a step is made.</summary>
/// <param name="Groups">Optimisers, and what they train.</param>
/// <param name="ClipNorm">The largest norm of all gradients.</param>
/// <param name="ClipValue">The largest magnitude of a gradient's number.</param>
/// <param name="Average">Averages of parameters.</param>
internal sealed record TrainingSettings(IReadOnlyList<OptimizerGroup> Groups, double? ClipNorm, double? ClipValue, Ema? Average);
