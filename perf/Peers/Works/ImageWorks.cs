namespace GraphCompiler.Peers.Works;

/// <summary>Inference of small networks of convolutions, their weights held by the model.</summary>
/// <param name="name">What it is called.</param>
/// <param name="description">What it computes.</param>
/// <param name="input">Batch, channels, rows and columns of the input.</param>
/// <param name="layers">The layers.</param>
/// <param name="classes">Results of a linear layer at the end; 0 if there is none.</param>
internal sealed partial class ImageWork(string name, string description, int[] input, ImageLayer[] layers, int classes = 0) : Work
{
    private readonly float[] xs = Normal(1, input.Aggregate(1, (n, d) => n * d));
    private readonly float[][] weights = [.. layers.Select((l, i) => Normal(2 + i, l.Weight.Aggregate(1, (n, d) => n * d), 0.1))];
    private readonly float[][] scales = [.. layers.Select((l, i) => Normal(20 + i, l.Outputs))];
    private readonly float[][] biases = [.. layers.Select((l, i) => Normal(40 + i, l.Outputs))];

    public override string Name => name;

    public override string Description => description;

    public override double Operations
    {
        get
        {
            double operations = 0;
            double size = input[2];
            foreach (ImageLayer layer in layers)
            {
                operations += 2.0 * input[0] * size * size * layer.Weight.Aggregate(1, (n, d) => n * d);
                size /= layer.Pools ? 2 : 1;
            }

            return operations + (2.0 * input[0] * Features * classes);
        }
    }

    private int Features => layers[^1].Outputs * Side * Side;

    private int Side => layers.Aggregate(input[2], (size, layer) => layer.Pools ? size / 2 : size);

    private float[] Linear => Normal(60, Features * classes, 0.1);

    private float[] Output => new float[input[0] * (classes > 0 ? classes : Features)];

    public static IEnumerable<Work> All() =>
    [
        new ImageWork(
            "cnn-infer", "3 × 3 convolutions 1 → 16 → 32 with relu and 2 × 2 pools, linear to 10, [64, 1, 28, 28], inference", [64, 1, 28, 28],
            [new ImageLayer(16, 1, 3) { Pools = true, Ends = ImageEnd.Relu }, new ImageLayer(32, 16, 3) { Pools = true, Ends = ImageEnd.Relu }], classes: 10),
        new ImageWork(
            "resnet-infer", "two 3 × 3 convolutions of 64 channels with norms, relu and the residual, [4, 64, 56, 56], inference", [4, 64, 56, 56],
            [new ImageLayer(64, 64, 3) { HasNorm = true, Ends = ImageEnd.Relu }, new ImageLayer(64, 64, 3) { HasNorm = true, AddsInput = true, Ends = ImageEnd.Relu }]),
        new ImageWork(
            "depthwise", "3 × 3 depthwise and 1 × 1 convolution with norms and relu6, [1, 128, 56, 56], inference", [1, 128, 56, 56],
            [new ImageLayer(128, 1, 3) { Groups = 128, HasNorm = true, Ends = ImageEnd.Relu6 }, new ImageLayer(128, 128, 1) { HasNorm = true, Ends = ImageEnd.Relu6 }]),
    ];

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", input[1], input[2], input[3]]);
        Node y = x;
        for (int i = 0; i < layers.Length; i++)
        {
            ImageLayer layer = layers[i];
            y = Ops.Conv2D(y, Parameter($"w{i}", weights[i], layer.Weight), layer.HasNorm ? null : Parameter($"b{i}", biases[i], layer.Outputs), padding: layer.Size / 2, groups: layer.Groups);
            if (layer.HasNorm)
            {
                // The norm of inference, its statistics folded: a scale and a bias a channel.
                y = (y * Ops.Reshape(Parameter($"s{i}", scales[i], layer.Outputs), [layer.Outputs, 1, 1])) + Ops.Reshape(Parameter($"b{i}", biases[i], layer.Outputs), [layer.Outputs, 1, 1]);
            }

            y = layer.AddsInput ? y + x : y;
            y = layer.Ends == ImageEnd.Relu6 ? Ops.Clamp(y, 0, 6) : Ops.Relu(y);
            y = layer.Pools ? Ops.MaxPool2D(y, 2) : y;
        }

        if (classes > 0)
        {
            y = Ops.MatMul(Ops.Flatten(y, 1, -1), Parameter("linear", Linear, Features, classes));
        }

        var predict = Compiler.Compile<Action<float[], float[]>>([x], y, options: OurSystem.Options);
        float[] output = Output;
        return new Contender(OurSystem.Name, () => predict(xs, output), () => [new Result("y", output)]);
    }
}

/// <summary>What a layer ends with.</summary>
internal enum ImageEnd
{
    Relu,
    Relu6,
}

/// <summary>A convolution that keeps the size of images, and what follows it.</summary>
/// <param name="Outputs">Output channels.</param>
/// <param name="Channels">Input channels of a group.</param>
/// <param name="Size">The size of a window along each axis.</param>
internal sealed record ImageLayer(int Outputs, int Channels, int Size)
{
    public int Groups { get; init; } = 1;

    /// <summary>Whether the norm of inference follows, instead of a bias.</summary>
    public bool HasNorm { get; init; }

    /// <summary>Whether the input of the network is added.</summary>
    public bool AddsInput { get; init; }

    public ImageEnd Ends { get; init; }

    /// <summary>Whether the largest of each 2 × 2 elements is taken.</summary>
    public bool Pools { get; init; }

    public int[] Weight => [Outputs, Channels, Size, Size];
}
