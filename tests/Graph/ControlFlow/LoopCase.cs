using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Something made of loops and branches, and of what: float64 inputs whose symbol T is the number of steps.</summary>
internal sealed record LoopCase(string Name, Shape[] Inputs, Func<LoopMaker, Node[], NodeList> Build)
{
    public static IEnumerable<LoopCase> All =>
    [
        new("a recurrence", [[2, 3], ["T", 2, 3], [3, 3]], (l, x) => Both(l.Scan(x[0], x[1], (h, row) => Tanh(MatMul(h, x[2]) + row)))),
        new("a recurrence backwards", [[2], ["T", 2]], (l, x) => Both(l.Scan(x[0], x[1], (h, row) => Sin(h * row) + h, reverse: true))),
        new("a recurrence along axis 1", [[2], [2, "T"]], (l, x) => Both(l.Scan(x[0], x[1], (h, row) => Sin(h * row) + h, axis: 1))),
        new("a recurrence along the last axis backwards", [[2, 2], [2, 2, "T"]], (l, x) => Both(l.Scan(x[0], x[1], (h, row) => Sin(h * row) + h, axis: -1, reverse: true))),
        new("two of each", [[2], [], ["T", 2], ["T"], [2]], (l, x) => All2(l.Scan([x[0], x[1]], [x[2], x[3]], (carry, rows) =>
        {
            var (h, c) = carry;
            Node next = Sin(h * rows[0]) + c;
            return ([next, c + Sum(next * x[4]) - rows[1]], [next * c, rows[1] * rows[0]]);
        }))),
        new("what changes places", [[2], [2], ["T", 2]], (l, x) => All2(l.Scan([x[0], x[1]], [x[2]], (c, row) => ([c[1], c[0] + (c[1] * row[0])], [c[0]])))),
        new("what stays, what is forgotten and what is handed through", [[2], [2], ["T", 2]], (l, x) => All2(l.Scan([x[0], x[1]], [x[2]], (c, row) => ([c[0], row[0]], [row[0], c[0] * c[1], x[0]])))),
        new("no carry", [["T", 2], [2]], (l, x) => All2(l.Scan([], [x[0]], (_, row) => ([], [Exp(row[0] * x[1])])))),
        new("no output", [[2], ["T", 2]], (l, x) => All2(l.Scan([x[0]], [x[1]], (c, row) => ([c[0] * Cos(row[0])], [])))),
        new("integers and bools are carried", [[2], ["T", 2]], (l, x) => All2(l.Scan([x[0], Constant(1L), Constant(true)], [x[1]], (c, row) =>
        {
            Node next = Where(BroadcastTo(c[2], row[0].Shape), row[0] * c[0], c[0] - row[0]) * BroadcastTo(Cast(c[1], DType.Float64), row[0].Shape);
            return ([Sin(next), c[1] + 1, !c[2]], [next, c[1], c[2]]);
        }))),
        new("the number of the step", [[2]], (l, x) => All2(l.Scan([x[0]], 4, (c, t) => ([Sin(c[0]) * BroadcastTo(Cast(t + 1, DType.Float64), [2])], [c[0], t])))),
        new("the number of the step backwards", [[2]], (l, x) => All2(l.Scan([x[0]], 3, (c, t) => ([Sin(c[0]) * BroadcastTo(Cast(t + 1, DType.Float64), [2])], [c[0], t]), reverse: true))),
        new("one node everywhere", [[2], ["T", 2]], (l, x) => Both(l.Scan(x[0], x[1] * BroadcastTo(x[0], x[1].Shape), (h, row) => (h * x[0]) + Sin(row)))),
        new("a start that depends on what is captured", [[2], ["T", 2]], (l, x) => Both(l.Scan(Exp(x[0]), x[1], (h, row) => (h * Sin(x[0])) + row))),
        new("a number that starts", [["T", 2]], (l, x) => All2(l.Scan([Zeros([2], DType.Float64)], [x[0]], (c, row) => ([c[0] + (row[0] * row[0])], [c[0]])))),
        new("a loop in a loop", [[2], ["T", 3, 2], [2]], (l, x) => All2(l.Scan([x[0]], [x[1]], (c, rows) =>
        {
            (NodeList last, NodeList all) = l.Scan([c[0] * 0.5], [rows[0]], (d, row) => ([Sin(d[0] + (row[0] * x[2])) * c[0]], [d[0]]));
            return ([last[0] + c[0]], [all[0]]);
        }))),
        new("a loop backwards in a loop of a loop", [[], [2, "T"]], (l, x) => All2(l.Scan([x[0]], [x[1]], (c, rows) =>
        {
            (NodeList last, NodeList _) = l.Scan([c[0]], [rows[0]], (d, row) => l.Scan([d[0]], 2, (e, t) => ([Sin(e[0] * row[0]) + c[0]], [])) is var inner ? (inner.Last, inner.Last) : default, reverse: true);
            return (last, last);
        }))),
        new("a branch in a loop", [[2], ["T", 2], [2]], (l, x) => All2(l.Scan([x[0]], [x[1]], (c, row) =>
        {
            NodeList next = l.Cond(Sum(row[0]) > 0, () => [c[0] * row[0], Sin(c[0])], () => [Sin(c[0]) + row[0], x[2] * c[0]]);
            return ([next[0]], [next[1]]);
        }))),
        new("a loop in a branch", [[2], ["T", 2]], (l, x) => l.Cond(Sum(x[0]) > 0, () => [l.Scan(x[0], x[1], (h, row) => Sin(h) * row).Last], () => [l.Scan(x[0], x[1], (h, row) => h * Cos(row)).Last])),
        new("branches of which one moves nothing", [[2], [2]], (l, x) => l.Cond(Sum(x[0]) < 0, () => [Sin(x[0]), x[1] * 2], () => [Ones([2], DType.Float64), Sin(x[0])])),
        new("a branch of a branch", [[2], [2]], (l, x) => l.Cond(Sum(x[0]) > 0, () => l.Cond(Sum(x[1]) > 0, () => [x[0] * x[1]], () => [Sin(x[0])]), () => l.Cond(Sum(x[1]) > 1, () => [x[0]], () => [x[0] / x[1]]))),
        new("as long as", [[2], [2]], (l, x) => l.While([x[0], Constant(0L)], c => Sum(c[0] * c[0]) < 9.5, c => [(c[0] * 1.3) + (Sin(x[1]) * Cast(c[1], DType.Float64)), c[1] + 1], 8)),
        new("as long as, and never", [[2]], (l, x) => l.While([x[0]], c => Sum(c[0] * c[0]) < -1, c => [c[0] * 2], 3)),
        new("as long as, and always", [[2]], (l, x) => l.While([x[0]], c => Sum(c[0] * c[0]) > -1, c => [Sin(c[0]) * 2], 3)),
        new("as long as in a loop", [[2], ["T", 2]], (l, x) => All2(l.Scan([x[0]], [x[1]], (c, row) => l.While([c[0]], d => Sum(d[0] * d[0]) < 4, d => [(d[0] * 1.5) + row[0]], 5) is var next ? ([next[0] * 0.3], next) : default))),
        new("blocks of two", [[2], ["T", 2]], (l, x) => Both(l.Scan(x[0], x[1], (h, row) => Sin(h * row) + h, checkpoint: 2))),
        new("blocks of three backwards", [[2], ["T", 2], [2]], (l, x) => Both(l.Scan(x[0], x[1], (h, row) => Sin(h * row) + x[2], reverse: true, checkpoint: 3))),
        new("blocks longer than all", [[2], ["T", 2]], (l, x) => Both(l.Scan(x[0], x[1], (h, row) => Sin(h * row) + h, axis: 0, checkpoint: 100))),
        new("what is cut off from gradients", [[2], ["T", 2], [2]], (l, x) => All2(l.Scan([x[0], x[2]], [x[1]], (c, row) =>
        {
            Node still;
            using (GradMode.NoGrad())
            {
                still = Exp(row[0] * x[2]);
            }

            return ([(c[0] * still) + Detach(c[0]), Detach(c[1]) * row[0]], [c[1] * c[0]]);
        }))),
        new("gradients in the body", [[2], ["T", 2]], (l, x) => Both(l.Scan(x[0], x[1], (w, row) => w - (0.1 * Gradients(Sum(Sin(w * row) * w), w)[0])))),
    ];

    public override string ToString() => Name;

    private static NodeList Both((Node Last, Node Outputs) results) => [results.Last, results.Outputs];

    private static NodeList All2((NodeList Last, NodeList Outputs) results) => [.. results.Last, .. results.Outputs];
}
