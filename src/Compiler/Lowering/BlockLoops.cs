using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>One parallel range over the blocks of every matrix of a batch, so that threads share many small matrices as well as one large one.</summary>
internal static class BlockLoops
{
    public static Dim Range(LoopNest batch, Dim blocks) => batch.Sizes.Aggregate(blocks, (product, size) => product * size);

    /// <summary>The body for every block of the kernel's part.</summary>
    public static LoopStatement Run(KernelBuilder kernel, LoopNest batch, Dim blocks, Local block, LoopStatement body)
    {
        if (batch.Sizes.All(size => size.Constant == 1))
        {
            return new For(
                block,
                kernel.Begin,
                kernel.End,
                LoopKind.Parallel,
                new Block([.. batch.Variables.Select(variable => new Let(variable, LoopMath.Int(0))), body]));
        }

        Local index = LoopMath.Index("index");
        List<LoopStatement> statements = [];
        LoopValue rest = Split(index, blocks, block);
        for (int loop = batch.Variables.Count - 1; loop > 0; loop--)
        {
            rest = Split(rest, batch.Sizes[loop], batch.Variables[loop]);
        }

        statements.Add(new Let(batch.Variables[0], rest));
        statements.Add(body);
        return new For(index, kernel.Begin, kernel.End, LoopKind.Parallel, new Block([.. statements]));

        // value = quotient · size + remainder; the quotient goes on to the next axis.
        Local Split(LoopValue value, Dim size, Local remainder)
        {
            Local quotient = LoopMath.Index("quotient");
            LoopValue divisor = kernel.Size(size);
            statements.Add(new Let(quotient, divisor is Literal literal ? LoopMath.Quotient(value, literal.Bits) : new BinaryValue(BinaryFunction.Divide, value, divisor)));
            statements.Add(new Let(remainder, LoopMath.Minus(value, LoopMath.Times(quotient, divisor))));
            return quotient;
        }
    }
}
