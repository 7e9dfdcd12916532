using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Makes one loop of two that have work in common: a loop and what its derivatives repeat of it. They have the same steps, neither needs the other, and some of
/// what they carry is the same: it begins alike and, if it is the same before a step, so it is after. (Which carries are is found by partition refinement:
/// all that begin alike are, until a step tells them apart.)
/// </summary>
internal static class JoinLoops
{
    /// <param name="roots">What is computed.</param>
    /// <param name="seed">The input that comes with the backward part, if there is one: no loop of the forward part waits for it.</param>
    public static Node[] Run(Node[] roots, Node? seed = null)
    {
        HashSet<(Node, Node)> refused = [];
        while (Bodies.AreIn(roots) && Round(roots, seed, refused) is { } joined)
        {
            roots = joined;
        }

        return roots;
    }

    /// <summary>The roots where loops are joined, each with one other at most; null if there are none.</summary>
    private static Node[]? Round(Node[] roots, Node? seed, HashSet<(Node, Node)> refused)
    {
        List<Node> order = GraphWalk.TopologicalOrder(roots);
        Node[] loops = [.. order.Where(n => n.Op is LoopOp)];
        if (loops.Length < 2)
        {
            return null;
        }

        ILookup<Node, Node> results = order.Where(n => n.Op is OutputOp || (n.Op is LoopOp && n.Results.Count == 1)).ToLookup(n => n.Op is OutputOp ? n.Inputs[0] : n);
        var below = new LoopsBelow(roots, order, loops, seed);
        Dictionary<Node, Node> replaced = [];
        bool[] joined = new bool[loops.Length];
        foreach ((int a, int b) in CommonWork.Candidates(loops))
        {
            if (joined[a] || joined[b] || !below.CanJoin(a, b) || refused.Contains((loops[a], loops[b])))
            {
                continue;
            }

            if (Pair.Of(loops[a], loops[b]) is { } pair)
            {
                pair.AddResults(results, replaced);
                below.Join(a, b);
                (joined[a], joined[b]) = (true, true);
            }
            else
            {
                refused.Add((loops[a], loops[b]));
            }
        }

        return replaced.Count == 0 ? null : Bodies.Replace(roots, replaced);
    }

    /// <summary>Two loops as one.</summary>
    private sealed class Pair
    {
        private readonly Node[] loops;
        private readonly LoopOp[] ops;
        private readonly List<Node> starts = [];
        private readonly List<Node> carried = [];
        private readonly Dictionary<Node, Node> sequences = [];
        private readonly Dictionary<Node, Node> captured = [];

        // What a step makes of them, and where what is carried on stands there.
        private readonly Node[] values;
        private readonly int[] next;

        // Of what is carried, what stands for it: the first that is the same in all steps.
        private readonly int[] sameAs;

        private Pair(params Node[] loops)
        {
            this.loops = loops;
            ops = [.. loops.Select(l => (LoopOp)l.Op)];
            Node[][] parameters = [.. loops.Select(ParametersOf)];
            Node[] bodies = [.. ops.SelectMany((op, l) => op.Body.Apply(parameters[l]))];
            Node[] asked = [.. ops.SelectMany((op, l) => op.Condition?.Apply([.. parameters[l][..op.Carried], .. parameters[l][(op.Carried + op.Sequences)..]]) ?? [])];
            next = [.. Enumerable.Range(0, ops[0].Carried), .. Enumerable.Range(ops[0].Body.Results.Count, ops[1].Carried)];
            sameAs = [.. starts.Select(s => starts.IndexOf(s))];
            while (true)
            {
                Dictionary<Node, Node> same = carried.Select((c, i) => (c, carried[sameAs[i]])).ToDictionary();
                Node[] merged = Merged(GraphWalk.Substitute([.. bodies, .. asked], same));
                int[] refined = [.. sameAs.Select((s, i) => Enumerable.Range(0, i + 1).First(j => sameAs[j] == s && merged[next[j]] == merged[next[i]]))];
                if (refined.SequenceEqual(sameAs))
                {
                    values = merged[..bodies.Length];
                    Conditions = merged[bodies.Length..];
                    return;
                }

                sameAs = refined;
            }
        }

        private Node[] Conditions { get; }

