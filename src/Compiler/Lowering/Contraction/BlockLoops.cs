using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

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
        BlockAxis[] all = [.. batch.Sizes.Select((size, loop) => new BlockAxis(size, batch.Variables[loop])), .. axes];
        BlockAxis[] counting = [.. all.Where(axis => axis.Count.Constant != 1)];
        LoopStatement[] fixedAtZero = [.. all.Where(axis => axis.Count.Constant == 1).Select(axis => new Let(axis.Variable, LoopMath.Int(0)))];
        if (counting.Length <= 1)
        {
            Local only = counting.Length == 1 ? counting[0].Variable : LoopMath.Index("index");
            return new Block([.. fixedAtZero, new For(only, kernel.Begin, kernel.End, LoopKind.Parallel, body)]);
        }

        Local index = LoopMath.Index("index");
        List<LoopStatement> statements = [];
        LoopValue rest = index;
        for (int axis = counting.Length - 1; axis > 0; axis--)
        {
            rest = Split(rest, counting[axis]);
        }

        statements.Add(new Let(counting[0].Variable, rest));
        statements.Add(body);
        return new Block([.. fixedAtZero, new For(index, kernel.Begin, kernel.End, LoopKind.Parallel, new Block([.. statements]))]);

        // value = quotient · size + remainder; the quotient goes on to the next axis.
        Local Split(LoopValue value, BlockAxis axis)
        {
            Local quotient = LoopMath.Index("quotient");
            LoopValue divisor = kernel.Size(axis.Count);
            statements.Add(new Let(quotient, divisor is Literal literal ? LoopMath.Quotient(value, literal.Bits) : new BinaryValue(BinaryFunction.Divide, value, divisor)));
            statements.Add(new Let(axis.Variable, LoopMath.Minus(value, LoopMath.Times(quotient, divisor))));
            return quotient;
        }
    }
}
