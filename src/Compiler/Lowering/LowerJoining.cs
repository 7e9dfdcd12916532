using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// Concatenation and padding: parts copied to their places in a larger result. The range goes over the result, along as many axes as all copies move along
/// as along one, so that whatever is cut off for a thread is copied in long stretches.
/// </summary>
internal static class LowerJoining
{
    // Elements of the inner axes from which it costs nothing to look, for each point of the axes before, which of them are a thread's.
    private const long LeastElementsToCut = 1024;

    public static LoweredKernel Concat(OperationSpec spec)
    {
        Node root = spec.Operation;
        int along = ((ConcatOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        kernel.Output(root, storedOnce: true);
        EquatableArray<Dim> target = View.RowMajor(root.Shape);
        List<(PartCopy Copy, Dim Start)> parts = [];
        Dim start = 0;
        foreach (Node part in root.Inputs)
        {
            parts.Add((new PartCopy(kernel, root, spec.OperandOf(part), start * target[along], target), start));
            start += part.Shape[along];
        }

        if (root.Shape.ElementCount.Constant <= Costs.FewElements)
        {
            return kernel.Build(1, [.. parts.Select(p => p.Copy.All())]);
        }

        EquatableArray<Dim>[] accesses = [.. parts.SelectMany(p => p.Copy.Accesses)];
        LoopNest lead = Before(along, root.Shape, accesses);
        if (lead.Axes(0).Count > 0 && !CutsInside(root.Shape, along))
        {
            var rows = new CopyRun(0, lead.Axes(0)[^1] + 1, new Stretch(kernel.Begin, kernel.End), 0) { IsWithin = true };
            return kernel.Build(lead.Sizes[0], [.. parts.Select(p => p.Copy.Steps(rows))]);
        }

        int joined = PartCopy.JoinedFrom(along, root.Shape, accesses);
        Dim each = Count(root.Shape, along + 1, along + joined);
        Dim steps = root.Shape[along] * each;
        return kernel.Build(
            BlockLoops.Range(lead) * steps,
            BlockLoops.Runs(kernel, lead, [], steps, run => new Block(
                [.. parts.Select(p => p.Copy.Within(lead, along, new CopyRun(along, along + joined, run, p.Start * each)))])));
    }

    /// <summary>
    /// The leading axes without padding are shared out, and where there is little of them the first one with padding, too. What a thread has of the result
    /// is filled, and what lies inside written over it while it is in the cache.
    /// </summary>
    public static LoweredKernel Pad(OperationSpec spec)
    {
        Node root = spec.Operation;
        var op = (PadOp)root.Op;
        Node part = root.Inputs[0];
        var kernel = new KernelBuilder(root);
        EquatableArray<Dim> target = View.RowMajor(root.Shape);
        Dim offset = op.Ranges.Select((r, axis) => r.Low * target[axis]).Aggregate(Dim.Of(0), (sum, d) => sum + d);
        EquatableArray<Dim> strides = op.Ranges.Select((r, axis) => target[axis] * (r.Interior + 1)).ToEquatableArray();
        int whole = Math.Min(op.Ranges.TakeWhile(r => r == new PadRange(0, 0, 0)).Count(), Math.Max(0, root.Rank - 1));
        var copy = new PartCopy(kernel, root, spec.OperandOf(part), offset, strides);
        LoopNest lead = Before(whole, part.Shape, copy.Accesses);
        bool isSmall = root.Shape.ElementCount.Constant <= Costs.FewElements;
        if (isSmall || (lead.Axes(0).Count > 0 && !CutsInside(root.Shape, whole)))
        {
            LoopValue end = kernel.Size(Count(root.Shape, whole, root.Rank));
            return kernel.Build(BlockLoops.Range(lead), BlockLoops.Run(kernel, lead, [], new Block([Fill(LoopMath.Int(0), end), copy.Within(lead, whole)])));
        }

        int joined = PartCopy.JoinedFrom(whole, part.Shape, copy.Accesses);
        Dim each = Count(root.Shape, whole + 1, whole + joined);
        Dim steps = root.Shape[whole] * each;
        LoopValue length = kernel.Size(Count(root.Shape, whole + joined, root.Rank));

        // Axes with gaps may be joined, too, where each ends in one.
        Dim start = Enumerable.Range(whole, joined).Select(a => op.Ranges[a].Low * Count(root.Shape, a + 1, whole + joined)).Aggregate((sum, d) => sum + d);
        long every = op.Ranges[whole + joined - 1].Interior + 1;
        return kernel.Build(BlockLoops.Range(lead) * steps, BlockLoops.Runs(kernel, lead, [], steps, run => new Block(
        [
            Fill(LoopMath.Times(run.First, length), LoopMath.Times(run.Last, length)),
            copy.Within(lead, whole, new CopyRun(whole, whole + joined, run, start) { Every = every }),
        ])));

        For Fill(LoopValue first, LoopValue last)
        {
            Local i = LoopMath.Index("i");
            LoopValue begin = lead.Position(kernel, 0, target.Take(whole).ToEquatableArray());
            return new For(i, first, last, LoopKind.Vector, new Store(kernel.Output(root), LoopMath.Plus(begin, i), Literal.Of(root.DType, op.Value)));
        }
    }

    /// <summary>Whether a thread's part may begin and end within a point of the axes before this one.</summary>
    private static bool CutsInside(Shape shape, int axis) => Count(shape, axis, shape.Rank).Nominal >= LeastElementsToCut;

    private static Dim Count(Shape shape, int from, int to) => shape.Take(to).Skip(from).Aggregate(Dim.Of(1), (product, size) => product * size);

    private static LoopNest Before(int axis, Shape shape, IEnumerable<EquatableArray<Dim>> accesses) =>
        new(Shape.Of(shape.Take(axis)), accesses.Select(a => a.Take(axis).ToEquatableArray()));
}
