namespace GraphCompiler.Learning.Tests.References;

/// <content>Recurrent layers, attention and transformers.</content>
internal static partial class ReferenceModels
{
    private static Dictionary<string, Func<Generator, ReferenceModel>> Recurrent => new()
    {
        ["rnn"] = r => Of(new Rnn(3, 5, r, layers: 2)),
        ["rnn-relu"] = r => Of(new Rnn(3, 4, r, bias: false, bidirectional: true) { Relu = true, BatchFirst = true }),
        ["lstm"] = r => Of(new Lstm(3, 4, r, layers: 2, bidirectional: true) { BatchFirst = true }),
        ["lstm-started"] = r => Of(new Lstm(3, 5, r)),
        ["gru"] = r => Of(new Gru(3, 4, r, layers: 2, bidirectional: true) { BatchFirst = true }),
        ["gru-started"] = r => Of(new Gru(3, 5, r, bias: false)),
        ["ragged-lstm"] = r => Of(new Lstm(3, 4, r, bidirectional: true) { BatchFirst = true }),
        ["cells"] = r =>
        {
            (RnnCell rnn, RnnCell relu, LstmCell lstm, GruCell gru) = (new(3, 4, r), new(3, 4, r, bias: false) { Relu = true }, new(3, 4, r), new(3, 4, r));
            return new(new Parts<Module> { ["rnn"] = rnn, ["relu"] = relu, ["lstm"] = lstm, ["gru"] = gru }, x =>
            {
                (Node h, Node c) = lstm.Forward(x["x"], x["h"], x["c"]);
                return new() { ["rnn"] = rnn.Forward(x["x"], x["h"]), ["relu"] = relu.Forward(x["x"], x["h"]), ["lstm_h"] = h, ["lstm_c"] = c, ["gru"] = gru.Forward(x["x"], x["h"]) };
            });
        },
        ["tagger"] = r => ReferenceModel.Of(new Tagger(r)),
    };

    private static Dictionary<string, Func<Generator, ReferenceModel>> Attending => new()
    {
        ["self-attention"] = r =>
        {
            var attention = new MultiHeadAttention(8, 2, r) { BatchFirst = true };
            return new(attention, inputs =>
            {
                Node x = inputs["x"];
                (Node padded, Node weights) = attention.ForwardWithWeights(x, x, x, keyPaddingMask: inputs["padding"]);
                (Node biased, Node each) = attention.ForwardWithWeights(x, x, x, mask: inputs["bias"], averageWeights: false);
                return new() { ["padded"] = padded, ["weights"] = weights, ["biased"] = biased, ["each"] = each, ["causal"] = attention.Forward(x, x, x, mask: inputs["mask"]) };
            });
        },
        ["cross-attention"] = r =>
        {
            var attention = new MultiHeadAttention(6, 3, r, keyWidth: 4, valueWidth: 5);
            return new(attention, x =>
            {
                (Node y, Node weights) = attention.ForwardWithWeights(x["query"], x["key"], x["value"]);
                return new() { ["y"] = y, ["weights"] = weights };
            });
        },
        ["plain-attention"] = r =>
        {
            var attention = new MultiHeadAttention(4, 2, r, bias: false) { BatchFirst = true };
            return new(attention, x => new() { ["y"] = attention.Forward(x["query"], x["memory"], x["memory"]) });
        },
        ["encoder"] = r =>
        {
            var encoder = new TransformerEncoder(2, () => new(8, 2, r, 12) { Dropout = 0, BatchFirst = true });
            return new(encoder, x => new() { ["y"] = encoder.Forward(x["x"], mask: null, x["padding"]) });
        },
        ["encoder-norm-first"] = r =>
        {
            var encoder = new TransformerEncoder(2, () => new(8, 2, r, 12, epsilon: 1e-4) { Dropout = 0, NormFirst = true, Activation = Activation.Gelu }, new LayerNorm(8));
            return new(encoder, x => new() { ["y"] = encoder.Forward(x["x"], x["mask"]) });
        },
        ["decoder"] = r =>
        {
            var decoder = new TransformerDecoder(2, () => new(8, 2, r, 12) { Dropout = 0, BatchFirst = true });
            return new(decoder, x => new() { ["y"] = decoder.Forward(x["x"], x["memory"], mask: x["mask"], memoryKeyPaddingMask: x["padding"]) });
        },
        ["decoder-norm-first"] = r =>
        {
            var decoder = new TransformerDecoder(1, () => new(8, 4, r, 12) { Dropout = 0, NormFirst = true, Activation = Activation.Gelu }, new LayerNorm(8));
            return new(decoder, x => new() { ["y"] = decoder.Forward(x["x"], x["memory"], mask: x["mask"]) });
        },
        ["transformer"] = r =>
        {
            var transformer = new Transformer(r, 8, 2, encoderLayers: 1, decoderLayers: 1, feedForward: 12, dropout: 0, batchFirst: true);
            return new(transformer, x => new() { ["y"] = transformer.Forward(x["source"], x["target"], targetMask: x["mask"]) });
        },
    };

    private static ReferenceModel Of(Rnn rnn) => new(rnn, x =>
    {
        (Node y, Node h) = rnn.ForwardWithState(x["x"], x.GetValueOrDefault("h"));
        return new() { ["y"] = y, ["h"] = h };
    });

    private static ReferenceModel Of(Gru gru) => new(gru, x =>
    {
        (Node y, Node h) = gru.ForwardWithState(x["x"], x.GetValueOrDefault("h"));
        return new() { ["y"] = y, ["h"] = h };
    });

    private static ReferenceModel Of(Lstm lstm) => new(lstm, x =>
    {
        (Node y, Node h, Node c) = lstm.ForwardWithState(x["x"], x.GetValueOrDefault("h"), x.GetValueOrDefault("c"), x.GetValueOrDefault("lengths"));
        return new() { ["y"] = y, ["h"] = h, ["c"] = c };
    });

    /// <summary>Letters to tags, with layers of several kinds.</summary>
    private sealed class Tagger(Generator random) : Layer
    {
        private readonly Embedding embed = new(9, 4, random);
        private readonly Lstm lstm = new(4, 3, random, bidirectional: true) { BatchFirst = true };
        private readonly LayerNorm norm = new(6);
        private readonly Linear @out = new(6, 5, random);

        protected override Node Define(Node x) => @out.Forward(norm.Forward(lstm.Forward(embed.Forward(x))));
    }
}
