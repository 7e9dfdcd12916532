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

        LoweredKernel merged = Union(kernels);
        return KernelSize.Of(merged.Kernel, options) <= KernelSize.MostMerged ? merged : null;
    }

    private static LoweredKernel Union(IReadOnlyList<LoweredKernel> kernels)
    {
        var union = new KernelUnion(kernels);
        LoopStatement[] parts = [.. kernels.Select(union.BodyOf)];
        return union.Build($"{kernels[^1].Kernel.Name}_and_before", 1, [.. kernels.SelectMany(k => k.Roots).Distinct()], parts);
    }

    /// <summary>The elements of every buffer of every kernel, but for what a thread has for itself, and the steps of loops.</summary>
    public static Dim Elements(IReadOnlyList<LoweredKernel> kernels) =>
        kernels.SelectMany(k => k.Buffers.Where(b => b.Kind != BufferKind.WorkerScratch).Select(b => b.Length).Concat(k.Control is LoweredLoop ? [k.Range] : []))
            .Aggregate(Dim.Of(0), (sum, length) => sum + length);
}
