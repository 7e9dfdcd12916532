using GraphCompiler.Loops;
using GraphCompiler.Lowering.Contraction;
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

    /// <summary>
    /// The leading axes without padding are shared out; for each of their points its part of the result is filled, and what lies inside written over it
    /// while it is in the cache.
    /// </summary>
    public static LoweredKernel Pad(Node root, IMaterialization materialization)
    {
        var op = (PadOp)root.Op;
        Node part = root.Inputs[0];
        var kernel = new KernelBuilder(root);
        EquatableArray<Dim> target = View.RowMajor(root.Shape);
        Dim offset = op.Ranges.Select((r, axis) => r.Low * target[axis]).Aggregate(Dim.Of(0), (sum, d) => sum + d);
        EquatableArray<Dim> strides = op.Ranges.Select((r, axis) => target[axis] * (r.Interior + 1)).ToEquatableArray();
        int whole = op.Ranges.TakeWhile(r => r == new PadRange(0, 0, 0)).Count();
        var expression = new PointwiseExpression(part, materialization, expandRoot: !materialization.IsMaterialized(part) && part.Op is ElementwiseOp);
        var nest = new LoopNest(part.Shape, [.. expression.Accesses, strides], [.. Enumerable.Range(whole, root.Rank - whole)]);
        int[] inner = [.. Enumerable.Range(0, nest.Sizes.Count).Where(loop => nest.IsReduced[loop])];
        BlockAxis[] outer = [.. Enumerable.Range(0, nest.Sizes.Count).Except(inner).Select(loop => new BlockAxis(nest.Sizes[loop], nest.Variables[loop]))];
        LoopValue start = LoopMath.Int(0);
        foreach (int loop in Enumerable.Range(0, nest.Sizes.Count).Except(inner))
        {
            start = LoopMath.Plus(start, LoopMath.Times(nest.Variables[loop], kernel.Size(nest.Stride(strides, loop))));
        }

        Local i = LoopMath.Index("i");
        Dim count = root.Shape.Skip(whole).Aggregate(Dim.Of(1), (product, size) => product * size);
        var fill = new For(i, LoopMath.Int(0), kernel.Size(count), LoopKind.Vector, new Store(kernel.Output(root), LoopMath.Plus(start, i), Literal.Of(root.DType, op.Value)));
        LoopStatement copy = new Store(kernel.Output(root), nest.Position(kernel, offset, strides), expression.At(nest, kernel));
        for (int loop = inner.Length - 1; loop >= 0; loop--)
        {
            LoopKind kind = loop == inner.Length - 1 ? LoopKind.Vector : LoopKind.Serial;
            copy = new For(nest.Variables[inner[loop]], LoopMath.Int(0), kernel.Size(nest.Sizes[inner[loop]]), kind, copy);
        }

        var none = new LoopNest([], []);
        return kernel.Build(BlockLoops.Range(none, outer), BlockLoops.Run(kernel, none, outer, new Block([fill, copy])));
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
