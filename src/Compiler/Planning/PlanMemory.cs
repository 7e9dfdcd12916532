using GraphCompiler.Execution;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Gives every buffer of the workspace a block, and every block the time in which it is in use: from the step that first writes it to the last that
/// touches it. Buffers share a block where a kernel may write one in place of another that it is the last to read. Times are the numbers of the
/// steps, with one more after the forward part, when outputs and updates are copied and inputs are saved, and one more after the backward part.
/// </summary>
internal sealed class PlanMemory
{
    private readonly LoweredKernel[] kernels;
    private readonly PlanStep[] steps;
    private readonly int forwardSteps;
    private readonly PlanBuffer[] buffers;
    private readonly int[] first;
    private readonly int[] last;

    private PlanMemory(LoweredKernel[] kernels, PlanStep[] steps, int forwardSteps, PlanBuffer[] buffers)
    {
        (this.kernels, this.steps, this.forwardSteps, this.buffers) = (kernels, steps, forwardSteps, buffers);
        first = new int[buffers.Length];
        last = new int[buffers.Length];
        Array.Fill(first, int.MaxValue);
        Array.Fill(last, -1);
    }

    private int EndOfForward => forwardSteps;

    private int EndOfBackward => steps.Length + 1;

    /// <param name="kernels">What the steps compute.</param>
    /// <param name="steps">The steps, those of the forward part first.</param>
    /// <param name="forwardSteps">How many those are.</param>
    /// <param name="buffers">The buffers; given blocks here.</param>
    /// <param name="writtenBefore">Buffers that are written before the first step.</param>
    /// <param name="readAfterForward">Buffers that are read or written when the forward part has run.</param>
    /// <param name="readAfterBackward">Buffers that are read when the backward part has run.</param>
    /// <param name="reuse">Whether memory may be used again; if not, every buffer has a block of its own for the whole run.</param>
    public static PlanBlock[] Run(
        LoweredKernel[] kernels,
        PlanStep[] steps,
        int forwardSteps,
        PlanBuffer[] buffers,
        IEnumerable<int> writtenBefore,
        IEnumerable<int> readAfterForward,
        IEnumerable<int> readAfterBackward,
        bool reuse) => new PlanMemory(kernels, steps, forwardSteps, buffers).Run(writtenBefore, readAfterForward, readAfterBackward, reuse);

    private PlanBlock[] Run(IEnumerable<int> writtenBefore, IEnumerable<int> readAfterForward, IEnumerable<int> readAfterBackward, bool reuse)
    {
        for (int s = 0; s < steps.Length; s++)
        {
            foreach (int buffer in steps[s].Buffers)
            {
                Use(buffer, TimeOf(s));
            }
        }

        foreach (int buffer in writtenBefore)
        {
            Use(buffer, 0);
        }

        foreach (int buffer in readAfterForward)
        {
            Use(buffer, EndOfForward);
        }

        foreach (int buffer in readAfterBackward)
        {
            Use(buffer, EndOfBackward);
        }

        int[] place = [.. Enumerable.Range(0, buffers.Length)];
        if (reuse)
        {
            for (int s = 0; s < steps.Length; s++)
            {
                TakePlaces(s, place);
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
                    : new PlanBlock(buffers[b].Bytes, 0, EndOfBackward, buffers[b].IsPerThread));
            }
        }

        for (int b = 0; b < buffers.Length; b++)
        {
            if (buffers[b].IsInWorkspace)
            {
                buffers[b] = buffers[b] with { Block = blockOf[place[b]] };
            }
        }

        return [.. blocks];
    }

    private int TimeOf(int step) => step < forwardSteps ? step : step + 1;

    private void Use(int buffer, int time)
    {
        first[buffer] = Math.Min(first[buffer], time);
        last[buffer] = Math.Max(last[buffer], time);
    }

    /// <summary>Lets what a step is the first to write take the place of what it is the last to read. The first and last time of a place are those of all that lie there.</summary>
    private void TakePlaces(int step, int[] place)
    {
        int time = TimeOf(step);
        LoweredKernel kernel = kernels[step];
        int[] used = steps[step].Buffers;
        int[] written = [.. Enumerable.Range(0, used.Length).Where(i => kernel.Kernel.Buffers[i].Writable && buffers[used[i]] is { IsInWorkspace: true, IsPerThread: false } && first[used[i]] == time)];
        int[] read = [.. Enumerable.Range(0, used.Length).Where(i => !kernel.Kernel.Buffers[i].Writable && buffers[used[i]].IsInWorkspace && last[place[used[i]]] == time)];
        if (written.Length == 0 || read.Length == 0)
        {
            return;
        }

        var access = new Lazy<InPlaceAccess>(() => InPlaceAccess.Of(kernel));
        HashSet<int> taken = [];
        foreach (int w in written)
        {
            foreach (int r in read)
            {
                int home = place[used[r]];
                if (!taken.Contains(home)
                    && buffers[used[r]].Bytes == buffers[used[w]].Bytes
                    && used[r] != used[w]
                    && access.Value.MayReplace(kernel.Buffers[w], kernel.Buffers[r]))
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
