using GraphCompiler.Loops;

namespace GraphCompiler.Planning;

/// <summary>Whether a plan can run: each step stands in it once, works on buffers and sizes that are there, and reads what was written before it.</summary>
internal static class PlanVerifier
{
    /// <exception cref="CompileException">It cannot.</exception>
    public static void Verify(Schedule schedule)
    {
        int[] times = new int[schedule.Steps.Length];
        foreach (PlanNode node in schedule.Forward.All.Concat(schedule.Backward.All))
        {
            (int[] buffers, int[] sizes) = Positions(node);
            Check(buffers, schedule.Buffers.Length, "buffer", node);
            Check(sizes, schedule.Sizes.Count, "size", node);
            if (node is PlanNode.Run { Step: var step })
            {
                Check([step], times.Length, "step", node);
                times[step]++;
            }
        }

        for (int s = 0; s < times.Length; s++)
        {
            (PlanStep step, Kernel kernel) = (schedule.Steps[s], schedule.Kernels[s].Kernel);
            string name = $"step {s}, {kernel.Name},";
            Check(step.Buffers, schedule.Buffers.Length, "buffer", name);
            Check([.. step.Extents, step.Range], schedule.Sizes.Count, "size", name);
            if (times[s] != 1 || step.Buffers.Length != kernel.Buffers.Length || step.Extents.Length != kernel.Extents)
            {
                throw new CompileException(times[s] != 1
                    ? $"{name} stands {InvariantText.Count(times[s], "time")} in the plan."
                    : $"{name} has {InvariantText.Count(step.Buffers.Length, "buffer")} and {InvariantText.Count(step.Extents.Length, "size")}, its kernel {kernel.Buffers.Length} and {kernel.Extents}.");
            }
        }

        Check([.. schedule.Buffers.Select(b => b.Bytes), .. schedule.InputBytes], schedule.Sizes.Count, "size", "a buffer");
        PlanWalk.Run(schedule, allWays: true, static (_, _) => false);
    }

    private static void Check(int[] positions, int count, string what, object where)
    {
        if (positions.Any(p => p < 0 || p >= count))
        {
            throw new CompileException($"{where} has the {what} {positions.First(p => p < 0 || p >= count)}, of {count}.");
        }
    }

    /// <summary>The buffers and sizes that a node itself knows.</summary>
    private static (int[] Buffers, int[] Sizes) Positions(PlanNode node) => node switch
    {
        PlanNode.Branch branch => ([branch.Condition], []),
        PlanNode.Variants variants => ([], [.. variants.Others.Select(o => o.Elements).Where(e => e >= 0)]),
        PlanNode.Loop loop => (
            [
                .. loop.Carries.SelectMany(c => new[] { c.Current, c.Next }),
                .. loop.Parts.SelectMany(p => new[] { p.Buffer, p.Whole }),
                .. new[] { loop.Number }.Where(n => n >= 0),
                .. loop.Condition is { } condition ? new[] { condition.Buffer } : [],
            ],
            [.. loop.Parts.Select(p => p.Bytes), .. new[] { loop.Count }.Where(c => c >= 0)]),
        _ => ([], []),
    };
}
