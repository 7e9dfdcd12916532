namespace GraphCompiler.Plans;

/// <summary>
/// What a compiled graph runs: a tree of kernels, the buffers they work on, and the sizes of everything as functions of the symbols. Immutable;
/// each running call has a <see cref="Workspace"/> of its own.
/// </summary>
internal sealed class Plan
{
    /// <summary>The kernels, in the order of their numbers.</summary>
    public required PlanStep[] Steps { get; init; }

    /// <summary>What the forward part runs.</summary>
    public required PlanNode Forward { get; init; }

    /// <summary>What the backward part runs.</summary>
    public PlanNode Backward { get; init; } = new PlanNode.Sequence();

    /// <summary>The time at which the forward part has ended, see <see cref="PlanBlock"/>.</summary>
    public required int EndOfForward { get; init; }

    public required PlanBuffer[] Buffers { get; init; }

    /// <summary>The memory of the buffers that live in the workspace; buffers of one block take each other's place.</summary>
    public required PlanBlock[] Blocks { get; init; }

    /// <summary>How many buffers the caller provides: inputs, seeds, outputs.</summary>
    public required int Externals { get; init; }

    public required int Symbols { get; init; }

    public required int Sizes { get; init; }

    /// <summary>Computes all sizes from the symbols' values.</summary>
    public required SizeFunction EvaluateSizes { get; init; }

    /// <summary>The most threads that one call uses.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How ranges are cut for them.</summary>
    public Chunking Chunking { get; init; } = Chunking.Default;

    /// <summary>Makes what is otherwise made when it is first needed.</summary>
    public void Complete()
    {
        foreach (PlanNode.Variants variants in Forward.All.Concat(Backward.All).OfType<PlanNode.Variants>())
        {
            Array.ForEach(variants.Others, variant => _ = variant.Needs?.Value);
        }
    }

    /// <summary>The bytes of a buffer, rounded up to whole cache lines: one thread's part, if each has its own.</summary>
    public long AlignedBytesOf(int buffer, ReadOnlySpan<long> sizes) => AlignedBuffer.RoundUp(sizes[Buffers[buffer].Bytes]);

    /// <summary>Whether a block holds something over the end of the forward part.</summary>
    public bool IsReadBackward(PlanBlock block) => block.First <= EndOfForward && block.Last > EndOfForward;
}

/// <summary>Computes sizes from the values of symbols.</summary>
internal delegate void SizeFunction(ReadOnlySpan<long> symbols, Span<long> sizes);

/// <summary>Estimates from sizes how many nanoseconds one thread works.</summary>
internal delegate double WorkFunction(ReadOnlySpan<long> sizes);

/// <summary>A kernel with the positions of its buffers, extents and range among those of the plan.</summary>
internal sealed record PlanStep(KernelEntry Entry, int[] Buffers, int[] Extents, int Range)
{
    /// <summary>The work of the whole range; null if it is not to be shared out among threads.</summary>
    public WorkFunction? Work { get; init; }

    /// <summary>Whether the range is that of a vector loop.</summary>
    public bool IsVectorRange { get; init; }

    /// <summary>The steps of a loop that a kernel does at once where a call may be cancelled: few enough to end soon after, and so many that asking costs nothing.</summary>
    public const int StepsAtOnce = 256;

    /// <summary>Whether the range are the steps of a loop, which run in their order.</summary>
    public bool IsLoop { get; init; }

    /// <summary>Buffers, extents, and the slot that a failing kernel fills.</summary>
    public int Slots => Buffers.Length + Extents.Length + 1;

    /// <summary>Whether it writes what lasts, so that from it on a run goes to its end.</summary>
    public bool IsLasting { get; init; }

    /// <summary>Decides whether the step has to run at all; null if it runs in every call.</summary>
    public VersionedStep? Versioned { get; init; }
}

/// <summary>Where a buffer lives: with the caller, at a fixed address (parameters, constants), or in the workspace.</summary>
/// <param name="External">Its position among what the caller provides, or −1.</param>
/// <param name="Address">Its fixed address, or 0.</param>
/// <param name="Bytes">The position of its size in bytes among the plan's sizes.</param>
/// <param name="Block">Its block of the workspace; −1 until it has one, and for buffers that are always elsewhere.</param>
internal readonly record struct PlanBuffer(int External, nint Address, int Bytes, int Block = -1)
{
    public bool IsInWorkspace => (External < 0 || IsOptional) && Address == 0 && !IsPart;

    /// <summary>Whether it is a part of another buffer, which a loop steps through.</summary>
    public bool IsPart { get; init; }

    /// <summary>Whether the caller may leave its memory out: then a block of the workspace takes its place.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Whether each thread that works on a kernel has such memory for itself.</summary>
    public bool IsPerThread { get; init; }
}

/// <summary>Memory of the workspace, and the time of a run during which it is in use.</summary>
/// <param name="Bytes">The position of its size in bytes among the plan's sizes.</param>
/// <param name="First">The time from which on it holds something.</param>
/// <param name="Last">The last time at which it is used. Times count the steps as they follow each other; one more begins and ends each loop, and ends each of the two parts.</param>
/// <param name="IsPerThread">Whether each thread has such memory for itself.</param>
internal readonly record struct PlanBlock(int Bytes, int First, int Last, bool IsPerThread = false);
