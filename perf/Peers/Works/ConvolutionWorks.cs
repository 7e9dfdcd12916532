namespace GraphCompiler.Peers.Works;

/// <summary>A convolution of [N, C, H, W], its size kept by padding: in inference, or with the gradients of the sum of its squares.</summary>
/// <param name="name">What it is called.</param>
/// <param name="input">Batch, channels, rows and columns of the input.</param>
/// <param name="outputs">Output channels.</param>
/// <param name="kernel">The size of a window along each axis.</param>
/// <param name="stride">From a window to the next.</param>
/// <param name="groups">Groups of channels.</param>
/// <param name="step">Whether gradients are computed.</param>
internal sealed partial class ConvolutionWork(string name, int[] input, int outputs, int kernel, int stride = 1, int groups = 1, bool step = false) : Work
{
    private readonly int[] weight = [outputs, input[1] / groups, kernel, kernel];
    private readonly float[] xs = Normal(1, input.Aggregate(1, (n, d) => n * d));
    private readonly float[] ws = Normal(2, outputs * (input[1] / groups) * kernel * kernel, 0.1);

    public override string Name => $"conv-{name}";

    public override string Description =>
        $"convolution of [{string.Join(", ", input)}] with [{string.Join(", ", weight)}]{(stride == 1 ? string.Empty : $", stride {stride}")}{(step ? ", forward and both gradients" : ", inference")}";

    public override double Operations => (step ? 6.0 : 2.0) * input[0] * weight.Aggregate(1, (n, d) => n * d) * Positions(2) * Positions(3);

    public static IEnumerable<Work> All() =>
    [
        new ConvolutionWork("batch", [32, 32, 16, 16], 64, 3),
        new ConvolutionWork("single", [1, 64, 56, 56], 64, 3),
        new ConvolutionWork("depthwise", [32, 64, 16, 16], 64, 3, groups: 64),
        new ConvolutionWork("step", [32, 32, 16, 16], 64, 3, step: true),
    ];

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", input[1], input[2], input[3]], requiresGrad: step);
        Parameter<float> w = Parameter("w", ws, weight);
        Node result = Ops.Conv2D(x, w, stride: stride, padding: kernel / 2, groups: groups);
        if (!step)
        {
            var run = Compiler.Compile<Action<float[], float[]>>([x], result, options: OurSystem.Options);
            float[] output = new float[input[0] * outputs * Positions(2) * Positions(3)];
            return new Contender(OurSystem.Name, () => run(xs, output), () => [new Result("result", output)]);
        }

        Node loss = result.Pow(2).Sum();
        (Node dx, Node dw) = Ops.Gradients(loss, x, w);
        var gradients = Compiler.Compile<Action<float[], float[], float[], float[]>>([x], [loss, dx, dw], options: OurSystem.Options);
        float[] lossOut = new float[1];
        float[] dxOut = new float[xs.Length];
        float[] dwOut = new float[ws.Length];
        return new Contender(
            OurSystem.Name,
            () => gradients(xs, lossOut, dxOut, dwOut),
            () => [new Result("loss", lossOut), new Result("dx", dxOut), new Result("dw", dwOut)]);
    }

    private long Positions(int axis) => ((input[axis] + (2 * (kernel / 2)) - kernel) / stride) + 1;
}
