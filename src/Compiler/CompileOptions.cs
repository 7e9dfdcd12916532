namespace GraphCompiler;

/// <summary>How a graph is compiled.</summary>
public sealed record CompileOptions
{
    /// <summary>The default options.</summary>
    public CompileOptions() => Changes?.Invoke(this);

    /// <summary>The defaults: fast, and dumped where the environment variable GRAPHCOMPILER_DUMP names a folder.</summary>
    public static CompileOptions Default { get; private set; } = new();

    /// <summary>The width of vectors; by default the widest that this machine runs well.</summary>
    public VectorWidth Width { get; init; } = VectorWidths.Best;

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

    /// <summary>Whether every load and store is checked against the bounds of its buffer: slow, for hunting a wrong kernel.</summary>
    public bool Checked { get; init; }

    /// <summary>Whether every call also runs the interpreter and reports the first node that disagrees: slow, for hunting a wrong kernel.</summary>
    public bool Verify { get; init; }

    /// <summary>
    /// Whether a call is refused that leaves a NaN or an infinity in an output, a gradient or an update. It is then computed again by the interpreter, which names the operation that
    /// was the first to make one of finite numbers, with these, the step of its loop, and of a derivative the operation that it is the derivative of. What a <c>Where</c>
    /// leaves out and infinities that vanish on the way are no reason. A refused call has changed no parameter, no gradient and no generator; destinations hold what it computed. A gradient is looked at, and
    /// what it makes of a gradient that is there, before it is added. A call costs little more for it, but that a <c>Forward</c> keeps a copy of all that it was given.
    /// </summary>
    public bool DetectAnomaly { get; init; }

    /// <summary>
    /// Whether kernels are interpreted, hundreds of times slower (products of matrices a thousand times), and allocate in each call: for programs that
    /// may not generate code, as with Native AOT.
    /// Results are those of <see cref="VectorWidth.Scalar"/> code, but for the last bits of functions of float64; every index is checked.
    /// </summary>
    public bool Interpret { get; init; }

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
    /// Which leaves get gradients from <see cref="CompiledGraph.Forward(ReadOnlySpan{Argument})"/> and <see cref="CompiledGraph.Backward(bool, CancellationToken)"/>, of those that require
    /// them: asked once for each when the graph is compiled. The others keep their <see cref="Leaf.Grad"/> as it is, and nothing is computed for it: so a part of a
    /// model is frozen without another graph. Null for all. Nodes of <see cref="RetainGrad"/> keep theirs whatever this says.
    /// </summary>
    public Func<Leaf, bool>? GradientsOf { get; init; }

    /// <summary>The passes of the compiler, each of which can be switched off to find one at fault.</summary>
    public CompilerPasses Passes { get; init; } = new();

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

        if (Passes is null)
        {
            throw new CompileException($"The option {nameof(Passes)} is null; give passes, or leave the option out.");
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

    /// <summary>What changes the defaults of this process, before what an object initialiser says: of these options and of their passes.</summary>
    internal static Action<object>? Changes { get; private set; }

    /// <summary>Changes the defaults: how all tests run with another set.</summary>
    internal static void ChangeDefaults(Action<object>? change)
    {
        Changes = change;
        Default = new();
    }
}
