using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>What the choices of fusion weigh: instructions of an operation, bytes of a tensor. A symbolic size counts as a nominal one.</summary>
internal static class Costs
{
    /// <summary>What a symbol counts as where only its order of magnitude matters.</summary>
    public const long NominalSize = 64;

    /// <summary>About how many vector instructions an elementwise operation takes.</summary>
    public static int Of(Op op) => op switch
    {
        LogGammaOp or PolygammaOp or FmodOp => 64,
        TranscendentalOp or PowOp or Atan2Op => 16,
        DivOp or SqrtOp or ReciprocalOp => 4,
        _ => 1,
    };

    public static long Nominal(Dim dim) => dim.Evaluate(_ => NominalSize);

    public static long Bytes(Node node) => Nominal(node.Shape.ElementCount) * node.DType.Size();
}
