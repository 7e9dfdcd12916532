namespace GraphCompiler.Peers.Works;

/// <summary>
/// A training step of the 784-256-128-10 perceptron: cross-entropy, all gradients, Adam. Each sample starts from the first step, so that long runs do
/// not end in denormal moments. What is compared is the loss and how far each weight has moved: the weights themselves would hide a wrong step.
/// </summary>
internal sealed partial class MlpTrainingWork(int batch) : Work
{
    private const double Rate = 1e-3;

    /// <summary>Adam divides by the gradient's size: rounding decides the step of a weight whose gradient is all but zero.</summary>
    private const double MoveTolerance = 1e-2;

    private readonly MlpWeights mlp = new(784, 256, 128, 10);
    private readonly float[] xs = Normal(1, batch * 784);
    private readonly long[] classes = Classes(2, batch, 10);

    public override string Name => $"mlp-train-{batch}";

    public override string Description => $"784-256-128-10, relu, batch {batch}, cross-entropy and Adam, a step";

    public override int RunsBeforeComparing => 3;

    public static IEnumerable<Work> All() => [new MlpTrainingWork(1), new MlpTrainingWork(64), new MlpTrainingWork(256)];

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", 784]);
        Input<long> c = Ops.Input<long>("c", ["N"]);
        Node loss = Ops.CrossEntropy(MlpWork.Model(x, mlp, tanh: false, out Parameter<float>[] parameters), c);
        IReadOnlyList<Update> adam = Optimizers.Adam(loss, parameters, Rate);
        var step = Compiler.Compile<Action<float[], long[], float[]>>([x, c], [loss], adam, options: OurSystem.Options);
        float[] lossOut = new float[1];
        return new Contender(
            OurSystem.Name,
            () => step(xs, classes, lossOut),
            () => [new Result("loss", lossOut), .. parameters.Select((p, i) => Moved(i, p.Values.ToArray()))])
        {
            Reset = () => Restart(adam, parameters),
        };
    }

    private Result Moved(int index, float[] values)
    {
        float[] first = Initial(index);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] -= first[i];
        }

        return new Result($"step of parameter {index}", values, MoveTolerance);
    }

    private float[] Initial(int index) => index % 2 == 0 ? mlp.Weights[index / 2] : mlp.Biases[index / 2];

    private void Restart(IReadOnlyList<Update> adam, Parameter<float>[] parameters)
    {
        ClearState(adam);
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i].Set(Initial(i).AsSpan());
        }
    }
}
