namespace GraphCompiler.Kernels;

/// <summary>A buffer of a kernel, and whether it writes it.</summary>
internal sealed record Access(KernelBuffer Buffer, bool IsWritten);

/// <summary>The bytes that kernels move, each of its tensors counted once a kernel; a symbolic size counts as a nominal one.</summary>
/// <param name="Moved">The bytes that all kernels read and write.</param>
/// <param name="Fewest">Those of tensors that come from outside, read once, and of results, written once: the fewest possible.</param>
internal sealed record Traffic(long Moved, long Fewest)
{
    /// <param name="kernels">The buffers of each kernel, and whether it writes them.</param>
    /// <param name="results">What must lie in memory in the end.</param>
    public static Traffic Of(IEnumerable<IEnumerable<Access>> kernels, IReadOnlyCollection<KernelBuffer> results)
    {
        HashSet<KernelBuffer> touched = [.. results];
        HashSet<KernelBuffer> made = [];
        long moved = 0;

        // A thread's own rows and blocks stay in its cache.
        foreach ((KernelBuffer buffer, bool isWritten) in kernels.SelectMany(k => k).Where(a => a.Buffer.Kind != BufferKind.WorkerScratch))
        {
            (isWritten ? made : touched).Add(buffer);
            moved += Costs.Bytes(buffer);
        }

        return new Traffic(moved, touched.Except(made.Except(results)).Sum(Costs.Bytes));
    }

    public string Describe() =>
        $"{Moved:N0} bytes moved between kernels and memory, of which {Fewest:N0} cannot be avoided: inputs read and results written once\n";
}
