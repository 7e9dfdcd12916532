using System.Diagnostics.CodeAnalysis;
using System.Text;
using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>
/// What a node computes. Every primitive is one sealed record whose equality, attributes included, is what makes two computations the same.
/// The abstract members are what an operation owes: its type rule, its pullback, and a plain evaluation that is the truth for everything else,
/// with how far rounding may take others from it.
/// </summary>
[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicConstructors)]
internal abstract record Op
{
    /// <summary>The name in printed graphs and messages.</summary>
    public virtual string Name
    {
        get
        {
            string name = GetType().Name;
            return name.EndsWith("Op", StringComparison.Ordinal) ? name[..^2] : name;
        }
    }

    /// <summary>What operations of one record have in common, for those who look at graphs.</summary>
    public virtual string Kind => Name;

    /// <summary>Whether a result can require a gradient when an input does; false for what has no slope, such as comparisons.</summary>
    public virtual bool IsDifferentiable => true;

    /// <summary>
    /// Whether the operation reads one triangle of matrices that it takes to be symmetric, and its derivative goes to both: differences in single elements
    /// cannot judge it alone.
    /// </summary>
    public virtual bool PresumesSymmetry => false;

    /// <summary>Whether the node stands for a value from outside: it has no inputs and is never rebuilt, merged or folded.</summary>
    public virtual bool IsLeaf => false;

    /// <summary>Whether something outside of the graph sees that it runs: then it runs once a call, and in order with others of the kind.</summary>
    public virtual bool HasEffects => Bodies.Any(b => GraphWalk.TopologicalOrder(b.Results).Exists(n => n.Op.HasEffects));

    /// <summary>The functions that it is made of.</summary>
    public virtual IReadOnlyList<Function> Bodies => [];

    /// <summary>The types of the results, or an exception that says what is wrong with the inputs.</summary>
    public abstract NodeType[] Infer(TypeContext context);

    /// <summary>
    /// The vector-Jacobian product: for each input, the cotangent that flows into it, null for none. Cotangents of results that nothing
    /// depends on are null.
    /// </summary>
    public abstract Node?[] Pullback(Node node, Node?[] cotangents);

    /// <summary>
    /// The Jacobian-vector product: for each result its tangent; null if the op has no rule of its own and forward mode is to transpose the
    /// pullback. Tangents of inputs that do not vary are null.
    /// </summary>
    public virtual Node?[]? Pushforward(Node node, Node?[] tangents) => null;

    /// <summary>
    /// The operation for all examples of a batch at once: what stands for each result, with the batch axis in front, or without where all examples share it. Asked only
    /// where an input has that axis, or examples draw different random numbers from one.
    /// </summary>
    public abstract Node[] Batch(BatchContext context);

    /// <summary>The values of the results.</summary>
    public abstract TensorValue[] Evaluate(EvaluationContext context);

    /// <summary>How far rounding may take the elements of a result from what <see cref="Evaluate"/> gives, by one of the rules; null if it does not.</summary>
    public abstract double[]? BoundErrors(RoundingErrors errors);

    /// <summary>Only what the sealed records add, their attributes, is printed.</summary>
    protected virtual bool PrintMembers(StringBuilder builder) => false;
}

/// <summary>An operation with one result.</summary>
internal abstract record SingleResultOp : Op
{
    public sealed override NodeType[] Infer(TypeContext context) => [InferResult(context)];

    public sealed override Node?[] Pullback(Node node, Node?[] cotangents) => PullbackResult(node, cotangents[0]!);

    public sealed override Node[] Batch(BatchContext context) => [BatchResult(context)];

    public sealed override TensorValue[] Evaluate(EvaluationContext context) => [EvaluateResult(context)];

    protected abstract NodeType InferResult(TypeContext context);

    protected abstract Node?[] PullbackResult(Node node, Node cotangent);

    protected abstract Node BatchResult(BatchContext context);

    protected abstract TensorValue EvaluateResult(EvaluationContext context);
}

/// <summary>An operation of one input that is linear in it: forward mode applies it to the tangent.</summary>
internal abstract record LinearOp : SingleResultOp
{
    public sealed override Node?[] Pushforward(Node node, Node?[] tangents) =>
        [tangents[0] is { } tangent ? Node.Create(this, tangent) : null];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Linear();
}

/// <summary>An operation without inputs.</summary>
internal abstract record SourceOp : SingleResultOp
{
    protected sealed override Node?[] PullbackResult(Node node, Node cotangent) => [];

    protected sealed override Node BatchResult(BatchContext context) => context.Node;

    public sealed override double[]? BoundErrors(RoundingErrors errors) => null;
}

/// <summary>An operation whose results are integers, whatever its inputs are: no slope, and no bound of errors.</summary>
internal abstract record IntegerOp : SingleResultOp
{
    public sealed override bool IsDifferentiable => false;

    protected sealed override Node?[] PullbackResult(Node node, Node cotangent) => new Node?[node.Inputs.Count];

    public sealed override double[]? BoundErrors(RoundingErrors errors) => null;
}
