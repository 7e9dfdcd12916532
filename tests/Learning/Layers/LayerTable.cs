using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>A row for each layer and each of its ways; a test demands that no layer is missing.</summary>
internal static partial class LayerTable
{
    /// <summary>All rows, each a test case that is called by its layer.</summary>
    public static IEnumerable<TestCaseData> Cases() => Rows().Select((row, i) => new TestCaseData(row).SetArgDisplayNames($"{i}: {row}"));

    /// <summary>The rows of layers that differ between training and inference.</summary>
    public static IEnumerable<TestCaseData> Differing() => Cases().Where(c => ((LayerRow)c.Arguments[0]!).Differs);

    /// <summary>The rows of layers that are made of several calls.</summary>
    public static IEnumerable<TestCaseData> Made() => Cases().Where(c => ((LayerRow)c.Arguments[0]!).IsMade);

    public static IEnumerable<LayerRow> Rows() =>
    [
        LayerRow.Of(r => new Sequential(new Linear(4, 3, r), Activation.Tanh, new Linear(3, 2, r)), [2, 4]) with { WrongSize = [2, 5] },
        .. Products(),
        .. Norms(),
        .. Wrapped(),
        .. Pools(),
        .. Places(),
        .. Dropouts(),
        .. Activations(),
        .. Sequences(),
        .. Encoders(),
    ];

    private static IEnumerable<LayerRow> Products() =>
    [
        LayerRow.Of(r => new Linear(4, 3, r), [2, 5, 4], (l, x) => MatMul(x, l.Weight.Transpose()) + l.Bias!) with { WrongRank = [], WrongSize = [4, 3] },
        LayerRow.Of(r => new Linear(4, 3, r, bias: false, Initializer.XavierNormal()), ["N", 4], (l, x) => MatMul(x, l.Weight.Transpose())) with { WrongSize = [4, 3] },
        LayerRow.Of(r => new Embedding(7, 3, r, paddingIndex: -6), [2, 5], (l, x) => Take(l.Weight, x)) with { DType = DType.Int64, WrongDType = DType.Float32 },
        LayerRow.Of(r => new EmbeddingBag(7, 3, r), [2, 5], (l, x) => EmbeddingBag(x, l.Weight)) with { DType = DType.Int32, WrongDType = DType.Float32, WrongRank = [5] },
        LayerRow.Of(r => new EmbeddingBag(7, 3, r, paddingIndex: 1) { Reduction = BagReduction.Max }, [2, 5], (l, x) => EmbeddingBag(x, l.Weight, BagReduction.Max, paddingIndex: 1)) with { DType = DType.Int64, WrongDType = DType.Float32, WrongRank = [2, 5, 1] },
        LayerRow.Of(r => new Conv1D(4, 6, 3, r, groups: 2) { Stride = 2, Padding = Padding.Of((1, 2)), Dilation = 2 }, [2, 4, 9], (l, x) => Conv1D(x, l.Weight, l.Bias, 2, Padding.Of((1, 2)), 2, 2)) with { WrongRank = [2, 2, 4, 9], WrongSize = [2, 5, 9] },
        LayerRow.Of(r => new Conv2D(3, 4, (3, 2), r) { Padding = Padding.Same, PaddingMode = PaddingMode.Reflect }, [2, 3, 5, 4], (l, x) => Conv2D(x, l.Weight, l.Bias, padding: Padding.Same, paddingMode: PaddingMode.Reflect)) with { WrongRank = [3, 4], WrongSize = [2, 5, 4, 3] },
        LayerRow.Of(r => new Conv2D(3, 6, 3, r, groups: 3, bias: false), [3, 5, 4], (l, x) => Conv2D(x, l.Weight, groups: 3)) with { WrongSize = [4, 5, 4] },
        LayerRow.Of(r => new Conv3D(2, 3, 2, r), [2, 2, 3, 4, 3], (l, x) => Conv3D(x, l.Weight, l.Bias)) with { WrongRank = [2, 2, 3], WrongSize = [2, 3, 3, 4, 3] },
        LayerRow.Of(r => new ConvTranspose1D(4, 6, 3, r, groups: 2) { Stride = 2, OutputPadding = 1 }, [2, 4, 5], (l, x) => ConvTranspose1D(x, l.Weight, l.Bias, 2, outputPadding: 1, groups: 2)) with { WrongRank = [4], WrongSize = [2, 5, 9] },
        LayerRow.Of(r => new ConvTranspose2D(3, 4, (3, 2), r) { Padding = (1, 0), Dilation = 2 }, [2, 3, 5, 4], (l, x) => ConvTranspose2D(x, l.Weight, l.Bias, padding: (1, 0), dilation: 2)) with { WrongRank = [3, 4], WrongSize = [2, 5, 4, 3] },
        LayerRow.Of(r => new ConvTranspose3D(2, 3, 2, r, bias: false), [2, 2, 3, 2, 2], (l, x) => ConvTranspose3D(x, l.Weight)) with { WrongRank = [2, 2, 3], WrongSize = [2, 3, 3, 4, 3] },
    ];

