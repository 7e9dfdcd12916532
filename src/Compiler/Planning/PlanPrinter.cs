using System.Globalization;
using System.Text;
using GraphCompiler.Kernels;

namespace GraphCompiler.Planning;

/// <summary>Plans as text: the tree, then what its buffers are and where they lie.</summary>
internal static class PlanPrinter
{
    public static string Print(Schedule schedule)
    {
        var text = new StringBuilder();
        Print(schedule, schedule.Forward, "forward", 0, text);
        Print(schedule, schedule.Backward, "backward", 0, text);
        KernelBuffer?[] meaning = Meaning(schedule);
        for (int b = 0; b < schedule.Buffers.Length; b++)
        {
            PlanBuffer buffer = schedule.Buffers[b];
            string place = buffer.External >= 0 ? $" of the caller's, {buffer.External}{(buffer.IsOptional ? " if it is there" : string.Empty)}" : buffer.Address != 0 ? " that lasts" : string.Empty;
            text.Append(CultureInfo.InvariantCulture, $"b{b}: {schedule.Sizes[buffer.Bytes]} bytes{place}{(buffer.IsPerThread ? " a thread" : string.Empty)}: {meaning[b]?.Describe()}\n");
        }

        return text.ToString();
    }

    public static string Print(PlannedMemory memory)
    {
        var text = new StringBuilder($"forward ends at {memory.EndOfForward}\n");
        for (int k = 0; k < memory.Blocks.Length; k++)
        {
            PlanBlock block = memory.Blocks[k];
            IEnumerable<string> inside = memory.Buffers.Index().Where(b => b.Item.Block == k).Select(b => $"b{b.Index}");
            text.Append(CultureInfo.InvariantCulture, $"from {block.First} to {block.Last}: {memory.Schedule.Sizes[block.Bytes]} bytes{(block.IsPerThread ? " a thread" : string.Empty)} for {string.Join(", ", inside)}\n");
        }

        return text.ToString();
    }

    private static void Print(Schedule schedule, PlanNode node, string head, int depth, StringBuilder text)
    {
        text.Append(' ', 2 * depth).Append(head);
        switch (node)
        {
            case PlanNode.Run { Step: var step }:
                string Used(bool written) => string.Join(", ", schedule.Steps[step].Buffers.Where((_, i) => schedule.Kernels[step].Kernel.Buffers[i].Writable == written).Select(b => $"b{b}"));
                text.Append(CultureInfo.InvariantCulture, $" step {step} {schedule.Kernels[step].Kernel.Name}: {Used(written: false)} → {Used(written: true)}\n");
                break;
            case PlanNode.Sequence sequence:
                text.Append('\n');
                Array.ForEach(sequence.Parts, part => Print(schedule, part, "·", depth + 1, text));
                break;
            case PlanNode.Variants variants:
                text.Append(" one of\n");
                Print(schedule, variants.Default, "by default", depth + 1, text);
                foreach (PlanVariant other in variants.Others)
                {
                    string size = other.Elements >= 0 ? $" where {schedule.Sizes[other.Elements]} is at most {other.Most}" : string.Empty;
                    string adds = other.AddsTo.Length > 0 ? $" where results are there, {string.Join(", ", other.AddsTo.Select(t => $"{t}"))}" : string.Empty;
                    Print(schedule, other.Way, $"but{size}{adds}", depth + 1, text);
                }

                break;
            case PlanNode.Branch branch:
                text.Append(CultureInfo.InvariantCulture, $" on b{branch.Condition}\n");
                Print(schedule, branch.Then, "if", depth + 1, text);
                Print(schedule, branch.Otherwise, "else", depth + 1, text);
                break;
            case PlanNode.Loop loop:
                string[] parts = [.. loop.Carries.Select(c => $"b{c.Current} ↔ b{c.Next}"), .. loop.Parts.Select(p => $"b{p.Buffer} of b{p.Whole}{(p.Reverse ? " from the end" : string.Empty)}")];
                text.Append(CultureInfo.InvariantCulture, $" loop{(loop.Count >= 0 ? $" {schedule.Sizes[loop.Count]} times" : string.Empty)}: {string.Join(", ", parts)}\n");
                if (loop.Condition is { } condition)
                {
                    Print(schedule, condition.Evaluation, $"while b{condition.Buffer}", depth + 1, text);
                }

                Print(schedule, loop.Body, "do", depth + 1, text);
                break;
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no part of a plan.");
        }
    }

    /// <summary>What each buffer is, as kernels know it.</summary>
    private static KernelBuffer?[] Meaning(Schedule schedule)
    {
        var meaning = new KernelBuffer?[schedule.Buffers.Length];
        for (int s = 0; s < schedule.Steps.Length; s++)
        {
            for (int i = 0; i < schedule.Steps[s].Buffers.Length; i++)
            {
                meaning[schedule.Steps[s].Buffers[i]] ??= schedule.Kernels[s].Buffers[i];
            }
        }

        return meaning;
    }
}
