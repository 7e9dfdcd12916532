using System.Collections.Immutable;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// A value in a symbolic graph: an operation applied to other nodes. Nodes are immutable and nothing is computed until a graph of them is
/// compiled or interpreted. Made by the functions of <see cref="Ops"/>, whose names and rules are PyTorch's and NumPy's.
/// </summary>
public partial class Node
{
    private readonly FunctionParts? parts;

    internal Node(Op op, NodeList inputs, bool? requiresGrad = null, string? name = null, string? scope = null, FunctionParts? parts = null, NodeOrigin? from = null)
    {
        this.parts = parts;
        Op = op;
        Inputs = inputs;
        Name = name;
        Scope = scope;
        From = from ?? NodeOrigins.Here;
        MadeIn = op.IsLeaf ? null : BodyTrace.Current;
        foreach (Node input in inputs)
        {
            if (input.LeakedFrom is { } ended)
            {
                throw new GraphException($"{op.Name} uses {input.Describe()}, which was made in the body of {ended.Function} and has no value outside of it; let the body return it.");
            }

            if (op is not OutputOp)
            {
                input.RequireSingle($"{op.Name}: the input");
            }
        }

        var context = new TypeContext(op, inputs, Label);
        NodeType[] results = op.Infer(context);
        Results = EquatableArray.Create<NodeType>(results);
        context.RequireSizes(results);
        foreach (NodeType result in results)
        {
            CheckFits(result);
        }

        IsKnown = op.Bodies.Count == 0 && !op.HasEffects && (inputs.Count == 0 ? op is ConstantOp or IotaOp or DimValueOp : inputs.All(i => i.IsKnown));
        Guards = Origin is null ? [.. context.Guards] : [.. context.Guards.Select(g => g with { Origin = Made })];
        bool mayRequireGrad = op.IsDifferentiable && Array.Exists(results, r => r.DType.IsFloat());
        RequiresGrad = mayRequireGrad && (requiresGrad ?? inputs.Any(i => i.RequiresGrad));
    }

    /// <summary>The element type.</summary>
    /// <exception cref="GraphException">The node has several results.</exception>
    public DType DType => Type.DType;

    /// <summary>The sizes of the axes.</summary>
    /// <exception cref="GraphException">The node has several results.</exception>
    public Shape Shape => Type.Shape;

    /// <summary>The number of axes.</summary>
    /// <exception cref="GraphException">The node has several results.</exception>
    public int Rank => Shape.Rank;

    /// <summary>Whether a gradient can flow through this node: some leaf below it requires one, and neither <see cref="Ops.Detach"/> nor <see cref="GradMode.NoGrad"/> cut it off.</summary>
    public bool RequiresGrad { get; }

    /// <summary>The name given by <see cref="Named"/>, or of the input or parameter.</summary>
    public string? Name { get; }

    /// <summary>The part of the model the node was named in, such as <c>encoder/layer1</c>.</summary>
    public string? Scope { get; }

    /// <summary>
    /// The operation, such as <c>MatMul</c>, or <c>Input</c> and <c>Parameter</c> of leaves; <c>Call</c> of a function of your own, and <c>Output</c> of what takes one
    /// result of a node that has several.
    /// </summary>
    public string Operation => Op.Kind;

    /// <summary>What the operation does besides its inputs, such as the axes of a sum: as many as tell two operations of a kind apart, in an order of the kind's own.</summary>
    public IReadOnlyList<NodeAttribute> Attributes => NodeAttribute.Of(Op);

    /// <summary>What the node is computed from. A leaf has no inputs; neither has a constant.</summary>
    public NodeList Inputs { get; }

    /// <summary>The types of the results: one, but for operations of several, whose results <c>Output</c> nodes take.</summary>
    public EquatableArray<NodeType> Results { get; }

    /// <summary>
    /// The functions that the operation is made of: that of a call, the body and the condition of a loop, both sides of a branch, or what joins two elements of a scan; none of
    /// most. The inputs of a call are those that it was given, as many as its attribute <c>Arguments</c> says, and then what its body uses from outside.
    /// </summary>
    public IReadOnlyList<Function> Bodies => Op.Bodies;

    /// <summary>
    /// Whether the operation is written as others, such as a softmax, a normalisation or a <c>Call</c>: who knows it by its name and attributes takes it whole, and everybody else
    /// what <see cref="Expand"/> gives.
    /// </summary>
    public bool IsComposite => Op is CompositeOp and not DetachOp;

    /// <summary>The line of the program that made the node, such as <c>Model.Forward, Model.cs:42</c>, if <see cref="NodeOrigins.AreKept"/> said so then; without symbols the method alone.</summary>
    public string? Origin => From?.Line;

    /// <summary>The name that messages, dumps and pictures show.</summary>
    internal virtual string? Title => Name;

