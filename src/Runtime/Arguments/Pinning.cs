using System.Buffers;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Arguments;

/// <summary>What runs while arguments are pinned. A structure, so that a call allocates nothing.</summary>
internal interface IPinned
{
    /// <summary>Runs with the addresses, which hold until this returns.</summary>
    /// <param name="addresses">One for each argument, then one for each destination; 0 for those without elements.</param>
    void Invoke(scoped ReadOnlySpan<nint> addresses);
}

/// <summary>Memory that must not move while something runs. A structure, so that a call allocates nothing.</summary>
internal interface IPinnedMemory
{
    /// <summary>How many pieces of memory there are.</summary>
    int Count { get; }

    /// <summary>The first byte of a piece.</summary>
    ref byte At(int index);

    /// <summary>Runs with the addresses, which hold until this returns.</summary>
    void Invoke(scoped ReadOnlySpan<nint> addresses);
}

/// <summary>
/// Gives arguments addresses for the time of a call, with <c>fixed</c>, which costs little more than a store each; handles cost several times as much.
/// A method has a fixed number of pinned locals, so it pins four, as many as most calls have, and calls itself for the rest.
/// </summary>
internal static unsafe class Pinning
{
    private const int PinsPerFrame = 4;
    private const int AddressesOnStack = 64;

    /// <summary>Pins and runs. A strided argument's address is that of its first element: whoever binds copies those.</summary>
    /// <param name="arguments">What is read.</param>
    /// <param name="destinations">What is written.</param>
    /// <param name="action">What runs; by reference, so that it may carry results back.</param>
    [SkipLocalsInit]
    public static void Invoke<TPinned>(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, ref TPinned action)
        where TPinned : struct, IPinned, allows ref struct
    {
        var count = arguments.Length + destinations.Length;
        if (count <= AddressesOnStack)
        {
            Span<nint> addresses = stackalloc nint[AddressesOnStack];
            PinFrom(0, arguments, destinations, addresses[..count], ref action);
            return;
        }

        var rented = ArrayPool<nint>.Shared.Rent(count);
        try
        {
            PinFrom(0, arguments, destinations, rented.AsSpan(0, count), ref action);
        }
        finally
        {
            ArrayPool<nint>.Shared.Return(rented);
        }
    }

    /// <summary>Pins memory and runs.</summary>
    /// <param name="memory">The memory and what runs; by reference, so that it may carry results back.</param>
    [SkipLocalsInit]
    public static void Invoke<TPinned>(ref TPinned memory)
        where TPinned : struct, IPinnedMemory, allows ref struct
    {
        int count = memory.Count;
        if (count <= AddressesOnStack)
        {
            Span<nint> addresses = stackalloc nint[AddressesOnStack];
            PinFrom(0, addresses[..count], ref memory);
            return;
        }

        nint[] rented = ArrayPool<nint>.Shared.Rent(count);
        try
        {
            PinFrom(0, rented.AsSpan(0, count), ref memory);
        }
        finally
        {
            ArrayPool<nint>.Shared.Return(rented);
        }
    }

    private static void PinFrom<TPinned>(int first, scoped Span<nint> addresses, ref TPinned memory)
        where TPinned : struct, IPinnedMemory, allows ref struct
    {
        int left = addresses.Length - first;
        fixed (byte* pin0 = &Piece(first, left > 0, ref memory))
        fixed (byte* pin1 = &Piece(first + 1, left > 1, ref memory))
        fixed (byte* pin2 = &Piece(first + 2, left > 2, ref memory))
        fixed (byte* pin3 = &Piece(first + 3, left > 3, ref memory))
        {
            ReadOnlySpan<nint> pins = [(nint)pin0, (nint)pin1, (nint)pin2, (nint)pin3];
            int next = first + Math.Min(PinsPerFrame, left);
            pins[..(next - first)].CopyTo(addresses[first..]);
            if (next == addresses.Length)
            {
                memory.Invoke(addresses);
            }
            else
            {
                PinFrom(next, addresses, ref memory);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Piece<TPinned>(int index, bool exists, ref TPinned memory)
        where TPinned : struct, IPinnedMemory, allows ref struct
    {
        if (exists)
        {
            return ref memory.At(index);
        }

        return ref Unsafe.NullRef<byte>();
    }

    private static void PinFrom<TPinned>(
        int first, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, scoped Span<nint> addresses, ref TPinned action)
        where TPinned : struct, IPinned, allows ref struct
    {
        fixed (byte* pin0 = &At(first, arguments, destinations))
        fixed (byte* pin1 = &At(first + 1, arguments, destinations))
        fixed (byte* pin2 = &At(first + 2, arguments, destinations))
        fixed (byte* pin3 = &At(first + 3, arguments, destinations))
        {
            ReadOnlySpan<nint> pins = [(nint)pin0, (nint)pin1, (nint)pin2, (nint)pin3];
            var next = Math.Min(first + PinsPerFrame, addresses.Length);
            pins[..(next - first)].CopyTo(addresses[first..]);
            if (next == addresses.Length)
            {
                action.Invoke(addresses);
            }
            else
            {
                PinFrom(next, arguments, destinations, addresses, ref action);
            }
        }

        KeepAlive(arguments, destinations);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly byte At(int index, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations)
    {
        if (index < arguments.Length)
        {
            return ref arguments[index].GetReference();
        }

        index -= arguments.Length;
        if (index < destinations.Length)
        {
            return ref destinations[index].GetReference();
        }

        return ref Unsafe.NullRef<byte>();
    }

    // Memory of a memory manager lives as long as the manager, which only the argument refers to.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void KeepAlive(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations)
    {
        _ = arguments.Length + destinations.Length;
    }
}
