using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for scans and sorting, in both directions and along any axis.</summary>
internal static class ScanCases
{
    public static IEnumerable<GradientCase> All =>
    [
        .. Over<CumulativeSumOp>("CumulativeSum", CumulativeSum), .. Over<RecurrenceOp>("CumulativeProduct", CumulativeProduct), .. Over<RecurrenceOp>("LogCumulativeSumExp", LogCumulativeSumExp),
        .. Over<RecurrenceOp>("CumulativeScan of a smooth lambda", (x, axis, reverse) => CumulativeScan(x, axis, (double a, double b) => Math.Sqrt((a * a) + (b * b)), reverse)),
        .. Over<RecurrenceOp>("CumulativeScan of a branch", (x, axis, reverse) => CumulativeScan(x, axis, (double a, double b) => b > 5 ? b : (a * b) + a + b, reverse)),
        .. Over<LinearRecurrenceOp>("LinearRecurrence", (x, axis, reverse) => LinearRecurrence(x, Sin(x), axis, reverse)),
        .. Over<GatherOp>("CumulativeMax", (x, axis, _) => CumulativeMax(x, axis).Values), .. Over<GatherOp>("CumulativeMin", (x, axis, _) => CumulativeMin(x, axis).Values),
        .. Over<GatherOp>("Sort", (x, axis, descending) => Sort(x, axis, descending).Values), .. Over<GatherOp>("TopK", (x, axis, largest) => TopK(x, 1, axis, largest).Values),
        .. Over<GatherOp>("KthValue", (x, axis, keep) => KthValue(x, 1, axis, keep).Values), .. Over<GatherOp>("MedianWithIndex", (x, axis, keep) => MedianWithIndex(x, axis, keep).Values),
        .. Over<MedianOp>("Median", (x, _, _) => Median(x)), Row<GatherOp>("MSort", x => MSort(x[0]), In(["N", 2])), Row<MedianOp>("Median of a number", x => Median(x[0]), In([])),
        Row<MedianOp>("Median at a tie", x => Median(x[0]), GradientVerdict.Kink, At(1, 2, 2)),
        Row<LinearRecurrenceOp>("LinearRecurrence of a broadcast", x => LinearRecurrence(x[0], x[1], 1), In([3]), In(["N", 3])),
        Row<LinearRecurrenceOp>("LinearRecurrence of a number", x => LinearRecurrence(x[0], x[1], 0, reverse: true), In([]), In([4])),
        Row<LinearRecurrenceOp>("LinearRecurrence to order 3", x => LinearRecurrence(x[0], x[1], 0), In([3]), In([3])) with { Order = 3 },
        Row<LinearRecurrenceOp>("LinearRecurrence through zeros", x => LinearRecurrence(x[0], x[1], 0), At(0, 0, 2, 0), At(1, 2, 0, 1)),
        Row<RecurrenceOp>("CumulativeProduct with zeros", x => CumulativeProduct(x[0], 0), At(2, 0, 3, 0, 1)),
        Row<RecurrenceOp>("CumulativeProduct to order 3", x => CumulativeProduct(x[0], 0), At(2, 0, 3)) with { Order = 3 },
        Row<RecurrenceOp>("LogCumulativeSumExp of large numbers", x => LogCumulativeSumExp(x[0], 0), At(800, -800, 801, 799)),
        Row<RecurrenceOp>("LogCumulativeSumExp of equal large numbers", x => LogCumulativeSumExp(x[0], 0, reverse: true), At(-800, -800, -800)),
        Row<RecurrenceOp>("LogCumulativeSumExp of nothing", x => LogCumulativeSumExp(x[0], 0), In([0, 2])),
        Row<CumulativeSumOp>("CumulativeSum of nothing", x => CumulativeSum(x[0], 1), In([2, 0])),
        Row<RecurrenceOp>("CumulativeProduct of nothing", x => CumulativeProduct(x[0], 0), In([0, 2])),
        Row<GatherOp>("CumulativeMax at a tie", x => CumulativeMax(x[0], 0).Values, GradientVerdict.Kink, At(1, 2, 2)),
    ];

    private static IEnumerable<GradientCase> Over<TOp>(string name, Func<Node, int, bool, Node> op) =>
        new (Shape Shape, int Axis, bool Reverse)[] { ([4], 0, false), (["N", 2], 0, true), ([2, 3, 2], 1, false), ([2, 3], -1, true), ([2, 1], 1, false) }
            .Select(p => new GradientCase($"{name} of {p.Shape} along {p.Axis}{(p.Reverse ? " reversed" : string.Empty)}", typeof(TOp), x => op(x[0], p.Axis, p.Reverse), [In(p.Shape)]))
            .Append(new GradientCase($"{name} of a transposed", typeof(TOp), x => op(Transpose(x[0]), 0, false), [In([2, 3])]));

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => Row<TOp>(name, apply, GradientVerdict.Passed, inputs);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, GradientVerdict worst, params CaseInput[] inputs) =>
        new(name, typeof(TOp), apply, inputs, worst);
}