    private static IEnumerable<LayerRow> Norms() =>
    [
        LayerRow.Of(_ => new BatchNorm(3), [4, 3], (l, x) => BatchNorm(x, l.RunningMean!, l.RunningVariance!, l.Weight, l.Bias)) with { Writes = 3, WrongRank = [3], WrongSize = [4, 2] },
        LayerRow.Of(_ => BatchNorm.Keras(3), [4, 3, 2], (l, x) => BatchNorm(x, l.RunningMean!, l.RunningVariance!, l.Weight, l.Bias, 1e-3)) with { Writes = 3, WrongSize = [4, 2, 3] },
        LayerRow.Of(_ => new BatchNorm(3, affine: false) { Momentum = null }, [4, 3, 2, 2], (l, x) => BatchNorm(x, l.RunningMean!, l.RunningVariance!)) with { Writes = 3 },
        LayerRow.Of(_ => new BatchNorm(3, track: false) { Epsilon = 1e-2 }, [4, 3, 2], (l, x) => BatchNormTraining(x, l.Weight, l.Bias, 1e-2)) with { WrongSize = [4, 4, 2] },
        LayerRow.Of(_ => new InstanceNorm(3), [2, 3, 5], (_, x) => InstanceNorm(x)) with { WrongRank = [2, 3], WrongSize = [2, 4, 5] },
        LayerRow.Of(_ => new InstanceNorm(3, affine: true, track: true), [2, 3, 5], (l, x) => BatchNorm(x, l.RunningMean!, l.RunningVariance!, l.Weight, l.Bias)) with { Writes = 2, WrongRank = [2, 3] },
        LayerRow.Of(_ => new LayerNorm(4), [2, 3, 4], (l, x) => LayerNorm(x, l.Weight, l.Bias)) with { WrongRank = [], WrongSize = [2, 4, 3] },
        LayerRow.Of(_ => new LayerNorm([3, 4], bias: false) { Epsilon = 1e-3 }, [2, 3, 4], (l, x) => LayerNorm(x, l.Weight, epsilon: 1e-3, trailingAxes: 2)) with { WrongRank = [4], WrongSize = [2, 4, 3] },
        LayerRow.Of(_ => new RmsNorm(4), [2, 3, 4], (l, x) => RmsNorm(x, l.Weight)) with { WrongRank = [], WrongSize = [2, 4, 3] },
        LayerRow.Of(_ => new RmsNorm([3, 4], affine: false) { Epsilon = 1e-3 }, [2, 3, 4], (_, x) => RmsNorm(x, epsilon: 1e-3, trailingAxes: 2)) with { WrongRank = [4], WrongSize = [2, 4, 3] },
        LayerRow.Of(_ => new GroupNorm(2, 4), [2, 4, 3], (l, x) => GroupNorm(x, 2, l.Weight, l.Bias)) with { WrongRank = [4], WrongSize = [2, 3, 4] },
        LayerRow.Of(_ => new GroupNorm(4, 4, affine: false) { Epsilon = 1e-3 }, [2, 4, 3, 2], (_, x) => GroupNorm(x, 4, epsilon: 1e-3)) with { WrongSize = [2, 3, 4] },
        LayerRow.Of(_ => new LocalResponseNorm(3) { Alpha = 0.1, Beta = 0.5, K = 2 }, [2, 4, 3], (_, x) => LocalResponseNorm(x, 3, 0.1, 0.5, 2)) with { WrongRank = [4] },
    ];

