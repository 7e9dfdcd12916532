using GraphCompiler.Kernels;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>
/// The steps of a result that a kernel copies a part to: those of its axes <paramref name="From"/> up to <paramref name="To"/>, over which all that the
/// copy reads and writes moves as over one axis.
/// </summary>
/// <param name="From">The first of these axes.</param>
/// <param name="To">The first axis after them.</param>
/// <param name="Steps">The steps, counted from where the result begins.</param>
/// <param name="Start">The step where the part begins.</param>
internal sealed record CopyRun(int From, int To, Stretch Steps, Dim Start)
{
    /// <summary>Steps of the result from one of the part's to the next.</summary>
    public long Every { get; init; } = 1;

    /// <summary>Whether the part surely has all of the steps.</summary>
    public bool IsWithin { get; init; }
}

/// <summary>A part of a kernel's result, computed where it has no value of its own, that is written to its place.</summary>
internal sealed class PartCopy
{
    private readonly KernelBuilder kernel;
    private readonly Node root;
    private readonly Dim offset;
    private readonly EquatableArray<Dim> strides;
    private readonly PointwiseExpression expression;

    /// <param name="kernel">The kernel.</param>
    /// <param name="root">The result.</param>
    /// <param name="part">The part.</param>
    /// <param name="offset">Where the part begins in the result.</param>
    /// <param name="strides">Its strides there.</param>
    public PartCopy(KernelBuilder kernel, Node root, PointwiseExpression part, Dim offset, EquatableArray<Dim> strides)
    {
        (this.kernel, this.root, expression, this.offset, this.strides) = (kernel, root, part, offset, strides);
    }

    /// <summary>The strides of everything that is read and written.</summary>
    public IEnumerable<EquatableArray<Dim>> Accesses => [.. expression.Accesses, strides];

    /// <summary>How many axes, from this one on, all accesses of some copies move along as along one.</summary>
    public static int JoinedFrom(int axis, Shape shape, IEnumerable<EquatableArray<Dim>> accesses)
    {
        IReadOnlyList<int> axes = new LoopNest(Shape.Of(shape.Skip(axis)), accesses.Select(a => a.Skip(axis).ToEquatableArray())).Axes(0);
        return axes is [0, ..] ? axes[^1] + 1 : 1;
    }

    /// <summary>The copy of the whole part.</summary>
    public LoopStatement All() => Within(new LoopNest([], []), from: 0);

    /// <summary>The copy of some steps; it goes through the axes before them.</summary>
    public LoopStatement Steps(CopyRun run)
    {
        var lead = new LoopNest(Shape.Of(expression.Root.Shape.Take(run.From)), Accesses.Select(s => s.Take(run.From).ToEquatableArray()));
        LoopStatement copy = Within(lead, run.From, run);
        for (int loop = lead.Variables.Count - 1; loop >= 0; loop--)
        {
            copy = lead.Sizes[loop].Constant == 1
                ? new Block([new Let(lead.Variables[loop], LoopMath.Int(0)), copy])
                : new For(lead.Variables[loop], LoopMath.Int(0), kernel.Size(lead.Sizes[loop]), LoopKind.Serial, copy);
        }

        return copy;
    }

    /// <summary>The copy for the current values of the loops over the first axes.</summary>
    /// <param name="lead">These loops.</param>
    /// <param name="from">The first axis that is not theirs.</param>
    /// <param name="run">The steps to copy, which begin at that axis; null for all.</param>
    public LoopStatement Within(LoopNest lead, int from, CopyRun? run = null)
    {
        EquatableArray<Dim> Rest(EquatableArray<Dim> strides) => strides.Skip(from).ToEquatableArray();
        var rest = new LoopNest(Shape.Of(expression.Root.Shape.Skip(from)), Accesses.Select(Rest), [.. Enumerable.Range(0, (run?.To ?? from) - from)]);
        LoopValue Position(Dim first, EquatableArray<Dim> strides) =>
            LoopMath.Plus(lead.Position(kernel, first, strides.Take(from).ToEquatableArray()), rest.Position(kernel, 0, Rest(strides)));
        LoopStatement body = new Store(
            kernel.Output(root), Position(offset, strides), expression.Evaluate(read => read.Load(() => Position(read.View.Offset, read.View.Strides), kernel)));
        for (int loop = rest.Variables.Count - 1; loop >= 0; loop--)
        {
            body = Loop(body, rest.Variables[loop], rest.Sizes[loop], isLast: loop == rest.Variables.Count - 1, rest.IsReduced[loop] ? run : null);
        }

        // Axes of size 1 have no loop: the part has one step.
        return run is null or { IsWithin: true } || rest.IsReduced[0] ? body
            : new If(LoopMath.Both(LoopMath.AtLeast(kernel.Size(run.Start), run.Steps.First), LoopMath.Less(kernel.Size(run.Start), run.Steps.Last)), body);
    }

    private For Loop(LoopStatement body, Local variable, Dim size, bool isLast, CopyRun? run)
    {
        var loop = new For(variable, LoopMath.Int(0), kernel.Size(size), isLast ? LoopKind.Vector : LoopKind.Serial, body);
        return run is null ? loop
            : run.IsWithin ? loop with { Begin = run.Steps.First, End = run.Steps.Last }
            : loop with { Begin = StepOf(run.Steps.First), End = LoopMath.Least(StepOf(run.Steps.Last), loop.End) };

        // The first step of the part that is not before one of the result.
        LoopValue StepOf(LoopValue step)
        {
            LoopValue after = LoopMath.Most(LoopMath.Minus(step, kernel.Size(run.Start)), LoopMath.Int(0));
            return run.Every == 1 ? after : LoopMath.Quotient(LoopMath.Plus(after, LoopMath.Int(run.Every - 1)), run.Every);
        }
    }
}
