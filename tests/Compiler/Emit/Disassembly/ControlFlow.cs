using System.Text.RegularExpressions;

namespace GraphCompiler.Tests.Compiler.Emit.Disassembly;

/// <summary>
/// Finds loops by how control flows, not by how code lies: the JIT moves parts of loops apart. A loop is a jump back to an instruction that
/// every way to the jump passes, and all that reaches the jump without passing it again.
/// </summary>
internal static partial class ControlFlow
{
    /// <summary>The loops that hold no other, as the indices of their instructions in order.</summary>
    public static IEnumerable<int[]> InnermostLoops(IReadOnlyList<string> instructions, IReadOnlyDictionary<string, int> labels)
    {
        if (instructions.Count == 0)
        {
            return [];
        }

        // Blocks: from a label or the instruction after a jump to the next of these.
        int[] starts = [.. labels.Values.Concat(Enumerable.Range(0, instructions.Count).Where(i => instructions[i][0] == 'j').Select(i => i + 1)).Append(0).Where(i => i < instructions.Count).Distinct().Order()];
        Dictionary<int, int> blockAt = starts.Select((s, i) => (s, i)).ToDictionary(p => p.s, p => p.i);
        int EndOf(int block) => block + 1 < starts.Length ? starts[block + 1] : instructions.Count;
        int[][] next = [.. Enumerable.Range(0, starts.Length).Select(b => Successors(b).Distinct().ToArray())];

        // Padding between blocks is never reached, and must not count as a way into what follows it.
        HashSet<int> reached = [];
        List<int>[] before = [.. starts.Select(_ => new List<int>())];
        var found = new Stack<int>([0]);
        while (found.TryPop(out int block))
        {
            if (reached.Add(block))
            {
                foreach (int n in next[block])
                {
                    before[n].Add(block);
                    found.Push(n);
                }
            }
        }

        HashSet<int>[] dominators = Dominators(before);
        Dictionary<int, HashSet<int>> loops = [];
        foreach (int b in reached)
        {
            foreach (int head in next[b].Where(dominators[b].Contains))
            {
                // Jumps back to one head are one loop.
                HashSet<int> body = loops.TryGetValue(head, out HashSet<int>? known) ? known : loops[head] = [head];
                var open = new Stack<int>([b]);
                while (open.TryPop(out int block))
                {
                    if (body.Add(block))
                    {
                        before[block].ForEach(open.Push);
                    }
                }
            }
        }

        return loops.Where(l => !loops.Keys.Any(other => other != l.Key && l.Value.Contains(other)))
            .Select(l => l.Value.Order().SelectMany(b => Enumerable.Range(starts[b], EndOf(b) - starts[b])).ToArray());

        IEnumerable<int> Successors(int block)
        {
            string last = instructions[Math.Max(starts[block], EndOf(block) - 1)];
            if (Jump().Match(last) is { Success: true } jump && labels.TryGetValue(jump.Groups[1].Value, out int target) && blockAt.TryGetValue(target, out int to))
            {
                yield return to;
            }

            if (!last.StartsWith("jmp", StringComparison.Ordinal) && !last.StartsWith("ret", StringComparison.Ordinal) && block + 1 < starts.Length)
            {
                yield return block + 1;
            }
        }
    }

    private static HashSet<int>[] Dominators(List<int>[] before)
    {
        HashSet<int>[] dominators = [.. before.Select((_, b) => b == 0 ? [0] : Enumerable.Range(0, before.Length).ToHashSet())];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = 1; b < before.Length; b++)
            {
                HashSet<int> common = before[b].Count == 0 ? [] : [.. dominators[before[b][0]]];
                before[b].ForEach(p => common.IntersectWith(dominators[p]));
                common.Add(b);
                if (common.Count != dominators[b].Count)
                {
                    dominators[b] = common;
                    changed = true;
                }
            }
        }

        return dominators;
    }

    [GeneratedRegex(@"^j\w+\s+(?:SHORT\s+)?(G_M\w+)")]
    private static partial Regex Jump();
}
