namespace GraphCompiler.Plans;

/// <summary>
/// The tree of a plan written out for the sizes of a binding, and for what the caller's memory holds: steps, jumps and loops in a row. Built again without
/// allocation.
/// </summary>
internal sealed class PlanCode
{
    private readonly Plan plan;
    private readonly Instruction[] instructions;
    private readonly bool[] addedTo;
    private int count;

    public PlanCode(Plan plan)
    {
        this.plan = plan;
        instructions = new Instruction[LengthOf(plan.Forward) + LengthOf(plan.Backward)];
        addedTo = new bool[plan.Externals];
        Loops = [.. plan.Forward.All.Concat(plan.Backward.All).OfType<PlanNode.Loop>().Select(loop => new LoopState(loop))];
    }

    /// <summary>All loops of the plan, also of ways that are not chosen.</summary>
    public LoopState[] Loops { get; }

    /// <summary>What runs: the forward part, then the backward part.</summary>
    public ReadOnlySpan<Instruction> Instructions => instructions.AsSpan(0, count);

    /// <summary>Where the backward part begins.</summary>
    public int Backward { get; private set; }

    /// <summary>Whether a step adds to what an external holds, rather than write over it.</summary>
    public bool IsAddedTo(int external) => addedTo[external];

    /// <summary>Chooses among ways.</summary>
    /// <param name="sizes">The sizes of everything.</param>
    /// <param name="held">For each external, whether it holds something that results must be added to.</param>
    public void Build(ReadOnlySpan<long> sizes, ReadOnlySpan<bool> held)
    {
        count = 0;
        Array.Clear(addedTo);
        Add(plan.Forward, sizes, held);
        Backward = count;
        Add(plan.Backward, sizes, held);
    }

    private void Add(PlanNode node, ReadOnlySpan<long> sizes, ReadOnlySpan<bool> held)
    {
        switch (node)
        {
            case PlanNode.Run run:
                instructions[count++] = new Instruction(InstructionKind.Run, run.Step, 0);
                break;
            case PlanNode.Sequence sequence:
                foreach (PlanNode part in sequence.Parts)
                {
                    Add(part, sizes, held);
                }

                break;
            case PlanNode.Variants variants:
                Add(Chosen(variants, sizes, held), sizes, held);
                break;
            case PlanNode.Branch branch:
                int fork = count++;
                Add(branch.Then, sizes, held);
                int skip = count++;
                instructions[fork] = new Instruction(InstructionKind.JumpUnless, branch.Condition, count);
                Add(branch.Otherwise, sizes, held);
                instructions[skip] = new Instruction(InstructionKind.Jump, 0, count);
                break;
            case PlanNode.Loop loop:
                int number = NumberOf(loop);
                int begin = count++;
                int again = count;
                if (loop.Condition is { } condition)
                {
                    Add(condition.Evaluation, sizes, held);
                    instructions[count++] = new Instruction(InstructionKind.LeaveUnless, number, 0);
                }

                int test = loop.Condition is null ? -1 : count - 1;
                Add(loop.Body, sizes, held);
                instructions[count++] = new Instruction(InstructionKind.Again, number, again);
                instructions[begin] = new Instruction(InstructionKind.Begin, number, count);
                if (test >= 0)
                {
                    instructions[test] = instructions[test] with { Target = count };
                }

                break;
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no part of a plan.");
        }
    }

    private int NumberOf(PlanNode.Loop loop)
    {
        for (int number = 0; ; number++)
        {
            if (ReferenceEquals(Loops[number].Loop, loop))
            {
                return number;
            }
        }
    }

    private PlanNode Chosen(PlanNode.Variants variants, ReadOnlySpan<long> sizes, ReadOnlySpan<bool> held)
    {
        foreach (PlanVariant variant in variants.Others)
        {
            if ((variant.Elements >= 0 && sizes[variant.Elements] > variant.Most) || !AreHeld(variant.AddsTo, held))
            {
                continue;
            }

            _ = variant.Needs?.Value;
            foreach (int external in variant.AddsTo)
            {
                addedTo[external] = true;
            }

            return variant.Way;
        }

        return variants.Default;
    }

    private static bool AreHeld(int[] externals, ReadOnlySpan<bool> held)
    {
        foreach (int external in externals)
        {
            if (!held[external])
            {
                return false;
            }
        }

        return true;
    }

    private static int LengthOf(PlanNode node) => node switch
    {
        PlanNode.Run => 1,
        PlanNode.Sequence sequence => sequence.Parts.Sum(LengthOf),
        PlanNode.Variants variants => variants.Others.Select(o => o.Way).Append(variants.Default).Max(LengthOf),
        PlanNode.Branch branch => 2 + LengthOf(branch.Then) + LengthOf(branch.Otherwise),
        PlanNode.Loop loop => 3 + LengthOf(loop.Body) + (loop.Condition is { } condition ? LengthOf(condition.Evaluation) : 0),
        _ => throw new InvalidOperationException($"{node.GetType().Name} is no part of a plan."),
    };
}

/// <summary>What a call does next.</summary>
/// <param name="Kind">What.</param>
/// <param name="Subject">A step, a loop's number, or a buffer.</param>
/// <param name="Target">Where it goes on otherwise.</param>
internal readonly record struct Instruction(InstructionKind Kind, int Subject, int Target);

internal enum InstructionKind
{
    /// <summary>Runs a step.</summary>
    Run,

    /// <summary>Goes on at the target.</summary>
    Jump,

    /// <summary>Goes on at the target if a buffer's bool is false.</summary>
    JumpUnless,

    /// <summary>Begins a loop, or goes on at the target if it has nothing to do.</summary>
    Begin,

    /// <summary>Goes on at the target if the loop's condition is false.</summary>
    LeaveUnless,

    /// <summary>Goes on at the target for the loop's next time, if there is one.</summary>
    Again,
}

/// <summary>How far a loop is.</summary>
internal sealed class LoopState(PlanNode.Loop loop)
{
    public PlanNode.Loop Loop => loop;

    /// <summary>How often the body has run.</summary>
    public long Times { get; set; }

    /// <summary>Whether it is running.</summary>
    public bool IsRunning { get; set; }
}
