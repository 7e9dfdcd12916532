namespace GraphCompiler.Buffers;

/// <summary>Takes the memory of tensors, all of it, so that tests can let it run out.</summary>
internal static class Allocation
{
    /// <summary>Asked on this thread before memory is taken: whether there are not so many bytes.</summary>
    [field: ThreadStatic]
    public static Func<long, bool>? Refuses { get; set; }

    /// <summary>Asks for memory that is about to be taken.</summary>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public static void Ask(long bytes)
    {
        if (Refuses is { } refuses && refuses(bytes))
        {
            throw new InsufficientMemoryException();
        }
    }

    /// <summary>An array.</summary>
    /// <param name="count">The number of elements.</param>
    /// <param name="clear">Whether they are 0; otherwise they are whatever was there.</param>
    /// <param name="pinned">Whether the collector never moves it.</param>
    /// <exception cref="OutOfMemoryException">There is no memory for it.</exception>
    public static unsafe T[] Array<T>(int count, bool clear = false, bool pinned = false)
        where T : unmanaged
    {
        Ask((long)count * sizeof(T));
        return clear ? GC.AllocateArray<T>(count, pinned) : GC.AllocateUninitializedArray<T>(count, pinned);
    }

    /// <summary>An array for a caller who says no more of it than its size.</summary>
    /// <exception cref="SizeException">There is no memory for it.</exception>
    public static unsafe T[] ArrayOf<T>(int count, bool clear = false)
        where T : unmanaged
    {
        try
        {
            return Array<T>(count, clear);
        }
        catch (OutOfMemoryException e)
        {
            throw new SizeException($"There is no memory for {InvariantText.Count(count, "element")} of {DTypes.Of<T>().Display()}, {(long)count * sizeof(T)} bytes.", e);
        }
    }
}
