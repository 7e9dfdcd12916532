using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.References;

/// <content>Convolutions and what stands beside them.</content>
internal static partial class ReferenceModels
{
    private static Dictionary<string, Func<Generator, ReferenceModel>> Convolutional => new()
    {
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
