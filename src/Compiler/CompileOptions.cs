namespace GraphCompiler;

/// <summary>How a graph is compiled.</summary>
public sealed record CompileOptions
{
    private static Action<CompileOptions>? changeDefaults;

    /// <summary>The default options.</summary>
    public CompileOptions() => changeDefaults?.Invoke(this);

    /// <summary>The defaults: fast, and dumped where the environment variable GRAPHCOMPILER_DUMP names a folder.</summary>
    public static CompileOptions Default { get; private set; } = new();

    /// <summary>The width of vectors; by default the widest that this machine runs well.</summary>
    public VectorWidth Width { get; init; } = VectorWidths.Best;

    /// <summary>Whether the graph is simplified: common subexpressions, constants, algebra. Rules for stability always run.</summary>
    public bool Simplify { get; init; } = true;

    /// <summary>Whether elementwise operations are computed inside the kernels that read them.</summary>
    public bool Inline { get; init; } = true;

    /// <summary>
    /// The most threads that one call works with, that of the caller included; by default one a processor. Small graphs run on the caller's thread
    /// whatever this says. Results are the same, bit for bit, at any number.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public int Threads
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Threads), $"A call needs at least one thread, its caller's; {value} were allowed.");
    }
    = Environment.ProcessorCount;

    /// <summary>Whether elementwise work on the results of matrix products is done in their kernels, while the results are in registers or in the cache.</summary>
    public bool Epilogues { get; init; } = true;

    /// <summary>Whether operations that share tensors become one kernel: elementwise ones, reductions with what feeds and follows them, siblings.</summary>
    public bool Fuse { get; init; } = true;

    /// <summary>
    /// Whether memory of intermediate values is used again when they are no longer needed, and kernels may write over what they are the last to read.
    /// <see cref="Verify"/>, which looks at everything after the run, turns it off.
    /// </summary>
    public bool ReuseMemory { get; init; } = true;

    /// <summary>
    /// Whether kernels may write new values of parameters where the old ones lie, after all that can fail; otherwise, and where that is not possible,
    /// they are copied there after the run. <see cref="Verify"/> and <see cref="Checked"/> turn it off.
    /// </summary>
    public bool UpdateInPlace { get; init; } = true;

    /// <summary>
    /// Whether a backward's kernels write gradients where <c>Grad</c> keeps them, and add to those that are there after all that can fail; otherwise, and
    /// where that is not possible, gradients are computed aside and then copied or added. <see cref="Verify"/> and <see cref="Checked"/> turn the adding off.
    /// </summary>
    public bool GradientsInPlace { get; init; } = true;

    /// <summary>
    /// Whether a backward computes elementwise values again where that leaves fewer bytes to be saved by the forward; otherwise all that it needs is saved.
    /// </summary>
    public bool Recompute { get; init; } = true;

    /// <summary>
    /// Whether elementwise operations on an operand of a matrix product are computed while the product rearranges it, where that moves fewer bytes than
    /// computing it first. Needs <see cref="Inline"/>.
    /// </summary>
    public bool Prologues { get; init; } = true;

    /// <summary>
    /// Whether weights of matrix products are kept in a second, rearranged copy, made anew when the parameter is written. Only where parameters and
    /// constants meet in a graph without updates and backward part.
    /// </summary>
    public bool PackWeights { get; init; } = true;

    /// <summary>
    /// Whether matrix products over windows, such as convolutions, read them where they lie, or copy them block by block as they need them; otherwise all
    /// windows are copied before.
    /// </summary>
    public bool WindowsInPlace { get; init; } = true;

    /// <summary>
    /// Whether kernels that make several passes over each row of tensors too large for the caches (8 MiB and more) ask for the next row ahead, and write results
    /// past the cache.
    /// </summary>
    public bool StreamRows { get; init; } = true;

    /// <summary>Whether every load and store is checked against the bounds of its buffer: slow, for hunting a wrong kernel.</summary>
    public bool Checked { get; init; }

    /// <summary>Whether every call also runs the interpreter and reports the first node that disagrees: slow, for hunting a wrong kernel.</summary>
    public bool Verify { get; init; }

    /// <summary>Whether kernels are compiled by FastExpressionCompiler; otherwise, and where it refuses, by the expressions' own Compile.</summary>
    public bool UseFastExpressionCompiler { get; init; } = true;

    /// <summary>
    /// Whether kernels are interpreted, hundreds of times slower (products of matrices a thousand times), and allocate in each call: for programs that
    /// may not generate code, as with Native AOT.
    /// Results are those of <see cref="VectorWidth.Scalar"/> code, but for the last bits of functions of float64; every index is checked.
    /// </summary>
    public bool Interpret { get; init; }

    /// <summary>Whether kernels of equal structure are compiled once in this process and shared from then on, by graphs too.</summary>
    public bool CacheKernels { get; init; } = true;

    /// <summary>Whether a graph of few kernels also gets one that does all their work, which runs where all tensors together have a few thousand elements.</summary>
    public bool MergeSmallKernels { get; init; } = true;

    /// <summary>A folder to write every stage of the compilation to; by default what GRAPHCOMPILER_DUMP names, if anything.</summary>
    public string? DumpDirectory { get; init; } = Environment.GetEnvironmentVariable("GRAPHCOMPILER_DUMP") is { Length: > 0 } folder ? folder : null;

    /// <summary>
    /// What is compiled with the graph, so that all its errors come from there and a first call takes no longer than others; by default
    /// <see cref="GraphCalls.Run"/>. The rest is compiled by <see cref="CompiledGraph.Prepare"/>, or by the first call that needs it. Who only trains with Forward and Backward
    /// asks for <see cref="GraphCalls.Training"/> alone: each of the two takes about as long to compile.
    /// </summary>
    public GraphCalls Ahead { get; init; } = GraphCalls.Run;

    /// <summary>Intermediate nodes whose gradients are kept by a backward; read them with <see cref="CompiledGraph.GradientOf{T}"/>.</summary>
    public IReadOnlyList<Node> RetainGrad { get; init; } = [];

    /// <summary>
    /// Which leaves get gradients from <see cref="CompiledGraph.Forward(ReadOnlySpan{Argument})"/> and <see cref="CompiledGraph.Backward(bool)"/>, of those that require
    /// them: asked once for each when the graph is compiled. The others keep their <see cref="Leaf.Grad"/> as it is, and nothing is computed for it: so a part of a
    /// model is frozen without another graph. Null for all. Nodes of <see cref="RetainGrad"/> keep theirs whatever this says.
    /// </summary>
    public Func<Node, bool>? GradientsOf { get; init; }

    /// <summary>How kernels are cut for threads: tests cut finer.</summary>
    internal Chunking Chunking { get; init; } = Chunking.Default;

    /// <summary>Refuses what no graph can be compiled with.</summary>
    /// <exception cref="CompileException">An option's value is outside its range.</exception>
    internal void Check()
    {
        if (!Enum.IsDefined(Width) || !VectorWidths.IsSupported(Width))
        {
            string given = Enum.IsDefined(Width) ? $"{Width}, a width that this machine has no vectors of" : $"{(int)Width}, no width of vectors";
            throw new CompileException($"The option {nameof(Width)} is {given}; choose from {string.Join(", ", VectorWidths.Supported)}.");
        }

        if ((Ahead & ~GraphCalls.All) != 0)
        {
            throw new CompileException($"The option {nameof(Ahead)} is {(int)Ahead}, no set of calls; choose from {string.Join(", ", Enum.GetNames<GraphCalls>())}.");
        }

        if (RetainGrad is null || RetainGrad.Contains(null!))
        {
            throw new CompileException($"The option {nameof(RetainGrad)} {(RetainGrad is null ? "is" : "holds a")} null; give nodes, or an empty list.");
        }

        if (DumpDirectory is null)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(DumpDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CompileException($"The option {nameof(DumpDirectory)} is '{DumpDirectory}', where no folder can be: {e.Message}", e);
        }
    }

    /// <summary>Changes the defaults of this process, before what an object initialiser says: how all tests run with another set.</summary>
    internal static void ChangeDefaults(Action<CompileOptions>? change)
    {
        changeDefaults = change;
        Default = new();
    }
}
