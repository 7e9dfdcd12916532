using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for loops and branches.</summary>
internal static class ControlFlowCases
{
    public static IEnumerable<GradientCase> All =>
    [
        Row<LoopOp>("Scan", x => Scan(x[0], x[1], (h, r) => Tanh(MatMul(h, x[2]) + r)).Outputs, In([2]), In(["N", 2]), In([2, 2])),
        Row<LoopOp>("Scan backwards", x => Scan(x[0], x[1], (h, r) => Sin(h * r) + h, reverse: true).Last, In([2]), In(["N", 2])),
        Row<LoopOp>("Scan of as many steps as elements", x => Scan(x[0], x[1], (h, r) => Tanh(h * r) + r).Outputs, In([3]), In([3, 3])),
        Row<LoopOp>("Scan of two steps", x => Scan(x[0], x[1], (h, r) => Tanh(h * r) + r).Outputs, In([3]), In([2, 3])),
        Row<LoopOp>("Scan to order 3", x => Scan(x[0], x[1], (h, r) => h * r).Last, In([]), In([3])) with { Order = 3 },
        Row<LoopOp>("Scan in blocks", x => Scan(x[0], x[1], (h, r) => Sin(h * r) + h, checkpoint: 2).Last, In([2]), In(["N", 2])),
        Row<LoopOp>("Scan of no step", x => Scan(x[0], x[1], (h, r) => h * r).Last, In([2]), In([0, 2])),
        Row<LoopOp>("Scan of a Scan", x => Scan(x[0], x[1], (h, r) => Scan(h, r, (g, e) => (g * e) + h).Last).Outputs, In([]), In(["N", 2])),
        Row<LoopOp>("While", x => While(x[0], h => Sum(h) < 20, h => h * (1 + x[1]), most: 6), In([2]), In([2])),
        Row<BranchOp>("Cond", x => Cond(Sum(x[0]) > 0, () => x[0] * x[1], () => x[1]), In(["N"]), In(["N"])),
        Row<BranchOp>("Cond otherwise", x => Cond(Sum(x[0]) < 0, () => x[1], () => Exp(x[0])), In(["N"]), In(["N"])),
        Row<BranchOp>("Cond to order 3", x => Cond(Sum(x[0]) > 0, () => x[0] * x[0] * x[0], () => x[0]), In([2])) with { Order = 3 },
    ];

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => new(name, typeof(TOp), apply, inputs);
}
