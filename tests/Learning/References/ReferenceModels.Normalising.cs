using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.References;

/// <content>Normalisations, and tables that are looked up.</content>
internal static partial class ReferenceModels
{
    private static Dictionary<string, Func<Generator, ReferenceModel>> Normalising => new()
    {
        ["batch-norm"] = _ => ReferenceModel.Of(new Parts
        {
            ["rows"] = new BatchNorm(4),
            ["line"] = new BatchNorm(4) { Momentum = 0.3, Epsilon = 1e-3 },
            ["volume"] = new BatchNorm(3),
            ["plain"] = new BatchNorm(4, affine: false),
            ["average"] = new BatchNorm(4) { Momentum = null },
            ["untracked"] = new BatchNorm(4, track: false),
        }),
        ["group-norm"] = _ => ReferenceModel.Of(new Parts { ["image"] = new GroupNorm(3, 6), ["plain"] = new GroupNorm(1, 4, affine: false) { Epsilon = 1e-3 } }),
        ["instance-norm"] = _ => ReferenceModel.Of(new Parts { ["line"] = new InstanceNorm(3), ["affine"] = new InstanceNorm(4, affine: true), ["running"] = new InstanceNorm(4, affine: true, track: true) }),
        ["layer-norm"] = _ => ReferenceModel.Of(new Parts
        {
            ["last"] = new LayerNorm(5),
            ["two"] = new LayerNorm([4, 5]) { Epsilon = 1e-3 },
            ["plain"] = new LayerNorm([5], affine: false),
            ["rms"] = new RmsNorm(5),
            ["rms_two"] = new RmsNorm([4, 5]) { Epsilon = 1e-2 },
        }),
        ["response-norm"] = _ => ReferenceModel.Of(new Parts { ["x"] = new LocalResponseNorm(3), ["image"] = new LocalResponseNorm(2) { Alpha = 0.1, Beta = 0.5, K = 2 } }),
    };

    private static Dictionary<string, Func<Generator, ReferenceModel>> Embedding => new()
    {
        ["embedding"] = r => ReferenceModel.Of(new Embedding(7, 4, r, paddingIndex: 2)),
        ["tied-embedding"] = r => ReferenceModel.Of(new Tied(r)),
        ["embedding-bag"] = r =>
        {
            var parts = new Parts<EmbeddingBag>
            {
                ["sum"] = new(9, 3, r) { Reduction = BagReduction.Sum },
                ["mean"] = new(9, 3, r),
                ["max"] = new(9, 3, r) { Reduction = BagReduction.Max },
                ["padded"] = new(9, 3, r, paddingIndex: 4),
                ["ragged"] = new(9, 3, r),
                ["weighted"] = new(9, 3, r) { Reduction = BagReduction.Sum },
            };
            return new(parts, x => parts.ToDictionary(p => p.Key, p => p.Key switch
            {
                "ragged" => p.Value.Forward(x["flat"], x["offsets"]),
                "weighted" => p.Value.Forward(x["bags"], null, x["scale"]),
                _ => p.Value.Forward(x["bags"]),
            }));
        },
    };

    /// <summary>A language model whose head is its table.</summary>
    private sealed class Tied : Layer
    {
        private readonly Embedding embedding;
        private readonly Linear body;
        private readonly Linear head;

        public Tied(Generator random)
        {
            embedding = new(11, 6, random, paddingIndex: 0);
            body = new(6, 6, random);
            head = new(6, 11, random, bias: false) { Weight = embedding.Weight };
        }

        protected override Node Define(Node x) => head.Forward(Tanh(body.Forward(embedding.Forward(x))));
    }
}