        /// <summary>Two loops as one; null if they have other steps, or nothing in common.</summary>
        public static Pair? Of(Node a, Node b)
        {
            (LoopOp first, LoopOp second) = ((LoopOp)a.Op, (LoopOp)b.Op);
            if (first.Count != second.Count || first.Reverse != second.Reverse || first.Condition is null != second.Condition is null || !a.Inputs.Intersect(b.Inputs).Any()
                || !EffectsOf(first).SetEquals(EffectsOf(second)))
            {
                return null;
            }

            var pair = new Pair(a, b);
            return pair.Conditions is [var x, var y] && x != y ? null : pair.HasCommonWork() ? pair : null;
        }

        /// <summary>What is seen outside of the graph: two loops that do that keep their order.</summary>
        private static HashSet<Op> EffectsOf(LoopOp loop) =>
            loop.HasEffects ? [.. loop.Bodies.SelectMany(b => GraphWalk.WithBodies(b.Results)).Select(n => n.Op).Where(o => o is HostFunctionOp { HasEffects: true })] : [];

        /// <summary>Adds what takes the place of each result of either loop.</summary>
        /// <param name="results">The nodes that take results of loops.</param>
        /// <param name="replaced">What takes their places.</param>
        public void AddResults(ILookup<Node, Node> results, Dictionary<Node, Node> replaced)
        {
            int[] kept = [.. sameAs.Distinct()];
            List<Node> outputs = [.. values.Where((_, i) => !next.Contains(i)).Distinct()];
            Node[] own = [.. kept.Select(i => carried[i])];
            var op = new LoopOp(
                new Function([.. own, .. sequences.Values, .. captured.Values], [.. kept.Select(i => values[next[i]]), .. outputs]),
                Conditions is [var condition, ..] ? new Function([.. own, .. captured.Values], [condition]) : null,
                kept.Length,
                sequences.Count,
                ops[0].Count,
                ops[0].Reverse);
            Node joined = loops[0].As(op, [.. kept.Select(i => starts[i]), .. sequences.Keys, .. captured.Keys]);
            for (int loop = 0; loop < loops.Length; loop++)
            {
                foreach (Node node in results[loops[loop]])
                {
                    int index = (node.Op as OutputOp)?.Index ?? 0;
                    int at = index < ops[loop].Carried
                        ? Array.IndexOf(kept, sameAs[(loop * ops[0].Carried) + index])
                        : kept.Length + outputs.IndexOf(values[(loop * ops[0].Body.Results.Count) + index]);
                    replaced.Add(node, joined.Results.Count == 1 ? joined : node.CreatePart(new OutputOp(at), joined));
                }
            }
        }

        private Node[] ParametersOf(Node loop)
        {
            var op = (LoopOp)loop.Op;
            return [.. loop.Inputs.Select((input, i) => i < op.Carried ? Carry(input, i) : Once(i < op.Carried + op.Sequences ? sequences : captured, input, i))];

            Node Carry(Node start, int i)
            {
                starts.Add(start);
                carried.Add(Placeholder(i));
                return carried[^1];
            }

            Node Once(Dictionary<Node, Node> known, Node input, int i)
            {
                if (!known.TryGetValue(input, out Node? parameter))
                {
                    known.Add(input, parameter = Placeholder(i));
                }

                return parameter;
            }

            Node Placeholder(int i) => Ops.Placeholder(op.Body.Parameters[i].Results[0], op.Body.Parameters[i].Name!, requiresGrad: false);
        }

        /// <summary>Nodes as they are where equal ones are one, in loops too.</summary>
        private static Node[] Merged(Node[] nodes)
        {
            Node[] merged = Rewriter.Run([], nodes).Of(nodes);
            return Bodies.AreIn(merged) && Run(merged) is var joined && !joined.SequenceEqual(merged) ? Merged(joined) : merged;
        }

        /// <summary>Whether something that differs from step to step is computed for both.</summary>
        private bool HasCommonWork()
        {
            HashSet<Node> first = [.. GraphWalk.TopologicalOrder(values[..ops[0].Body.Results.Count])];
            HashSet<Node> changing = [.. carried, .. sequences.Values];
            foreach (Node node in GraphWalk.TopologicalOrder(values[ops[0].Body.Results.Count..]))
            {
                if (node.Inputs.Any(changing.Contains))
                {
                    changing.Add(node);
                    if (first.Contains(node) && node.Op is not MovementOp)
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }
}
