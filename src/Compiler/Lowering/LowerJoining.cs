using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Concatenation and padding: parts copied to their places in a larger result.</summary>
internal static class LowerJoining
{
    public static LoweredKernel Concat(Node root, IMaterialization materialization)
    {
        int along = ((ConcatOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        List<LoopStatement> copies = [];
        EquatableArray<Dim> target = View.RowMajor(root.Shape);
        Dim start = 0;
        foreach (Node part in root.Inputs)
        {
            copies.Add(Copy(kernel, root, part, materialization, start * target[along], target));
            start += part.Shape[along];
        }

        return kernel.Build(1, [.. copies]);
    }

    public static LoweredKernel Pad(Node root, IMaterialization materialization)
    {
        var op = (PadOp)root.Op;
        var kernel = new KernelBuilder(root);
        EquatableArray<Dim> target = View.RowMajor(root.Shape);
        Local i = LoopMath.Index("i");
        var fill = new For(i, LoopMath.Int(0), kernel.Size(root.Shape.ElementCount), LoopKind.Vector, new Store(kernel.Output(root), i, Literal.Of(root.DType, op.Value)));
        Dim offset = op.Ranges.Select((r, axis) => r.Low * target[axis]).Aggregate(Dim.Of(0), (sum, d) => sum + d);
        EquatableArray<Dim> strides = op.Ranges.Select((r, axis) => target[axis] * (r.Interior + 1)).ToEquatableArray();
        return kernel.Build(1, fill, Copy(kernel, root, root.Inputs[0], materialization, offset, strides));
    }

    /// <summary>Writes a part into the result of a kernel, at an offset and with strides.</summary>
    public static LoopStatement Copy(KernelBuilder kernel, Node root, Node part, IMaterialization materialization, Dim offset, EquatableArray<Dim> strides)
    {
        var expression = new PointwiseExpression(part, materialization, expandRoot: !materialization.IsMaterialized(part) && part.Op is ElementwiseOp);
        var nest = new LoopNest(part.Shape, [.. expression.Accesses, strides]);
        LoopStatement body = new Store(kernel.Output(root), nest.Position(kernel, offset, strides), expression.At(nest, kernel));
        for (int loop = nest.Variables.Count - 1; loop >= 0; loop--)
        {
            body = new For(
                nest.Variables[loop],
                LoopMath.Int(0),
                kernel.Size(nest.Sizes[loop]),
                loop == nest.Variables.Count - 1 ? LoopKind.Vector : LoopKind.Serial,
                body);
        }

        return body;
    }
}
