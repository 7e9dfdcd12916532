using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>A schedule with the memory that its buffers have in a workspace.</summary>
/// <param name="Schedule">What runs.</param>
/// <param name="Buffers">The buffers, those of the workspace with their blocks.</param>
/// <param name="Blocks">The blocks.</param>
/// <param name="EndOfForward">The time at which the forward part has ended.</param>
internal sealed record PlannedMemory(Schedule Schedule, PlanBuffer[] Buffers, PlanBlock[] Blocks, int EndOfForward);

/// <summary>
/// Gives every buffer of the workspace a block, and every block the time in which it is in use: from the step that first writes it to the last that
/// touches it. Buffers share a block where a kernel may write one in place of another that it is the last to read. Times count the steps as they follow each
/// other, with one more when the forward part has run, when outputs and updates are copied and inputs are saved, one more when the backward part has, and one more
/// before and after each loop. What a loop reads from outside, carries or leaves behind is in use as long as the loop; what each time writes before it reads
/// it is not.
/// </summary>
internal sealed class PlanMemory
{
    private readonly Schedule schedule;
    private readonly InPlaceAccess access = new();
    private readonly PlanBuffer[] buffers;
    private readonly int[] first;
    private readonly int[] last;
    private readonly Dictionary<int, int> wholes = [];
    private readonly List<(int Step, int Time)> order = [];
    private readonly List<(int Buffer, int Time)> conditions = [];
    private readonly List<(PlanNode.Loop Loop, int Begin, int End)> loops = [];
    private int time;

    private PlanMemory(Schedule schedule)
    {
        this.schedule = schedule;
        buffers = schedule.Buffers;
        first = new int[buffers.Length];
        last = new int[buffers.Length];
        Array.Fill(first, int.MaxValue);
        Array.Fill(last, -1);
    }

    /// <param name="schedule">What runs; of variants, the default way counts.</param>
    /// <param name="reuse">Whether memory may be used again; if not, every buffer has a block of its own for the whole run.</param>
    public static PlannedMemory Run(Schedule schedule, bool reuse)
    {
        var plan = new PlanMemory(schedule);
        Array.ForEach(schedule.Streams, s => plan.Use(s.Buffer, 0));
        plan.Visit(schedule.Forward);
        int endOfForward = plan.time++;
        plan.Visit(schedule.Backward);
        int endOfBackward = plan.time;
        Array.ForEach(schedule.Outputs, r => plan.Use(r.Buffer, endOfForward));
        Array.ForEach(schedule.Updates, r => plan.Use(r.Buffer, endOfForward));
        Array.ForEach(schedule.Saved, s => plan.Use(s.To, endOfForward));
        Array.ForEach(schedule.Gradients, r => plan.Use(r.Buffer, endOfBackward));
        plan.StayForLoops();
        return plan.Blocks(endOfForward, endOfBackward, reuse);
    }

    private void Visit(PlanNode node)
    {
        switch (node)
        {
            case PlanNode.Run run:
                order.Add((run.Step, time));
                foreach (int buffer in schedule.Steps[run.Step].Buffers)
                {
                    Use(buffer, time);
                }

                time++;
                break;
            case PlanNode.Sequence sequence:
                Array.ForEach(sequence.Parts, Visit);
                break;
            case PlanNode.Variants variants:
                Visit(variants.Default);
                break;
            case PlanNode.Branch branch:
                conditions.Add((branch.Condition, time));
                Use(branch.Condition, time++);
                Visit(branch.Then);
                Visit(branch.Otherwise);
                break;
            case PlanNode.Loop loop:
                foreach (LoopPart part in loop.Parts)
                {
                    wholes.TryAdd(part.Buffer, part.Whole);
                }

                int begin = time++;
                if (loop.Condition is { } condition)
                {
                    Visit(condition.Evaluation);
                }

                Visit(loop.Body);
                int end = time++;
                int[] own = [.. loop.Parts.Select(p => p.Whole), .. loop.Carries.SelectMany(c => new[] { c.Current, c.Next }), loop.Number, loop.Condition?.Buffer ?? -1];
                foreach (int buffer in own.Where(b => b >= 0))
                {
                    Use(buffer, begin);
                    Use(buffer, end);
                }

                // Inner loops come before those around them.
                loops.Add((loop, begin, end));
                break;
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no part of a plan.");
        }
    }

