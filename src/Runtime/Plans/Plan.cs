namespace GraphCompiler.Execution;

/// <summary>
/// What a compiled graph runs: kernels in order, the buffers they work on, and the sizes of everything as functions of the symbols. Immutable;
/// each running call has a <see cref="Workspace"/> of its own.
/// </summary>
internal sealed class Plan
{
    /// <summary>The kernels in order, those of the forward part first; then merged ones, then adding ones.</summary>
    public required PlanStep[] Steps { get; init; }

    /// <summary>The number of steps of the forward part.</summary>
    public required int ForwardSteps { get; init; }

    /// <summary>The step that the backward part stops before: those from there on take the place of others.</summary>
    public int LastStep => Steps.Length - Merged.Length - Adding.Length;

    /// <summary>Steps that do the work of several where sizes are small.</summary>
    public MergedStep[] Merged { get; init; } = [];

    /// <summary>Steps that add to what their results' memory holds, where those that they stand for write over it.</summary>
    public AddingStep[] Adding { get; init; } = [];

    /// <summary>What merged steps are for at most.</summary>
    public long MostMergedElements { get; init; }

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

    /// <summary>The bytes of a buffer, rounded up to whole cache lines: one thread's part, if each has its own.</summary>
    public long AlignedBytesOf(int buffer, ReadOnlySpan<long> sizes) => AlignedBuffer.RoundUp(sizes[Buffers[buffer].Bytes]);

    /// <summary>Whether a block holds something over the end of the forward part.</summary>
    public bool IsReadBackward(PlanBlock block) => block.First <= ForwardSteps && block.Last > ForwardSteps;
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

    /// <summary>Buffers, extents, and the slot that a failing kernel fills.</summary>
    public int Slots => Buffers.Length + Extents.Length + 1;

    /// <summary>Decides whether the step has to run at all; null if it runs in every call.</summary>
    public VersionedStep? Versioned { get; init; }
}

/// <summary>A step that does the work of several.</summary>
/// <param name="First">The first that it replaces.</param>
/// <param name="Last">The step after the last that it replaces.</param>
/// <param name="Step">Its own position.</param>
/// <param name="Elements">The position, among the plan's sizes, of the number of elements that decides.</param>
internal readonly record struct MergedStep(int First, int Last, int Step, int Elements);

/// <summary>A step that adds its results to what is there.</summary>
/// <param name="Replaced">The step that it stands for: one that overwrites, merged or not.</param>
/// <param name="Step">Its own position.</param>
/// <param name="Externals">The results that it adds to; all of them must hold something.</param>
/// <param name="Entry">Its code, made when it is first needed.</param>
internal sealed record AddingStep(int Replaced, int Step, int[] Externals, OnDemand<KernelEntry> Entry);

/// <summary>Where a buffer lives: with the caller, at a fixed address (parameters, constants), or in the workspace.</summary>
/// <param name="External">Its position among what the caller provides, or −1.</param>
/// <param name="Address">Its fixed address, or 0.</param>
/// <param name="Bytes">The position of its size in bytes among the plan's sizes.</param>
/// <param name="Block">Its block of the workspace; −1 until it has one, and for buffers that are always elsewhere.</param>
internal readonly record struct PlanBuffer(int External, nint Address, int Bytes, int Block = -1)
{
    public bool IsInWorkspace => (External < 0 || IsOptional) && Address == 0;

    /// <summary>Whether the caller may leave its memory out: then a block of the workspace takes its place.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Whether each thread that works on a kernel has such memory for itself.</summary>
    public bool IsPerThread { get; init; }
}

/// <summary>Memory of the workspace, and the time of a run during which it is in use.</summary>
/// <param name="Bytes">The position of its size in bytes among the plan's sizes.</param>
/// <param name="First">The time from which on it holds something.</param>
/// <param name="Last">The last time at which it is used. Times count the steps; one more time ends each of the two parts.</param>
/// <param name="IsPerThread">Whether each thread has such memory for itself.</param>
internal readonly record struct PlanBlock(int Bytes, int First, int Last, bool IsPerThread = false);
