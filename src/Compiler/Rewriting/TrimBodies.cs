using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Leaves loops and branches what they need: results that nobody takes go, and what only these call for; what a loop carries and never changes is captured; of
/// what is captured, constants and what is known on the spot move into the bodies, and so do movements, which are strides there. Of a branch whose condition is known by then
/// the side that it takes is left.
/// </summary>
internal sealed class TrimBodies
{
    private readonly Dictionary<Node, Node> map = [];

    // Of each loop and branch, what has become of each result.
    private readonly Dictionary<Node, Node?[]> results = [];
    private readonly Dictionary<Node, HashSet<int>> taken = [];

    // Whether a side has taken the place of its branch, so that what it captured is to be looked at again.
    private bool hasDecided;

    public static Node[] Run(Node[] roots)
    {
        bool goesOn = Bodies.AreIn(roots);
        while (goesOn)
        {
            var trim = new TrimBodies();
            roots = trim.Trim(roots);
            goesOn = trim.hasDecided;
        }

        return roots;
    }

    private Node[] Trim(Node[] roots)
    {
        List<Node> order = GraphWalk.TopologicalOrder(roots);
        foreach (Node node in order)
        {
            if (Bodies.Has(node))
            {
                taken.Add(node, node.Results.Count == 1 ? [0] : []);
            }
            else if (node.Op is OutputOp output && Bodies.Has(node.Inputs[0]))
            {
                taken[node.Inputs[0]].Add(output.Index);
            }
        }

        foreach (Node node in order)
        {
            if (node.Op is OutputOp output && results.TryGetValue(node.Inputs[0], out Node?[]? others))
            {
                Node? other = others[output.Index];
                map.Add(node, other!.Op is OutputOp { Index: var index } && index == output.Index && other.Inputs[0] == node.Inputs[0] ? node : other);
                continue;
            }

            NodeList inputs = [.. node.Inputs.Select(i => map[i])];
            switch (node.Op)
            {
                case LoopOp loop:
                    Keep(node, Loop(node, loop, inputs));
                    break;
                case BranchOp branch:
                    Keep(node, Branch(node, branch, inputs));
                    break;
                default:
                    map.Add(node, node.On(inputs));
                    break;
            }
        }

        return [.. roots.Select(r => map[r])];

        void Keep(Node node, Node?[] values)
        {
            results.Add(node, values);

            // One of several results is taken by those that were seen to; nobody reads the node itself.
            map.Add(node, values.Length == 1 ? values[0]! : node);
        }
    }

    private Node?[] Loop(Node node, LoopOp loop, NodeList inputs)
    {
        (NodeList parameters, NodeList values) = (loop.Body.Parameters, loop.Body.Results);
        int rows = loop.Carried + loop.Sequences;
        bool[] isStill = [.. Enumerable.Range(0, loop.Carried).Select(i => values[i] == parameters[i])];
        NodeList asked = loop.Condition?.Parameters ?? [];

        // What the condition or an output that is taken depends on is needed, and what that depends on a step before.
        bool[] isNeeded = [.. values.Select((_, i) => taken[node].Contains(i) && !(i < loop.Carried && isStill[i]))];
        HashSet<Node> reached = [.. GraphWalk.TopologicalOrder(loop.Condition?.Results ?? [])];
        for (int i = 0; i < loop.Carried; i++)
        {
            isNeeded[i] |= !isStill[i] && i < asked.Count && reached.Contains(asked[i]);
        }

        for (bool changed = true; changed;)
        {
            reached.UnionWith(GraphWalk.TopologicalOrder(values.Where((_, i) => isNeeded[i])));
            changed = false;
            for (int i = 0; i < loop.Carried; i++)
            {
                changed |= !isStill[i] && !isNeeded[i] && reached.Contains(parameters[i]);
                isNeeded[i] |= !isStill[i] && reached.Contains(parameters[i]);
            }
        }

        int[] carried = [.. Enumerable.Range(0, loop.Carried).Where(i => isNeeded[i])];
        int[] sequences = [.. Enumerable.Range(loop.Carried, loop.Sequences).Where(i => reached.Contains(parameters[i]))];
        int[] outputs = [.. Enumerable.Range(loop.Carried, values.Count - loop.Carried).Where(i => isNeeded[i])];
        if (carried.Length + outputs.Length == 0)
        {
            return [.. values.Select((_, i) => i < loop.Carried ? inputs[i] : null)];
        }

        var captured = new Captured();
        for (int i = 0; i < parameters.Count; i++)
        {
            if (i < loop.Carried ? isStill[i] : i >= rows)
            {
                captured.Add(inputs[i], [parameters[i], .. asked.Count == 0 ? [] : new[] { asked[i < loop.Carried ? i : i - loop.Sequences] }], reached);
            }
        }

        Function body = captured.Close([.. carried.Concat(sequences).Select(i => parameters[i])], [.. carried.Concat(outputs).Select(i => values[i])], which: 0);
        Function? condition = loop.Condition is null ? null : captured.Close([.. carried.Select(i => asked[i])], loop.Condition.Results, which: 1);
        var op = new LoopOp(body, condition, carried.Length, sequences.Length, loop.Count, loop.Reverse);
        return Results(node, op, [.. carried.Concat(sequences).Select(i => inputs[i]), .. captured.Inputs], values.Count, [.. carried, .. outputs], i => i < loop.Carried ? inputs[i] : null);
    }

