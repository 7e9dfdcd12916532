using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// One kernel that does the work of several, one after the other: where tensors have a few elements only, going from kernel to kernel costs as much as
/// the work. It works on the same buffers in the same order, so a plan may take either.
/// </summary>
internal static class MergeSmallKernels
{
    private const int MostKernels = 16;
    private const int MostStatements = 400;

    /// <summary>A program with such kernels: of its parts, of bodies of loops and of sides of branches. They do the same work in the same order, or the plan of memory would not hold for them.</summary>
    public static LoweredProgram Run(LoweredProgram program, CompileOptions options)
    {
        IEnumerable<IEnumerable<LoweredPart>> lists = [.. program.Parts.GroupBy(program.IsForward), .. program.Parts.SelectMany(p => p.All).SelectMany(p => p.Inside)];
        return !options.Passes.MergeSmallKernels || options.Checked || options.Verify ? program : program with { Merged = [.. lists.SelectMany(Runs).Select(Merged).OfType<MergedKernel>()] };

        MergedKernel? Merged(IReadOnlyList<LoweredKernel> kernels) =>
            kernels.Any(program.RunsOnceAVersion) || Run([.. kernels.Select(program.SmallerOf)], EmitOptions.Of(options)) is not { } merged ? null : new MergedKernel(merged, kernels);
    }

    /// <summary>The kernels of a list between what is none.</summary>
    private static List<List<LoweredKernel>> Runs(IEnumerable<LoweredPart> parts)
    {
        List<List<LoweredKernel>> runs = [[]];
        foreach (LoweredPart part in parts)
        {
            if (part is LoweredKernel kernel)
            {
                runs[^1].Add(kernel);
            }
            else
            {
                runs.Add([]);
            }
        }

        return runs;
    }

    /// <summary>The kernel; null where there is nothing to merge, sizes are surely larger, or it would be more code than the JIT optimises well.</summary>
    public static LoweredKernel? Run(IReadOnlyList<LoweredKernel> kernels, EmitOptions options)
    {
        if (kernels.Count is < 2 or > MostKernels
            || kernels.Any(k => LoopTree.Contains<CallHost>(k.Kernel.Body))
            || Elements(kernels).Constant > Costs.FewElements
            || kernels.Sum(k => LoopTree.Statements(k.Kernel.Body).Count()) > MostStatements)
        {
            return null;
        }

        LoweredKernel merged = new Union(kernels).Build();
        return KernelSize.Of(merged.Kernel, options) <= KernelSize.MostMerged ? merged : null;
    }

    /// <summary>The elements of every buffer of every kernel, but for what a thread has for itself.</summary>
    public static Dim Elements(IReadOnlyList<LoweredKernel> kernels) =>
        kernels.SelectMany(k => k.Buffers.Where(b => b.Kind != BufferKind.WorkerScratch)).Aggregate(Dim.Of(0), (sum, buffer) => sum + buffer.Length);

    /// <summary>The buffers, extents and error sites of all kernels, each once.</summary>
    private sealed class Union
    {
        private readonly IReadOnlyList<LoweredKernel> kernels;
        private readonly List<KernelBuffer> memory = [];
        private readonly List<LoopBuffer> buffers = [];
        private readonly List<Dim> extents = [];
        private readonly List<ErrorSite> sites = [];
        private readonly HashSet<Local> declared = [];

        public Union(IReadOnlyList<LoweredKernel> kernels)
        {
            this.kernels = kernels;
            HashSet<KernelBuffer> written = [.. kernels.SelectMany(k => k.Accesses).Where(a => a.IsWritten).Select(a => a.Buffer)];
            foreach (LoweredKernel kernel in kernels)
            {
                LoopTree.Rewriter renumber = new(value => value is Extent extent ? new Extent(SlotOf(kernel.Extents[extent.Slot])) : value);
                for (int i = 0; i < kernel.Buffers.Count; i++)
                {
                    KernelBuffer of = kernel.Buffers[i];
                    if (!memory.Contains(of))
                    {
                        LoopBuffer buffer = kernel.Kernel.Buffers[i];
                        memory.Add(of);
                        buffers.Add(new LoopBuffer(buffer.Name, buffer.Storage, written.Contains(of)) { Length = renumber.Rewrite(buffer.Length) });
                    }
                }
            }
        }

        public LoweredKernel Build()
        {
            LoopStatement[] parts = [.. kernels.Select(Body)];
            Kernel last = kernels[^1].Kernel;
            var kernel = new Kernel(
                $"{last.Name}_and_before", [.. buffers], extents.Count, LoopMath.Index("begin"), LoopMath.Index("end"), LoopMath.Int(1), new Block([.. parts]));
            return new LoweredKernel(kernel, memory, extents, 1, sites, [.. kernels.SelectMany(k => k.Roots).Distinct()]);
        }

        /// <summary>A kernel's body over its whole range, on the union's buffers.</summary>
        private LoopStatement Body(LoweredKernel lowered)
        {
            Kernel kernel = lowered.Kernel;
            Dictionary<LoopBuffer, LoopBuffer> united = kernel.Buffers.Select((b, i) => (b, buffers[memory.IndexOf(lowered.Buffers[i])])).ToDictionary();
            HashSet<Local> variables = [.. LoopTree.Statements(kernel.Body).Select(LoopTree.Target).OfType<Local>()];
            LoopTree.Rewriter? rewriter = null;
            rewriter = new(value => value switch
            {
                Extent extent => new Extent(SlotOf(lowered.Extents[extent.Slot])),
                Local local when local == kernel.Begin => LoopMath.Int(0),
                Local local when local == kernel.End => rewriter!.Rewrite(kernel.Range),
                _ => value,
            })
            {
                Buffers = united,

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

        private int SlotOf(Dim dim)
        {
            int slot = extents.IndexOf(dim);
            if (slot < 0)
            {
                slot = extents.Count;
                extents.Add(dim);
            }

            return slot;
        }
    }
}
