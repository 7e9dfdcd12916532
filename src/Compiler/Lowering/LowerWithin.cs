using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>A copy of numbers that ends at the first one outside of an interval.</summary>
internal static class LowerWithin
{
    public static LoweredKernel Run(OperationSpec spec)
    {
        Node root = spec.Operation;
        var op = (WithinOp)root.Op;
        View view = spec.ViewOf(root.Inputs[0]);
        var kernel = new KernelBuilder(root);
        Local[] at = LowerIndexing.Variables(root.Rank);
        var value = new Local("value", root.DType);
        LoopValue inside = LoopMath.Both(
            LoopMath.AtLeast(value, Literal.Of(root.DType, op.Least)), new BinaryValue(BinaryFunction.LessEqual, value, Literal.Of(root.DType, op.Most)));
        DType bits = root.DType.Row().Integer;
        int site = kernel.Site(root, 1, (detail, _) => op.Message(root, Literal.OfBits(root.DType, detail).ToReal()));
        return Nest.Serial(kernel, at, [.. root.Shape], new Block(
        [
            new Let(value, new Load(kernel.Input(view.Source), LowerIndexing.Position(kernel, view.Offset, view.Strides, at))),
            new If(
                inside,
                new Store(kernel.Output(root), LowerIndexing.Position(kernel, 0, View.RowMajor(root.Shape), at), value),
                new Fail(site, LoopMath.Convert(DType.Int64, new BitcastValue(bits, value)))),
        ]));
    }
}
