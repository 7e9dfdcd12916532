using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Rows of the table for loops and branches.</summary>
internal static class LoopRows
{
    private static readonly DType[] Floats = [DType.Float32, DType.Float64];
    private static readonly DType[] Numbers = [.. Floats, DType.Int32, DType.Int64];

    public static IEnumerable<OperationRow> Rows =>
    [
        Loop(string.Empty, Numbers, c => Ops.Scan(c.X([3]), c.X([c.N, 3]), (h, x) => Ops.Maximum(h, x) - x).Outputs),
        Loop(" to the end", Numbers, c => Ops.Scan(c.X([3]), c.X([c.N, 3]), (h, x) => Ops.Maximum(h, x) - x).Last),
        Loop(" backwards along a row", Numbers, c => Ops.Scan(c.X([3]), c.X([3, c.N]), (h, x) => Ops.Minimum(h, x) + x, axis: 1, reverse: true).Outputs),
        Loop(" of functions", Floats, c => Ops.Scan(c.X([c.N]), 5, (h, t) => Ops.Tanh(h + Ops.BroadcastTo(Ops.Cast(t, c.DType), [c.N]))).Outputs) with { Ulps = 64, Floor = _ => 1 },
        Loop(" of products", Floats, c =>
        {
            Node w = c.X([3, 3]);
            return Ops.Scan(c.X([2, 3]), c.X([c.N, 2, 3]), (h, x) => Ops.Tanh(Ops.MatMul(h, w) + x)).Outputs;
        }) with { Ulps = 1 << 12, Floor = _ => 1, Range = 0.5, Specials = false },
        Loop(" as long as", Numbers, c => Ops.While([c.X([c.N]), Ops.Constant(0)], s => s[1] < 3, s => [s[0] + s[0], s[1] + 1], most: 4)[0]),
        new(typeof(BranchOp), Numbers, c =>
        {
            (Node x, Node y) = (c.X([3, c.N]), c.X([3, c.N]));
            return Ops.Cond(Ops.Any(x > 1), () => x - y, () => -y);
        }),
    ];

    private static OperationRow Loop(string variant, DType[] types, Func<InputMaker, Node> build) => new(typeof(LoopOp), types, build) { Variant = variant, Ulps = 8, Floor = _ => 8 };
}
