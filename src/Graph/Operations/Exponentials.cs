using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

internal sealed record ExpOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, y);

    protected override double Apply(double x) => Math.Exp(x);
}

/// <summary>2 to the power x.</summary>
internal sealed record Exp2Op : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Math.Log(2) * y);

    protected override double Apply(double x) => Math.Pow(2, x);
}

/// <summary>exp(x) − 1, accurate for small x.</summary>
internal sealed record ExpM1Op : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, y + 1);

    protected override double Apply(double x) => VectorMath.Apply<Functions.ExpM1>(x);
}

internal sealed record LogOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(x));

    protected override double Apply(double x) => Math.Log(x);
}

internal sealed record Log2Op : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(Math.Log(2) * x));

    protected override double Apply(double x) => Math.Log2(x);
}

internal sealed record Log10Op : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(Math.Log(10) * x));

    protected override double Apply(double x) => Math.Log10(x);
}

/// <summary>log(1 + x), accurate for small x.</summary>
internal sealed record Log1POp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(x + 1));

    protected override double Apply(double x) => VectorMath.Apply<Functions.Log1P>(x);
}

/// <summary>The real cube root.</summary>
internal sealed record CbrtOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(3 * (y * y)));

    protected override double Apply(double x) => Math.Cbrt(x);
}

/// <summary>1 / (1 + exp(−x)).</summary>
internal sealed record SigmoidOp : TranscendentalOp
{
    internal override bool KeepsFinite => true;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, y * (1 - y));

    protected override double Apply(double x) => VectorMath.Apply<Functions.Sigmoid>(x);
}
