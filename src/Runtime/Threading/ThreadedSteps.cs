namespace GraphCompiler.Threading;

/// <summary>Which steps of a plan threads share for the sizes that a workspace is bound to, and in what chunks.</summary>
internal sealed class ThreadedSteps
{
    private readonly Plan plan;
    private readonly nint[] chunks;
    private readonly bool[] wakes;
    private readonly LaneSlot[][] lanes;

    public ThreadedSteps(Plan plan)
    {
        this.plan = plan;
        if (plan.Threads == 1)
        {
            (chunks, wakes, lanes) = ([], [], []);
            return;
        }

        chunks = new nint[plan.Steps.Length];
        wakes = new bool[plan.Steps.Length];
        lanes = [.. plan.Steps.Select(step => Enumerable.Range(0, step.Buffers.Length)
            .Where(slot => plan.Buffers[step.Buffers[slot]].IsPerThread)
            .Select(slot => new LaneSlot(slot, 0))
            .ToArray())];
    }

    /// <summary>Whether threads share any step.</summary>
    public bool Any { get; private set; }

    public bool IsShared(int step) => chunks[step] != 0;

    /// <summary>Takes new sizes.</summary>
    public void Bind(ReadOnlySpan<long> sizes)
    {
        Any = false;
        for (int s = 0; s < chunks.Length; s++)
        {
            PlanStep step = plan.Steps[s];
            double work = step.Work?.Invoke(sizes) ?? 0;
            chunks[s] = step.Work is null ? 0 : (nint)plan.Chunking.Chunk(sizes[step.Range], work, step.IsVectorRange);
            wakes[s] = work >= plan.Chunking.LeastWorkToWake;
            Any |= chunks[s] != 0;
            foreach (ref LaneSlot lane in lanes[s].AsSpan())
            {
                lane.Stride = (nint)plan.AlignedBytesOf(step.Buffers[lane.Slot], sizes);
            }
        }
    }

    /// <summary>Runs a shared step on its frame.</summary>
    public int Run(int step, nint frame, nint range) => WorkerPool.Instance.Run(
        new KernelJob(plan.Steps[step].Entry, frame, plan.Steps[step].Slots, range, chunks[step], lanes[step], wakes[step]), plan.Threads);
}
