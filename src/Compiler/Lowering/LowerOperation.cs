using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Which lowering serves which operation that has a kernel of its own.</summary>
internal static class LowerOperation
{
    private static readonly FamilyTable<Func<OperationSpec, LoweredKernel[]>> Table = new(
        new Dictionary<Type, Func<OperationSpec, LoweredKernel[]>>
        {
            [typeof(TakeOp)] = s => [LowerIndexing.Take(s)],
            [typeof(TakeAlongAxisOp)] = s => [LowerIndexing.TakeAlongAxis(s)],
            [typeof(ConcatOp)] = s => [LowerJoining.Concat(s)],
            [typeof(PadOp)] = s => [LowerJoining.Pad(s)],
            [typeof(OverlapAddOp)] = s => [LowerOverlapAdd.Run(s)],
            [typeof(ArgExtremumOp)] = LowerArgExtremum.Run,
            [typeof(ArgSortOp)] = s => [LowerSorting.ArgSort(s)],
            [typeof(SearchSortedOp)] = s => [LowerSorting.SearchSorted(s)],
            [typeof(CumulativeSumOp)] = s => [LowerScan.Run(s)],
            [typeof(LinearRecurrenceOp)] = s => [LowerScan.Run(s)],
            [typeof(RecurrenceOp)] = s => [LowerScan.Run(s)],
            [typeof(CumulativeArgExtremumOp)] = s => [LowerScan.Run(s)],
            [typeof(IndexAddOp)] = s => [LowerIndexing.IndexAdd(s)],
            [typeof(ScatterAddOp)] = s => [LowerIndexing.ScatterAdd(s)],
            [typeof(ScatterOp)] = s => [LowerIndexing.Scatter(s)],
            [typeof(WithinOp)] = s => [LowerWithin.Run(s)],
            [typeof(NonZeroOp)] = s => [LowerNonZero.Run(s)],
            [typeof(CtcAlphaOp)] = s => [LowerCtc.Alpha(s)],
            [typeof(CtcPullbackOp)] = s => [LowerCtc.Pullback(s)],
            [typeof(CholeskyOp)] = s => [new LowerLinearAlgebra(s).Cholesky()],
            [typeof(TriangularSolveOp)] = s => [new LowerLinearAlgebra(s).TriangularSolve()],
            [typeof(LuOp)] = s => [new LowerLinearAlgebra(s).Lu()],
            [typeof(QrOp)] = s => [new LowerLinearAlgebra(s).Qr()],
            [typeof(EighOp)] = s => [new LowerLinearAlgebra(s).Eigh()],
            [typeof(SvdOp)] = s => [new LowerLinearAlgebra(s).Svd()],
            [typeof(MatrixExpOp)] = s => [new LowerLinearAlgebra(s).MatrixExp()],
            [typeof(RandomGammaOp)] = s => [LowerRandom.Gamma(s)],
        },
        "Lowering/LowerOperation");

    /// <summary>The operations that have a row, by their types or by an abstract base.</summary>
    public static IEnumerable<Type> Families => Table.Families;

    /// <summary>The kernels that compute an operation, in order; the last one leaves its values.</summary>
    public static IReadOnlyList<LoweredKernel> Run(OperationSpec spec) => Table.Of(spec.Operation.Op.GetType())(spec);
}
