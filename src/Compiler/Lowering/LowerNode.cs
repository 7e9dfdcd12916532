using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Which lowering serves which operation.</summary>
internal static class LowerNode
{
    /// <summary>The kernels that compute a node, in order; the last one leaves its value.</summary>
    public static IReadOnlyList<LoweredKernel> Run(Node root, IMaterialization materialization, VectorWidth width) => root.Op is MatMulOp || materialization.EpilogueOf(root) is not null
        ? LowerMatMul.Run(root, materialization, width)
        : [Run(root, materialization)];

    private static LoweredKernel Run(Node root, IMaterialization materialization) => root.Op switch
    {
        ElementwiseOp or BroadcastToOp or PermuteOp or SliceOp or ReshapeOp or IotaOp or DimValueOp or ConstantOp => LowerPointwise.Run(root, materialization),
        ArgExtremumOp => LowerArgExtremum.Run(root, materialization),
        ReductionOp => LowerReduction.Run(root, materialization),
        TakeOp => LowerIndexing.Take(root, materialization),
        IndexAddOp => LowerIndexing.IndexAdd(root, materialization),
        TakeAlongAxisOp => LowerIndexing.TakeAlongAxis(root, materialization),
        ScatterAddOp => LowerIndexing.ScatterAdd(root, materialization),
        ConcatOp => LowerJoining.Concat(root, materialization),
        PadOp => LowerJoining.Pad(root, materialization),
        _ => throw new CompileException($"{root.Describe()} has no lowering."),
    };
}
