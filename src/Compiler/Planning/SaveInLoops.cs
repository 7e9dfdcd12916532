using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Planning;

/// <summary>
/// Decides what a loop leaves for another one over the same steps that repeats its work, as the loop of a derivative does: what the second computes from the
/// first one's inputs and outputs alone, as the first does, is left as a further output where it costs more than to be read. The cut is that of <see cref="ChooseSaved"/>.
/// </summary>
internal static class SaveInLoops
{
    public static Node[] Run(Node[] roots)
    {
        HashSet<(Node, Node)> done = [];
        while (Bodies.AreIn(roots) && Round(roots, done) is { } changed)
        {
            roots = changed;
        }

        return roots;
    }

    /// <summary>The roots where loops leave more, each for one other at most; null if there are none.</summary>
    private static Node[]? Round(Node[] roots, HashSet<(Node, Node)> done)
    {
        List<Node> order = GraphWalk.TopologicalOrder(roots);
        ILookup<Node, Node> results = ResultsIn(order);
        Dictionary<Node, Node> replaced = [];
        HashSet<Node> changed = [];
        foreach (Node second in order.Where(n => n.Op is LoopOp { Condition: null }))
        {
            foreach (Node first in second.Inputs.Select(OperationOf).Distinct().Where(n => n.Op is LoopOp loop && loop.Count == ((LoopOp)second.Op).Count))
            {
                if (!changed.Contains(first) && !changed.Contains(second) && done.Add((first, second)) && Between.Of(first, second) is { } between)
                {
                    between.AddResults(results, replaced);
                    changed.UnionWith([first, second]);
                }
            }
        }

        return changed.Count == 0 ? null : Bodies.Replace(roots, replaced);
    }

    /// <summary>The nodes that take results, of each operation.</summary>
    private static ILookup<Node, Node> ResultsIn(IEnumerable<Node> order) => order.Where(n => n.Results.Count == 1).ToLookup(OperationOf);

    private static void Replace(IEnumerable<Node> takers, Node[] results, Dictionary<Node, Node> replaced)
    {
        foreach (Node taker in takers)
        {
            replaced.Add(taker, results[(taker.Op as OutputOp)?.Index ?? 0]);
        }
    }

    private static Node OperationOf(Node node) => node.Op is OutputOp ? node.Inputs[0] : node;

    /// <summary>
    /// Where the second loop does the work of steps that the first one did: in its body, or, where a condition says which steps the first one does, in the
    /// branch that runs in these alone. What it reads of the first one's outputs is read nowhere else.
    /// </summary>
    private static IEnumerable<Node?> Places(LoopOp first, LoopOp second) =>
        first.Condition is null ? [null] : [.. GraphWalk.TopologicalOrder(second.Body.Results).Where(n => n.Op is BranchOp)];

    /// <summary>Two loops, and what the first one leaves for the second.</summary>
    private sealed class Between
    {
        private readonly Node first;
        private readonly Node second;
        private readonly Node? branch;

        // Of each node that the second repeats, its like in the first; what is left of them, and the second's results without the rest.
        private readonly Dictionary<Node, Node> same = [];
        private readonly Node[] left;
        private readonly Node[] values;

        private Between(Node first, Node second, Node? branch)
        {
            (this.first, this.second, this.branch) = (first, second, branch);
            var reads = (LoopOp)second.Op;
            FindRepeated();
            IEnumerable<Node> rows = reads.Body.Parameters.Where((_, i) => i >= reads.Carried && i < reads.Carried + reads.Sequences && OperationOf(second.Inputs[i]) == first);
            HashSet<Node> given = [.. Work.Parameters.Except(rows.SelectMany(InWork))];
            values = ChooseSaved.Run([.. same.Keys], [.. Work.Results], given);

            // A view is made again of what it looks at.
            bool IsLeft(Node node) => same.ContainsKey(node) && node.Op is not MovementOp;
            left = [.. GraphWalk.TopologicalOrder(values, IsLeft).Where(n => IsLeft(n) && !n.Op.IsLeaf && n.Op is not ConstantOp)];
        }

        /// <summary>What of the second loop does the work.</summary>
        private Function Work => branch is null ? ((LoopOp)second.Op).Body : ((BranchOp)branch.Op).Then;

        /// <summary>The two; null if nothing is left but what is anyway.</summary>
        public static Between? Of(Node first, Node second) =>
            Places((LoopOp)first.Op, (LoopOp)second.Op).Select(place => new Between(first, second, place)).FirstOrDefault(between => between.left.Length > 0);

