using System.Globalization;

namespace GraphCompiler.Learning.Tests.References;

/// <summary>Layers start as PyTorch's modules do: the same parameters and shapes, numbers spread alike.</summary>
internal sealed class SpreadTests
{
    private static readonly ILookup<string, Spread> Expected = File.ReadLines(Path.Combine(ReferenceFile.Folder, "spreads.csv"))
        .Where(l => !l.StartsWith('#'))
        .Select(l => l.Split(','))
        .ToLookup(f => f[0], f => new Spread(f[1], f[2], Number(f[3]), Number(f[4]), Number(f[5])));

    private static readonly Dictionary<string, Func<Generator, Module>> Fresh = new()
    {
        ["linear"] = r => new Linear(100, 80, r),
        ["conv"] = r => new Conv2D(12, 24, 3, r, groups: 2),
        ["conv_transposed"] = r => new ConvTranspose2D(12, 24, 3, r, groups: 2),
        ["embedding"] = r => new Embedding(100, 30, r, paddingIndex: 0),
        ["embedding_bag"] = r => new EmbeddingBag(100, 30, r),
        ["bilinear"] = r => new Bilinear(16, 24, 20, r),
        ["rnn"] = r => new Rnn(30, 50, r),
        ["lstm"] = r => new Lstm(20, 40, r),
        ["gru"] = r => new Gru(20, 40, r),
        ["lstm_cell"] = r => new LstmCell(20, 40, r),
        ["attention"] = r => new MultiHeadAttention(48, 4, r),
        ["cross_attention"] = r => new MultiHeadAttention(48, 4, r, keyWidth: 32, valueWidth: 80),
        ["encoder_layer"] = r => new TransformerEncoderLayer(48, 4, r, 96),
        ["decoder_layer"] = r => new TransformerDecoderLayer(48, 4, r, 96),
        ["transformer"] = r => new Transformer(r, 48, 4, 1, 1, 96),
        ["prelu"] = _ => new PRelu(30),
        ["batch_norm"] = _ => new BatchNorm(6),
        ["layer_norm"] = _ => new LayerNorm(6),
        ["group_norm"] = _ => new GroupNorm(2, 6),
        ["instance_norm"] = _ => new InstanceNorm(6, affine: true, track: true),
    };

    private static IEnumerable<TestCaseData> Names() => Expected.Select(m => m.Key).Select(n => new TestCaseData(n).SetArgDisplayNames(n));

    [TestCaseSource(nameof(Names))]
    public void Starts_as_there(string name)
    {
        Module module = Fresh[name](new Generator(1));
        Dictionary<string, Parameter<float>> parameters = module.NamedParameters().Where(p => p.Parameter is Parameter<float>).ToDictionary(p => p.Path, p => (Parameter<float>)p.Parameter);
        Assert.That(parameters.Keys, Is.EquivalentTo(Expected[name].Select(s => s.Parameter)));
        foreach (Spread expected in Expected[name])
        {
            Parameter<float> parameter = parameters[expected.Parameter];
            double[] numbers = [.. parameter.Values.ToArray().Select(v => (double)v)];
            double mean = numbers.Average(), deviation = Math.Sqrt(numbers.Average(v => (v - mean) * (v - mean))), largest = numbers.Max(Math.Abs);
            Assert.That(string.Join("x", parameter.Shape.Select(d => d.ToString())), Is.EqualTo(expected.Shape), expected.Parameter);

            // Both are drawn: five times the deviation that the difference of two means, or of two deviations, has at most.
            double slack = 5 * expected.Deviation / Math.Sqrt(numbers.Length);
            Assert.That(mean, Is.EqualTo(expected.Mean).Within(slack * Math.Sqrt(2)), $"mean of {expected.Parameter}");
            Assert.That(deviation, Is.EqualTo(expected.Deviation).Within(slack), $"deviation of {expected.Parameter}");

            // The largest of even numbers is below √3 deviations, of many normal ones above 2.
            if (numbers.Length >= 100)
            {
                Assert.That(largest < 2 * deviation, Is.EqualTo(expected.Largest < 2 * expected.Deviation), $"kind of {expected.Parameter}");
            }
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Spread(string Parameter, string Shape, double Mean, double Deviation, double Largest);
}
