using GraphCompiler.Kernels;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>The buffers, extents and error sites of several kernels, each once, for one kernel that does the work of all.</summary>
internal sealed class KernelUnion
{
    private readonly Dictionary<KernelBuffer, LoopBuffer> buffers = [];
    private readonly HashSet<KernelBuffer> written;
    private readonly KernelExtents extents = new();
    private readonly List<ErrorSite> sites = [];
    private readonly HashSet<Local> declared = [];

    /// <param name="kernels">The kernels.</param>
    /// <param name="written">What is written besides what they write.</param>
    public KernelUnion(IReadOnlyList<LoweredKernel> kernels, params IEnumerable<KernelBuffer> written)
    {
        this.written = [.. kernels.SelectMany(k => k.Accesses).Where(a => a.IsWritten).Select(a => a.Buffer), .. written];
        foreach (KernelBuffer buffer in kernels.SelectMany(k => k.Buffers))
        {
            BufferOf(buffer);
        }
    }

    /// <summary>All memory that was asked for, in that order.</summary>
    public IEnumerable<KernelBuffer> Memory => buffers.Keys;

    public Local Begin { get; } = LoopMath.Index("begin");

    public Local End { get; } = LoopMath.Index("end");

    /// <summary>What stands for memory in the loops.</summary>
    public LoopBuffer BufferOf(KernelBuffer memory)
    {
        if (!buffers.TryGetValue(memory, out LoopBuffer? buffer))
        {
            buffer = new LoopBuffer($"b{buffers.Count}_{memory.Name}", memory.Type, written.Contains(memory)) { Length = SizeOf(memory.Length) };
            buffers.Add(memory, buffer);
        }

        return buffer;
    }

    /// <summary>A size: a literal, or an argument of the kernel.</summary>
    public LoopValue SizeOf(Dim dim) => extents.SizeOf(dim);

    /// <summary>A kernel's body over its whole range, on the union's buffers.</summary>
    public LoopStatement BodyOf(LoweredKernel lowered)
    {
        Kernel kernel = lowered.Kernel;
        HashSet<Local> variables = [.. LoopTree.Statements(kernel.Body).Select(LoopTree.Target).OfType<Local>()];
        LoopTree.Rewriter? rewriter = null;
        rewriter = new(value => value switch
        {
            Extent extent => SizeOf(lowered.Extents[extent.Slot]),
            Local local when local == kernel.Begin => LoopMath.Int(0),
            Local local when local == kernel.End => rewriter!.Rewrite(kernel.Range),
            _ => value,
        })
        {
            Buffers = kernel.Buffers.Select((b, i) => (b, BufferOf(lowered.Buffers[i]))).ToDictionary(),

            // A variable is declared once: kernels of equal structure share their loops, and what is made of these their variables.
            Variables = declared.Overlaps(variables) ? variables.ToDictionary(v => v, v => new Local(v.Name, v.Type)) : null,
        };
        declared.UnionWith(variables);
        int firstSite = sites.Count;
        sites.AddRange(lowered.Sites);
        return Place(rewriter.Rewrite(kernel.Body));

        LoopStatement Place(LoopStatement statement) => statement switch
        {
            // Small tensors stay in the cache.
            For { PastCache: not null } loop => Place(loop with { PastCache = null }),
            Prefetch => new Block([]),
            Fail fail => fail with { Site = fail.Site + firstSite },
            _ => LoopTree.WithChildren(statement, Place),
        };
    }

    /// <summary>The kernel.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="range">The size of its range.</param>
    /// <param name="roots">The nodes whose values it computes.</param>
    /// <param name="body">What it does.</param>
    public LoweredKernel Build(string name, Dim range, IReadOnlyList<Node> roots, params IReadOnlyList<LoopStatement> body)
    {
        LoopValue size = SizeOf(range);
        var kernel = new Kernel(name, [.. buffers.Values], extents.Dims.Count, Begin, End, size, new Block([.. body]));
        return new LoweredKernel(kernel, [.. buffers.Keys], extents.Dims, range, sites, roots);
    }

    /// <summary>Leaves memory out that the body does not use.</summary>
    public void Forget(KernelBuffer memory) => buffers.Remove(memory);
}
