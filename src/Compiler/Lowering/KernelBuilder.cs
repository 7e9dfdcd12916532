using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>A kernel with what it works on: the nodes behind its buffers, the dimensions behind its extents, the meaning of its error sites.</summary>
/// <param name="Kernel">The loops.</param>
/// <param name="Buffers">The node behind each buffer of the kernel; the results are marked writable there.</param>
/// <param name="Extents">The dimension behind each extent.</param>
/// <param name="Range">The size of the parallel range.</param>
/// <param name="Sites">What error site i + 1 means.</param>
/// <param name="Roots">The nodes whose values the kernel computes; several kernels may share one.</param>
internal sealed record LoweredKernel(
    Kernel Kernel, IReadOnlyList<Node> Buffers, IReadOnlyList<Dim> Extents, Dim Range, IReadOnlyList<ErrorSite> Sites, IReadOnlyList<Node> Roots)
{
    /// <summary>The first root: all of a kernel's roots belong to one part of the program.</summary>
    public Node Root => Roots[0];

    /// <summary>Nodes of no graph that stand for memory between the kernels of one root; this kernel fills them.</summary>
    public IReadOnlyList<Node> Scratch { get; init; } = [];

    /// <summary>Nodes of no graph that stand for memory which each thread working on this kernel has for itself, for the time it takes.</summary>
    public IReadOnlyList<Node> WorkerScratch { get; init; } = [];
}

/// <summary>What it means that a kernel fails at a site.</summary>
/// <param name="Node">The node whose computation fails.</param>
/// <param name="Size">A size that the message needs.</param>
/// <param name="Message">The message, from the detail that the kernel left and the value of the size.</param>
internal sealed record ErrorSite(Node Node, Dim Size, Func<long, long, string> Message)
{
    /// <summary>Where the detail comes from, if it is an index.</summary>
    public Node? Indices { get; init; }
}

/// <summary>Collects buffers, extents and error sites while a kernel's loops are built.</summary>
internal sealed class KernelBuilder(params IReadOnlyList<Node> roots)
{
    private readonly List<LoopBuffer> buffers = [];
    private readonly List<Node> nodes = [];
    private readonly List<Dim> extents = [];
    private readonly List<ErrorSite> sites = [];
    private readonly List<Node> scratch = [];
    private readonly List<Node> workerScratch = [];

    public Local Begin { get; } = new("begin", DType.Int64);

    public Local End { get; } = new("end", DType.Int64);

    /// <summary>The buffer of a node that is read.</summary>
    public LoopBuffer Input(Node node) => Buffer(node, writable: false);

    /// <summary>The buffer of the node that is computed.</summary>
    /// <param name="node">The node.</param>
    /// <param name="storedOnce">Whether the kernel surely stores each element once; loops from 0 with row-major indices show it by themselves.</param>
    public LoopBuffer Output(Node node, bool storedOnce = false) => Buffer(node, writable: true, storedOnce);

    /// <summary>Memory that this kernel fills for the root's next kernels.</summary>
    public Node Scratch(DType type, Dim count)
    {
        Node node = Ops.Placeholder(new NodeType(type, [count]), $"scratch{scratch.Count}", requiresGrad: false);
        scratch.Add(node);
        return node;
    }

    /// <summary>
    /// Memory that each thread has for itself while it works on this kernel. It holds whatever the last item left: write before reading in every
    /// item of the range.
    /// </summary>
    public LoopBuffer WorkerScratch(DType type, Dim count)
    {
        Node node = Ops.Placeholder(new NodeType(type, [count]), $"own{workerScratch.Count}", requiresGrad: false);
        workerScratch.Add(node);
        return Output(node);
    }

    /// <summary>A size: a literal, or an argument of the kernel.</summary>
    public LoopValue Size(Dim dim)
    {
        if (dim.Constant is { } constant)
        {
            return Literal.Of(constant);
        }

        int slot = extents.IndexOf(dim);
        if (slot < 0)
        {
            slot = extents.Count;
            extents.Add(dim);
        }

        return new Extent(slot);
    }

    /// <summary>A new error site, of an index that left its axis; the number to fail with.</summary>
    public int Site(Node node, int axis, Dim size) =>
        Site(node, size, (index, length) => EvaluationContext.IndexMessage(node, index, length, axis), node.Inputs[1]);

    /// <summary>A new error site; the number to fail with.</summary>
    /// <param name="node">The node whose computation fails.</param>
    /// <param name="size">A size that the message needs.</param>
    /// <param name="message">The message, from the detail that the kernel leaves and the value of the size.</param>
    /// <param name="indices">Where the detail comes from, if it is an index.</param>
    public int Site(Node node, Dim size, Func<long, long, string> message, Node? indices = null) => Site(new ErrorSite(node, size, message) { Indices = indices });

    private int Site(ErrorSite site)
    {
        sites.Add(site);
        return sites.Count;
    }

    public LoweredKernel Build(Dim range, params LoopStatement[] body)
    {
        Node last = roots[^1];
        string name = last.Name is null ? last.Op.Name : $"{last.Op.Name}_{last.Name}";
        var kernel = new Kernel(name, [.. buffers], extents.Count, Begin, End, Size(range), new Block([.. body]));

        // Size(range) may have added an extent after the count was taken.
        return new LoweredKernel(kernel with { Extents = extents.Count }, nodes, extents, range, sites, roots) { Scratch = scratch, WorkerScratch = workerScratch };
    }

    private LoopBuffer Buffer(Node node, bool writable, bool storedOnce = false)
    {
        int at = nodes.IndexOf(node);
        if (at >= 0 && buffers[at].Writable == writable)
        {
            return buffers[at];
        }

        var buffer = new LoopBuffer($"b{buffers.Count}_{node.Op.Name}", node.DType, writable) { Length = Size(node.Shape.ElementCount), IsStoredOnce = storedOnce };
        buffers.Add(buffer);
        nodes.Add(node);
        return buffer;
    }
}