    private static IEnumerable<LayerRow> Wrapped() =>
    [
        LayerRow.Of(r => new WeightNorm(new Linear(4, 3, r)), [2, 4]) with { IsMade = true, WrongRank = [], WrongSize = [4, 3] },
        LayerRow.Of(r => new WeightNorm(new Conv2D(2, 3, 2, r, bias: false), axis: -3), [2, 2, 3, 3]) with { IsMade = true, WrongRank = [3], WrongSize = [2, 3, 3, 3] },
        LayerRow.Of(r => new WeightNorm(new ConvTranspose1D(2, 3, 2, r), axis: null, parametrizations: true), [2, 2, 3]) with { IsMade = true, WrongSize = [2, 3, 3] },
        LayerRow.Of(r => new SpectralNorm(new Linear(4, 3, r), r), [2, 4]) with { IsMade = true, Writes = 2, WrongRank = [], WrongSize = [4, 3] },
        LayerRow.Of(r => new SpectralNorm(new ConvTranspose1D(2, 3, 2, r), r), [2, 2, 3]) with { IsMade = true, Writes = 2, WrongSize = [2, 3, 3] },
        LayerRow.Of(r => new Lora(new Linear(4, 3, r), 2, r), [2, 4]) with { IsMade = true, WrongRank = [], WrongSize = [4, 3] },
        LayerRow.Of(r => new Lora(new Linear(4, 3, r), 2, r, alpha: 16) { Dropout = 0.1 }, [2, 5, 4]) with { IsRandom = true, WrongSize = [4, 3] },
    ];

    private static IEnumerable<LayerRow> Pools() =>
    [
        LayerRow.Of(_ => new MaxPool1D(3) { Stride = 2, Padding = 1, CeilMode = true }, [2, 3, 8], (_, x) => MaxPool1D(x, 3, 2, 1, ceilMode: true)) with { WrongRank = [8], WrongSize = [2, 3, 0], WrongDType = DType.Bool },
        LayerRow.Of(_ => new MaxPool2D((2, 3)) { Dilation = (2, 1) }, [2, 3, 6, 6], (_, x) => MaxPool2D(x, (2, 3), dilation: (2, 1))) with { WrongRank = [6, 6], WrongDType = DType.Bool },
        LayerRow.Of(_ => new MaxPool3D(2), [3, 4, 4, 4], (_, x) => MaxPool3D(x, 2)) with { WrongRank = [4, 4, 4], WrongDType = DType.Bool },
        LayerRow.Of(_ => new AvgPool1D(3) { Stride = 2, Padding = 1, CountIncludePad = false }, [2, 3, 8], (_, x) => AvgPool1D(x, 3, 2, 1, countIncludePad: false)) with { WrongRank = [8] },
        LayerRow.Of(_ => new AvgPool2D((2, 3)) { Divisor = 5 }, [2, 3, 6, 6], (_, x) => AvgPool2D(x, (2, 3), divisor: 5)) with { WrongRank = [6, 6] },
        LayerRow.Of(_ => new AvgPool3D(2), [3, 4, 4, 4], (_, x) => AvgPool3D(x, 2)) with { WrongRank = [4, 4, 4] },
        LayerRow.Of(_ => new LpPool1D(2, 3) { Stride = 1 }, [2, 3, 8], (_, x) => LpPool1D(x, 2, 3, 1)) with { WrongRank = [8] },
        LayerRow.Of(_ => new LpPool2D(double.PositiveInfinity, (2, 3)), [2, 3, 6, 6], (_, x) => MaxPool2D(x, (2, 3))) with { WrongRank = [6, 6] },
        LayerRow.Of(_ => new LpPool3D(4, 2), [3, 4, 4, 4], (_, x) => LpPool3D(x, 4, 2)) with { WrongRank = [4, 4, 4] },
        LayerRow.Of(_ => new AdaptiveAvgPool1D(3), [2, 3, 8], (_, x) => AdaptiveAvgPool1D(x, 3)) with { WrongRank = [8] },
        LayerRow.Of(_ => new AdaptiveAvgPool2D((3, 2)), [2, 3, 6, 5], (_, x) => AdaptiveAvgPool2D(x, (3, 2))) with { WrongRank = [6, 6] },
        LayerRow.Of(_ => new AdaptiveAvgPool3D(1), [3, 4, 4, 4], (_, x) => Mean(x, [1, 2, 3], keepDims: true)) with { WrongRank = [4, 4, 4] },
        LayerRow.Of(_ => new AdaptiveMaxPool1D(3), [2, 3, 8], (_, x) => AdaptiveMaxPool1D(x, 3)) with { WrongRank = [8], WrongDType = DType.Bool },
        LayerRow.Of(_ => new AdaptiveMaxPool2D((3, 2)), [2, 3, 6, 5], (_, x) => AdaptiveMaxPool2D(x, (3, 2))) with { WrongRank = [6, 6], WrongDType = DType.Bool },
        LayerRow.Of(_ => new AdaptiveMaxPool3D(1), [3, 4, 4, 4], (_, x) => AdaptiveMaxPool3D(x, 1)) with { WrongRank = [4, 4, 4], WrongDType = DType.Bool },
    ];

