using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.References;

/// <content>Convolutions and what stands beside them.</content>
internal static partial class ReferenceModels
{
    private static Dictionary<string, Func<Generator, ReferenceModel>> Convolutional => new()
    {
        ["cnn"] = r => ReferenceModel.Of(new Sequential(
            new Conv2D(1, 4, 3, r) { Padding = 1 },
            new BatchNorm(4),
            Activation.Relu,
            new MaxPool2D(2),
            new Conv2D(4, 6, 3, r, bias: false) { Stride = 2, Padding = 1 },
            new BatchNorm(6),
            Activation.LeakyRelu(0.1),
            new AdaptiveAvgPool2D(1),
            new Flatten(),
            new Linear(6, 3, r))),
        ["residual"] = r => ReferenceModel.Of(new Sequential(new Block(2, 2, 1, r), new Block(2, 4, 2, r))),
        ["convolutions"] = r => ReferenceModel.Of(new Parts
        {
            ["x"] = new Conv1D(4, 6, 3, r) { Stride = 2, Padding = 2, Dilation = 2 },
            ["same"] = new Conv1D(4, 3, 4, r) { Padding = Padding.Same },
            ["circular"] = new Conv1D(4, 2, 3, r) { Padding = 1, PaddingMode = PaddingMode.Circular },
            ["image"] = new Conv2D(4, 6, (3, 2), r, groups: 2) { Stride = (2, 1) },
            ["reflected"] = new Conv2D(4, 2, 3, r, bias: false) { Padding = (1, 2), PaddingMode = PaddingMode.Reflect },
            ["volume"] = new Conv3D(2, 3, (2, 3, 2), r) { Padding = 1, Stride = 2 },
        }),
        ["depthwise"] = r => ReferenceModel.Of(new Sequential(
            new Conv2D(3, 6, 3, r, groups: 3, bias: false) { Padding = 1 },
            new BatchNorm(6),
            Activation.Relu6,
            new Conv2D(6, 6, 5, r, groups: 6) { Padding = 2 },
            Activation.HardSwish,
            new Conv2D(6, 4, 1, r))),
        ["transposed-convolutions"] = r => ReferenceModel.Of(new Parts
        {
            ["line"] = new ConvTranspose1D(4, 3, 3, r) { Stride = 2, Padding = 1, OutputPadding = 1 },
            ["image"] = new ConvTranspose2D(4, 6, 3, r, groups: 2, bias: false) { Stride = (2, 3), Padding = (1, 0), OutputPadding = (0, 1), Dilation = (2, 1) },
            ["volume"] = new ConvTranspose3D(2, 3, 2, r) { Stride = 2 },
        }),
        ["pools"] = _ => ReferenceModel.Of(new Parts
        {
            ["max_line"] = new MaxPool1D(3),
            ["max_image"] = new MaxPool2D(3) { Stride = 2, Padding = 1, Dilation = 2 },
            ["max_ceil"] = new MaxPool2D((2, 3)) { Stride = (2, 2), CeilMode = true },
            ["max_volume"] = new MaxPool3D(2),
            ["average_line"] = new AvgPool1D(4) { Stride = 2, Padding = 1 },
            ["average_image"] = new AvgPool2D(3) { Stride = 2, Padding = 1, CountIncludePad = false },
            ["average_ceil"] = new AvgPool2D(3) { Stride = 2, Padding = 1, CeilMode = true },
            ["average_volume"] = new AvgPool3D(2) { Divisor = 3 },
            ["adaptive_max_line"] = new AdaptiveMaxPool1D(4),
            ["adaptive_average_line"] = new AdaptiveAvgPool1D(3),
            ["adaptive_max_image"] = new AdaptiveMaxPool2D((3, 4)),
            ["adaptive_average_image"] = new AdaptiveAvgPool2D((5, 4)),
            ["adaptive_average_volume"] = new AdaptiveAvgPool3D(2),
            ["power_line"] = new LpPool1D(2, 3),
            ["power_image"] = new LpPool2D(3, 2),
        }),
        ["shapes"] = _ => ReferenceModel.Of(new Parts
        {
            ["flatten"] = new Flatten(),
            ["flatten_some"] = new Flatten(1, 2),
            ["unflatten"] = new Unflatten(1, [2, 4]),
            ["nearest"] = new Upsample(2),
            ["linear"] = Upsample.To([8], ResizeMode.Linear),
            ["bilinear"] = new Upsample(2) { Mode = ResizeMode.Linear },
            ["bilinear_aligned"] = Upsample.To([5, 6], ResizeMode.Linear, alignCorners: true),
            ["bicubic"] = new Upsample(2) { Mode = ResizeMode.Cubic },
            ["pixel_shuffle"] = new PixelShuffle(2),
            ["pixel_unshuffle"] = new PixelUnshuffle(2),
            ["zero_pad"] = new Pad((0, 1), (1, 2)),
            ["constant_pad"] = new Pad((2, -1)) { Value = 0.5 },
            ["reflection_pad"] = new Pad((1, 2), (2, 1)) { Mode = PaddingMode.Reflect },
            ["replication_pad"] = new Pad((2, 2), (2, 2)) { Mode = PaddingMode.Replicate },
        }),
    };

    /// <summary>A residual block under the names of torchvision's.</summary>
    private sealed class Block(int inputs, int outputs, int stride, Generator random) : Layer
    {
        private readonly Conv2D conv1 = new(inputs, outputs, 3, random, bias: false) { Stride = stride, Padding = 1 };
        private readonly BatchNorm bn1 = new(outputs);
        private readonly Conv2D conv2 = new(outputs, outputs, 3, random, bias: false) { Padding = 1 };
        private readonly BatchNorm bn2 = new(outputs);
        private readonly Sequential? downsample = inputs == outputs ? null : new(new Conv2D(inputs, outputs, 1, random, bias: false) { Stride = stride }, new BatchNorm(outputs));

        protected override Node Define(Node x) =>
            Relu(bn2.Forward(conv2.Forward(Relu(bn1.Forward(conv1.Forward(x))))) + (downsample?.Forward(x) ?? x));
    }
}
