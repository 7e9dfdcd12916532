namespace GraphCompiler.Learning;

/// <summary>A function as a layer: without parameters, the same in training and at inference, and free to stand in many places.</summary>
public sealed class Activation : Layer
{
    private readonly string name;
    private readonly Func<Node, Node> function;

    private Activation(string name, Func<Node, Node> function) => (this.name, this.function) = (name, function);

    /// <summary><see cref="Ops.Relu(Node)"/>.</summary>
    public static Activation Relu { get; } = new("ReLU", Ops.Relu);

    /// <summary>Any function of a node as a layer.</summary>
    /// <param name="name">How messages call it.</param>
    /// <param name="function">The function; parameters that it uses are in no model.</param>
    public static Activation Of(string name, Func<Node, Node> function)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(function);
        return new(name, function);
    }

    /// <inheritdoc/>
    public override string ToString() => name;

    /// <inheritdoc/>
    protected override Node Define(Node x) => function(x);
}
