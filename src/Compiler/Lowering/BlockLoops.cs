using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>A stretch of an axis: elements from <paramref name="First"/> up to <paramref name="Last"/>.</summary>
internal readonly record struct Stretch(LoopValue First, LoopValue Last);

/// <summary>An axis of blocks: their number, and the variable that counts them.</summary>
internal sealed record BlockAxis(Dim Count, Local Variable);

/// <summary>
/// One parallel range over the blocks of every matrix of a batch, so that threads share many small matrices as well as one large one. The last
/// axis of blocks changes fastest.
/// </summary>
internal static class BlockLoops
{
    public static Dim Range(LoopNest batch, params ReadOnlySpan<BlockAxis> axes)
    {
        Dim range = batch.Sizes.Aggregate(Dim.Of(1), (product, size) => product * size);
        foreach (BlockAxis axis in axes)
        {
            range *= axis.Count;
        }

        return range;
    }

    /// <summary>The body for every block of the kernel's part.</summary>
    public static Block Run(KernelBuilder kernel, LoopNest batch, IReadOnlyList<BlockAxis> axes, LoopStatement body)
    {
        var (counting, fixedAtZero) = Counting(batch, axes);
        if (counting.Length <= 1)
        {
            Local only = counting.Length == 1 ? counting[0].Variable : LoopMath.Index("index");
            return new Block([.. fixedAtZero, new For(only, kernel.Begin, kernel.End, LoopKind.Parallel, body)]);
        }

        Local index = LoopMath.Index("index");
        return new Block([.. fixedAtZero, new For(index, kernel.Begin, kernel.End, LoopKind.Parallel, new Block([.. Coordinates(kernel, index, counting), body]))]);
    }

    /// <summary>
    /// The same where each block is so many steps, which the range counts: the body gets the run of a block's steps that lies in the kernel's part. That is
    /// all of them for one thread, and for every block but those that a part begins or ends in; what a block takes once is done once a run.
    /// </summary>
    public static Block Runs(KernelBuilder kernel, LoopNest batch, IReadOnlyList<BlockAxis> axes, Dim steps, Func<Stretch, LoopStatement> body)
    {
        var (counting, fixedAtZero) = Counting(batch, axes);
        if (counting.Length == 0)
        {
            return new Block([.. fixedAtZero, body(new Stretch(kernel.Begin, kernel.End))]);
        }

        Local block = LoopMath.Index("index");
        Local start = LoopMath.Index("start");
        Local first = LoopMath.Index("from");
        Local last = LoopMath.Index("to");
        LoopValue each = steps.Constant is > 0 and { } known ? LoopMath.Int(known) : LoopMath.Most(kernel.Size(steps), LoopMath.Int(1));
        LoopValue end = LoopMath.Quotient(LoopMath.Plus(kernel.End, LoopMath.Minus(each, LoopMath.Int(1))), each);
        return new Block([.. fixedAtZero, new For(block, LoopMath.Quotient(kernel.Begin, each), end, LoopKind.Parallel, new Block(
        [
            new Let(start, LoopMath.Times(block, each)),
            new Let(first, LoopMath.Most(LoopMath.Minus(kernel.Begin, start), LoopMath.Int(0))),
            new Let(last, LoopMath.Least(LoopMath.Minus(kernel.End, start), each)),
            .. Coordinates(kernel, block, counting),
            body(new Stretch(first, last)),
        ]))]);
    }

    /// <summary>The axes that have more than one block, and what the variables of the others are.</summary>
    private static (BlockAxis[] Counting, LoopStatement[] FixedAtZero) Counting(LoopNest batch, IReadOnlyList<BlockAxis> axes)
    {
        BlockAxis[] all = [.. batch.Sizes.Select((size, loop) => new BlockAxis(size, batch.Variables[loop])), .. axes];
        return ([.. all.Where(axis => axis.Count.Constant != 1)], [.. all.Where(axis => axis.Count.Constant == 1).Select(axis => new Let(axis.Variable, LoopMath.Int(0)))]);
    }

    /// <summary>The variables of the axes, from the number of a block.</summary>
    private static List<LoopStatement> Coordinates(KernelBuilder kernel, Local index, BlockAxis[] axes)
    {
        List<LoopStatement> statements = [];
        LoopValue rest = index;
        for (int axis = axes.Length - 1; axis > 0; axis--)
        {
            // value = quotient · size + remainder; the quotient goes on to the next axis.
            Local quotient = LoopMath.Index("quotient");
            LoopValue size = kernel.Size(axes[axis].Count);
            statements.Add(new Let(quotient, LoopMath.Quotient(rest, size)));
            statements.Add(new Let(axes[axis].Variable, LoopMath.Minus(rest, LoopMath.Times(quotient, size))));
            rest = quotient;
        }

        statements.Add(new Let(axes[0].Variable, rest));
        return statements;
    }
}