        /// <summary>Adds what takes the place of each result of either loop.</summary>
        /// <param name="results">The nodes that take results.</param>
        /// <param name="replaced">What takes their places.</param>
        public void AddResults(ILookup<Node, Node> results, Dictionary<Node, Node> replaced)
        {
            var leaves = (LoopOp)first.Op;
            NodeList all = [.. leaves.Body.Results, .. left.Select(l => same[l]).Except(leaves.Body.Results.Skip(leaves.Carried))];
            Node[] leaving = Bodies.ResultsOf(first.As(leaves with { Body = new Function(leaves.Body.Parameters, all) }, first.Inputs));
            IEnumerable<Node> stacks = left.Select(l => leaving[leaves.Carried + all.Skip(leaves.Carried).ToList().IndexOf(same[l])]);

            Node[] rows = Rows();
            var reads = (LoopOp)second.Op;
            int at = reads.Carried + reads.Sequences;
            var body = new Function([.. reads.Body.Parameters.Take(at), .. rows, .. reads.Body.Parameters.Skip(at)], [.. ResultsOn(rows)]);
            Node further = second.As(reads with { Body = body, Sequences = reads.Sequences + rows.Length }, [.. second.Inputs.Take(at), .. stacks, .. second.Inputs.Skip(at)]);
            Replace(results[first], leaving, replaced);
            Replace(results[second], Bodies.ResultsOf(further), replaced);
        }

        private Node[] Rows() => [.. left.Select(l => Ops.Placeholder(l.Results[0], l.Op.Name, requiresGrad: false))];

        /// <summary>The results of the second loop's body that takes what is left as further rows.</summary>
        private Node[] ResultsOn(Node[] rows)
        {
            if (branch is null)
            {
                return On(rows);
            }

            Node[] inside = Rows();
            var sides = (BranchOp)branch.Op;
            var then = new Function([.. sides.Then.Parameters, .. inside], [.. On(inside)]);
            var otherwise = new Function([.. sides.Otherwise.Parameters, .. Rows()], sides.Otherwise.Results);
            Node[] results = [.. ((LoopOp)second.Op).Body.Results];
            Dictionary<Node, Node> replaced = [];
            Replace(ResultsIn(GraphWalk.TopologicalOrder(results))[branch], Bodies.ResultsOf(branch.As(new BranchOp(then, otherwise), [.. branch.Inputs, .. rows])), replaced);
            return Bodies.Replace(results, replaced);
        }

        private Node[] On(Node[] rows) => GraphWalk.Substitute(values, left.Zip(rows).ToDictionary(p => p.First, p => p.Second));

        /// <summary>
        /// Finds the nodes of the second loop's work whose values are rows of the first one's inputs and outputs, or what the first one's body computes of these, each with its like there.
        /// </summary>
        private void FindRepeated()
        {
            (LoopOp leaves, LoopOp reads) = ((LoopOp)first.Op, (LoopOp)second.Op);
            Dictionary<(Op, NodeList), Node> computed = [];
            foreach (Node node in GraphWalk.TopologicalOrder(leaves.Body.Results).Where(n => !n.Op.IsLeaf))
            {
                computed.TryAdd((node.Op, node.Inputs), node);
            }

            for (int i = reads.Carried; i < second.Inputs.Count; i++)
            {
                Node input = second.Inputs[i];
                (int from, int to) = i < reads.Carried + reads.Sequences ? (leaves.Carried, leaves.Carried + leaves.Sequences) : (leaves.Carried + leaves.Sequences, first.Inputs.Count);
                if (to - from > 0 && first.Inputs.Skip(from).Take(to - from).ToList().IndexOf(input) is >= 0 and var at)
                {
                    AddLike(i, leaves.Body.Parameters[from + at]);
                }
                else if (i < reads.Carried + reads.Sequences && OperationOf(input) == first && (input.Op as OutputOp)?.Index is var index && (index ?? 0) >= leaves.Carried)
                {
                    AddLike(i, leaves.Body.Results[index ?? 0]);
                }
            }

            foreach (Node node in GraphWalk.TopologicalOrder(Work.Results).Where(n => !n.Op.IsLeaf))
            {
                if (!node.Inputs.All(same.ContainsKey))
                {
                    continue;
                }

                NodeList likes = [.. node.Inputs.Select(i => same[i])];
                if (computed.TryGetValue((node.Op, likes), out Node? like))
                {
                    same.Add(node, like);
                }
                else if (node.Op is OutputOp)
                {
                    // A result that the first one does not take: the operation as a whole cannot be left.
                    same.Add(node, likes[0].CreatePart(node.Op, likes[0]));
                }
            }

            void AddLike(int parameter, Node like)
            {
                foreach (Node given in InWork(reads.Body.Parameters[parameter]))
                {
                    same.Add(given, like);
                }
            }
        }

        /// <summary>What stands for a parameter of the second loop's body where the work is done.</summary>
        private IEnumerable<Node> InWork(Node parameter) => branch is null ? [parameter] : Work.Parameters.Where((_, i) => branch.Inputs[i + 1] == parameter);
    }
}
