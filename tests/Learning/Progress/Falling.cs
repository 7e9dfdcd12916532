namespace GraphCompiler.Learning.Tests.Progress;

/// <summary>A model whose loss is its output, of zeros: 0 before the first step, and each step makes it less by 0.1.</summary>
internal sealed class Falling : Layer
{
    private readonly Parameter<float> bias = Initializer.Zeros.Make(1);

    protected override Node Define(Node x) => x + bias;
}
