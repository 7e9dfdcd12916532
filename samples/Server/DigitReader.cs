using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace Server;

/// <summary>A network that reads digits: trained, saved, loaded, and compiled once for any number of images.</summary>
internal sealed class DigitReader : IDisposable
{
    private const int Hidden = 1024;

    private readonly CompiledGraph graph;
    private readonly Action<ReadOnlyMemory<float>, Memory<float>> read;

    /// <summary>Loads what <see cref="Train"/> saved.</summary>
    public DigitReader(string path)
    {
        Sequential net = Network(new Generator(seed: 0));
        net.Load(path);
        var x = Input("pixels", ["N", Image.Size]);
        graph = net.Compile([x], () => Softmax(Logits(net, x)));
        read = graph.CreateDelegate<Action<ReadOnlyMemory<float>, Memory<float>>>();
    }

    /// <summary>Trains a network on images and saves it; says which part of the others it reads right.</summary>
    public static async Task<double> Train(DigitRows digits, int epochs, string path)
    {
        var random = new Generator(seed: 1);
        Sequential net = Network(random);
        var (x, y) = (Input("pixels", ["N", Image.Size]), Input<long>("digit", ["N"]));
        Objective Define()
        {
            Node logits = Logits(net, x);
            return Objective.CrossEntropy(logits, y).With(Metric.Accuracy(logits, y));
        }

        using var trainer = new Trainer(net, [x, y], Define, random) { Optimizers = [new AdamW(2e-3)] };
        double accuracy = 0;
        await foreach (Epoch epoch in trainer.Fit(digits.Train.Shuffle(seed: 1).Batch(64), digits.Test.Batch(64), epochs))
        {
            accuracy = epoch.Validation!["accuracy"];
        }

        net.Save(path);
        return accuracy;
    }

    /// <summary>Fills chances, ten an image, from pixels, 64 an image. Calls may be concurrent: nothing is written but what the caller brings.</summary>
    public void Read(ReadOnlyMemory<float> pixels, Memory<float> chances) => read(pixels, chances);

    public void Dispose() => graph.Dispose();

    private static Sequential Network(Generator random) =>
        new(new Linear(Image.Size, Hidden, random), Activation.Relu, new Linear(Hidden, Hidden, random), Activation.Relu, new Linear(Hidden, Reading.Classes, random));

    private static Node Logits(Sequential net, Node pixels) => net.Forward(pixels / Image.Brightest);
}
