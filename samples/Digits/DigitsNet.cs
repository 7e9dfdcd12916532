using GraphCompiler;
using GraphCompiler.Learning;

/// <summary>A small convolutional network: images [N, 1, 8, 8] to logits [N, 10].</summary>
internal sealed class DigitsNet(Generator random) : Layer
{
    private readonly Sequential features = new(
        new Conv2D(1, 16, 3, random, bias: false) { Padding = Padding.Same }, new BatchNorm(16), Activation.Relu,
        new Conv2D(16, 32, 3, random, bias: false) { Padding = Padding.Same }, new BatchNorm(32), Activation.Relu,
        new MaxPool2D(2),
        new Conv2D(32, 64, 3, random, bias: false) { Padding = Padding.Same }, new BatchNorm(64), Activation.Relu,
        new MaxPool2D(2));

    private readonly Sequential head = new(new Flatten(), new Dropout(0.3), new Linear(64 * 2 * 2, DigitsData.Classes, random));

    protected override Node Define(Node x) => head.Forward(features.Forward(x));
}
