using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>
/// A computation made of other operations whose identity matters: a pass may claim it whole, and it may own a pullback that is better than the
/// derivative of its parts. Whoever does not claim it expands it.
/// </summary>
internal abstract record CompositeOp : Op
{
    /// <summary>The results written as operations on the inputs.</summary>
    public abstract Node[] Expand(IReadOnlyList<Node> inputs);

    /// <summary>The results of a node, whose name the parts bear that may fail, and the last one of a single result.</summary>
    public Node[] Expand(Node node, IReadOnlyList<Node> inputs)
    {
        Node[] results = Expand(inputs);
        if (node.Name is null)
        {
            return results;
        }

        results = new FunctionParts(Name, [.. inputs]).Renamed(results, node.Name, node.Scope);
        return results is [{ Name: null } result] && !inputs.Contains(result)
            ? [new Node(result.Op, result.Inputs, result.RequiresGrad, node.Name, node.Scope)]
            : results;
    }

    public override NodeType[] Infer(TypeContext context) => Array.ConvertAll(Expand(context.Inputs), n => n.Results[0]);

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        // An input that is given twice gets its whole cotangent once.
        Node?[] pulled = ReverseMode.PullWithin(Expand(node, node.Inputs), cotangents, node.Inputs);
        return [.. pulled.Select((p, i) => node.Inputs.AsSpan().IndexOf(node.Inputs[i]) == i ? p : null)];
    }

    public override Node[] Batch(BatchContext context) => context.Expanded(Expand(context.Node, context.Node.Inputs));

    /// <summary>The tangents of the results, by those of the parts.</summary>
    protected Node?[] PushParts(Node node, Node?[] tangents)
    {
        // An input that is given twice has one tangent.
        Node[] inputs = [.. node.Inputs.Distinct()];
        return ForwardMode.PushWithin(Expand(node, node.Inputs), inputs, [.. inputs.Select(i => tangents[node.Inputs.AsSpan().IndexOf(i)])]);
    }

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    public override TensorValue[] Evaluate(EvaluationContext context)
    {
        Node[] results = Expand(context.Node, context.Node.Inputs);
        var given = context.Node.Inputs.Zip(context.Inputs).DistinctBy(p => p.First).ToDictionary(p => p.First, p => p.Second);
        return Interpreter.Evaluate(results, given, context.Symbol, context.Draws);
    }
}

/// <summary>
/// A named function applied to inputs, with a pullback of its own if it is given one, which sees those inputs that were listed, and with a pushforward, which is given
/// the tangents of those in the place of cotangents.
/// </summary>
/// <param name="Body">Takes those inputs, what it uses from outside, and what only its derivatives do.</param>
/// <param name="Arguments">How many inputs were listed.</param>
/// <param name="CallName">The name.</param>
/// <param name="Rule">The pullback.</param>
/// <param name="Forward">The pushforward.</param>
/// <param name="Batched">The function for many examples, which is told which inputs have their axis.</param>
/// <param name="Used">What the derivatives and the function for many examples use as they were written, whose places the last inputs take.</param>
internal sealed record CallOp(
    Function Body,
    int Arguments,
    string CallName,
    Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? Rule,
    Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? Forward = null,
    Func<NodeList, IReadOnlyList<bool>, IReadOnlyList<Node>>? Batched = null,
    NodeList? Used = null) : CompositeOp
{
    public override string Name => CallName;

    public override string Kind => "Call";

    public override IReadOnlyList<Function> Bodies => [Body];

    public override Node[] Expand(IReadOnlyList<Node> inputs) => Body.Apply(inputs);

    public override Node?[] Pullback(Node node, Node?[] cotangents) => Rule is null
        ? base.Pullback(node, cotangents)
        : [.. Placed(node, UserDerivatives.Pull(node, Arguments, Rule, cotangents), cotangents), .. new Node?[node.Inputs.Count - Arguments]];

    public override Node?[]? Pushforward(Node node, Node?[] tangents) =>
        Forward is null ? null : [.. Placed(node, UserDerivatives.Push(node, Arguments, Forward, tangents), tangents)];

    /// <summary>The same call, whose derivatives use what stands behind its inputs.</summary>
    public CallOp Using(NodeList used) => this with
    {
        Body = new Function([.. Body.Parameters, .. used.Select((u, i) => Ops.Placeholder(u.Results[0], $"used{i}", u.RequiresGrad))], Body.Results),
        Used = used,
    };

    private IReadOnlyList<Node?> Placed(Node node, IReadOnlyList<Node?> moved, Node?[] directions)
    {
        if (Used is null || Used.SequenceEqual(node.Inputs[^Used.Count..]))
        {
            return moved;
        }

        HashSet<Node> given = [node, .. node.Inputs, .. directions.OfType<Node>()];
        Dictionary<Node, Node> map = Used.Zip(node.Inputs[^Used.Count..]).ToDictionary(p => p.First, p => p.Second);
        var placed = new Queue<Node>(GraphWalk.Substitute([.. moved.OfType<Node>()], map, given.Contains));
        return [.. moved.Select(m => m is null ? null : placed.Dequeue())];
    }

    public override Node[] Batch(BatchContext context) => CallBatching.Of(this, context);

    /// <summary>Refuses to use what requires a gradient that a pullback, this one or one within the body, could not give, since it was not listed.</summary>
    /// <param name="inputs">What the function is applied to.</param>
    /// <exception cref="GraphException">The body uses such a node.</exception>
    public void CheckFlow(IReadOnlyList<Node> inputs)
    {
        Node[] parameters = [.. inputs.Select((n, i) => Ops.Placeholder(n.Results[0], Body.Parameters[i].Name!, n.RequiresGrad))];

        // What does not require a gradient is not looked below: nothing flows back through it.
        HashSet<Node> flowing = [.. GraphWalk.TopologicalOrder(Body.Apply(parameters), n => !n.RequiresGrad).Where(n => n.RequiresGrad)];
        foreach (Node node in flowing)
        {
            (node.Op as CallOp)?.CheckFlow(node.Inputs);
        }

        for (int i = Arguments; Rule is not null && i < parameters.Length; i++)
        {
            if (flowing.Contains(parameters[i]))
            {
                throw new GraphException(
                    $"CustomGradient '{CallName}': the body uses {inputs[i].Describe()}, which requires a gradient and is not among the inputs, so that the pullback cannot give one; add it to the inputs, or Detach it.");
            }
        }
    }
}

/// <summary>Its input, with no gradient.</summary>
internal sealed record DetachOp : UnaryComposite
{
    public override bool IsDifferentiable => false;

    public override NodeType[] Infer(TypeContext context) => [context.Inputs[0].Results[0]];

    public override Node?[] Pullback(Node node, Node?[] cotangents) => [null];

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    protected override Node Expand(Node x) => x;
}

/// <summary>One result of an operation that has several. Differentiation routes its cotangent by position.</summary>
internal sealed record OutputOp(int Index) : Op
{
    public override NodeType[] Infer(TypeContext context)
    {
        EquatableArray<NodeType> results = context.Inputs[0].Results;
        return Index >= 0 && Index < results.Count
            ? [results[Index]]
            : throw context.BadShape($"there is no result {Index}; the node has {results.Count}.");
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents) => throw new InvalidOperationException("Reverse mode routes the cotangents of results by position.");

    public override Node[] Batch(BatchContext context) => throw new InvalidOperationException("Batching routes results by position.");

    public override double[]? BoundErrors(RoundingErrors errors) => errors.OfResult(Index);

    public override TensorValue[] Evaluate(EvaluationContext context) => throw new InvalidOperationException("The interpreter routes results by position.");
}
