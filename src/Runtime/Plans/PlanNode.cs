namespace GraphCompiler.Plans;

/// <summary>A part of a plan: what runs, in which order, how often, and on what condition.</summary>
internal abstract record PlanNode
{
    private PlanNode()
    {
    }

    /// <summary>It and all within it, what is around first.</summary>
    public IEnumerable<PlanNode> All => Inside.SelectMany(node => node.All).Prepend(this);

    private PlanNode[] Inside => this switch
    {
        Sequence sequence => sequence.Parts,
        Variants variants => [variants.Default, .. variants.Others.Select(o => o.Way)],
        Branch branch => [branch.Then, branch.Otherwise],
        Loop { Condition: { } condition } loop => [condition.Evaluation, loop.Body],
        Loop loop => [loop.Body],
        _ => [],
    };

    /// <summary>A kernel.</summary>
    /// <param name="Step">Its position among the plan's steps.</param>
    internal sealed record Run(int Step) : PlanNode;

    /// <summary>Parts, one after the other.</summary>
    internal sealed record Sequence(params PlanNode[] Parts) : PlanNode
    {
        /// <summary>Steps that follow each other.</summary>
        public static Sequence Of(IEnumerable<int> steps) => new([.. steps.Select(s => new Run(s))]);
    }

    /// <summary>A body that runs again and again, on other parts of larger buffers.</summary>
    /// <param name="Body">What runs each time.</param>
    internal sealed record Loop(PlanNode Body) : PlanNode
    {
        /// <summary>The position, among the plan's sizes, of how often the body runs at most; −1 if only the condition tells.</summary>
        public int Count { get; init; } = -1;

        /// <summary>What decides, before each time, whether the body runs; null if only the count tells.</summary>
        public LoopCondition? Condition { get; init; }

        /// <summary>A buffer of 8 bytes that the number of the time is written to, from 0; −1 for none.</summary>
        public int Number { get; init; } = -1;

        /// <summary>Values that each time makes of those before.</summary>
        public LoopCarry[] Carries { get; init; } = [];

        /// <summary>Buffers that are a part of a larger one, another one each time: what is read of sequences, and written of results.</summary>
        public LoopPart[] Parts { get; init; } = [];
    }

    /// <summary>One of two parts.</summary>
    /// <param name="Condition">A buffer with a bool.</param>
    /// <param name="Then">What runs if it is true.</param>
    /// <param name="Otherwise">What runs if it is false.</param>
    internal sealed record Branch(int Condition, PlanNode Then, PlanNode Otherwise) : PlanNode;

    /// <summary>The same work done in several ways, of which sizes, and what the caller's memory holds, choose one: the first whose condition holds.</summary>
    /// <param name="Default">The way where no condition holds; it alone counts for the plan of memory, and others keep to its buffers and order.</param>
    /// <param name="Others">The other ways.</param>
    internal sealed record Variants(PlanNode Default, params PlanVariant[] Others) : PlanNode;
}

/// <summary>What decides whether a loop goes on.</summary>
/// <param name="Evaluation">Computes it.</param>
/// <param name="Buffer">Where the bool lies then.</param>
internal sealed record LoopCondition(PlanNode Evaluation, int Buffer);

/// <summary>
/// Two buffers of the workspace that change places after each time: the body reads one and writes the other. What a loop begins with is written to the first
/// before it, and lies there when it has ended.
/// </summary>
/// <param name="Current">What the body reads.</param>
/// <param name="Next">What the body writes.</param>
internal readonly record struct LoopCarry(int Current, int Next);

/// <summary>A part of a buffer.</summary>
/// <param name="Buffer">The part, a buffer without memory of its own.</param>
/// <param name="Whole">What it is a part of.</param>
/// <param name="Bytes">The position, among the plan's sizes, of the bytes that it is further along each time.</param>
/// <param name="Reverse">Whether the last part is the first.</param>
internal readonly record struct LoopPart(int Buffer, int Whole, int Bytes, bool Reverse = false);

/// <summary>A way to do what others do, and when it is chosen.</summary>
/// <param name="Way">What runs.</param>
internal sealed record PlanVariant(PlanNode Way)
{
    /// <summary>The position, among the plan's sizes, of a number of elements; −1 for any.</summary>
    public int Elements { get; init; } = -1;

    /// <summary>The most elements that it is for.</summary>
    public long Most { get; init; }

    /// <summary>Results of the caller that it adds to, where other ways write over them: all of them must hold something.</summary>
    public int[] AddsTo { get; init; } = [];

    /// <summary>What must be there before anything runs, as a failure later would leave half of the results added: code that is compiled when first needed.</summary>
    public OnDemand<KernelEntry>? Needs { get; init; }
}