    private static IEnumerable<LayerRow> Places() =>
    [
        LayerRow.Of(_ => new Flatten(), [2, 3, 4], (_, x) => Reshape(x, [2, 12])) with { WrongRank = [4], WrongDType = null },
        LayerRow.Of(_ => new Flatten(0, 1), ["N", 3, 4], (_, x) => Flatten(x, 0, 1)) with { WrongRank = [4], WrongDType = null },
        LayerRow.Of(_ => new Unflatten(1, [2, -1]), [3, 6], (_, x) => Reshape(x, [3, 2, 3])) with { WrongRank = [6], WrongSize = [3, 5], WrongDType = null },
        LayerRow.Of(_ => new Pad((1, 2)) { Value = 3 }, [2, 4], (_, x) => Pad(x, 1, 1, 2, 3)) with { WrongRank = [], WrongDType = null },
        LayerRow.Of(_ => new Pad((1, 0), (0, 2)) { Mode = PaddingMode.Circular }, [2, 4], (_, x) => Pad(x, [(1, 0), (0, 2)], PaddingMode.Circular)) with { WrongRank = [4], WrongDType = null },
        LayerRow.Of(_ => new Upsample(2), [2, 3, 4], (_, x) => ResizeBy(x, 2)) with { WrongRank = [3, 4], WrongDType = null },
        LayerRow.Of(_ => Upsample.To([5, 3], ResizeMode.Linear, alignCorners: true), [2, 3, 4, 2], (_, x) => Resize(x, [5, 3], ResizeMode.Linear, alignCorners: true)) with { WrongRank = [2, 3, 4] },
        LayerRow.Of(_ => new Unfold((2, 3)) { Stride = 2, Padding = 1 }, [2, 3, 4, 5], (_, x) => Unfold(x, (2, 3), padding: 1, stride: 2)) with { WrongRank = [4, 5], WrongDType = null },
        LayerRow.Of(_ => new Fold([4, 5], (2, 3)) { Dilation = 1 }, [2, 12, 9], (_, x) => Fold(x, [4, 5], (2, 3))) with { WrongRank = [12, 9], WrongSize = [2, 12, 8], WrongDType = DType.Bool },
        LayerRow.Of(_ => new PixelShuffle(2), [2, 8, 3, 2], (_, x) => PixelShuffle(x, 2)) with { WrongRank = [8, 3], WrongSize = [2, 6, 3, 2], WrongDType = null },
        LayerRow.Of(_ => new PixelUnshuffle(2), [2, 3, 4, 2], (_, x) => PixelUnshuffle(x, 2)) with { WrongRank = [4], WrongSize = [2, 3, 4, 3], WrongDType = null },
    ];

