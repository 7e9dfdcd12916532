using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>A named rewrite of one kind of operation: gives what a node can be replaced by, or null.</summary>
/// <param name="Name">The rule read as algebra, such as <c>x·1 → x</c>.</param>
/// <param name="Op">The operation at the root of what it matches.</param>
/// <param name="Apply">The replacement, of the same type, or null if the rule does not match.</param>
internal sealed record RewriteRule(string Name, Type Op, Func<Node, MatchContext, Node?> Apply)
{
    public static RewriteRule For<TOp>(string name, Func<Node, MatchContext, Node?> apply)
        where TOp : Op => new(name, typeof(TOp), apply);

    /// <summary>What a node is replaced by, or null.</summary>
    public Node? Replace(Node node, MatchContext context)
    {
        Node? replacement = Apply(node, context);
        return replacement is null || ReferenceEquals(replacement, node) ? null
            : replacement.Results[0] == node.Results[0] ? replacement
            : throw new InvalidOperationException($"The rule '{Name}' made {replacement.Describe()} of {node.Describe()}.");
    }
}

/// <summary>
/// What rules may look at: kept nodes, which somebody outside refers to, are not to be matched through, nor what cuts gradients off where the outcome is
/// differentiated: they would reach its inputs.
/// </summary>
internal sealed class MatchContext(HashSet<Node> kept, bool isDifferentiated)
{
    /// <summary>Whether a node inside a pattern is the operation asked for and may be absorbed.</summary>
    public bool Is<TOp>(Node node)
        where TOp : Op => node.Op is TOp && !IsKept(node) && !(isDifferentiated && node.CutsGradient);

    public bool IsKept(Node node) => kept.Contains(node);
}

/// <summary>What became of the nodes of a graph.</summary>
internal sealed class Rewritten(Dictionary<Node, Node> map, IReadOnlyDictionary<string, int> hits)
{
    /// <summary>How often each rule fired.</summary>
    public IReadOnlyDictionary<string, int> Hits => hits;

    public Node Of(Node node) => map[node];

    public Node[] Of(IEnumerable<Node> nodes) => [.. nodes.Select(Of)];
}

/// <summary>
/// Applies rules to a fixed point, bottom-up, and merges nodes that compute the same from the same (common subexpressions); what nothing
/// refers to any more is dropped by not being reached. A budget ends rules that would chase each other.
/// </summary>
internal sealed class Rewriter
{
    private readonly Dictionary<Type, RewriteRule[]> rules;
    private readonly Dictionary<Computation, Node> canonical = [];
    private readonly Dictionary<Node, Node> map = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, int> hits = [];
    private readonly MatchContext context = new([], isDifferentiated: false);
    private int budget;

    private Rewriter(IEnumerable<RewriteRule> rules) => this.rules = rules.GroupBy(r => r.Op).ToDictionary(g => g.Key, g => g.ToArray());

    /// <summary>Rewrites a graph. What becomes of its nodes is other nodes, so none may be differentiated after that, and which require a gradient means nothing.</summary>
    public static Rewritten Run(IEnumerable<RewriteRule> rules, IReadOnlyList<Node> roots)
    {
        var rewriter = new Rewriter(rules);
        List<Node> order = GraphWalk.TopologicalOrder(roots);
        rewriter.budget = 1000 + (50 * order.Count);
        rewriter.Process(order);
        return new Rewritten(rewriter.map, rewriter.hits);
    }

    private void Process(List<Node> order)
    {
        foreach (Node node in order)
        {
            if (!map.ContainsKey(node))
            {
                Node result = Settle(node);
                map[node] = result;
                map[result] = result;
            }
        }
    }

    private Node Settle(Node node)
    {
        Node[]? inputs = null;
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            Node input = map[node.Inputs[i]];
            if (!ReferenceEquals(input, node.Inputs[i]))
            {
                inputs ??= [.. node.Inputs];
                inputs[i] = input;
            }
        }

        Node current = Merge(inputs is null ? node : node.Rebuild(inputs));
        if (map.TryGetValue(current, out Node? settled))
        {
            return settled;
        }

        if (!rules.TryGetValue(current.Op.GetType(), out RewriteRule[]? candidates))
        {
            return current;
        }

        using NodeOrigins.Scope origin = NodeOrigins.Of(current);
        foreach (RewriteRule rule in candidates)
        {
            if (budget <= 0 || rule.Replace(current, context) is not { } replacement)
            {
                continue;
            }

            budget--;
            hits[rule.Name] = hits.GetValueOrDefault(rule.Name) + 1;
            Process(GraphWalk.TopologicalOrder([replacement], map.ContainsKey));
            return map[replacement];
        }

        return current;
    }

    private Node Merge(Node node)
    {
        if (node.Op.IsLeaf)
        {
            return node;
        }

        var key = new Computation(node.Op, node.Inputs);
        if (canonical.TryGetValue(key, out Node? twin))
        {
            return twin;
        }

        canonical[key] = node;
        return node;
    }

    /// <summary>What a node computes, and from what.</summary>
    private sealed record Computation(Op Op, NodeList Inputs);
}
