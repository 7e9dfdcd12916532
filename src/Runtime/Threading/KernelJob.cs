namespace GraphCompiler.Threading;

/// <summary>A kernel whose range is shared out in chunks.</summary>
/// <param name="Entry">The kernel.</param>
/// <param name="Frame">The frame of the calling thread; the others work on copies.</param>
/// <param name="Slots">The slots of the frame, the last for a failing kernel.</param>
/// <param name="Range">The size of the range.</param>
/// <param name="Chunk">The size of a chunk.</param>
/// <param name="Lanes">The slots whose memory each thread has for itself.</param>
/// <param name="Wakes">Whether threads that parked are woken for it; if not, only those that watch take part.</param>
internal readonly record struct KernelJob(KernelEntry Entry, nint Frame, int Slots, nint Range, nint Chunk, LaneSlot[] Lanes, bool Wakes = true)
{
    /// <summary>The slots of the largest frame that is shared out.</summary>
    public const int MostSlots = 1024;

    public long Chunks => ((long)Range + Chunk - 1) / Chunk;
}

/// <summary>A slot of a frame whose memory each thread has for itself: that of lane i lies i·Stride bytes after that of the caller, lane 0.</summary>
internal record struct LaneSlot(int Slot, nint Stride);
