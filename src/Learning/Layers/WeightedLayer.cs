namespace GraphCompiler.Learning;

/// <summary>A layer of a weight and perhaps a bias, such as <see cref="Linear"/> and the convolutions.</summary>
public abstract class WeightedLayer : Layer
{
    private protected WeightedLayer(Generator random, Initializer? init, int[] shape, int? outputs)
    {
        Initializer start = Initializer.PyTorch(shape[1..].Aggregate((product, size) => checked(product * size)));
        Weight = (init ?? start).Make(random, shape);
        Bias = outputs is { } size ? start.Make(random, size) : null;
    }

    /// <summary>The weight. Another layer's of the same shape may be given, such as the table of an embedding: the two are tied.</summary>
    /// <exception cref="ShapeException">It has another shape.</exception>
    public Parameter<float> Weight
    {
        get;
        init => field = field is null ? value : Require.Replaces(this, field, value);
    }

    /// <summary>The bias, one number for each output; null if there is none.</summary>
    public Parameter<float>? Bias { get; }

    /// <summary>Defines the layer with a weight that is made of others.</summary>
    internal abstract Node Define(Node x, Node weight);

    /// <inheritdoc/>
    protected sealed override Node Define(Node x) => Define(x, Weight);
}
