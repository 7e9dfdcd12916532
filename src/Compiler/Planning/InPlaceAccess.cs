using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Tells from kernels' loops whether what one writes may lie where what it reads lies. It may if every element is read before it is written and
/// never after: each load's index is that of a store further on in the same iteration of the loops around both, and no element is stored twice.
/// Then it does not matter either how the kernel's range is split among threads, or in which order. Kernels that share their loops are looked at once.
/// </summary>
internal sealed class InPlaceAccess
{
    private readonly Dictionary<LoopStatement, Dictionary<EquatableArray<Dim>, LoopAccesses>> known = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether <paramref name="written"/> may lie where <paramref name="read"/> does; their sizes must agree.</summary>
    public bool MayReplace(LoweredKernel kernel, KernelBuffer written, KernelBuffer read) => OutputOf(kernel, written) is { } output && Of(kernel).MayReplace(output, BuffersOf(kernel, read));

    /// <summary>Whether a kernel stores each element of a buffer once, and reads none of them.</summary>
    public bool StoresOnce(LoweredKernel kernel, KernelBuffer written) => OutputOf(kernel, written) is { } output && Of(kernel).StoresOnce(output);

    private static LoopBuffer? OutputOf(LoweredKernel kernel, KernelBuffer written) => BuffersOf(kernel, written) is [{ Writable: true } only] ? only : null;

    private static LoopBuffer[] BuffersOf(LoweredKernel kernel, KernelBuffer buffer) => [.. kernel.Kernel.Buffers.Where((_, i) => kernel.Buffers[i] == buffer)];

    private LoopAccesses Of(LoweredKernel kernel)
    {
        if (!known.TryGetValue(kernel.Kernel.Body, out Dictionary<EquatableArray<Dim>, LoopAccesses>? all))
        {
            known.Add(kernel.Kernel.Body, all = []);
        }

        // They may read from other places of their tensors.
        EquatableArray<Dim> extents = [.. kernel.Extents];
        if (!all.TryGetValue(extents, out LoopAccesses? accesses))
        {
            all.Add(extents, accesses = new LoopAccesses(kernel.Kernel, extents, kernel.Range));
        }

        return accesses;
    }
}
