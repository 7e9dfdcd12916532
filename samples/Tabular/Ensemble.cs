using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace Tabular;

/// <summary>How large the networks of an ensemble are, and how many there are.</summary>
internal sealed record EnsembleSize(int Members, int Inputs, int Hidden, int Outputs);

/// <summary>
/// Networks of two hidden layers, side by side: rows [N, …] to what each member says of each, [members, N, outputs]. They share what comes before them, which learns nothing, and each
/// product is one of all members, so that they are trained in one step as if they were one network.
/// </summary>
internal sealed class Ensemble(Layer encoding, EnsembleSize size, Generator random) : Layer
{
    private readonly EnsembleLinear first = new(size.Members, size.Inputs, size.Hidden, random);
    private readonly EnsembleLinear second = new(size.Members, size.Hidden, size.Hidden, random);
    private readonly EnsembleLinear head = new(size.Members, size.Hidden, size.Outputs, random);

    /// <summary>Weights decay, biases do not; the rate rises for a twentieth of the steps and falls along a cosine.</summary>
    public static IReadOnlyList<OptimizerGroup> Optimizers(double rate, double decay, long steps)
    {
        Schedule schedule = Schedule.Cosine(rate, steps, warmUp: steps / 20);
        return [new(new AdamW(schedule) { WeightDecay = decay }, p => p.Rank == 3), new AdamW(schedule) { WeightDecay = 0 }];
    }

    /// <inheritdoc/>
    protected override Node Define(Node x) => head.Forward(Relu(second.Forward(Relu(first.Forward(encoding.Forward(x))))));
}

/// <summary>A linear layer for each member: [N, inputs] or [members, N, inputs] to [members, N, outputs].</summary>
internal sealed class EnsembleLinear(int members, int inputs, int outputs, Generator random) : Layer
{
    private readonly Parameter<float> weight = Initializer.PyTorch(inputs).Make(random, members, inputs, outputs);
    private readonly Parameter<float> bias = Initializer.PyTorch(inputs).Make(random, members, outputs);

    /// <inheritdoc/>
    public override string ToString() => $"{members} × Linear({inputs} → {outputs})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => MatMul(x, weight) + bias.Unsqueeze(1);
}
