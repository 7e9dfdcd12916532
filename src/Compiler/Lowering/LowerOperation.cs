using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Which lowering serves which operation.</summary>
internal static class LowerOperation
{
    /// <summary>The kernels that compute an operation, in order; the last one leaves its values.</summary>
    public static IReadOnlyList<LoweredKernel> Run(OperationSpec spec) => spec.Operation.Op is ArgExtremumOp ? LowerArgExtremum.Run(spec) : [Single(spec)];

    private static LoweredKernel Single(OperationSpec spec) => spec.Operation.Op switch
    {
        RandomGammaOp => LowerRandom.Gamma(spec),
        var op when OperationSpec.CallsRoutine(op) => LowerLinearAlgebra.Run(spec),
        CumulativeSumOp or LinearRecurrenceOp or RecurrenceOp or CumulativeArgExtremumOp => LowerScan.Run(spec),
        ArgSortOp => LowerSorting.ArgSort(spec),
        SearchSortedOp => LowerSorting.SearchSorted(spec),
        TakeOp => LowerIndexing.Take(spec),
        IndexAddOp => LowerIndexing.IndexAdd(spec),
        TakeAlongAxisOp => LowerIndexing.TakeAlongAxis(spec),
        ScatterAddOp => LowerIndexing.ScatterAdd(spec),
        ScatterOp => LowerIndexing.Scatter(spec),
        WithinOp => LowerWithin.Run(spec),
        NonZeroOp => LowerNonZero.Run(spec),
        ConcatOp => LowerJoining.Concat(spec),
        PadOp => LowerJoining.Pad(spec),
        CtcAlphaOp => LowerCtc.Alpha(spec),
        CtcPullbackOp => LowerCtc.Pullback(spec),
        OverlapAddOp => LowerOverlapAdd.Run(spec),
        _ => throw new CompileException($"{spec.Operation.Describe()} has no lowering."),
    };
}
