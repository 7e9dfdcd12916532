namespace GraphCompiler.Learning;

/// <summary>A module that maps a node to a node. A layer of one's own overrides <see cref="Define"/>.</summary>
public abstract partial class Layer : Module
{
    /// <summary>Defines what the layer makes of a node; errors within name the layer by its path.</summary>
    /// <param name="x">What the layer is applied to; which shapes it takes, the layer says.</param>
    /// <returns>The result, named after the layer.</returns>
    /// <exception cref="ShapeException">The rank or a size of <paramref name="x"/> does not fit.</exception>
    /// <exception cref="DTypeException">The dtype of <paramref name="x"/> does not fit.</exception>
    /// <exception cref="InvalidOperationException">
    /// The layer, or one within, differs between training and inference, and no <see cref="Pass"/> says which this is; or it is used in another module, but is in none of its fields.
    /// </exception>
    public Node Forward(Node x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Within(
            () =>
            {
                Node y = Define(x) ?? throw new InvalidOperationException($"{Definition.Describe(this)} defined nothing: its Define returned null.");
                return y == x || y is Leaf || y.Name is not null || Definition.PathOf(this) is not { Length: > 0 } path ? y : y.Named(path);
            },
            given: x);
    }

    /// <summary>Defines what the layer makes of a node.</summary>
    /// <param name="x">What it is applied to.</param>
    protected abstract Node Define(Node x);
}
