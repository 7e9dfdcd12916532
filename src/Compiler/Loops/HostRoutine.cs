namespace GraphCompiler.Loops;

/// <summary>A function of the user's as kernels call it.</summary>
/// <param name="signature">What it takes and gives.</param>
/// <param name="body">What it does.</param>
internal sealed class HostRoutine(HostSignature signature, HostBody body)
{
    private static int count;

    // Between a kernel that fails and the error that it means.
    [ThreadStatic]
    private static Exception? thrown;

    /// <summary>What tells routines apart in a process.</summary>
    public int Number { get; } = Interlocked.Increment(ref count);

    /// <summary>What messages call it.</summary>
    public string Title => signature.Title;

    /// <summary>How many tensors it works on.</summary>
    public int Tensors => signature.Tensors;

    /// <summary>How many lengths of axes it takes.</summary>
    public int Lengths => signature.Starts[^1];

    /// <summary>What the last function that failed on this thread threw; only once.</summary>
    public static Exception? TakeThrown()
    {
        Exception? last = thrown;
        thrown = null;
        return last;
    }

    /// <summary>Calls it; false if it threw.</summary>
    /// <param name="addresses">Where the tensors lie, inputs first.</param>
    /// <param name="lengths">The lengths of their axes, one tensor after the other.</param>
    public bool TryRun(ReadOnlySpan<nint> addresses, ReadOnlySpan<long> lengths)
    {
        try
        {
            var call = new HostCall(signature, addresses, lengths);
            call.Clear();
            body(call);
            return true;
        }
        catch (Exception e)
        {
            thrown = e;
            return false;
        }
    }
}
