using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>
/// What tells the random numbers of one operation from all others in a call: the words of a <see cref="RandomStream"/>, int32. Nobody gives it a value:
/// each call takes one counter from the generator for all streams of it. Each stream is itself only, so that no pass merges or folds two.
/// </summary>
internal sealed record RandomStreamOp(Generator Generator, int Number) : SourceOp
{
    public override string Name => "RandomStream";

    public override bool IsDifferentiable => false;

    public override bool IsLeaf => true;

    public bool Equals(RandomStreamOp? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    /// <summary>A new stream of a generator.</summary>
    public static Node Create(Generator generator)
    {
        int number = generator.NextStream();
        return new Node(new RandomStreamOp(generator, number), [], requiresGrad: false, $"stream{number}");
    }

    protected override NodeType InferResult(TypeContext context) => new(DType.Int32, [RandomStream.Words]);

    protected override TensorValue EvaluateResult(EvaluationContext context) => context.Draws.ValueOf(this);
}

/// <summary>
/// Random bits of a shape, one block of a stream's an element: the top <paramref name="Bits"/> bits of the block's word <paramref name="Part"/> (int32),
/// or of its half <paramref name="Part"/> (int64), as a number. All bits of a word make a number of any sign, fewer one that is not negative.
/// Two parts of one stream are independent, and cost hardly more than one.
/// </summary>
internal sealed record RandomBitsOp(Shape To, int Part, int Bits, DType Type) : IntegerOp
{
    private int Width => 8 * Type.Size();

    protected override NodeType InferResult(TypeContext context)
    {
        RandomRules.RequireStream(context, 0, To);
        return Type.IsInteger() && Part >= 0 && Part < 128 / Width && Bits >= 1 && Bits <= Width
            ? new NodeType(Type, To)
            : throw context.BadDType($"{Bits} bits of part {Part} are no {Type.Display()}.");
    }

    protected override Node BatchResult(BatchContext context) => context.Create(this with { To = context.Batched(To) }, context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        long[] shape = context.ResultShape();
        int[] words = RandomRules.Words(context.Inputs[0]);
        long[] bits = new long[TensorValue.CountOf(shape)];
        for (long i = 0; i < bits.Length; i++)
        {
            bits[i] = Of(RandomStream.Block(words, i));
        }

        return TensorValue.OfIntegers(Type, shape, bits);
    }

    private long Of(PhiloxBlock block)
    {
        uint word = Part switch { 0 => block.Word0, 1 => block.Word1, 2 => block.Word2, _ => block.Word3 };
        return Type switch
        {
            DType.Int64 => (long)((Part == 0 ? block.Low : block.High) >> (64 - Bits)),
            DType.Int32 => (int)(word >> (32 - Bits)),
            _ => throw DTypes.Unexpected(Type),
        };
    }
}

/// <summary>What random operations have in common.</summary>
internal static class RandomRules
{
    public static void RequireStream(TypeContext context, int input, Shape shape)
    {
        if (context.Inputs[input] is not { DType: DType.Int32 } stream || stream.Shape != Shape.Create([RandomStream.Words]))
        {
            throw context.BadShape($"input {input} must be the int32 [{RandomStream.Words}] words of a stream.");
        }

        context.RequireAtLeast(RandomStream.MostElements, shape.ElementCount, "a random operation has at most 2^32 elements.");
    }

    /// <summary>Streams that a stream, which serves nothing else, is the origin of: [count, words].</summary>
    public static Node Streams(Node stream, Dim count) => Node.Create(new RandomBitsOp([count, RandomStream.Words], 0, RandomStream.NumberBits, DType.Int32), stream);

    /// <summary>Whether bits are such streams.</summary>
    public static bool AreStreams(RandomBitsOp bits) => bits is { Part: 0, Bits: RandomStream.NumberBits, Type: DType.Int32, To.Rank: 2 } && bits.To[1] == RandomStream.Words;

    /// <summary>The node whose memory holds the stream of bits.</summary>
    public static Node StreamOf(Node bits)
    {
        Node stream = bits.Inputs[0];
        while (stream.Op is AfterOp)
        {
            stream = stream.Inputs[0];
        }

        return stream;
    }

    public static int[] Words(TensorValue stream) => [.. stream.Integers.Select(w => (int)w)];
}
