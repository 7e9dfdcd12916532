using System.Diagnostics;
using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Lowering.Contraction;

namespace GraphCompiler.Planning;

/// <summary>From what is to be computed to loops.</summary>
internal static class LowerKernels
{
    /// <param name="regions">What the parts of the program compute.</param>
    /// <param name="graph">The kernels.</param>
    /// <param name="options">How to compile.</param>
    /// <param name="compileAhead">Is given each kernel as soon as it is lowered, but for those in loops and branches.</param>
    public static LoweredProgram Run(Regions regions, KernelGraph graph, CompileOptions options, Action<LoweredKernel> compileAhead)
    {
        IReadOnlyList<Root> roots = regions.Computation.Roots;
        var shared = SharedBuffers.Of(graph);
        KernelBuffer[] results = [.. roots.Select(r => shared.Of(graph.Materialization.SourceOf(r.Node)))];
        HashSet<KernelBuffer> updated = WriteUpdatesInPlace.IsAllowed(options) ? [.. results.Where((_, i) => roots[i].Kind == RootKind.Update)] : [];
        Dictionary<LoweredKernel, LoweredKernel> smaller = new(ReferenceEqualityComparer.Instance);
        Dictionary<Kernel, Kernel> ordered = new(ReferenceEqualityComparer.Instance);
        Func<KernelSpec, LoweredForm> lower = spec => Lower(spec, options);
        lower = options.Passes.CacheKernels ? new LoweredForms(lower).Of : lower;
        return new LoweredProgram(regions, graph, results, Parts(graph, compileAhead), smaller) { Shared = shared };

        List<LoweredPart> Parts(KernelGraph graph, Action<LoweredKernel> ahead) =>
            [.. graph.Specs.SelectMany(spec => spec is ControlSpec control ? LowerControl.Run(control, shared, body => Parts(body, _ => { })) : Kernels(spec, ahead))];

        LoweredKernel[] Kernels(KernelSpec spec, Action<LoweredKernel> ahead)
        {
            LoweredForm form = lower(spec);
            LoweredKernel[] lowered = [.. form.Kernels.Select(Ordered)];
            if (form.Smaller is { } small)
            {
                smaller.Add(lowered[0], Ordered(small));
            }

            Array.ForEach(lowered, ahead);
            return lowered;
        }

        // An update written where its parameter lies must not be seen by what is computed after it. So before the kernel is compiled, not after.
        LoweredKernel Ordered(LoweredKernel kernel)
        {
            kernel = kernel.Buffers.Any(b => b != shared.Of(b)) ? kernel with { Buffers = [.. kernel.Buffers.Select(shared.Of)] } : kernel;
            if (!kernel.Buffers.Any(updated.Contains))
            {
                return kernel;
            }

            if (!ordered.TryGetValue(kernel.Kernel, out Kernel? known))
            {
                ordered.Add(kernel.Kernel, known = StoreLast.Run(kernel.Kernel));
            }

            return kernel with { Kernel = known };
        }
    }

    private static LoweredForm Lower(KernelSpec spec, CompileOptions options)
    {
        IReadOnlyList<LoweredKernel> kernels = Kernels(spec, options);
        return new LoweredForm(kernels, kernels.Count == 1 && spec is ProductSpec product ? LowerMatMul.FewRows(product, options.Width) : null);
    }

    /// <summary>The kernels of a spec, in order; the last one leaves its values.</summary>
    private static IReadOnlyList<LoweredKernel> Kernels(KernelSpec spec, CompileOptions options) => spec switch
    {
        FusedSpec fused => LowerGroup.Run(fused, options.Passes.StreamRows),
        ProductSpec product => LowerMatMul.Run(product, options.Width),
        OperationSpec operation => LowerOperation.Run(operation),
        _ => throw new UnreachableException(),
    };
}
