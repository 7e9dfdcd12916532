using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Random operations.</summary>
internal static class LowerRandom
{
    // Elements that a call of a routine draws: threads share these.
    private const int Chunk = 256;

    /// <summary>The bits of an element.</summary>
    /// <param name="op">Which bits.</param>
    /// <param name="stream">The buffer of the stream's words.</param>
    /// <param name="position">The element's index.</param>
    public static LoopValue Bits(RandomBitsOp op, LoopBuffer stream, LoopValue position)
    {
        LoopValue Word(long index) => LoopMath.Convert(op.Type, new Load(stream, LoopMath.Int(index)));
        LoopValue bits = new RandomPart(new RandomBlock(position, Word(0), Word(1), Word(2), Word(3), Word(4)), op.Part);
        int width = 8 * op.Type.Size();
        if (op.Bits == width)
        {
            return bits;
        }

        // A shift to the right brings copies of the top bit with it.
        return new BinaryValue(
            BinaryFunction.And,
            new BinaryValue(BinaryFunction.ShiftRight, bits, Number(width - op.Bits)),
            Number((1L << op.Bits) - 1));

        Literal Number(long value) => Literal.Of(op.Type, value);
    }

    /// <summary>Gamma numbers: a routine for each chunk of neighbours.</summary>
    public static LoweredKernel Gamma(OperationSpec spec)
    {
        Node root = spec.Operation;
        var kernel = new KernelBuilder(root);
        LoopBuffer Lying(Node node) => kernel.Input(spec.ViewOf(node).Source);
        LoopBuffer concentration = Lying(root.Inputs[0]);
        LoopBuffer stream = Lying(root.Inputs[1]);
        LoopBuffer result = kernel.Output(root);
        Dim count = root.Shape.ElementCount;
        Local chunk = LoopMath.Index("chunk");
        Local first = LoopMath.Index("first");
        Local length = LoopMath.Index("length");
        LoopStatement[] body =
        [
            new Let(first, LoopMath.Times(chunk, LoopMath.Int(Chunk))),
            new Let(length, LoopMath.Least(LoopMath.Int(Chunk), LoopMath.Minus(kernel.Size(count), first))),
            new Invoke(
                new Local("status", DType.Int64),
                Routine.Of(root.DType.OfFloat<Delegate>(GammaDraws.Draw<float>, GammaDraws.Draw<double>)),
                [new(concentration, first, length), new(stream, LoopMath.Int(0), LoopMath.Int(RandomStream.Words)), new(result, first, length)],
                [first, length])
            {
                Work = LoopMath.Times(LoopMath.Int(500), length),
            },
        ];
        return kernel.Build((count + (Chunk - 1)) / Chunk, new For(chunk, kernel.Begin, kernel.End, LoopKind.Parallel, new Block([.. body])));
    }
}
