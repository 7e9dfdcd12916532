using GraphCompiler.Kernels;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>A kernel with what it works on: the nodes behind its buffers, the dimensions behind its extents, the meaning of its error sites.</summary>
/// <param name="Kernel">The loops.</param>
/// <param name="Buffers">What each buffer of the kernel is; the results are marked writable there.</param>
/// <param name="Extents">The dimension behind each extent.</param>
/// <param name="Range">The size of the parallel range.</param>
/// <param name="Sites">What error site i + 1 means.</param>
/// <param name="Roots">The nodes whose values the kernel computes; several kernels may share one.</param>
internal sealed record LoweredKernel(
    Kernel Kernel, IReadOnlyList<KernelBuffer> Buffers, IReadOnlyList<Dim> Extents, Dim Range, IReadOnlyList<ErrorSite> Sites, IReadOnlyList<Node> Roots) : LoweredPart(Roots)
{
    public override IEnumerable<Access> Accesses => Buffers.Zip(Kernel.Buffers, (buffer, own) => new Access(buffer, own.Writable));

    public override IReadOnlyList<IReadOnlyList<LoweredPart>> Inside => [];

    /// <summary>The loop or the branch that it is, if it is one. The range of a loop are its steps, which run in their order.</summary>
    public LoweredPart? Control { get; init; }

    /// <summary>The memory that this kernel fills for the next ones of its roots.</summary>
    public IEnumerable<KernelBuffer> Scratch => Accesses.Where(a => a is { IsWritten: true, Buffer.Kind: BufferKind.Scratch }).Select(a => a.Buffer);

    /// <summary>The memory that each thread working on this kernel has for itself, for the time it takes.</summary>
    public IEnumerable<KernelBuffer> WorkerScratch => Buffers.Where(b => b.Kind == BufferKind.WorkerScratch);
}

/// <summary>What it means that a kernel fails at a site.</summary>
/// <param name="Node">The node whose computation fails.</param>
/// <param name="Size">A size that the message needs.</param>
/// <param name="Message">The message, from the detail that the kernel left and the value of the size.</param>
internal sealed record ErrorSite(Node Node, Dim Size, Func<long, long, string> Message)
{
    /// <summary>Whether the failure is an exception that a function of the user's threw.</summary>
    public bool IsThrown { get; init; }

    /// <summary>The loops within the kernel that it is in, inner ones first, and where the number of the step lies that failed.</summary>
    public IReadOnlyList<(Node Loop, KernelBuffer Step)> Steps { get; init; } = [];

    /// <summary>Where the detail comes from, if it is an index.</summary>
    public Node? Indices { get; init; }

    /// <summary>Whether some of the indices are never looked at, so that where one stands is sure only if it stands there alone.</summary>
    public bool SkipsSome { get; init; }
}

/// <summary>Collects buffers, extents and error sites while a kernel's loops are built.</summary>
internal sealed class KernelBuilder(params IReadOnlyList<Node> roots)
{
    private readonly List<LoopBuffer> buffers = [];
    private readonly List<KernelBuffer> memory = [];
    private readonly Dictionary<KernelBuffer, LoopBuffer> first = [];
    private readonly KernelExtents extents = new();
    private readonly List<ErrorSite> sites = [];

    public Local Begin { get; } = new("begin", DType.Int64);

    public Local End { get; } = new("end", DType.Int64);

    /// <summary>The buffer of a node that is read.</summary>
    public LoopBuffer Input(Node node) => Input(KernelBuffer.Of(node));

    /// <summary>Memory that is read.</summary>
    public LoopBuffer Input(KernelBuffer buffer) => Buffer(buffer, writable: false);

    /// <summary>The buffer of the node that is computed.</summary>
    /// <param name="node">The node.</param>
    /// <param name="storedOnce">Whether the kernel surely stores each element once; loops from 0 with row-major indices show it by themselves.</param>
    public LoopBuffer Output(Node node, bool storedOnce = false) => Buffer(KernelBuffer.Of(node), writable: true, storedOnce);

    /// <summary>Memory that is written.</summary>
    public LoopBuffer Output(KernelBuffer buffer) => Buffer(buffer, writable: true);

    /// <summary>Memory that this kernel fills for the root's next kernels.</summary>
    public KernelBuffer Scratch(DType type, Dim count) => KernelBuffer.Scratch(roots[0], type, count);

    /// <summary>
    /// Memory that each thread has for itself while it works on this kernel. It holds whatever the last item left: write before reading in every
    /// item of the range.
    /// </summary>
    public LoopBuffer WorkerScratch(DType type, Dim count) => Output(KernelBuffer.WorkerScratch(roots[0], type, count));

    /// <summary>A size: a literal, or an argument of the kernel.</summary>
    public LoopValue Size(Dim dim) => extents.SizeOf(dim);

    /// <summary>Where views begin that are read beside others of the same tensor: their addresses have much in common, if it is known.</summary>
    public IReadOnlySet<Dim> NearOffsets { get; init; } = new HashSet<Dim>();

    /// <summary>Where a view begins: an argument of the kernel unless it is 0, so that kernels which read other parts of a tensor are the same code.</summary>
    public LoopValue Offset(Dim dim) => dim.Constant == 0 ? Literal.Of(0L) : NearOffsets.Contains(dim) ? Size(dim) : extents.ExtentOf(dim);

    /// <summary>A new error site, of an index that left its axis; the number to fail with.</summary>
    public int Site(Node node, int axis, Dim size) =>
        Site(node, size, (index, length) => EvaluationContext.IndexMessage(node, index, length, axis), node.Inputs[1]);

    /// <summary>A new error site; the number to fail with.</summary>
    /// <param name="node">The node whose computation fails.</param>
    /// <param name="size">A size that the message needs.</param>
    /// <param name="message">The message, from the detail that the kernel leaves and the value of the size.</param>
    /// <param name="indices">Where the detail comes from, if it is an index.</param>
    /// <param name="skipsSome">Whether some of the indices are never looked at.</param>
    public int Site(Node node, Dim size, Func<long, long, string> message, Node? indices = null, bool skipsSome = false) =>
        Site(new ErrorSite(node, size, message) { Indices = indices, SkipsSome = skipsSome });

    /// <summary>A new error site; the number to fail with.</summary>
    public int Site(ErrorSite site)
    {
        sites.Add(site);
        return sites.Count;
    }

    /// <summary>The name of a kernel, from the nodes whose values it computes.</summary>
    public static string NameOf(IReadOnlyList<Node> roots)
    {
        Node last = roots[^1];
        return last.Name is null ? last.Op.Name : $"{last.Op.Name}_{last.Name}";
    }

    public LoweredKernel Build(Dim range, params LoopStatement[] body)
    {
        LoopValue size = Size(range);
        var kernel = new Kernel(NameOf(roots), [.. buffers], extents.Dims.Count, Begin, End, size, new Block([.. body]));
        return new LoweredKernel(kernel, memory, extents.Dims, range, sites, roots);
    }

    private LoopBuffer Buffer(KernelBuffer of, bool writable, bool storedOnce = false)
    {
        if (first.TryGetValue(of, out LoopBuffer? known) && known.Writable == writable)
        {
            return known;
        }

        var buffer = new LoopBuffer($"b{buffers.Count}_{of.Name}", of.Type, writable) { Length = Size(of.Length), IsStoredOnce = storedOnce };
        buffers.Add(buffer);
        memory.Add(of);
        first.TryAdd(of, buffer);
        return buffer;
    }
}
