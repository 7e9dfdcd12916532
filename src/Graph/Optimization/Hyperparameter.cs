using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// A number of an optimiser: written into the graph, or a scalar node, an input or a parameter, that changes from call to call without compiling
/// again, as a schedule of learning rates does.
/// </summary>
public readonly record struct Hyperparameter
{
    private readonly double number;
    private readonly Node? node;

    private Hyperparameter(double number, Node? node) => (this.number, this.node) = (number, node);

    /// <summary>Whether it is the number 0, known now.</summary>
    internal bool IsZero => node is null && number == 0;

    /// <summary>A number that stays.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator Hyperparameter(double number) => new(number, null);

    /// <summary>A scalar that changes from call to call.</summary>
    /// <param name="node">A float node of shape []; a value outside of the hyperparameter's range is an error when the graph runs.</param>
    /// <exception cref="ShapeException">The node is no float scalar.</exception>
    public static implicit operator Hyperparameter(Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Rank == 0 && node.DType.IsFloat() ? new(0, node)
            : throw new ShapeException($"A hyperparameter, such as a learning rate, is a number or a float scalar, not {node.Describe()}.");
    }

    /// <summary>The value as a scalar of a dtype.</summary>
    /// <param name="type">The dtype, a float.</param>
    public Node As(DType type) => node is null ? Ops.Scalar(number, type) : Ops.Cast(node, type);

    /// <summary>Refuses a number below 0 or from an upper bound on; a node's value is looked at when the graph runs.</summary>
    internal Hyperparameter Checked(string optimizer, string name, double bound = double.PositiveInfinity) => node is null ? CheckedNumber(name, bound)
        : Ops.Create(new WithinOp(optimizer, Rule(name, bound), 0, Math.BitDecrement(bound)), node);

    /// <summary>Refuses a number below 0 or from an upper bound on.</summary>
    internal Hyperparameter CheckedNumber(string name, double bound = double.PositiveInfinity) => node is not null || (number >= 0 && number < bound) ? this
        : throw InvariantText.OutOfRange(name, number, $"{Rule(name, bound)}.");

    private static string Rule(string name, double bound) => double.IsInfinity(bound) ? $"{name} must be at least 0" : $"{name} must be in [0, {bound})";
}
