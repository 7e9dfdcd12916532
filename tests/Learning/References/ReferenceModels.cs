namespace GraphCompiler.Learning.Tests.References;

/// <summary>The modules of make-modules.py, built of this library's layers, with numbers of their own.</summary>
internal static partial class ReferenceModels
{
    private static readonly Dictionary<string, Func<Generator, ReferenceModel>> Makers = new(
        [.. Single, .. Convolutional, .. Normalising, .. Embedding, .. Recurrent, .. Attending]);

    public static IEnumerable<string> Names => Makers.Keys;

    private static Dictionary<string, Func<Generator, ReferenceModel>> Single => new()
    {
        ["mlp"] = r => ReferenceModel.Of(new Sequential(
            new Linear(5, 8, r), Activation.Relu, new Linear(8, 7, r), Activation.Gelu, new Linear(7, 6, r), Activation.Tanh, new Linear(6, 6, r, bias: false), Activation.Silu,
            new Linear(6, 4, r), Activation.LogSoftmax())),
        ["activations"] = _ => ReferenceModel.Of(new Parts
        {
            ["relu"] = Activation.Relu,
            ["relu6"] = Activation.Relu6,
            ["leaky_relu"] = Activation.LeakyRelu(),
            ["elu"] = Activation.Elu(),
            ["selu"] = Activation.Selu,
            ["celu"] = Activation.Celu(0.7),
            ["gelu"] = Activation.Gelu,
            ["gelu_tanh"] = Activation.TanhGelu,
            ["silu"] = Activation.Silu,
            ["mish"] = Activation.Mish,
            ["sigmoid"] = Activation.Sigmoid,
            ["tanh"] = Activation.Tanh,
            ["softplus"] = Activation.Softplus(),
            ["softsign"] = Activation.Softsign,
            ["hardswish"] = Activation.HardSwish,
            ["hardsigmoid"] = Activation.HardSigmoid,
            ["hardtanh"] = Activation.HardTanh(),
            ["log_sigmoid"] = Activation.LogSigmoid,
            ["softmax"] = Activation.Softmax(),
            ["log_softmax"] = Activation.LogSoftmax(),
            ["softmin"] = Activation.Softmin(),
            ["glu"] = Activation.Glu(),
            ["softshrink"] = Activation.SoftShrink(),
            ["hardshrink"] = Activation.HardShrink(),
            ["tanhshrink"] = Activation.TanhShrink,
            ["threshold"] = Activation.Threshold(0.1, 20),
        }),
        ["prelu"] = _ => ReferenceModel.Of(new Parts { ["one"] = new PRelu(), ["channels"] = new PRelu(4) }),
        ["bilinear"] = r =>
        {
            var parts = new Parts<Bilinear> { ["biased"] = new(3, 4, 5, r), ["plain"] = new(3, 4, 2, r, bias: false) };
            return new(parts, x => parts.ToDictionary(p => p.Key, p => p.Value.Forward(x["a"], x["b"])));
        },
        ["weight-norm"] = r => ReferenceModel.Of(new Sequential(new WeightNorm(new Linear(4, 6, r)), Activation.Tanh, new WeightNorm(new Linear(6, 3, r), axis: null))),
        ["weight-norm-convolution"] = r => ReferenceModel.Of(new Sequential(
            new WeightNorm(new Conv1D(3, 4, 3, r)), Activation.Relu, new WeightNorm(new ConvTranspose1D(4, 2, 3, r), axis: 1))),
        ["spectral-norm"] = r => ReferenceModel.Of(new Sequential(
            new SpectralNorm(new Linear(4, 6, r), r), Activation.Tanh, new SpectralNorm(new Linear(6, 3, r, bias: false), r))),
        ["spectral-norm-convolution"] = r => ReferenceModel.Of(new Sequential(
            new SpectralNorm(new Conv1D(3, 4, 3, r), r), Activation.Relu, new SpectralNorm(new ConvTranspose1D(4, 2, 3, r), r))),
    };

    public static ReferenceModel Make(string name) => Makers[name](new Generator(1));
}
