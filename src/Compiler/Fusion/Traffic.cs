using GraphCompiler.Kernels;
using GraphCompiler.Lowering;

namespace GraphCompiler.Fusion;

/// <summary>The bytes that kernels move, each of its tensors counted once a kernel; a symbolic size counts as a nominal one.</summary>
/// <param name="Moved">The bytes that all kernels read and write.</param>
/// <param name="Fewest">Those of tensors that come from outside, read once, and of results, written once: the fewest possible.</param>
internal sealed record Traffic(long Moved, long Fewest)
{
    public static Traffic Of(IReadOnlyList<LoweredKernel> kernels, IReadOnlyCollection<Node> results)
    {
        HashSet<Node> touched = [.. results];
        HashSet<Node> made = [];
        long moved = 0;
        foreach (LoweredKernel kernel in kernels)
        {
            for (int b = 0; b < kernel.Buffers.Count; b++)
            {
                // A thread's own rows and blocks stay in its cache.
                if (kernel.WorkerScratch.Contains(kernel.Buffers[b]))
                {
                    continue;
                }

                (kernel.Kernel.Buffers[b].Writable ? made : touched).Add(kernel.Buffers[b]);
                moved += Costs.Bytes(kernel.Buffers[b]);
            }
        }

        return new Traffic(moved, touched.Except(made.Except(results)).Sum(Costs.Bytes));
    }
}
