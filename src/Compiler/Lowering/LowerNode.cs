using GraphCompiler.Fusion;
using GraphCompiler.Kernels;
using GraphCompiler.Lowering.Contraction;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Which lowering serves which operation.</summary>
internal static class LowerNode
{
    /// <summary>The kernels that compute a group, in order; the last one leaves its values.</summary>
    public static IReadOnlyList<LoweredKernel> Run(KernelGroup group, Materialization materialization, AnchorReads reads, CompileOptions options)
    {
        return group.Domain is not null ? LowerGroup.Run(group, reads, options.StreamRows)
            : group.Product is not null ? LowerMatMul.Run(group, materialization, options.Width)
            : group.Nodes is [{ Op: ArgExtremumOp } extremum] ? LowerArgExtremum.Run(extremum, materialization)
            : [Run(group.Nodes, materialization, options.Width)];
    }

    /// <summary>A kernel for a group where all tensors are small, of less code than that for any size; null if there is none.</summary>
    public static LoweredKernel? Small(KernelGroup group, Materialization materialization, VectorWidth width) =>
        group.Product is not null ? LowerMatMul.FewRows(group, materialization, width) : null;

    /// <summary>Whether an operation's kernel calls a handwritten routine, which reads inputs that lie dense and row-major.</summary>
    public static bool CallsRoutine(Op op) => op is CholeskyOp or TriangularSolveOp or LuOp or QrOp or EighOp or SvdOp or MatrixExpOp or RandomGammaOp;

    private static LoweredKernel Run(IReadOnlyList<Node> roots, IMaterialization materialization, VectorWidth width)
    {
        // The results that are taken of an operation with several stand for it.
        Node root = roots[0].Op is OutputOp ? roots[0].Inputs[0] : roots[0];
        return root.Op is RandomGammaOp ? LowerRandom.Gamma(root, materialization)
            : CallsRoutine(root.Op) ? LowerLinearAlgebra.Run(root, roots, materialization) : Run(root, materialization, width);
    }

    private static LoweredKernel Run(Node root, IMaterialization materialization, VectorWidth width) => root.Op switch
    {
        CumulativeSumOp or LinearRecurrenceOp or RecurrenceOp or CumulativeArgExtremumOp => LowerScan.Run(root, materialization),
        ArgSortOp => LowerSorting.ArgSort(root, materialization),
        SearchSortedOp => LowerSorting.SearchSorted(root, materialization),
        TakeOp => LowerIndexing.Take(root, materialization),
        IndexAddOp => LowerIndexing.IndexAdd(root, materialization),
        TakeAlongAxisOp => LowerIndexing.TakeAlongAxis(root, materialization),
        ScatterAddOp => LowerIndexing.ScatterAdd(root, materialization),
        ScatterOp => LowerIndexing.Scatter(root, materialization),
        WithinOp => LowerWithin.Run(root, materialization),
        NonZeroOp => LowerNonZero.Run(root, materialization),
        ConcatOp => LowerJoining.Concat(root, materialization),
        PadOp => LowerJoining.Pad(root, materialization),
        CtcAlphaOp => LowerCtc.Alpha(root, materialization),
        CtcPullbackOp => LowerCtc.Pullback(root, materialization),
        OverlapAddOp => LowerOverlapAdd.Run(root, materialization),
        _ => throw new CompileException($"{root.Describe()} has no lowering."),
    };
}
