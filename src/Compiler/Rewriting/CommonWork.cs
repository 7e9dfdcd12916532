using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Finds loops that may have work in common, in time that grows with the size of their bodies. Each value of a body has a number: equal ones where the same is computed of
/// the same, by partition refinement over all loops at once. Of loops and branches in bodies nothing is known, so those of a kind count as equal: whoever joins two loops looks closer.
/// </summary>
internal sealed class CommonWork
{
    private static readonly object List = new();

    private readonly Node[] loops;

    // The numbers of what has been met: an operation or an outer node, or a list and what follows it.
    private readonly Dictionary<(object What, int First, int Second), int> numbers = [];

    // Of what each loop carries, the number of what it is in all steps so far.
    private readonly int[][] carried;

    private CommonWork(Node[] loops)
    {
        this.loops = loops;
        carried = [.. loops.Select(l => l.Inputs.Take(((LoopOp)l.Op).Carried).Select(start => Number(start, KindOf(l), 0)).ToArray())];
    }

    /// <summary>Pairs of loops, of equal steps, that may have work in common: by the second, then the first.</summary>
    public static IEnumerable<(int First, int Second)> Candidates(Node[] loops) => new CommonWork(loops).Candidates();

    private IEnumerable<(int First, int Second)> Candidates()
    {
        List<int>[] work = new List<int>[loops.Length];
        for (int classes = 0, before = -1; classes != before;)
        {
            before = classes;
            HashSet<int> met = [];
            for (int loop = 0; loop < loops.Length; loop++)
            {
                work[loop] = WorkOf(loop, out int[] next);
                carried[loop] = [.. carried[loop].Zip(next, (now, then) => Number(List, now, then))];
                met.UnionWith(carried[loop]);
            }

            classes = met.Count;
        }

        Dictionary<int, List<int>> having = [];
        int[] last = new int[loops.Length];
        for (int second = 0; second < loops.Length; second++)
        {
            List<int> found = [];
            foreach (int number in work[second])
            {
                if (!having.TryGetValue(number, out List<int>? others))
                {
                    having.Add(number, others = []);
                }

                found.AddRange(others.Where(first => last[first] != second));
                others.ForEach(first => last[first] = second);
                others.Add(second);
            }

            foreach (int first in found.Order())
            {
                yield return (first, second);
            }
        }
    }

    /// <summary>The numbers of what differs from step to step in a loop's body, each once, and of what it carries on.</summary>
    private List<int> WorkOf(int loop, out int[] next)
    {
        var op = (LoopOp)loops[loop].Op;
        Dictionary<Node, (int Number, bool Changes)> values = [];
        for (int i = 0; i < loops[loop].Inputs.Count; i++)
        {
            bool changes = i < op.Carried + op.Sequences;
            values.Add(op.Body.Parameters[i], (i < op.Carried ? carried[loop][i] : Number(loops[loop].Inputs[i], KindOf(loops[loop]), changes ? 1 : 2), changes));
        }

        int asked = op.Condition is null ? 0 : Asked(op.Condition, values, op);
        HashSet<int> work = [];
        Walk(op.Body.Results, values);
        foreach ((Node node, (int number, bool changes)) in values)
        {
            if (changes && !node.Op.IsLeaf && node.Op is not MovementOp)
            {
                work.Add(Number(List, asked, number));
            }
        }

        next = [.. op.Body.Results.Take(op.Carried).Select(r => values[r].Number)];
        return [.. work];
    }

    private int Asked(Function condition, Dictionary<Node, (int Number, bool Changes)> values, LoopOp op)
    {
        IEnumerable<Node> given = op.Body.Parameters.Take(op.Carried).Concat(op.Body.Parameters.Skip(op.Carried + op.Sequences));
        Dictionary<Node, (int Number, bool Changes)> own = condition.Parameters.Zip(given).ToDictionary(p => p.First, p => values[p.Second]);
        Walk(condition.Results, own);
        return own[condition.Results[0]].Number;
    }

    private void Walk(IEnumerable<Node> results, Dictionary<Node, (int Number, bool Changes)> values)
    {
        foreach (Node node in GraphWalk.TopologicalOrder(results, values.ContainsKey))
        {
            if (!values.ContainsKey(node))
            {
                int number = Bodies.Has(node) ? Number(node.Op.GetType(), 0, 0) : Number(node.Op, 0, 0);
                bool isOpaque = Bodies.Has(node) || (node.Op is OutputOp && Bodies.Has(node.Inputs[0]));
                number = !isOpaque ? node.Inputs.Aggregate(number, (list, input) => Number(List, list, values[input].Number)) : Bodies.Has(node) ? number : values[node.Inputs[0]].Number;
                values.Add(node, (number, node.Inputs.Any(i => values[i].Changes)));
            }
        }
    }

    /// <summary>Loops of a kind have the same steps.</summary>
    private int KindOf(Node loop)
    {
        var op = (LoopOp)loop.Op;
        return Number(List, op.Count is null ? -1 : Number(op.Count, 0, 0), (op.Reverse ? 2 : 0) + (op.Condition is null ? 1 : 0));
    }

    private int Number(object what, int first, int second)
    {
        if (!numbers.TryGetValue((what, first, second), out int number))
        {
            numbers.Add((what, first, second), number = numbers.Count + 1);
        }

        return number;
    }
}
