using GraphCompiler.Kernels;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>A program as loops.</summary>
/// <param name="Regions">Its parts.</param>
/// <param name="Graph">The kernels that it is made of.</param>
/// <param name="Results">Where the values of the roots lie.</param>
/// <param name="Parts">The kernels as loops, and loops and branches of them, in an order in which they may run.</param>
/// <param name="Smaller">For some kernels, one that does its work with less code where all tensors are small.</param>
internal sealed record LoweredProgram(
    Regions Regions, KernelGraph Graph, IReadOnlyList<KernelBuffer> Results, IReadOnlyList<LoweredPart> Parts, IReadOnlyDictionary<LoweredKernel, LoweredKernel> Smaller)
{
    public IReadOnlyList<LoweredPart> Parts
    {
        get;
        init => (field, Kernels) = (value, KernelsOf(value));
    }
    = Parts;

    /// <summary>All kernels of the parts, in their order.</summary>
    public IReadOnlyList<LoweredKernel> Kernels { get; private init; } = KernelsOf(Parts);

    /// <summary>The values that lie in buffers of others.</summary>
    public SharedBuffers Shared { get; init; } = SharedBuffers.Of(Graph);

    /// <summary>The parameter in whose place a new value is written.</summary>
    public IReadOnlyDictionary<KernelBuffer, Parameter> Places { get; init; } = new Dictionary<KernelBuffer, Parameter>();

    /// <summary>The kernels that do the work of several where sizes are small.</summary>
    public IReadOnlyList<MergedKernel> Merged { get; init; } = [];

    /// <summary>The kernels that add to gradients, where others write over them.</summary>
    public IReadOnlyList<AddingKernel> Adding { get; init; } = [];

    /// <summary>All kernels, in the order of the steps of a plan.</summary>
    public IEnumerable<LoweredKernel> All => Kernels.Concat(Merged.Select(m => m.Kernel)).Concat(Adding.Select(a => a.Kernel));

    /// <summary>Each root with where its value lies.</summary>
    public IEnumerable<(Root Root, KernelBuffer Source)> Roots => Regions.Computation.Roots.Zip(Results);

    // What fills the outputs of forward loops before they run.
    private HashSet<Node> Clearing { get; } =
        [.. LoopsOf(Graph).Where(l => l.Cleared is not null && Regions.Forward.Contains(l.Operation)).SelectMany(l => l.Cleared!.Graph.Specs.SelectMany(s => s.Nodes))];

    private static LoweredKernel[] KernelsOf(IEnumerable<LoweredPart> parts) => [.. parts.SelectMany(p => p.Kernels)];

    private static IEnumerable<LoopSpec> LoopsOf(KernelGraph graph) =>
        graph.Specs.OfType<ControlSpec>().SelectMany(s => s.Bodies.SelectMany(b => LoopsOf(b.Graph)).Concat(s is LoopSpec loop ? [loop] : []));

    public bool IsForward(LoweredPart part) => Regions.Forward.Contains(part.Root) || Clearing.Contains(part.Root);

    public LoweredKernel SmallerOf(LoweredKernel kernel) => Smaller.GetValueOrDefault(kernel, kernel);

    /// <summary>Whether a kernel does nothing but fill scratch, of constant size, from values that last.</summary>
    public bool RunsOnceAVersion(LoweredKernel kernel) => kernel.Extents.All(e => e.IsConstant) && kernel.Range.IsConstant && kernel.Accesses.All(a =>
        a is { IsWritten: true, Buffer.Kind: BufferKind.Scratch } ? a.Buffer.Length.IsConstant : a.Buffer.Node is { } node && Graph.Materialization.IsLasting(node));
}

/// <summary>A kernel that does the work of several.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Replaced">The others, which follow each other.</param>
internal sealed record MergedKernel(LoweredKernel Kernel, IReadOnlyList<LoweredKernel> Replaced);

/// <summary>A kernel that adds to gradients where another writes over them.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Replaced">The position of the other one among all kernels.</param>
/// <param name="Targets">The gradients.</param>
internal sealed record AddingKernel(LoweredKernel Kernel, int Replaced, IReadOnlyList<KernelBuffer> Targets);
