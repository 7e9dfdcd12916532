namespace GraphCompiler.Learning;

/// <content>What a layer is made of.</content>
public abstract partial class Layer
{
    /// <summary>Applies the layer to an input, for inference, and tells what it is made of: <c>net.Summary(["N", 784])</c>.</summary>
    /// <param name="shape">The input's shape; symbols stay symbols.</param>
    /// <param name="dtype">The input's element type, such as Int64 for tokens.</param>
    /// <exception cref="InvalidOperationException">A pass is open.</exception>
    public ModelSummary Summary(Shape shape, DType dtype = DType.Float32)
    {
        Input x = Ops.Input("x", shape, dtype);
        return Summary(() => Forward(x));
    }
}
