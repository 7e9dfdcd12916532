using GraphCompiler.Kernels;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>Positions of true elements, found one after the other.</summary>
internal static class LowerNonZero
{
    public static LoweredKernel Run(OperationSpec spec)
    {
        Node root = spec.Operation;
        Node mask = root.Inputs[0];
        View view = spec.ViewOf(mask);
        var kernel = new KernelBuilder(root);
        LoopBuffer output = kernel.Output(root);
        LoopValue bound = kernel.Size(root.Shape[0]);
        Local at = LoopMath.Index("at");
        Local rest = LoopMath.Index("rest");
        var count = new Local("count", DType.Int64);
        LoopValue isTrue = new Load(kernel.Input(view.Source), LowerIndexing.Position(kernel, view.Offset, view.Strides, [at]));
        LoopStatement keep = new Block([new Store(output, count, at), new Assign(count, LoopMath.Plus(count, LoopMath.Int(1)))]);
        return kernel.Build(
            1,
            new Let(count, LoopMath.Int(0)),
            new For(at, LoopMath.Int(0), kernel.Size(mask.Shape[0]), LoopKind.Serial, new If(LoopMath.Both(isTrue, LoopMath.Less(count, bound)), keep)),
            new For(rest, count, bound, LoopKind.Serial, new Store(output, rest, LoopMath.Int(-1))));
    }
}
