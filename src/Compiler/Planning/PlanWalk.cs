using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Runs a plan in thought, and knows which buffers hold a value: each step must find those that it reads. A loop runs twice; after it, as it may not run
/// at all, those hold a value that did before it, and what it leaves behind. After a branch, or one of several ways, those do that do after each of them.
/// </summary>
internal sealed class PlanWalk
{
    private readonly Schedule schedule;
    private readonly bool allWays;
    private readonly Func<int, int, bool> overlap;
    private readonly Dictionary<int, int> wholes = [];
    private bool[] holds;

    private PlanWalk(Schedule schedule, bool allWays, Func<int, int, bool> overlap)
    {
        (this.schedule, this.allWays, this.overlap) = (schedule, allWays, overlap);
        HashSet<int> written = [.. Enumerable.Range(0, schedule.Steps.Length).SelectMany(s => BuffersOf(s).Where(b => b.IsWritten).Select(b => b.Buffer))];
        holds = [.. schedule.Buffers.Select((b, i) => !b.IsInWorkspace && !b.IsPart && !written.Contains(i))];
    }

    /// <param name="schedule">What runs.</param>
    /// <param name="allWays">Whether all of several ways are tried, or the default one alone.</param>
    /// <param name="overlap">Whether one buffer's value is lost when another is written.</param>
    /// <exception cref="CompileException">Something reads what holds no value.</exception>
    public static void Run(Schedule schedule, bool allWays, Func<int, int, bool> overlap)
    {
        var walk = new PlanWalk(schedule, allWays, overlap);
        Array.ForEach(schedule.Streams, s => walk.Write(s.Buffer));
        walk.Visit(schedule.Forward);
        Array.ForEach([.. schedule.Outputs, .. schedule.Updates], r => walk.Read(r.Buffer, r.Node.Describe(), "the end of the forward part"));
        foreach ((int from, int to) in schedule.Saved)
        {
            walk.Read(from, $"buffer {from}", "the end of the forward part");
            walk.Write(to);
        }

        walk.Visit(schedule.Backward);
        Array.ForEach(schedule.Gradients, r => walk.Read(r.Buffer, r.Node.Describe(), "the end of the backward part"));
    }

    private void Visit(PlanNode node)
    {
        switch (node)
        {
            case PlanNode.Run run:
                (int Buffer, bool IsWritten, string Name)[] used = [.. BuffersOf(run.Step)];
                string name = $"step {run.Step}, {schedule.Kernels[run.Step].Kernel.Name},";
                foreach ((int buffer, _, string what) in used.Where(u => !u.IsWritten && !used.Any(w => w.IsWritten && w.Buffer == u.Buffer)))
                {
                    Read(buffer, what, name);
                }

                Array.ForEach([.. used.Where(u => u.IsWritten)], u => Write(u.Buffer));
                break;
            case PlanNode.Sequence sequence:
                Array.ForEach(sequence.Parts, Visit);
                break;
            case PlanNode.Variants variants:
                Either([variants.Default, .. allWays ? variants.Others.Select(o => o.Way) : []]);
                break;
            case PlanNode.Branch branch:
                Read(branch.Condition, "the condition", "a branch");
                Either([branch.Then, branch.Otherwise]);
                break;
            case PlanNode.Loop loop:
                Visit(loop);
                break;
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no part of a plan.");
        }
    }

    private void Either(PlanNode[] ways)
    {
        bool[] before = holds;
        bool[][] after = [.. ways.Select(way =>
        {
            holds = [.. before];
            Visit(way);
            return holds;
        })];
        holds = [.. before.Select((_, b) => after.All(a => a[b]))];
    }

    private void Visit(PlanNode.Loop loop)
    {
        foreach (LoopPart part in loop.Parts)
        {
            wholes.TryAdd(part.Buffer, part.Whole);
        }

        bool[] before = [.. holds];
        for (int time = 0; time < 2; time++)
        {
            Array.ForEach(loop.Carries, c => Read(c.Current, "what is carried", "a loop"));
            if (loop.Number >= 0)
            {
                Write(loop.Number);
            }

            if (loop.Condition is { } condition)
            {
                Visit(condition.Evaluation);
                Read(condition.Buffer, "the condition", "a loop");
            }

            Visit(loop.Body);
            foreach ((int current, int next) in loop.Carries)
            {
                Read(next, "what is carried", "a loop, for its next time,");
                Write(current);
                holds[WholeOf(next)] = false;
            }
        }

        HashSet<int> left = [.. loop.Parts.Select(p => WholeOf(p.Whole))];
        holds = [.. holds.Select((h, b) => h && (before[b] || left.Contains(b)))];
    }

    private IEnumerable<(int Buffer, bool IsWritten, string Name)> BuffersOf(int step)
    {
        LoweredKernel kernel = schedule.Kernels[step];
        return schedule.Steps[step].Buffers.Select((b, i) => (b, kernel.Kernel.Buffers[i].Writable, kernel.Buffers[i].Describe()));
    }

    private void Read(int buffer, string what, string reader)
    {
        if (!holds[WholeOf(buffer)])
        {
            throw new CompileException($"{reader} reads {what}, buffer {buffer}, which holds no value then.");
        }
    }

    private void Write(int buffer)
    {
        buffer = WholeOf(buffer);
        for (int other = 0; other < holds.Length; other++)
        {
            holds[other] &= !overlap(buffer, other);
        }

        holds[buffer] = true;
    }

    private int WholeOf(int buffer)
    {
        while (wholes.TryGetValue(buffer, out int whole))
        {
            buffer = whole;
        }

        return buffer;
    }
}
