using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Kernels that add their results to what lies in the results' memory: gradients of a second backward. Only what stores every element once, and never
/// reads one back, can; and only after all that can fail, for a backward that fails changes nothing.
/// </summary>
internal sealed class AddInPlace
{
    private readonly LoweredKernel[] kernels;
    private readonly InPlaceAccess access = new();
    private readonly int lastToFail;
    private readonly Dictionary<KernelBuffer, int> readers = [];
    private readonly Dictionary<KernelBuffer, int> writers = [];

    /// <param name="kernels">All kernels, in order.</param>
    /// <param name="parts">What they are in.</param>
    private AddInPlace(IReadOnlyList<LoweredKernel> kernels, IReadOnlyList<LoweredPart> parts)
    {
        this.kernels = [.. kernels];
        lastToFail = Array.FindLastIndex(this.kernels, k => k.Sites.Count > 0);
        foreach (LoweredPart part in parts)
        {
            foreach ((KernelBuffer buffer, bool isWritten) in part.Accesses)
            {
                Dictionary<KernelBuffer, int> counts = isWritten ? writers : readers;
                counts[buffer] = counts.GetValueOrDefault(buffer) + 1;
            }
        }
    }

    /// <summary>Which of some buffers a kernel may add to.</summary>
    /// <param name="index">The kernel's place.</param>
    /// <param name="lowered">The kernel, or another that does its work.</param>
    /// <param name="candidates">Values of nodes that nothing but kernels reads.</param>
    private KernelBuffer[] TargetsOf(int index, LoweredKernel lowered, IReadOnlyCollection<KernelBuffer> candidates) => index <= lastToFail ? []
        : [.. kernels[index].Roots.Select(KernelBuffer.Of).Where(b => candidates.Contains(b) && writers.GetValueOrDefault(b) == 1 && !readers.ContainsKey(b) && access.StoresOnce(lowered, b))];

    /// <summary>A program with kernels that add: for single ones, and for those that do the work of several.</summary>
    public static LoweredProgram Run(LoweredProgram program, ResultPlaces results, CompileOptions options)
    {
        // A gradient of several leaves must stand alone before it is added to each.
        HashSet<KernelBuffer> candidates = [.. program.Results.GroupBy(s => s).Where(g => g.Count() == 1 && results.Gradients.ContainsKey(g.Key)).Select(g => g.Key)];
        if (candidates.Count == 0 || options is { Verify: true } or { Checked: true } or { DetectAnomaly: true })
        {
            return program;
        }

        var pass = new AddInPlace(program.Kernels, program.Parts);
        HashSet<LoweredPart> alone = new(program.Parts, ReferenceEqualityComparer.Instance);
        List<AddingKernel> adding = [];
        Dictionary<LoweredKernel, int> places = new(ReferenceEqualityComparer.Instance);
        for (int k = 0; k < program.Kernels.Count; k++)
        {
            LoweredKernel kernel = program.Kernels[k];
            if (program.IsForward(kernel) || !alone.Contains(kernel))
            {
                continue;
            }

            places.Add(kernel, k);
            KernelBuffer[] targets = pass.TargetsOf(k, kernel, candidates);
            if (targets.Length > 0)
            {
                adding.Add(new AddingKernel(Run(kernel, targets), k, targets));
            }
        }

        for (int m = 0; m < program.Merged.Count; m++)
        {
            // What loops and branches run adds to nothing.
            IReadOnlyList<LoweredKernel> replaced = program.Merged[m].Replaced;
            if (!replaced.All(places.ContainsKey))
            {
                continue;
            }

            List<LoweredKernel> parts = [];
            List<KernelBuffer> together = [];
            foreach (LoweredKernel kernel in replaced)
            {
                LoweredKernel small = program.SmallerOf(kernel);
                KernelBuffer[] targets = pass.TargetsOf(places[kernel], small, pass.TargetsOf(places[kernel], kernel, candidates));
                together.AddRange(targets);
                parts.Add(targets.Length > 0 ? Run(small, targets) : small);
            }

            if (together.Count > 0 && MergeSmallKernels.Run(parts, EmitOptions.Of(options)) is { } union)
            {
                adding.Add(new AddingKernel(union, program.Kernels.Count + m, together));
            }
        }

        return program with { Adding = adding };
    }

    /// <summary>The kernel that adds to some of its results.</summary>
    private static LoweredKernel Run(LoweredKernel lowered, IReadOnlyCollection<KernelBuffer> targets)
    {
        Kernel kernel = lowered.Kernel;
        Dictionary<LoopBuffer, LoopBuffer> added = [];
        for (int b = 0; b < lowered.Buffers.Count; b++)
        {
            if (kernel.Buffers[b].Writable && targets.Contains(lowered.Buffers[b]))
            {
                // Its elements are still stored once, but loaded too.
                LoopBuffer buffer = kernel.Buffers[b];
                added.Add(buffer, new LoopBuffer(buffer.Name, buffer.Storage, Writable: true) { Length = buffer.Length });
            }
        }

        return lowered with { Kernel = kernel with { Buffers = [.. kernel.Buffers.Select(b => added.GetValueOrDefault(b, b))], Body = Rewrite(kernel.Body) } };

        LoopStatement Rewrite(LoopStatement statement) => statement switch
        {
            For { PastCache: not null } loop => Rewrite(loop with { PastCache = null }),
            Store store when added.TryGetValue(store.Buffer, out LoopBuffer? buffer) =>
                new Store(buffer, store.Index, new BinaryValue(BinaryFunction.Add, new Load(buffer, store.Index), store.Value)),
            _ => LoopTree.WithChildren(statement, Rewrite),
        };
    }
}
