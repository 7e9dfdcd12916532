using System.Collections.Immutable;

namespace GraphCompiler.Rewriting;

/// <summary>What a node is computed by where its own operations would overflow, cancel or lose accuracy.</summary>
/// <param name="Root">The node's value, by operations over <paramref name="Inputs"/>.</param>
/// <param name="Inputs">Nodes of the graph that the form was found in.</param>
internal sealed record StableForm(Node Root, NodeList Inputs);

/// <summary>
/// Finds the stable forms of nodes without rewriting their graph: a form is written over the graph's own nodes below the pattern, however many forms were
/// found on the way, and every other node stays what it is. So a gradient made of forms can be differentiated again through any of these nodes.
/// </summary>
internal sealed class StableForms
{
    private static readonly Dictionary<Type, RewriteRule[]> Rules = Stabilize.Rules.GroupBy(r => r.Op).ToDictionary(g => g.Key, g => g.ToArray());

    private readonly Dictionary<Node, StableForm> forms = [];

    // What rules match on instead of a node: its form, or a copy over what its inputs are matched on. Nodes that are missing are matched on as they are.
    private readonly Dictionary<Node, Node> shadows = [];
    private readonly Dictionary<Node, Node> originals;
    private readonly HashSet<Node> kept;
    private readonly MatchContext context;

    private StableForms(IReadOnlyList<Node> order, IEnumerable<Node> keep)
    {
        originals = order.ToDictionary(n => n);
        kept = [.. keep];
        context = new MatchContext(kept, isDifferentiated: true);
    }

    /// <summary>The nodes of an order that have stable forms. What is differentiated with respect to is absorbed by none.</summary>
    /// <param name="order">Nodes, each after its inputs.</param>
    /// <param name="targets">What is differentiated with respect to.</param>
    /// <param name="stop">Nodes for which it holds are listed, but what they are made of is not looked at.</param>
    public static IReadOnlyDictionary<Node, StableForm> Of(IReadOnlyList<Node> order, IEnumerable<Node> targets, Func<Node, bool>? stop = null)
    {
        Node[] within = [.. order.Where(n => n.RequiresGrad && (stop is null || !stop(n)))];

        // Most parts of graphs have no operation that a pattern begins with.
        if (!within.Any(n => Rules.ContainsKey(n.Op.GetType())))
        {
            return ImmutableDictionary<Node, StableForm>.Empty;
        }

        var found = new StableForms(order, stop is null ? targets : [.. targets, .. order.Where(stop)]);
        foreach (Node node in within)
        {
            found.Look(node);
        }

        return found.forms;
    }

    private void Look(Node node)
    {
        Node shadow = node.On([.. node.Inputs.Select(i => shadows.GetValueOrDefault(i, i))]);
        if (Rules.TryGetValue(node.Op.GetType(), out RewriteRule[]? rules)
            && rules.Select(r => r.Replace(shadow, context)).FirstOrDefault(r => r is not null) is { } replacement)
        {
            forms[node] = Form(replacement);

            // A rule may give another node of the graph: whoever looked through it would pass by this one.
            shadow = originals.ContainsKey(replacement) ? shadow : replacement;
        }

        if (!ReferenceEquals(shadow, node))
        {
            shadows[node] = shadow;
            originals[shadow] = node;
            if (kept.Contains(node))
            {
                kept.Add(shadow);
            }
        }
    }

    /// <summary>A replacement over the nodes that shadows stand for.</summary>
    private StableForm Form(Node replacement)
    {
        Dictionary<Node, Node> map = [];
        List<Node> inputs = [];
        foreach (Node node in GraphWalk.TopologicalOrder([replacement], originals.ContainsKey))
        {
            if (originals.TryGetValue(node, out Node? original))
            {
                inputs.Add(original);
            }

            map[node] = original ?? node.On([.. node.Inputs.Select(i => map[i])]);
        }

        return new StableForm(map[replacement], [.. inputs.Distinct()]);
    }
}
