using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

internal sealed record SinhOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Cosh(x));

    protected override double Apply(double x) => Math.Sinh(x);
}

internal sealed record CoshOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Sinh(x));

    protected override double Apply(double x) => Math.Cosh(x);
}

internal sealed record TanhOp : TranscendentalOp
{
    internal override bool KeepsFinite => true;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, 1 - (y * y));

    protected override double Apply(double x) => Math.Tanh(x);
}

internal sealed record AsinhOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(Ops.Hypot(Ops.OnesLike(x), x)));

    protected override double Apply(double x) => Math.Asinh(x);
}

internal sealed record AcoshOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(Ops.Sqrt(x - 1) * Ops.Sqrt(x + 1)));

    protected override double Apply(double x) => Math.Acosh(x);
}

internal sealed record AtanhOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal((1 - x) * (1 + x)));

    protected override double Apply(double x) => Math.Atanh(x);
}