    /// <summary>Keeps what a loop needs each time, as it was before, for as long as the loop.</summary>
    private void StayForLoops()
    {
        foreach ((PlanNode.Loop _, int begin, int end) in loops)
        {
            HashSet<int> met = [];
            foreach ((int step, int _) in order.Where(o => begin < o.Time && o.Time < end))
            {
                HashSet<int> read = [.. Enumerable.Range(0, schedule.Steps[step].Buffers.Length).Where(i => !schedule.Kernels[step].Kernel.Buffers[i].Writable).Select(i => WholeOf(schedule.Steps[step].Buffers[i]))];
                foreach (int buffer in schedule.Steps[step].Buffers.Select(WholeOf).Where(met.Add))
                {
                    if (first[buffer] < begin || last[buffer] > end || read.Contains(buffer))
                    {
                        Use(buffer, begin);
                        Use(buffer, end);
                    }
                }
            }

            foreach (int buffer in conditions.Where(c => begin < c.Time && c.Time < end).Select(c => WholeOf(c.Buffer)).Where(b => first[b] < begin || last[b] > end))
            {
                Use(buffer, begin);
                Use(buffer, end);
            }
        }

        // Either of a carried pair may be where the other was; and it may be of several pairs.
        LoopCarry[] carries = [.. loops.SelectMany(l => l.Loop.Carries)];
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach ((int current, int next) in carries)
            {
                (int from, int to) = (Math.Min(first[current], first[next]), Math.Max(last[current], last[next]));
                changed |= (first[current], first[next], last[current], last[next]) != (from, from, to, to);
                (first[current], first[next], last[current], last[next]) = (from, from, to, to);
            }
        }
    }

    private PlannedMemory Blocks(int endOfForward, int end, bool reuse)
    {
        int[] place = [.. Enumerable.Range(0, buffers.Length)];
        if (reuse)
        {
            foreach ((int step, int at) in order)
            {
                TakePlaces(step, at, place);
            }
        }

        List<PlanBlock> blocks = [];
        int[] blockOf = new int[buffers.Length];
        for (int b = 0; b < buffers.Length; b++)
        {
            if (!buffers[b].IsInWorkspace)
            {
                continue;
            }

            if (place[b] == b)
            {
                blockOf[b] = blocks.Count;
                blocks.Add(reuse && last[b] >= 0
                    ? new PlanBlock(buffers[b].Bytes, first[b], last[b], buffers[b].IsPerThread)
                    : new PlanBlock(buffers[b].Bytes, 0, end, buffers[b].IsPerThread));
            }
        }

        PlanBuffer[] placed = [.. buffers];
        for (int b = 0; b < placed.Length; b++)
        {
            if (placed[b].IsInWorkspace)
            {
                placed[b] = placed[b] with { Block = blockOf[place[b]] };
            }
        }

        return new PlannedMemory(schedule, placed, [.. blocks], endOfForward);
    }

    private void Use(int buffer, int at)
    {
        buffer = WholeOf(buffer);
        first[buffer] = Math.Min(first[buffer], at);
        last[buffer] = Math.Max(last[buffer], at);
    }

    private int WholeOf(int buffer)
    {
        while (wholes.TryGetValue(buffer, out int whole))
        {
            buffer = whole;
        }

        return buffer;
    }

    /// <summary>Lets what a step is the first to write take the place of what it is the last to read. The first and last time of a place are those of all that lie there.</summary>
    private void TakePlaces(int step, int at, int[] place)
    {
        LoweredKernel kernel = schedule.Kernels[step];
        int[] used = schedule.Steps[step].Buffers;
        int[] written = [.. Enumerable.Range(0, used.Length).Where(i => kernel.Kernel.Buffers[i].Writable && buffers[used[i]] is { IsInWorkspace: true, IsPerThread: false } && first[used[i]] == at)];
        int[] read = [.. Enumerable.Range(0, used.Length).Where(i => !kernel.Kernel.Buffers[i].Writable && buffers[used[i]].IsInWorkspace && last[place[used[i]]] == at)];
        if (written.Length == 0 || read.Length == 0)
        {
            return;
        }

        HashSet<int> taken = [];
        foreach (int w in written)
        {
            foreach (int r in read)
            {
                int home = place[used[r]];
                if (!taken.Contains(home)
                    && buffers[used[r]].Bytes == buffers[used[w]].Bytes
                    && used[r] != used[w]
                    && access.MayReplace(kernel, kernel.Buffers[w], kernel.Buffers[r]))
                {
                    taken.Add(home);
                    place[used[w]] = home;
                    last[home] = last[used[w]];
                    break;
                }
            }
        }
    }
}
