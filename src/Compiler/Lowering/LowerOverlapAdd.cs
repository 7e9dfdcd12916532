using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// Windows added up where they overlap. The axes without windows are shared out; for each of their points its part of the result begins as zeros, and
/// then one element of all windows after the other is added, along the positions, which never meet. Where windows do not meet either, nothing is read of
/// the result; where they leave nothing out, it begins as nothing.
/// </summary>
internal static class LowerOverlapAdd
{
    public static LoweredKernel Run(OperationSpec spec)
    {
        Node root = spec.Operation;
        Node x = root.Inputs[0];
        EquatableArray<Window> windows = ((OverlapAddOp)root.Op).Windows;
        var kernel = new KernelBuilder(root);
        LoopBuffer output = kernel.Output(root);
        EquatableArray<Dim> dense = View.RowMajor(root.Shape);
        int[] whole = [.. Enumerable.Range(0, root.Rank).Where(a => !windows.Any(w => w.Axis == a))];
        int[] cut = [.. windows.Select(w => w.Axis).Order()];

        // Outside in: axes without windows, elements of a window, positions.
        int[] order = [.. whole, .. Enumerable.Range(root.Rank, windows.Count), .. cut];
        EquatableArray<Dim> Ordered(EquatableArray<Dim> strides) => [.. order.Select(a => strides[a])];
        EquatableArray<Dim> target = Ordered(View.Dense(root).Move(Node.Create(new WindowsOp(windows), root))!.Strides);
        PointwiseExpression expression = spec.OperandOf(x);
        var nest = new LoopNest(
            Shape.Of(order.Select(a => x.Shape[a])),
            [.. expression.Accesses.Select(Ordered), target],
            [.. Enumerable.Range(whole.Length, order.Length - whole.Length)]);
        int[] inner = [.. Enumerable.Range(0, nest.Sizes.Count).Where(loop => nest.IsReduced[loop])];
        BlockAxis[] outer = [.. Enumerable.Range(0, nest.Sizes.Count).Except(inner).Select(loop => new BlockAxis(nest.Sizes[loop], nest.Variables[loop]))];

        // Where the part of the result begins that the outer loops stand at: the inner variables count as 0 there.
        LoopValue start = LoopMath.Int(0);
        foreach (int loop in Enumerable.Range(0, nest.Sizes.Count).Except(inner))
        {
            start = LoopMath.Plus(start, LoopMath.Times(nest.Variables[loop], kernel.Size(nest.Stride(target, loop))));
        }

        EquatableArray<Dim> within = [.. cut.Select(a => dense[a])];
        var zeros = new LoopNest(Shape.Of(cut.Select(a => root.Shape[a])), [within]);
        LoopStatement fill = new Store(output, LoopMath.Plus(start, zeros.Position(kernel, 0, within)), Literal.Of(root.DType, 0));
        fill = Loops(fill, kernel, zeros, [.. Enumerable.Range(0, zeros.Sizes.Count)]);

        LoopValue value = expression.Evaluate(read => read.Load(Ordered(read.View.Strides), nest, kernel));
        LoopValue at = nest.Position(kernel, 0, target);
        bool overlap = !windows.All(w => Dim.AtLeast(w.Stride, w.Reach) == true);
        LoopStatement add = Loops(
            new Store(output, at, new BinaryValue(BinaryFunction.Add, overlap ? new Load(output, at) : Literal.Of(root.DType, 0), value)), kernel, nest, inner);

        var none = new LoopNest([], []);
        bool cover = windows.All(w => w.Dilation == 1 && w.Size == w.Stride && x.Shape[w.Axis] * w.Stride == root.Shape[w.Axis]);
        return kernel.Build(BlockLoops.Range(none, outer), BlockLoops.Run(kernel, none, outer, cover ? add : new Block([fill, add])));
    }

    private static LoopStatement Loops(LoopStatement body, KernelBuilder kernel, LoopNest nest, int[] loops)
    {
        for (int i = loops.Length - 1; i >= 0; i--)
        {
            LoopKind kind = i == loops.Length - 1 ? LoopKind.Vector : LoopKind.Serial;
            body = new For(nest.Variables[loops[i]], LoopMath.Int(0), kernel.Size(nest.Sizes[loops[i]]), kind, body);
        }

        return body;
    }
}