    private static IEnumerable<LayerRow> Dropouts() =>
    [
        LayerRow.Of(_ => new Dropout(0.4), [2, 4], (_, x) => x) with { IsRandom = true },
        LayerRow.Of(_ => new Dropout1D(), [2, 4, 3], (_, x) => x) with { IsRandom = true, WrongRank = [4] },
        LayerRow.Of(_ => new Dropout2D(0.4), [2, 4, 3, 3], (_, x) => x) with { IsRandom = true, WrongRank = [4, 3] },
        LayerRow.Of(_ => new Dropout3D(), [4, 3, 2, 2], (_, x) => x) with { IsRandom = true, WrongRank = [3, 2, 2] },
        LayerRow.Of(_ => new AlphaDropout(0.2), [2, 4], (_, x) => x) with { IsRandom = true },
        LayerRow.Of(_ => new FeatureAlphaDropout(0.2), [2, 4, 3], (_, x) => x) with { IsRandom = true },
    ];

    private static IEnumerable<LayerRow> Activations() =>
    [
        LayerRow.Of(_ => Activation.Identity, [2, 4], (_, x) => x) with { WrongDType = null },
        LayerRow.Of(_ => Activation.Relu, [2, 4], (_, x) => Relu(x)) with { WrongDType = DType.Bool },
        LayerRow.Of(_ => Activation.Relu6, [2, 4], (_, x) => Relu6(x)),
        LayerRow.Of(_ => Activation.Selu, [2, 4], (_, x) => Selu(x)),
        LayerRow.Of(_ => Activation.Gelu, [2, 4], (_, x) => Gelu(x)),
        LayerRow.Of(_ => Activation.TanhGelu, [2, 4], (_, x) => Gelu(x, approximate: true)),
        LayerRow.Of(_ => Activation.Silu, [2, 4], (_, x) => Silu(x)),
        LayerRow.Of(_ => Activation.Mish, [2, 4], (_, x) => Mish(x)),
        LayerRow.Of(_ => Activation.Sigmoid, [2, 4], (_, x) => Sigmoid(x)),
        LayerRow.Of(_ => Activation.LogSigmoid, [2, 4], (_, x) => LogSigmoid(x)),
        LayerRow.Of(_ => Activation.Tanh, [2, 4], (_, x) => Tanh(x)),
        LayerRow.Of(_ => Activation.TanhShrink, [2, 4], (_, x) => TanhShrink(x)),
        LayerRow.Of(_ => Activation.Softsign, [2, 4], (_, x) => Softsign(x)),
        LayerRow.Of(_ => Activation.HardSigmoid, [2, 4], (_, x) => HardSigmoid(x)),
        LayerRow.Of(_ => Activation.HardSwish, [2, 4], (_, x) => HardSwish(x)),
        LayerRow.Of(_ => Activation.LeakyRelu(0.2), [2, 4], (_, x) => LeakyRelu(x, 0.2)),
        LayerRow.Of(_ => Activation.Elu(2), [2, 4], (_, x) => Elu(x, 2)),
        LayerRow.Of(_ => Activation.Celu(2), [2, 4], (_, x) => Celu(x, 2)),
        LayerRow.Of(_ => Activation.Softplus(2, 1), [2, 4], (_, x) => Softplus(x, 2, 1)),
        LayerRow.Of(_ => Activation.HardTanh(-0.5, 2), [2, 4], (_, x) => HardTanh(x, -0.5, 2)),
        LayerRow.Of(_ => Activation.HardShrink(0.3), [2, 4], (_, x) => HardShrink(x, 0.3)),
        LayerRow.Of(_ => Activation.SoftShrink(0.3), [2, 4], (_, x) => SoftShrink(x, 0.3)),
        LayerRow.Of(_ => Activation.Threshold(0.1, -2), [2, 4], (_, x) => Threshold(x, 0.1, -2)) with { WrongDType = DType.Bool },
        LayerRow.Of(_ => Activation.Glu(0), [2, 4], (_, x) => Glu(x, 0)) with { WrongSize = [3, 4], WrongRank = [] },
        LayerRow.Of(_ => Activation.Softmax(0), [2, 4], (_, x) => Softmax(x, 0)) with { WrongRank = [] },
        LayerRow.Of(_ => Activation.Softmin(), [2, 4], (_, x) => Softmin(x)) with { WrongRank = [] },
        LayerRow.Of(_ => Activation.LogSoftmax(), [2, 4], (_, x) => LogSoftmax(x)) with { WrongRank = [] },
        LayerRow.Of(_ => Activation.Of("Half", x => x / 2), [2, 4], (_, x) => x / 2) with { WrongDType = DType.Bool },
        LayerRow.Of(_ => new PRelu(), [2, 4], (l, x) => PRelu(x, l.Weight)),
        LayerRow.Of(_ => new PRelu(4, 0.1f), [2, 4, 3], (_, x) => Where(x > 0, x, 0.1f * x)) with { WrongRank = [4], WrongSize = [2, 3, 4] },
    ];

