using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

internal sealed record SinOp : TranscendentalOp
{
    internal override bool KeepsFinite => true;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Cos(x));

    protected override double Apply(double x) => Math.Sin(x);
}

internal sealed record CosOp : TranscendentalOp
{
    internal override bool KeepsFinite => true;

    protected override Node Chain(Node y, Node x, Node direction) => -Scale(direction, Ops.Sin(x));

    protected override double Apply(double x) => Math.Cos(x);
}

internal sealed record TanOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, 1 + (y * y));

    protected override double Apply(double x) => Math.Tan(x);
}

internal sealed record AsinOp : TranscendentalOp
{
    internal override bool KeepsFinite => false;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Rsqrt((1 - x) * (1 + x)));

    protected override double Apply(double x) => Math.Asin(x);
}

internal sealed record AcosOp : TranscendentalOp
{
    internal override bool KeepsFinite => false;

    protected override Node Chain(Node y, Node x, Node direction) => -Scale(direction, Ops.Rsqrt((1 - x) * (1 + x)));

    protected override double Apply(double x) => Math.Acos(x);
}

internal sealed record AtanOp : TranscendentalOp
{
    internal override bool KeepsFinite => true;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(1 + (x * x)));

    protected override double Apply(double x) => Math.Atan(x);
}
