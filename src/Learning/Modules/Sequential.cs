using System.Collections;

namespace GraphCompiler.Learning;

/// <summary>Layers one after another, called <c>0</c>, <c>1</c>, …: <c>new Sequential(new Linear(4, 8, random), Activation.Relu, new Linear(8, 2, random))</c>.</summary>
public sealed class Sequential : Layer, IReadOnlyList<Layer>
{
    [Named("")]
    private readonly List<Layer> layers = [];

    /// <summary>Layers one after another.</summary>
    /// <param name="layers">The layers, the first first.</param>
    public Sequential(params ReadOnlySpan<Layer> layers)
    {
        foreach (Layer layer in layers)
        {
            Add(layer);
        }
    }

    /// <inheritdoc/>
    public int Count => layers.Count;

    /// <inheritdoc/>
    public Layer this[int index] => layers[index];

    /// <summary>Puts a layer behind the others.</summary>
    /// <param name="layer">The layer.</param>
    public void Add(Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        layers.Add(layer);
    }

    /// <inheritdoc/>
    public IEnumerator<Layer> GetEnumerator() => layers.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => $"Sequential({layers.Count})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => layers.Aggregate(x, (y, layer) => layer.Forward(y));
}