    private Node?[] Branch(Node node, BranchOp branch, NodeList inputs)
    {
        if (Splat.Value(inputs[0]) is { } holds)
        {
            hasDecided = true;
            return (holds != 0 ? branch.Then : branch.Otherwise).Apply(inputs[1..]);
        }

        int[] kept = [.. Enumerable.Range(0, branch.Then.Results.Count).Where(taken[node].Contains)];
        Function[] sides = [branch.Then, branch.Otherwise];
        HashSet<Node> reached = [.. GraphWalk.TopologicalOrder(sides.SelectMany(s => kept.Select(i => s.Results[i])))];
        var captured = new Captured();
        for (int i = 1; i < inputs.Count; i++)
        {
            captured.Add(inputs[i], [.. sides.Select(s => s.Parameters[i - 1])], reached);
        }

        Function[] closed = [.. sides.Select((s, which) => captured.Close([], [.. kept.Select(i => s.Results[i])], which))];
        return Results(node, new BranchOp(closed[0], closed[1]), [inputs[0], .. captured.Inputs], branch.Then.Results.Count, kept, _ => null);
    }

    /// <summary>What becomes of the results of a node whose place another operation takes.</summary>
    private static Node?[] Results(Node node, Op op, NodeList inputs, int count, int[] kept, Func<int, Node?> other)
    {
        Node changed = node.As(op, inputs);
        return [.. Enumerable.Range(0, count).Select(i => Array.IndexOf(kept, i) is >= 0 and var at ? kept.Length == 1 ? changed : changed.CreatePart(new OutputOp(at), changed) : other(i))];
    }

    /// <summary>What two functions capture, under the same numbers.</summary>
    private sealed class Captured
    {
        private readonly Dictionary<Node, Node>[] inside = [[], []];
        private readonly List<Node>[] parameters = [[], []];
        private readonly Dictionary<Node, int> numbers = [];

        /// <summary>What is captured.</summary>
        public List<Node> Inputs { get; } = [];

        /// <summary>Captures an input for the parameters of both functions, if they are reached.</summary>
        public void Add(Node input, Node[] stands, HashSet<Node> reached)
        {
            if (!stands.Any(reached.Contains))
            {
                return;
            }

            var movements = new Stack<Node>();
            Node source = input;
            for (; source.Op is MovementOp and not AfterOp; source = source.Inputs[0])
            {
                movements.Push(source);
            }

            bool isKnown = source.Op is ConstantOp or IotaOp or DimValueOp;
            if (!isKnown && !numbers.ContainsKey(source))
            {
                numbers.Add(source, Inputs.Count);
                Inputs.Add(source);
                for (int f = 0; f < stands.Length; f++)
                {
                    parameters[f].Add(source == input ? stands[f] : Ops.Placeholder(source.Results[0], source.Title ?? stands[f].Name!, requiresGrad: false));
                }
            }

            for (int f = 0; f < stands.Length; f++)
            {
                inside[f][stands[f]] = movements.Aggregate(isKnown ? source : parameters[f][numbers[source]], (moved, movement) => movement.On([moved]));
            }
        }

        /// <summary>A function of its own parameters and of what is captured.</summary>
        public Function Close(Node[] own, NodeList results, int which)
        {
            Node[] moved = GraphWalk.Substitute([.. results], inside[which]);
            NodeList all = [.. own, .. parameters[which]];
            return new Function(all, [.. moved]);
        }
    }
}
