using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>Windows along an axis: of Size elements Dilation apart, beginning at every Stride-th element.</summary>
internal readonly record struct Window(int Axis, Dim Size, long Stride, long Dilation)
{
    /// <summary>From the first element of a window to its last, both included.</summary>
    public Dim Reach => ((Size - 1) * Dilation) + 1;

    /// <summary>The number of windows that fit into an axis of a size.</summary>
    public Dim Positions(Dim size) => ((size - Reach) / Stride) + 1;

    /// <summary>The size of the axis that so many windows cover exactly.</summary>
    public Dim Covered(Dim positions) => ((positions - 1) * Stride) + Reach;

    public override string ToString() => $"{Axis}: {Size}" + (Stride == 1 ? string.Empty : $" every {Stride}") + (Dilation == 1 ? string.Empty : $" spread by {Dilation}");

    /// <summary>Windows where a batch axis stands in front of all.</summary>
    public static EquatableArray<Window> BehindBatch(EquatableArray<Window> windows) => [.. windows.Select(w => w with { Axis = w.Axis + 1 })];

    /// <summary>Refuses windows that no axis of a rank can have.</summary>
    public static void Require(TypeContext context, EquatableArray<Window> windows, int rank)
    {
        foreach (Window window in windows)
        {
            context.RequireAxis(window.Axis, rank);
            context.RequireAtLeast(window.Size, 1, $"the window along axis {window.Axis} has the size {window.Size}; it must be at least 1.");
            if (window.Stride < 1 || window.Dilation < 1)
            {
                throw context.BadShape($"the window along axis {window.Axis} has the stride {window.Stride} and the dilation {window.Dilation}; both must be at least 1.");
            }
        }

        if (windows.Select(w => w.Axis).Distinct().Count() != windows.Count)
        {
            throw context.BadShape("an axis has more than one window; give each axis one.");
        }
    }
}

/// <summary>
/// All windows of a tensor: a windowed axis counts the windows' positions, and an axis for each window at the end counts the elements within. Windows
/// may overlap: nothing is copied.
/// </summary>
internal sealed record WindowsOp(EquatableArray<Window> Windows) : MovementOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        Window.Require(context, Windows, x.Rank);
        Shape shape = x.Shape;
        foreach (Window window in Windows)
        {
            Dim size = x.Shape[window.Axis];
            context.RequireAtLeast(size, window.Reach, $"a window along axis {window.Axis} spans {InvariantText.Count(window.Reach, "element")}, more than the {size} that there are.");
            shape = shape.With(window.Axis, window.Positions(size));
        }

        return new NodeType(x.DType, Shape.Of([.. shape, .. Windows.Select(w => w.Size)]));
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Node.Create(new OverlapAddOp(Windows, node.Inputs[0].Shape), cotangent)];

    protected override Node BatchResult(BatchContext context) => context.Create(new WindowsOp(Window.BehindBatch(Windows)), context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        return TensorValue.Gather(x, shape, i => Element(Windows, EvaluationContext.Coordinates(i, shape), x.Shape));
    }

    /// <summary>The position in the whole tensor of an element of a window.</summary>
    internal static long Element(EquatableArray<Window> windows, long[] at, long[] whole)
    {
        long[] from = at[..whole.Length];
        for (int w = 0; w < windows.Count; w++)
        {
            from[windows[w].Axis] = (at[windows[w].Axis] * windows[w].Stride) + (at[whole.Length + w] * windows[w].Dilation);
        }

        return EvaluationContext.Position(from, whole);
    }
}

/// <summary>Windows added up where they overlap, 0 where there is none: the transpose of <see cref="WindowsOp"/>.</summary>
internal sealed record OverlapAddOp(EquatableArray<Window> Windows, Shape To) : LinearOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        context.RequireNumber();
        Window.Require(context, Windows, To.Rank);
        if (x.Rank != To.Rank + Windows.Count)
        {
            throw context.BadShape($"{x.Shape} are no windows of {To}: {To.Rank} axes and one for each of {Windows.Count} windows are needed.");
        }

        for (int axis = 0; axis < To.Rank; axis++)
        {
            if (!Windows.Any(w => w.Axis == axis))
            {
                context.RequireSame(x.Shape[axis], To[axis], $"axis {axis} has the size {x.Shape[axis]}, not {To[axis]} as the result.");
            }
        }

        for (int i = 0; i < Windows.Count; i++)
        {
            Window window = Windows[i];
            Dim positions = window.Positions(To[window.Axis]);
            context.RequireSame(x.Shape[To.Rank + i], window.Size, $"axis {To.Rank + i} has the size {x.Shape[To.Rank + i]}, not {window.Size} as the window along axis {window.Axis}.");
            context.RequireAtLeast(To[window.Axis], window.Reach, $"a window along axis {window.Axis} spans {InvariantText.Count(window.Reach, "element")}, more than the {To[window.Axis]} that there are.");
            context.RequireSame(x.Shape[window.Axis], positions, $"{x.Shape[window.Axis]} windows along axis {window.Axis} are not the {positions} that an axis of {InvariantText.Count(To[window.Axis], "element")} has.");
        }

        return new NodeType(x.DType, To);
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Node.Create(new WindowsOp(Windows), cotangent)];

    protected override Node BatchResult(BatchContext context) => context.Create(new OverlapAddOp(Window.BehindBatch(Windows), context.Batched(To)), context.Inputs[0]);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.SumInAnyOrder(errors.Inputs[0].Shape[errors.Value.Rank..].Aggregate(1.0, (terms, size) => terms * size));

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] whole = context.ResultShape();
        return Scattering.Add(TensorValue.Full(x.DType, whole, 0), x, i => WindowsOp.Element(Windows, EvaluationContext.Coordinates(i, x.Shape), whole));
    }
}
