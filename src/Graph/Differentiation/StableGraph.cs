using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Differentiation;

/// <summary>
/// What is differentiated: the user's own nodes. The derivative of one that has a stable form is that of the form, whose inputs are the user's nodes too; what the
/// form absorbs is passed by, unless it is a target.
/// </summary>
internal sealed class StableGraph
{
    private readonly IReadOnlyDictionary<Node, StableForm> forms;
    private readonly HashSet<Node> onPath;

    /// <param name="roots">What is differentiated.</param>
    /// <param name="targets">With respect to what.</param>
    /// <param name="stop">Nodes for which it holds are part of the graph, but what lies below them is not looked at.</param>
    public StableGraph(IReadOnlyList<Node> roots, IReadOnlyList<Node> targets, Func<Node, bool>? stop = null)
    {
        Order = GraphWalk.TopologicalOrder(roots, stop);
        forms = StableForms.Of(Order, targets, stop);
        if (forms.Count > 0)
        {
            Order = GraphWalk.TopologicalOrder(roots, stop, InputsOf);
        }

        onPath = [.. targets];
        foreach (Node node in Order)
        {
            if (node.RequiresGrad && InputsOf(node).Any(onPath.Contains))
            {
                onPath.Add(node);
            }
        }
    }

    /// <summary>Every node that the roots reach, each after its inputs.</summary>
    public IReadOnlyList<Node> Order { get; }

    /// <summary>Whether a change of a target reaches a node, as far as gradients are recorded.</summary>
    public bool IsOnPath(Node node) => onPath.Contains(node);

    /// <summary>What a change of may reach some of the nodes, as far as gradients are recorded; these included.</summary>
    public HashSet<Node> Reached(IEnumerable<Node> nodes)
    {
        HashSet<Node> reached = [.. nodes];
        foreach (Node node in Order.Reverse().Where(n => n.RequiresGrad && reached.Contains(n)))
        {
            reached.UnionWith(InputsOf(node));
        }

        return reached;
    }

    /// <summary>What a node's derivative is taken by.</summary>
    public NodeList InputsOf(Node node) => forms.TryGetValue(node, out StableForm? form) ? form.Inputs : node.Inputs;

    /// <summary>The operations that stand for a node: those of its form, each after its inputs, or itself.</summary>
    public IEnumerable<Node> PartsOf(Node node) =>
        forms.TryGetValue(node, out StableForm? form) ? GraphWalk.TopologicalOrder([form.Root], form.Inputs.Contains).Except(form.Inputs) : [node];

    /// <summary>The cotangents that flow into a node's inputs, null for none.</summary>
    public Node?[] Pullback(Node node, Node?[] cotangents)
    {
        using NodeOrigins.Scope origin = NodeOrigins.OfDerivative(node);
        return forms.TryGetValue(node, out StableForm? form)
            ? ReverseMode.PullWithin([form.Root], cotangents, form.Inputs)
            : OpRules.Pullback(node, cotangents);
    }

    /// <summary>The tangents of a node's results, given those of its inputs, null where they do not vary; null if the op has no rule of its own.</summary>
    public Node?[]? Pushforward(Node node, Node?[] tangents)
    {
        using NodeOrigins.Scope origin = NodeOrigins.OfDerivative(node);
        return forms.TryGetValue(node, out StableForm? form)
            ? ForwardMode.PushWithin([form.Root], form.Inputs, tangents)
            : OpRules.Pushforward(node, tangents);
    }
}
