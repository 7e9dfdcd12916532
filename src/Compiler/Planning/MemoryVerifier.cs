using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Whether no value is overwritten while it is needed, wherever <see cref="MemoryLayout"/> puts the blocks: it may give the same memory to any two that are
/// never in use at the same time. What a kernel writes lies where it reads only if it may.
/// </summary>
internal static class MemoryVerifier
{
    /// <exception cref="CompileException">One is, or a buffer does not fit its block.</exception>
    public static void Verify(PlannedMemory memory)
    {
        (Schedule schedule, PlanBuffer[] buffers, PlanBlock[] blocks, _) = memory;
        for (int b = 0; b < buffers.Length; b++)
        {
            int at = buffers[b].Block;
            if (buffers[b].IsInWorkspace ? at < 0 || at >= blocks.Length || blocks[at].Bytes != buffers[b].Bytes || blocks[at].IsPerThread != buffers[b].IsPerThread : at >= 0)
            {
                throw new CompileException($"buffer {b}, {buffers[b]}, does not fit block {at} of {blocks.Length}{(at >= 0 && at < blocks.Length ? $", {blocks[at]}" : string.Empty)}.");
            }
        }

        PlanWalk.Run(schedule, allWays: false, Overlap);
        var access = new InPlaceAccess();
        for (int s = 0; s < schedule.Steps.Length; s++)
        {
            LoweredKernel kernel = schedule.Kernels[s];
            int[] used = schedule.Steps[s].Buffers;
            foreach (int w in Enumerable.Range(0, used.Length).Where(i => kernel.Kernel.Buffers[i].Writable))
            {
                if (Array.FindIndex(used, other => Overlap(used[w], other)) is >= 0 and var r && !access.MayReplace(kernel, kernel.Buffers[w], kernel.Buffers[r]))
                {
                    throw new CompileException($"step {s}, {kernel.Kernel.Name}, may not write {kernel.Buffers[w].Describe()} where {kernel.Buffers[r].Describe()} lies.");
                }
            }
        }

        bool Overlap(int x, int y) => x != y && buffers[x].Block >= 0 && buffers[y].Block >= 0 && (buffers[x].Block == buffers[y].Block || !MeetInTime(blocks[buffers[x].Block], blocks[buffers[y].Block]));

        static bool MeetInTime(PlanBlock x, PlanBlock y) => x.First <= y.Last && y.First <= x.Last;
    }
}