    private static IEnumerable<LayerRow> Sequences() =>
    [
        LayerRow.Of(r => new MultiHeadAttention(8, 2, r), [3, 2, 8], (l, x) => l.Forward(x, x, x)) with { WrongRank = [8], WrongSize = [3, 2, 7] },
        LayerRow.Of(r => new MultiHeadAttention(8, 2, r) { Causal = true, BatchFirst = true, Dropout = 0.2 }, [3, 2, 8], (l, x) => l.Forward(x, x, x)) with { IsRandom = true },
        LayerRow.Of(r => new MultiHeadAttention(8, 2, r) { Rotary = new RotaryEmbedding(4) }, [3, 2, 8]) with { WrongRank = [8], WrongSize = [3, 2, 7] },
        LayerRow.Of(r => new GroupedQueryAttention(8, 4, 2, r) { Causal = true, Dropout = 0.2, Rotary = new RotaryEmbedding(2) }, [2, 3, 8]) with { IsRandom = true, WrongRank = [8], WrongSize = [2, 3, 7] },
        LayerRow.Of(_ => new RotaryEmbedding(4) { Interleaved = true }, [2, 3, 4]) with { WrongRank = [4], WrongSize = [2, 3, 5], IsMade = true },
        LayerRow.Of(r => new TransformerEncoderLayer(8, 2, r, 12), [3, 2, 8]) with { IsRandom = true, WrongRank = [8], WrongSize = [3, 2, 7] },
        LayerRow.Of(r => new TransformerEncoder(2, () => new(8, 2, r, 12) { BatchFirst = true, NormFirst = true, Causal = true, Dropout = 0 }, new LayerNorm(8)), [2, 3, 8]) with { WrongRank = [8], WrongSize = [3, 2, 7] },
        LayerRow.Of(r => new Rnn(4, 3, r), [5, 2, 4], (l, x) => Rnn(x, [.. l.Weights.Values]).Outputs) with { WrongRank = [4], WrongSize = [5, 2, 3] },
        LayerRow.Of(r => new Lstm(4, 3, r, layers: 2, bidirectional: true) { Dropout = 0.3 }, [5, 2, 4]) with { IsRandom = true, WrongRank = [4], WrongSize = [5, 2, 3] },
        LayerRow.Of(r => new Gru(4, 3, r, bias: false) { BatchFirst = true }, [2, 5, 4]) with { WrongRank = [4], WrongSize = [5, 2, 3] },
        LayerRow.Of(r => new RnnCell(4, 3, r), [2, 4]) with { WrongRank = [4], WrongSize = [2, 3] },
        LayerRow.Of(r => new LstmCell(4, 3, r), [2, 4]) with { WrongRank = [4], WrongSize = [2, 3] },
        LayerRow.Of(r => new GruCell(4, 3, r), [2, 4]) with { WrongRank = [4], WrongSize = [2, 3] },
    ];

    private static IEnumerable<LayerRow> Encoders() =>
    [
        LayerRow.Of(_ => new Standardizer(4), [2, 5, 4], (_, x) => x) with { WrongRank = [], WrongSize = [4, 3] },
        LayerRow.Of(_ => new Standardizer(), ["N"], (_, x) => x),
        LayerRow.Of(_ => new OneHotEncoder(7, 2), [2, 5], (_, x) => OneHot(x, 7, DType.Float32)) with { DType = DType.Int64, WrongDType = DType.Int32 },
    ];
}
