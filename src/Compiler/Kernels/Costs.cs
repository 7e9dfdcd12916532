using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What the choices of fusion weigh: instructions of an operation, bytes of a tensor. A symbolic size counts as a nominal one.</summary>
internal static class Costs
{
    /// <summary>Elements that one part of a reduction over everything has at least.</summary>
    public const long ElementsPerChunk = 1 << 15;

    /// <summary>The most elements of tensors so small that they are not worth sharing out among threads.</summary>
    public const long FewElements = 4096;

    /// <summary>What a block of random bits counts as: it takes longer, but the loop in it makes it little code.</summary>
    private const int RandomBits = 24;

    /// <summary>About how many vector instructions an elementwise operation takes.</summary>
    public static int Of(Op op) => op switch
    {
        LogGammaOp or PolygammaOp or GammaSlopeOp or FmodOp => 64,
        RandomBitsOp => RandomBits,
        TranscendentalOp or PowOp or Atan2Op => 16,
        DivOp or SqrtOp or ReciprocalOp => 4,
        _ => 1,
    };

    public static long Bytes(Node node) => node.Shape.ElementCount.Nominal * node.DType.Size();

    public static long Bytes(KernelBuffer buffer) => buffer.Length.Nominal * buffer.Type.Size();
}
