namespace GraphCompiler.Plans;

/// <summary>What the sizes of a call's arguments mean for a workspace: all sizes, where the blocks of memory lie, and which steps threads share.</summary>
internal sealed class Binding
{
    private readonly Plan plan;
    private readonly long[] symbols;
    private readonly long[] sizes;
    private long[] signature = [];
    private int length = -1;

    public Binding(Plan plan)
    {
        this.plan = plan;
        symbols = new long[plan.Symbols];
        sizes = new long[plan.Sizes];
        Layout = new MemoryLayout(plan.Blocks, plan.Threads);
        Threaded = new ThreadedSteps(plan);
    }

    /// <summary>The values of the symbols.</summary>
    public ReadOnlySpan<long> Symbols => symbols;

    /// <summary>The sizes of everything.</summary>
    public long[] Sizes => sizes;

    /// <summary>The bytes of the blocks together; 0 of a binding for nothing.</summary>
    public long Bytes => length < 0 ? 0 : Layout.Total;

    /// <summary>Where the blocks of the plan lie.</summary>
    public MemoryLayout Layout { get; }

    /// <summary>Which steps threads share.</summary>
    public ThreadedSteps Threaded { get; }

    /// <summary>Whether this is the binding for arguments of this signature.</summary>
    public bool IsFor(ReadOnlySpan<long> arguments) => arguments.Length == length && arguments.SequenceEqual(signature.AsSpan(0, length));

    /// <summary>Takes everything from the symbols' values. If that fails, this is a binding for nothing.</summary>
    /// <param name="values">The values.</param>
    /// <param name="arguments">What the sizes of the arguments were, to know them again.</param>
    public void Set(ReadOnlySpan<long> values, ReadOnlySpan<long> arguments)
    {
        length = -1;
        values.CopyTo(symbols);
        plan.EvaluateSizes(symbols, sizes);
        Layout.Place(sizes);
        Threaded.Bind(sizes);
        if (signature.Length < arguments.Length)
        {
            signature = new long[arguments.Length];
        }

        arguments.CopyTo(signature);
        length = arguments.Length;
    }
}
