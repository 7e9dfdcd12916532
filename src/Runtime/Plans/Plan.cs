namespace GraphCompiler.Execution;

/// <summary>
/// What a compiled graph runs: kernels in order, the buffers they work on, and the sizes of everything as functions of the symbols. Immutable;
/// each running call has a <see cref="Workspace"/> of its own.
/// </summary>
internal sealed class Plan
{
    /// <summary>The kernels in order; those of the forward part come first.</summary>
    public required PlanStep[] Steps { get; init; }

    /// <summary>The number of steps of the forward part.</summary>
    public required int ForwardSteps { get; init; }

    public required PlanBuffer[] Buffers { get; init; }

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

    /// <summary>The bytes that a buffer takes in a workspace, for all threads.</summary>
    public long BytesOf(int buffer, ReadOnlySpan<long> sizes) => checked(AlignedBytesOf(buffer, sizes) * (Buffers[buffer].IsPerThread ? Threads : 1));

    /// <summary>The bytes of a buffer, rounded up to whole cache lines: one thread's part, if each has its own.</summary>
    public long AlignedBytesOf(int buffer, ReadOnlySpan<long> sizes) =>
        checked(sizes[Buffers[buffer].Bytes] + AlignedBuffer.Alignment - 1) & ~(long)(AlignedBuffer.Alignment - 1);
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
}

/// <summary>Where a buffer lives: with the caller, at a fixed address (parameters, constants), or in the workspace.</summary>
/// <param name="External">Its position among what the caller provides, or −1.</param>
/// <param name="Address">Its fixed address, or 0.</param>
/// <param name="Bytes">The position of its size in bytes among the plan's sizes.</param>
/// <param name="IsPerThread">Whether each thread that works on a kernel has such memory for itself.</param>
internal readonly record struct PlanBuffer(int External, nint Address, int Bytes, bool IsPerThread = false)
{
    public bool IsInWorkspace => External < 0 && Address == 0;
}
