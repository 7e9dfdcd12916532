using System.Collections.Immutable;
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
}

/// <summary>What rules may look at: nodes that somebody outside refers to are not to be matched through.</summary>
internal sealed class MatchContext(HashSet<Node> kept)
{
    /// <summary>
    /// Whether a node inside a pattern is the operation asked for and may be absorbed. What cuts a gradient off (it was made under
    /// <see cref="GradMode.NoGrad"/>) may not: its inputs would be reached by gradients.
    /// </summary>
    public bool Is<TOp>(Node node)
        where TOp : Op => node.Op is TOp && !node.CutsGradient && !kept.Contains(node);
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
    private readonly SortedDictionary<string, int> hits = new(StringComparer.Ordinal);
    private readonly HashSet<Node> kept = [];
    private readonly HashSet<Node> wanted;
    private readonly MatchContext context;
    private int budget;

    private Rewriter(IEnumerable<RewriteRule> rules, IEnumerable<Node> keep)
    {
        this.rules = rules.GroupBy(r => r.Op).ToDictionary(g => g.Key, g => g.ToArray());
        wanted = [.. keep];
        context = new MatchContext(kept);
    }

    /// <summary>
    /// Rewrites a graph. Somebody refers to the nodes in <paramref name="keep"/>, so each survives as a node of its own: it may take another
    /// form, but never becomes one with another node, and everything that used it still does.
    /// </summary>
    public static Rewritten Run(IEnumerable<RewriteRule> rules, IReadOnlyList<Node> roots, IReadOnlyList<Node>? keep = null)
    {
        var rewriter = new Rewriter(rules, keep ?? []);
        using (GradMode.EnableGrad())
        {
            List<Node> order = GraphWalk.TopologicalOrder([.. roots, .. keep ?? []]);
            rewriter.budget = 1000 + (50 * order.Count);
            rewriter.Process(order);
        }

        return new Rewritten(rewriter.map, rewriter.hits);
    }

    private void Process(List<Node> order)
    {
        foreach (Node node in order)
        {
            if (!map.ContainsKey(node))
            {
                Node result = Settle(node);
                if (wanted.Contains(node) && !node.Op.IsLeaf)
                {
                    result = Alone(node, result);
                    kept.Add(result);
                }

                map[node] = result;
                map[result] = result;
            }
        }
    }

    private Node Settle(Node node)
    {
        // A wanted node is settled by way of a copy, so that no twin is ever mapped to it.
        ImmutableArray<Node> inputs = [.. node.Inputs.Select(i => map[i])];
        Node current = Merge(wanted.Contains(node) && !node.Op.IsLeaf ? node.Rebuild(inputs) : node.On(inputs));
        if (map.TryGetValue(current, out Node? settled))
        {
            return settled;
        }

        if (!rules.TryGetValue(current.Op.GetType(), out RewriteRule[]? candidates))
        {
            return current;
        }

        foreach (RewriteRule rule in candidates)
        {
            if (budget <= 0 || rule.Apply(current, context) is not { } replacement || ReferenceEquals(replacement, current))
            {
                continue;
            }

            if (replacement.Results[0] != current.Results[0])
            {
                throw new InvalidOperationException($"The rule '{rule.Name}' made {replacement.Describe()} of {current.Describe()}.");
            }

            budget--;
            hits[rule.Name] = hits.GetValueOrDefault(rule.Name) + 1;
            if (replacement.RequiresGrad && !current.RequiresGrad)
            {
                replacement = Ops.Detach(replacement);
            }

            Process(GraphWalk.TopologicalOrder([replacement], map.ContainsKey));
            return map[replacement];
        }

        return current;
    }

    /// <summary>
    /// A node like the one settled on that nobody shares: with a derivative taken with respect to it, a twin or an input that it turned out to
    /// equal must not count as it.
    /// </summary>
    private Node Alone(Node node, Node settled) => settled.Op.IsLeaf || settled.RequiresGrad != node.RequiresGrad
        ? node.Rebuild([.. node.Inputs.Select(i => map[i])])
        : settled.Rebuild(settled.Inputs);

    private Node Merge(Node node)
    {
        if (node.Op.IsLeaf)
        {
            return node;
        }

        var key = new Computation(node.Op, new EquatableArray<Node>(node.Inputs), node.RequiresGrad);
        if (canonical.TryGetValue(key, out Node? twin))
        {
            return twin;
        }

        canonical[key] = node;
        return node;
    }

    /// <summary>What a node computes, and from what.</summary>
    private sealed record Computation(Op Op, EquatableArray<Node> Inputs, bool RequiresGrad);
}
