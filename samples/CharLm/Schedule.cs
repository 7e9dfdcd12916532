using GraphCompiler;
using static GraphCompiler.Ops;

namespace CharLm;

/// <summary>How a transformer is trained.</summary>
/// <param name="Steps">How many steps.</param>
/// <param name="BatchSize">Names a step.</param>
/// <param name="LearningRate">The largest learning rate.</param>
/// <param name="WeightDecay">How fast weights that help nothing vanish.</param>
/// <param name="Hidden">The part of the characters that is hidden.</param>
internal sealed record Schedule(int Steps, int BatchSize = 64, double LearningRate = 4e-3, double WeightDecay = 0.3, double Hidden = 0.25)
{
    private const double MostNorm = 1;

    /// <summary>The learning rate of a step: it rises for a twentieth of them, then falls along a cosine.</summary>
    public float RateAt(int step)
    {
        int warmUp = Math.Max(1, Steps / 20);
        double factor = step < warmUp ? (step + 1.0) / warmUp : (1 + Math.Cos(Math.PI * (step - warmUp) / Math.Max(1, Steps - warmUp))) / 2;
        return (float)(LearningRate * factor);
    }

    /// <summary>A step's updates of the parameters: AdamW on gradients of bounded norm. Matrices decay; biases and norms do not.</summary>
    public IReadOnlyList<Update> Updates(Node loss, IReadOnlyList<Parameter> parameters, Node rate)
    {
        NodeList gradients = GradientClipping.ByNorm(Gradients(loss, parameters), MostNorm).Gradients;
        return [.. AdamW(WeightDecay, w => w.Rank > 1), .. AdamW(0, w => w.Rank == 1)];

        IReadOnlyList<Update> AdamW(double decay, Func<Parameter, bool> isMeant) =>
            new AdamW(rate) { WeightDecay = decay, Beta2 = 0.99 }.Update(parameters, [.. parameters.Zip(gradients, (w, g) => isMeant(w) ? g : null)]);
    }
}
