using System.Numerics.Tensors;

namespace GraphCompiler.Learning;

/// <summary>One value everywhere, which is no matter of chance.</summary>
public sealed class ConstantInitializer : Initializer
{
    internal ConstantInitializer(float value) => Value = value;

    /// <summary>The value.</summary>
    public float Value { get; }

    /// <summary>A new parameter.</summary>
    /// <param name="shape">The sizes.</param>
    public Parameter<float> Make(params ReadOnlySpan<int> shape) => Ops.Parameter("parameter", Values(shape));

    /// <inheritdoc/>
    public override Tensor<float> Draw(Generator random, ReadOnlySpan<int> shape) => Values(shape);

    private Tensor<float> Values(ReadOnlySpan<int> shape)
    {
        Tensor<float> values = Tensor.CreateFromShape<float>([.. shape]);
        values.Fill(Value);
        return values;
    }
}
