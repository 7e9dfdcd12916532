using GraphCompiler.Learning;

namespace GraphCompiler.Docs.Snippets;

internal sealed class GenerationSnippets
{
    [Test]
    public void A_model_goes_on_with_a_text()
    {
        // snippet: learning-generation
        var net = new Gpt(tokens: 65, width: 32, context: 128, new Generator(seed: 1));
        using var generator = new TextGenerator(net, capacity: 128);
        var sampling = new Sampling(new Generator(seed: 7)) { Temperature = 0.8, TopK = 40, TopP = 0.95 };
        foreach (long token in generator.Generate(prompt: [1, 2, 3], most: 20, sampling, stop: [0]))
        {
            Console.Write($"{token} ");
        }

        // end
        Assert.That(generator.IsCached, Is.True);
    }

    // snippet: learning-gpt
    private sealed class Gpt(int tokens, int width, int context, Generator random) : Layer
    {
        private readonly Embedding wte = new(tokens, width, random);
        private readonly Embedding wpe = new(context, width, random);
        private readonly TransformerEncoder h = new(2, () => new(width, 4, random, 4 * width) { Causal = true, BatchFirst = true, NormFirst = true }, new LayerNorm(width));
        private readonly Linear head = new(width, tokens, random, bias: false);

        protected override Node Define(Node x) => head.Forward(h.Forward(wte.Forward(x) + wpe.Forward(Pass.Positions(x.Shape[1]))));
    }

    // end
}
