using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>
/// Decides what the forward part saves for the backward part, and what the backward part computes again: the fewest bytes in between. Every value that
/// the backward part needs is cut off from what only the forward part can compute (products, reductions, lookups, inputs) by values that are saved:
/// a minimum cut over bytes, as in PyTorch's partitioner. Elementwise chains of little work between the saved values and the backward part are
/// written a second time, as nodes of their own; so is what a stream of random numbers, a few words, tells. Where bytes are equal, as little as possible is computed again.
/// </summary>
internal sealed class ChooseSaved
{
    // Operations on the way from a saved value.
    private const int MostWork = 48;

    private readonly List<Node> forward;
    private readonly HashSet<Node> isForward;
    private readonly List<Node> backward;
    private readonly Node[] backwardRoots;
    private readonly HashSet<Node> needed = [];
    private readonly HashSet<Node> repeatable = [];
    private readonly IReadOnlySet<Node> saved;

    private ChooseSaved(Node[] forwardRoots, Node[] backwardRoots, IReadOnlySet<Node> saved)
    {
        (this.backwardRoots, this.saved) = (backwardRoots, saved);
        forward = GraphWalk.TopologicalOrder(forwardRoots);
        isForward = [.. forward];
        backward = [.. GraphWalk.TopologicalOrder(backwardRoots, isForward.Contains).Where(n => !isForward.Contains(n))];
        needed.UnionWith(backward.SelectMany(n => n.Inputs).Concat(backwardRoots).Where(isForward.Contains));
        FindRepeatable();
    }

    /// <summary>The roots, those of the backward part on clones of what it computes again.</summary>
    public static Node[] Run(IReadOnlyList<Node> nodes, IReadOnlyList<bool> isForward)
    {
        int[] backward = [.. Enumerable.Range(0, nodes.Count).Where(i => !isForward[i])];
        if (backward.Length == 0)
        {
            return [.. nodes];
        }

        Node[] changed = Run([.. nodes.Where((_, i) => isForward[i])], [.. backward.Select(i => nodes[i])], new HashSet<Node>());
        Node[] result = [.. nodes];
        for (int i = 0; i < backward.Length; i++)
        {
            result[backward[i]] = changed[i];
        }

        return result;
    }

    /// <summary>The roots of a backward part on clones of what it computes again.</summary>
    /// <param name="forward">The roots of the forward part.</param>
    /// <param name="backward">Those of the backward part.</param>
    /// <param name="saved">What the backward part has in any case.</param>
    public static Node[] Run(Node[] forward, Node[] backward, IReadOnlySet<Node> saved) => new ChooseSaved(forward, backward, saved).Run();

    private Node[] Run()
    {
        HashSet<Node> again = ComputedAgain();
        Dictionary<Node, Node> map = [];
        foreach (Node node in forward.Concat(backward))
        {
            NodeList inputs = [.. node.Inputs.Select(i => map[i])];

            // A view of what is saved is a view in either part.
            map[node] = isForward.Contains(node) && (!again.Contains(node) || (IsView(node.Op) && node.Inputs.SequenceEqual(inputs))) ? node
                : again.Contains(node) ? node.Rebuild(inputs)
                : node.On(inputs);
        }

        return [.. backwardRoots.Select(r => map[r])];
    }

    /// <summary>What may be computed again: elementwise work and views, up to a bound, on what is at hand in the backward part.</summary>
    private void FindRepeatable()
    {
        Dictionary<Node, int> work = [];
        foreach (Node node in forward.Where(n => OpTraits.Of(n.Op).Origin is Origin.Pointwise or Origin.Movement))
        {
            int least = node.Inputs.Max(i => work.GetValueOrDefault(i)) + OpTraits.Of(node.Op).WorkAgain;
            if (least <= MostWork)
            {
                work[node] = least;
                repeatable.Add(node);
            }
        }
    }

    /// <summary>The repeatable nodes on the backward part's side of the cut.</summary>
    private HashSet<Node> ComputedAgain()
    {
        Dictionary<Node, int> position = GraphWalk.PositionsOf(forward);
        (int source, int sink) = (0, 1);
        var cut = new MinimumCut(2 + (2 * forward.Count));
        foreach (Node node in forward)
        {
            int at = In(node);
            cut.AddEdge(at, at + 1, BytesOf(node));
            if (repeatable.Contains(node))
            {
                foreach (Node input in node.Inputs)
                {
                    cut.AddEdge(In(input) + 1, at, MinimumCut.Unbounded);
                }
            }
            else if (!IsAtHand(node))
            {
                cut.AddEdge(source, at, MinimumCut.Unbounded);
            }

            if (needed.Contains(node))
            {
                cut.AddEdge(at + 1, sink, MinimumCut.Unbounded);
            }
        }

        bool[] sinkSide = cut.SinkSide(source, sink);
        return [.. forward.Where(n => repeatable.Contains(n) && sinkSide[In(n)])];

        int In(Node node) => 2 + (2 * position[node]);
    }

    /// <summary>
    /// Constants and counts are in both parts, and so is a parameter that the backward part reads anyway. Another one is not read for this: writing it
    /// between the two parts would then be an error.
    /// </summary>
    private bool IsAtHand(Node node) => saved.Contains(node) || OpTraits.Of(node.Op).Origin is Origin.Written or Origin.OnTheSpot || (node.Op is ParameterOp && needed.Contains(node));

    /// <summary>What saving a node costs. Views are never saved, only what they look at; nor are other parameters.</summary>
    private long BytesOf(Node node) => IsView(node.Op) || (node.Op is ParameterOp && !needed.Contains(node))
        ? MinimumCut.Unbounded
        : IsAtHand(node) ? 0 : Math.Max(1, Costs.Bytes(node));

    private static bool IsView(Op op) => op is MovementOp;
}
