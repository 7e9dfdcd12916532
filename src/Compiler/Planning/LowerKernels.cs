using System.Diagnostics;
using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Lowering;
using GraphCompiler.Lowering.Contraction;

namespace GraphCompiler.Planning;

/// <summary>From what is to be computed to loops.</summary>
internal static class LowerKernels
{
    /// <summary>The kernels of a spec, in order; the last one leaves its values.</summary>
    public static IReadOnlyList<LoweredKernel> Run(KernelSpec spec, CompileOptions options) => spec switch
    {
        FusedSpec fused => LowerGroup.Run(fused, options.StreamRows),
        ProductSpec product => LowerMatMul.Run(product, options.Width),
        OperationSpec operation => LowerOperation.Run(operation),
        _ => throw new UnreachableException(),
    };

    /// <summary>A kernel for a spec where all tensors are small, of less code than that for any size; null if there is none.</summary>
    public static LoweredKernel? Small(KernelSpec spec, VectorWidth width) => spec is ProductSpec product ? LowerMatMul.FewRows(product, width) : null;
}