    internal Op Op { get; }

    /// <summary>What it was made for, as far as anybody has to know.</summary>
    internal NodeOrigin? From { get; }

    /// <summary>The body that the node was made in; null of leaves, which are there for all, and of what was made outside of bodies.</summary>
    internal BodyTrace? MadeIn { get; init; }

    /// <summary>The body that has ended and that the node has no value outside of; null of what is known everywhere, such as a constant that was first used there.</summary>
    internal BodyTrace? LeakedFrom => MadeIn is { HasEnded: true } && !IsKnown ? MadeIn : null;

    /// <summary>Whether it is made of constants and sizes alone.</summary>
    internal bool IsKnown { get; }

    /// <summary>The type of the one result. Whoever works on nodes of several asks <see cref="Results"/>.</summary>
    internal NodeType Type
    {
        get
        {
            RequireSingle();
            return Results[0];
        }
    }

    /// <summary>Scope and name, for messages; nothing where the name is no other than the operation's.</summary>
    internal string Label => Scope is not null ? $" '{Scope}/{Title}'" : Title is not { } title || title == Op.Name ? string.Empty : $" '{title}'";

    /// <summary>A sentence of where the node was made, for messages; nothing where that is not known.</summary>
    internal string Made => Origin is null ? string.Empty : $" Made in {Origin}.";

    /// <summary>Whether gradients end here although an input requires one: the node was made without them, or has no slope.</summary>
    internal bool CutsGradient => !RequiresGrad && Inputs.Any(i => i.RequiresGrad);

    internal ImmutableArray<Guard> Guards { get; }

    /// <summary>The same value under a name, for messages, dumps and pictures.</summary>
    /// <param name="name">The name.</param>
    /// <param name="scope">The part of the model it belongs to, such as <c>encoder/layer1</c>.</param>
    public Node Named(string name, string? scope = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Op.IsLeaf
            ? throw new GraphException($"{Describe()} is a leaf and keeps the name it was made with.")
            : new Node(Op, [.. parts?.Renamed(Inputs, name, scope ?? Scope) ?? [.. Inputs]], RequiresGrad, name, scope ?? Scope, parts is null ? null : parts with { Name = name }, From);
    }

    /// <summary>The node in a line: operation, name, dtype and shape.</summary>
    public override string ToString() => Describe();

    /// <summary>A node that requires a gradient when an input does, whatever the grad mode: what is not the user's own doing.</summary>
    internal static Node Create(Op op, params ReadOnlySpan<Node> inputs) => new(op, [.. inputs]);

    /// <summary>A node that does a part of this one's work, or is made for its gradient: errors in it are this one's.</summary>
    internal Node CreatePart(Op op, params ReadOnlySpan<Node> inputs) => new(op, [.. inputs], name: Name, scope: Scope, from: From);

    /// <summary>The same operation on other inputs; flag, name and scope are kept.</summary>
    internal Node Rebuild(NodeList inputs, bool? requiresGrad = null) => new(Op, inputs, requiresGrad ?? RequiresGrad, Name, Scope, from: From);

    /// <summary>The operation with the node's name and type, for messages.</summary>
    internal string Describe() => DescribeAs([.. Results]);

    /// <summary>The same with other types, such as one of bound sizes.</summary>
    internal string DescribeAs(params NodeType[] types)
    {
        string what = Op is OutputOp output ? $"Result {output.Index} of {Inputs[0].Op.Name}" : Op.Name;
        return $"{what}{Label} {string.Join(", ", types)}";
    }

    /// <summary>Refuses a node of several results where one is needed.</summary>
    /// <param name="role">What it is there, for the message.</param>
    internal void RequireSingle(string? role = null)
    {
        if (Results.Count != 1)
        {
            throw new GraphException($"{(role is null ? string.Empty : $"{role} ")}{Describe()} has {Results.Count} results; take one with Output(node, i).");
        }
    }

    /// <summary>Refuses what can never be addressed, whatever its symbols are.</summary>
    private void CheckFits(NodeType type)
    {
        long bytes = type.DType.Size();
        for (int axis = 0; axis < type.Shape.Rank; axis++)
        {
            bytes = (long)Int128.Min(Math.BigMul(bytes, Math.Max(0, type.Shape[axis].Constant ?? 1)), long.MaxValue);
        }

        if (bytes == long.MaxValue)
        {
            string inputs = Inputs.Count == 0 ? string.Empty : $" Inputs: {string.Join(", ", Inputs.Select(i => i.Describe()))}.";
            throw type.Shape.Constants is { } shape
                ? TooLarge.Of(Describe(), type.DType, shape)
                : new SizeException($"{Describe()} has more bytes than can be addressed wherever none of its sizes is 0.{inputs}");
        }
    }
}
