using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Which lowering serves which operation that has a kernel of its own.</summary>
internal static class LowerOperation
{
    private static readonly FamilyTable<Func<OperationSpec, IReadOnlyList<LoweredKernel>>> Table = new(
        "Lowering/LowerOperation",
        (s => [LowerIndexing.Take(s)], [typeof(TakeOp)]),
        (s => [LowerIndexing.Gather(s)], [typeof(GatherOp)]),
        (s => [LowerIndexing.IndexAdd(s)], [typeof(IndexAddOp)]),
        (s => [LowerIndexing.ScatterAdd(s)], [typeof(ScatterAddOp)]),
        (s => [LowerIndexing.Scatter(s)], [typeof(ScatterOp)]),
        (s => [LowerJoining.Concat(s)], [typeof(ConcatOp)]),
        (s => [LowerJoining.Pad(s)], [typeof(PadOp)]),
        (s => [LowerOverlapAdd.Run(s)], [typeof(OverlapAddOp)]),
        (LowerArgExtremum.Run, [typeof(ArgExtremumOp)]),
        (s => [LowerSorting.ArgSort(s)], [typeof(ArgSortOp)]),
        (s => [LowerSorting.SearchSorted(s)], [typeof(SearchSortedOp)]),
        (s => [LowerScan.Run(s)], [typeof(CumulativeSumOp), typeof(LinearRecurrenceOp), typeof(RecurrenceOp), typeof(CumulativeArgExtremumOp)]),
        (s => [LowerWithin.Run(s)], [typeof(WithinOp)]),
        (s => [LowerNonZero.Run(s)], [typeof(NonZeroOp)]),
        (s => [LowerCtc.Alpha(s)], [typeof(CtcAlphaOp)]),
        (s => [LowerCtc.Pullback(s)], [typeof(CtcPullbackOp)]),
        (s => [LowerLinearAlgebra.Run(s)], [typeof(CholeskyOp), typeof(TriangularSolveOp), typeof(LuOp), typeof(QrOp), typeof(EighOp), typeof(SvdOp), typeof(MatrixExpOp)]),
        (s => [LowerRandom.Gamma(s)], [typeof(RandomGammaOp)]),
        (s => [LowerHost.Run(s)], [typeof(HostFunctionOp)]));

    /// <summary>The operations that have a row, by their types or by an abstract base.</summary>
    public static IEnumerable<Type> Families => Table.Families;

    /// <summary>The kernels that compute an operation, in order; the last one leaves its values.</summary>
    public static IReadOnlyList<LoweredKernel> Run(OperationSpec spec) => Table.Of(spec.Operation.Op.GetType())(spec);
}
