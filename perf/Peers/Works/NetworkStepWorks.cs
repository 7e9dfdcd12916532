namespace GraphCompiler.Peers.Works;

/// <summary>
/// A training step of a small network for digits, [64, 1, 28, 28]: two convolutions 3×3 with relu and 2×2 max-pooling, a linear layer, cross-entropy, all gradients, Adam. Compared
/// as in <see cref="MlpTrainingWork"/>.
/// </summary>
internal sealed partial class DigitsNetworkWork : Work
{
    private const int Batch = 64;
    private const double Rate = 1e-3;
    private const double MoveTolerance = 1e-2;

    private static readonly int[][] Shapes = [[16, 1, 3, 3], [16], [32, 16, 3, 3], [32], [10, 1568], [10]];

    private readonly float[] xs = Normal(1, Batch * 28 * 28);
    private readonly long[] classes = Classes(2, Batch, 10);
    private readonly float[][] initial = [.. Shapes.Select((s, i) => Normal(3 + i, s.Aggregate(1, (n, d) => n * d), s.Length == 1 ? 0.1 : Math.Sqrt(2.0 / s.Skip(1).Aggregate(1, (n, d) => n * d))))];

    public override string Name => "cnn-step";

    public override string Description => $"two convolutions with relu and pooling, a linear layer, batch {Batch}, cross-entropy and Adam, a step";

    public override int RunsBeforeComparing => 3;

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", 1, 28, 28]);
        Input<long> c = Ops.Input<long>("c", ["N"]);
        Parameter<float>[] p = [.. Shapes.Select((s, i) => Parameter($"p{i}", initial[i], s))];
        Node h = Ops.MaxPool2D(Ops.Relu(Ops.Conv2D(x, p[0], p[1], padding: 1)), 2);
        h = Ops.MaxPool2D(Ops.Relu(Ops.Conv2D(h, p[2], p[3], padding: 1)), 2);
        Node loss = Ops.CrossEntropy(Ops.Linear(Ops.Flatten(h, 1), p[4], p[5]), c);
        IReadOnlyList<Update> adam = Optimizers.Adam(loss, p, Rate);
        var step = Compiler.Compile<Action<float[], long[], float[]>>([x, c], [loss], adam, options: OurSystem.Options);
        float[] lossOut = new float[1];
        return new Contender(
            OurSystem.Name,
            () => step(xs, classes, lossOut),
            () => [new Result("loss", lossOut), .. p.Select((values, i) => Moved(i, values.Values.ToArray()))])
        {
            Reset = () =>
            {
                ClearState(adam);
                for (int i = 0; i < p.Length; i++)
                {
                    p[i].Set(initial[i].AsSpan());
                }
            },
        };
    }

    private Result Moved(int index, float[] values) => new($"step of parameter {index}", [.. values.Zip(initial[index], (now, before) => now - before)], MoveTolerance);
}

/// <summary>A residual block in training, [4, 64, 56, 56]: two convolutions 3×3 with batch norms and relu; the gradients of a weighted sum by the input and all parameters.</summary>
internal sealed partial class ResidualBlockWork : Work
{
    private const int Channels = 64;
    private const double Tolerance = 1e-4;

    private static readonly int[] Sizes = [4, Channels, 56, 56];
    private static readonly int[][] Shapes = [[Channels, Channels, 3, 3], [Channels], [Channels], [Channels, Channels, 3, 3], [Channels], [Channels]];

    private readonly float[] xs = Normal(1, Sizes.Aggregate(1, (n, d) => n * d));
    private readonly float[] seed = Normal(2, Sizes.Aggregate(1, (n, d) => n * d));
    private readonly float[][] values = [.. Shapes.Select((s, i) => Normal(3 + i, s.Aggregate(1, (n, d) => n * d), s.Length == 1 ? 1 : 0.06))];

    public override string Name => "resnet-step";

    public override string Description => $"residual block of two 3×3 convolutions with batch norms, [{string.Join(", ", Sizes)}], forward and all gradients, that of the input included";

    public override double Operations => 6.0 * 2 * xs.Length * Channels * 9;

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", [Sizes[0], Channels, Sizes[2], Sizes[3]], requiresGrad: true);
        Input<float> g = Ops.Input("g", [Sizes[0], Channels, Sizes[2], Sizes[3]]);
        Parameter<float>[] p = [.. Shapes.Select((s, i) => Parameter($"p{i}", values[i], s))];
        Node h = Ops.Relu(Ops.BatchNormTraining(Ops.Conv2D(x, p[0], padding: 1), p[1], p[2]));
        Node y = Ops.Relu(Ops.BatchNormTraining(Ops.Conv2D(h, p[3], padding: 1), p[4], p[5]) + x);
        Node loss = (y * g).Sum();
        Node[] gradients = [.. Ops.Gradients(loss, [x, .. p])];
        float[] loss1 = new float[1];
        float[] dx = new float[xs.Length];
        float[][] dp = [.. values.Select(v => new float[v.Length])];
        var run = Compiler.Compile<Action<float[], float[], float[], float[], float[], float[], float[], float[], float[], float[]>>(
            [x, g], [loss, .. gradients], options: OurSystem.Options);
        return new Contender(
            OurSystem.Name,
            () => run(xs, seed, loss1, dx, dp[0], dp[1], dp[2], dp[3], dp[4], dp[5]),
            () => [new Result("loss", loss1, 1e-3), new Result("dx", dx, Tolerance), .. dp.Select((d, i) => new Result($"gradient of parameter {i}", d, Tolerance))]);
    }
}
