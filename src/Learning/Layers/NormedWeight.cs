namespace GraphCompiler.Learning;

/// <summary>A layer whose weight is made of others in each call: what <see cref="WeightNorm"/> and <see cref="SpectralNorm"/> have in common.</summary>
public abstract class NormedWeight : Layer
{
    // A function that gives the layer is in no path: the weight has another name here.
    private readonly Func<WeightedLayer> layer;

    private protected NormedWeight(WeightedLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        (this.layer, Bias) = (() => layer, layer.Bias);
    }

    /// <summary>The bias of the layer; null if there is none.</summary>
    public Parameter<float>? Bias { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({Normed})";

    /// <summary>The layer whose weight it is.</summary>
    private protected WeightedLayer Normed => layer();

    /// <inheritdoc/>
    protected sealed override Node Define(Node x) => Normed.Define(x, Weight());

    private protected abstract Node Weight();

    /// <summary>An axis of the weight, counted from its front.</summary>
    private protected static int AxisOf(WeightedLayer layer, int axis)
    {
        int rank = layer.Weight.Rank;
        return axis >= -rank && axis < rank ? axis + (axis < 0 ? rank : 0)
            : throw new ArgumentOutOfRangeException(nameof(axis), axis, $"The weight {layer.Weight.Shape} of {layer} has no such axis.");
    }
}
