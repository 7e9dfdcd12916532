using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Random numbers of streams that are constants: every way of compiling is to see the same.</summary>
internal sealed partial class RandomGraph
{
    private void Draw(Node x)
    {
        Node stream = Ops.Constant((int[])[Next(1 << 20), Next(1 << 20), Next(1 << 20), Next(1 << 20), Next(1 << 20)]);
        if (Next(4) == 0)
        {
            DrawGamma(stream);
            return;
        }

        DType type = real == DType.Float32 ? DType.Int32 : DType.Int64;
        Node bits = Node.Create(new RandomBitsOp(x.Shape, Next(2), type == DType.Int32 ? 24 : 53, type), stream);
        Node kept = (bits & Ops.Scalar(3, type)) > 0;
        Add(Next(2) == 0 ? x * Ops.Where(kept, 2, Ops.ZerosLike(x)) : x + (Ops.Cast(bits, real) * Math.ScaleB(1, real == DType.Float32 ? -24 : -53)), IsExact(x));
    }

    /// <summary>Gamma numbers, which rounding of a concentration would refuse or accept, and how they move.</summary>
    private void DrawGamma(Node stream)
    {
        Node x = Pick(n => n.DType == real && exact.Contains(n));
        Node concentration = Ops.Where(x > 1, Ops.Clamp(x, 1, 8), 1);
        Node drawn = Node.Create(new RandomGammaOp(), concentration, stream);
        Add(drawn, false);
        Add(Node.Create(new GammaSlopeOp(1), concentration, drawn) * 0.5, false);
    }
}
