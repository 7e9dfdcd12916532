using static GraphCompiler.Learning.Tests.Layers.Evaluated;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>Transformers against what is written by hand of their parts.</summary>
internal sealed class TransformerTests
{
    private static readonly Generator Random = new(5);

    [Test]
    public void Names_are_those_of_PyTorch()
    {
        string[] encoder = ["self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias", "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias", "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"];
        string[] decoder = [.. encoder[..4], .. encoder[..4].Select(n => n.Replace("self_attn", "multihead_attn", StringComparison.Ordinal)), .. encoder[4..], "norm3.weight", "norm3.bias"];
        var model = new Transformer(Random, 8, 2, 2, 1, 16);
        Assert.That(model.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])[
            .. encoder.Select(n => $"encoder.layers.0.{n}"), .. encoder.Select(n => $"encoder.layers.1.{n}"), "encoder.norm.weight", "encoder.norm.bias",
            .. decoder.Select(n => $"decoder.layers.0.{n}"), "decoder.norm.weight", "decoder.norm.bias"]));
        Assert.That(model.Encoder.Layers[0].Linear1.Weight.Values.ToArray().Max(MathF.Abs), Is.EqualTo(MathF.Sqrt(6f / 24)).Within(0.03));
        Assert.That(new TransformerEncoderLayer(8, 2, Random, bias: false).NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["self_attn.in_proj_weight", "self_attn.out_proj.weight", "linear1.weight", "linear2.weight", "norm1.weight", "norm2.weight"]));
        var plain = new TransformerEncoderLayer(8, 2, Random);
        Assert.That((plain.Linear1.Outputs, plain.Dropout, plain.SelfAttn.Dropout, plain.NormFirst, plain.BatchFirst, plain.Causal, $"{plain.Activation}"), Is.EqualTo((2048, 0.1, 0.1, false, false, false, "ReLU")));
        Assert.That(new TransformerEncoder(2, () => new(8, 2, Random)).Norm, Is.Null);
    }

    [Test]
    public void An_encoder_layer_is_made_of_its_parts([Values] bool normFirst)
    {
        var layer = new TransformerEncoderLayer(8, 2, Random, 16) { NormFirst = normFirst, BatchFirst = true, Dropout = 0, Activation = Activation.Of("Gelu", y => Gelu(y)) };
        Shake(layer);
        Node x = Numbers(1, 2, 5, 8);
        Node mask = Iota([5, 5], 1) > Iota([5, 5], 0);
        Node padding = Iota([2, 5], 1) > (Iota([2, 5], 0) + 2);
        var causal = new TransformerEncoderLayer(8, 2, Random, 16) { NormFirst = normFirst, BatchFirst = true, Dropout = 0, Causal = true };
        Node FeedForward(Node y) => layer.Linear2.Forward(Gelu(layer.Linear1.Forward(y)));
        Node ByHand(Node y, Node? mask, Node? padding)
        {
            Node Attended(Node h) => layer.SelfAttn.Forward(h, h, h, padding, mask);
            if (normFirst)
            {
                y += Attended(layer.Norm1.Forward(y));
                return y + FeedForward(layer.Norm2.Forward(y));
            }

            y = layer.Norm1.Forward(y + Attended(y));
            return layer.Norm2.Forward(y + FeedForward(y));
        }

        var stack = new TransformerEncoder(1, () => layer, new LayerNorm(8));
        AreEqual(
            (layer.Forward(x), ByHand(x, null, null)),
            (layer.Forward(x, mask, padding), ByHand(x, mask, padding)),
            (stack.Forward(x), LayerNorm(layer.Forward(x))),
            (stack.Forward(x, mask, padding), LayerNorm(layer.Forward(x, mask, padding))),
            (causal.Forward(x), causal.Forward(x, mask)));
    }

    [Test]
    public void A_decoder_layer_is_made_of_its_parts([Values] bool normFirst)
    {
        var layer = new TransformerDecoderLayer(8, 2, Random, 16) { NormFirst = normFirst, Dropout = 0, Causal = true };
        Shake(layer);
        Node x = Numbers(1, 3, 2, 8);
        Node memory = Numbers(2, 5, 2, 8);
        Node mask = Iota([3, 3], 1) > (Iota([3, 3], 0) + 1);
        Node memoryMask = Iota([3, 5], 1) > (Iota([3, 5], 0) + 2);
        Node padding = Constant(new[] { false, false, false, false, false, true }).Reshape([2, 3]);
        Node memoryPadding = Iota([2, 5], 1) > (Iota([2, 5], 0) + 3);
        Node y = x;
        Node Attended(Node h) => layer.SelfAttn.Forward(h, h, h, padding, mask);
        Node Looked(Node h) => layer.MultiheadAttn.Forward(h, memory, memory, memoryPadding, memoryMask);
        Node FeedForward(Node h) => layer.Linear2.Forward(Relu(layer.Linear1.Forward(h)));
        if (normFirst)
        {
            y += Attended(layer.Norm1.Forward(y));
            y += Looked(layer.Norm2.Forward(y));
            y += FeedForward(layer.Norm3.Forward(y));
        }
        else
        {
            y = layer.Norm1.Forward(y + Attended(y));
            y = layer.Norm2.Forward(y + Looked(y));
            y = layer.Norm3.Forward(y + FeedForward(y));
        }

        var stack = new TransformerDecoder(1, () => layer, new LayerNorm(8));
        Assert.That((layer.Causal, layer.BatchFirst, $"{layer.Activation}", stack.Layers.Count), Is.EqualTo((true, false, "ReLU", 1)));
        AreEqual(
            (layer.Forward(x, memory, mask, memoryMask, padding, memoryPadding), y),
            (stack.Forward(x, memory), stack.Norm!.Forward(layer.Forward(x, memory))));
    }

    [Test]
    public void A_transformer_is_an_encoder_and_a_decoder()
    {
        var model = new Transformer(Random, 8, 2, 1, 1, 16, dropout: 0, batchFirst: true, causal: true);
        Node source = Numbers(1, 2, 5, 8);
        Node target = Numbers(2, 2, 3, 8);
        Node padding = Iota([2, 5], 1) > (Iota([2, 5], 0) + 3);
        AreEqual(
            (model.Forward(source, target), model.Decoder.Forward(target, model.Encoder.Forward(source))),
            (model.Forward(source, target, sourceKeyPaddingMask: padding, memoryKeyPaddingMask: padding), model.Decoder.Forward(target, model.Encoder.Forward(source, null, padding), memoryKeyPaddingMask: padding)));
    }

    [Test]
    public void What_is_dropped_is_dropped_by_training_alone()
    {
        var layer = new TransformerDecoderLayer(8, 2, Random, 16) { Dropout = 1 };
        Node x = Numbers(1, 3, 2, 8);
        Assert.That(layer.Dropout, Is.EqualTo(1));
        Assert.That(() => layer.Forward(x, x), Throws.InvalidOperationException.With.Message.Contains("differs between training and inference"));
        using (Pass.Training(new Generator(1)))
        {
            AreEqual((layer.Forward(x, x), LayerNorm(LayerNorm(LayerNorm(x)))));
        }
    }

    [Test]
    public void What_does_not_fit_is_named()
    {
        var model = new Transformer(Random, 8, 2, 1, 1, 16, dropout: 0);
        Node x = Input("x", ["T", "N", 8]);
        Assert.That(
            () => model.Forward(x, Input("y", ["T", "N", 4])),
            Throws.TypeOf<ShapeException>().With.Message.EqualTo("'decoder.layers.0.self_attn' (MultiHeadAttention(8, 2 heads)): takes a query [L, N, 8], or [L, 8] without a batch, and was given [T, N, 4]."));
        Assert.That($"{model}, {model.Encoder}, {model.Decoder.Layers[0]}", Is.EqualTo("Transformer(1 + 1 layers), TransformerEncoder(1), TransformerDecoderLayer(8, 2 heads, 16)"));
    }

    /// <summary>Moves biases and norms from where they begin.</summary>
    private static void Shake(Module module)
    {
        foreach (Parameter<float> parameter in module.Parameters().OfType<Parameter<float>>().Where(p => p.Rank == 1))
        {
            parameter.Set(new Generator(7).Uniform(0.5f, 1.5f, [(int)parameter.Shape[0].Constant!]).ToArray());
        }
    }
}
