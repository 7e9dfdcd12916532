namespace GraphCompiler.Loops;

/// <summary>The entry of a kernel that calls a function of the user's: it takes addresses and lengths from the frame, and no code is made for it.</summary>
internal sealed unsafe class HostEntry
{
    private const int MostOnStack = 64;

    private readonly CallHost call;
    private readonly int failure;
    private readonly int[] buffers;

    // Where in the frame a length stands; −1 if it is a number.
    private readonly int[] slots;
    private readonly long[] numbers;

    private HostEntry(Kernel kernel, CallHost call)
    {
        this.call = call;
        failure = kernel.FrameSlots - 1;
        buffers = [.. call.Buffers.Select(b => kernel.Buffers.IndexOf(b))];
        slots = [.. call.Lengths.Select(l => l is Extent extent ? kernel.Buffers.Length + extent.Slot : -1)];
        numbers = [.. call.Lengths.Select(l => l is Literal literal ? literal.Bits : 0)];
    }

    /// <summary>The entry; null if it is another kind of kernel.</summary>
    public static KernelEntry? Of(Kernel kernel) => kernel.Body is Block { Statements: [CallHost call] } ? new HostEntry(kernel, call).Run : null;

    private int Run(nint frame, nint begin, nint end)
    {
        var slot = (nint*)frame;
        Span<nint> addresses = buffers.Length <= MostOnStack ? stackalloc nint[buffers.Length] : new nint[buffers.Length];
        Span<long> lengths = slots.Length <= MostOnStack ? stackalloc long[slots.Length] : new long[slots.Length];
        for (int i = 0; i < buffers.Length; i++)
        {
            addresses[i] = slot[buffers[i]];
        }

        for (int i = 0; i < slots.Length; i++)
        {
            lengths[i] = slots[i] < 0 ? numbers[i] : slot[slots[i]];
        }

        slot[failure] = 0;
        return call.Routine.TryRun(addresses, lengths) ? 0 : call.Site;
    }
}
