using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>
/// Rows for elementary and special functions, rounding and activations: over shapes and views where they are smooth, then beside and at their
/// singular points.
/// </summary>
internal static class FunctionCases
{
    public static IEnumerable<GradientCase> All => [.. Functions, .. Activations, .. Rounding, .. Singular];

    private static IEnumerable<GradientCase> Functions =>
    [
        .. One(nameof(Exp2), Exp2, -2, 2), .. One(nameof(ExpM1), ExpM1, -1, 1), .. One(nameof(Log2), Log2), .. One(nameof(Log10), Log10), .. One(nameof(Cbrt), Cbrt),
        .. One(nameof(Cbrt), Cbrt, -1.7, -0.3), .. One(nameof(Sinh), Sinh, -2, 2), .. One(nameof(Cosh), Cosh, -2, 2), .. One(nameof(Asinh), Asinh, -2, 2),
        .. One(nameof(Acosh), Acosh, 1.3, 3), .. One(nameof(Atanh), Atanh, -0.8, 0.8), .. One(nameof(Tan), Tan, -1.2, 1.2), .. One(nameof(Asin), Asin, -0.8, 0.8),
        .. One(nameof(Acos), Acos, -0.8, 0.8), .. One(nameof(Atan), Atan, -3, 3), .. One(nameof(Erfc), Erfc, -2, 2), .. One(nameof(ErfInv), ErfInv, -0.8, 0.8),
        .. One(nameof(LogGamma), LogGamma, 0.4, 4), .. One(nameof(LogGamma), LogGamma, -1.7, -1.3), .. One(nameof(Digamma), Digamma, 0.6, 4),
        .. One(nameof(Polygamma), x => Polygamma(1, x), 0.8, 4), .. One(nameof(Polygamma), x => Polygamma(3, x), 1.2, 4), .. One(nameof(BesselI0), BesselI0, -3, 3),
        .. One(nameof(BesselI1), BesselI1, 0.5, 9), .. One(nameof(Sinc), Sinc, -3, 3), .. One(nameof(Sinc), Sinc, -0.09, 0.09), .. One(nameof(Logit), x => Logit(x), 0.1, 0.9),
        .. One(nameof(Deg2Rad), Deg2Rad), .. One(nameof(Rad2Deg), Rad2Deg), .. One(nameof(Rsqrt), Rsqrt), .. One(nameof(Square), Square, -1, 1),
        .. Two(nameof(RegularizedGammaP), RegularizedGammaP), .. Two(nameof(RegularizedGammaQ), (a, x) => RegularizedGammaQ(a * 2, x + 1)),
        .. Two(nameof(Atan2), Atan2), .. Two(nameof(LogAddExp), LogAddExp), .. Two(nameof(LogAddExp2), LogAddExp2), .. Two(nameof(Hypot), Hypot), .. Two(nameof(XLogY), XLogY),
        .. Two(nameof(XLog1PY), XLog1PY), .. Two(nameof(CopySign), (a, b) => CopySign(a, b * b)), .. Two(nameof(Lerp), (a, b) => Lerp(a, b, 0.3)),
        .. Two(nameof(Lerp), (a, b) => Lerp(a, b, (a * 0.1) + 0.7)), .. Two(nameof(AddCMul), (a, b) => AddCMul(a, b, a, 0.5)), .. Two(nameof(AddCDiv), (a, b) => AddCDiv(a, b, a, 0.5)),
        .. Two(nameof(Heaviside), (a, b) => Heaviside(a, b) * b),
        .. One(nameof(ClampMin), x => ClampMin(x, 0.2)), .. One(nameof(ClampMax), x => ClampMax(x, 0.2)), .. Two(nameof(ClampMin), (a, b) => ClampMin(a + 2, b)), .. Two(nameof(ClampMax), (a, b) => ClampMax(a + 2, b)),
        .. Two(nameof(FMax), (a, b) => FMax(a + 2, b)), .. Two(nameof(FMin), (a, b) => FMin(a + 2, b)),
    ];

    private static IEnumerable<GradientCase> Activations =>
    [
        .. One(nameof(Relu6), Relu6), .. One(nameof(LeakyRelu), x => LeakyRelu(x)), .. One(nameof(LeakyRelu), x => LeakyRelu(x, 0.2), -1.7, -0.3),
        .. One(nameof(Elu), x => Elu(x, 1.3)), .. One(nameof(Elu), x => Elu(x, 1.3), -2, -0.3), .. One(nameof(Celu), x => Celu(x, 0.7), -2, -0.3), .. One(nameof(Selu), Selu, -2, -0.3),
        .. One(nameof(Silu), Silu, -2, 2), .. One(nameof(Mish), Mish, -2, 2), .. One(nameof(Softplus), x => Softplus(x, 2, 30), -2, 2), .. One(nameof(LogSigmoid), LogSigmoid, -2, 2),
        .. One(nameof(Softsign), Softsign), .. One(nameof(Softsign), Softsign, -1.7, -0.3), .. One(nameof(HardTanh), x => HardTanh(x, -3, 3)), .. One(nameof(HardSigmoid), HardSigmoid, -2, 2),
        .. One(nameof(HardSwish), HardSwish, -2, 2), .. One(nameof(HardShrink), x => HardShrink(x, 0.2)), .. One(nameof(SoftShrink), x => SoftShrink(x, 0.2)),
        .. One(nameof(TanhShrink), TanhShrink, -2, 2), .. One(nameof(Threshold), x => Threshold(x, 0.1, 7)), .. Two(nameof(PRelu), (x, w) => PRelu(-x, Reshape(Sum(w), [1]))),
        .. One(nameof(NaNToNumber), x => NaNToNumber(x)),
        Row(nameof(Vander), "of batches", x => Vander(x[0], 4), In([2, 3])),
        Row(nameof(Vander), "beside 0", x => Vander(x[0], 3, increasing: true), At(0, -1, 0.5)),
        Row(nameof(Glu), "along the first axis", x => Glu(x[0], 0), In([4, 3])),
        Row(nameof(Glu), "of a symbol", x => Glu(x[0]), In(["N", 2])),
        Row(nameof(PRelu), "slopes of channels", x => PRelu(x[0], x[1]), In([2, 3, 2], -1.7, -0.3), In([3])),
        Row(nameof(PRelu), "slopes of channels along the last axis", x => PRelu(x[0], x[1], -1), In(["N", 3], -1.7, -0.3), In([3])),
        Row(nameof(Softmin), "of two axes", x => Softmin(x[0], 0), In([3, 2], -1, 1)),
    ];

    private static IEnumerable<GradientCase> Rounding =>
    [
        .. One(nameof(Ceil), Ceil, 0.2, 0.8), .. One(nameof(Round), Round, 0.6, 1.4), .. One(nameof(Round), x => Round(x, 1) * x, 0.61, 0.64), .. One(nameof(Trunc), Trunc, -1.8, -1.2), .. One(nameof(Frac), Frac, 1.2, 1.8),
        .. Two(nameof(FMod), (a, b) => FMod(a, b + 5)), .. Two(nameof(FMod), (a, b) => FMod((a * 0.1) + 7, (b * 0.1) + 2)), .. Two(nameof(Remainder), (a, b) => Remainder((a * -0.1) - 7, (b * 0.1) + 2)),
        .. Two(nameof(NextAfter), NextAfter), .. One(nameof(Frexp), x => Frexp(x).Mantissa, -0.95, -0.6), .. One(nameof(Ldexp), x => Ldexp(x, ZerosLike(Cast(x, DType.Int64)) + 3)),
        .. Two(nameof(FloorDivide), (a, b) => (FloorDivide((a * 0.1) + 7, (b * 0.1) + 2) * a) + b), .. Two(nameof(TruncDivide), (a, b) => (TruncDivide((a * 0.1) + 7, (b * 0.1) + 2) * a) + b),
    ];

    private static IEnumerable<GradientCase> Singular =>
    [
        Row(nameof(Cbrt), "beside 0", x => Cbrt(x[0]), At(1e-3, -1e-3)),
        Row(nameof(ExpM1), "small and large", x => ExpM1(x[0]), At(1e-6, -30, 5)),
        Row(nameof(Sinc), "at 0 and beside the series", x => Sinc(x[0]), At(0, 1e-7, 0.0999, 0.1001, -1)),
        Row(nameof(Sinc), "to order 3 at 0", x => Sinc(x[0]), At(0, 0.01)) with { Order = 3 },
        Row(nameof(Logit), "at a half and near the ends", x => Logit(x[0]), At(0.5, 0.249, 0.251, 0.01, 0.99)),
        Row(nameof(Logit), "cut", x => Logit(x[0], 0.1), At(0.3, 0.05, 0.99)),
        Row(nameof(LogAddExp), "at a tie and far apart", x => LogAddExp(x[0], x[1]), At(1, 2, -30), At(1, 3, 30)),
        Row(nameof(Hypot), "beside an axis", x => Hypot(x[0], x[1]), At(1, 1e-5, -2), At(1e-5, 1, 0)),
        Row(nameof(Atan2), "in the quadrants", x => Atan2(x[0], x[1]), At(1, 1, -1, -1, 2), At(1, -1, 1, -1, 0)),
        Row(nameof(XLogY), "near 0", x => XLogY(x[0], x[1]), At(0.1, 1e-3, -1), At(1, 2, 0.5)),
        Row(nameof(Asin), "near 1", x => Asin(x[0]), At(0.99, -0.99)),
        Row(nameof(ErfInv), "near 1", x => ErfInv(x[0]), At(0.99, -0.99, 0)),
        Row(nameof(Erfc), "in its tail", x => Erfc(x[0]) * 1e6, At(4, 5)),
        Row(nameof(BesselI1), "at 0", x => BesselI1(x[0]), At(0, 0.1, -0.1)),
        Row(nameof(LogGamma), "near its minimum and zeros", x => LogGamma(x[0]), At(1, 2, 1.46, 10, 50)),
        Row(nameof(Digamma), "at its root and below 0", x => Digamma(x[0]), At(1.4616321449683623, -0.5, -1.3)),
        Row(nameof(Elu), "beside 0", x => Elu(x[0]), At(1e-3, -1e-3)),
        Row(nameof(Celu), "beside 0", x => Celu(x[0], 2), At(1e-3, -1e-3)),
        Row(nameof(Elu), "at 0", x => Elu(x[0], 2), GradientVerdict.Kink, At(0, 1)),
        Row(nameof(LeakyRelu), "at 0", x => LeakyRelu(x[0]), GradientVerdict.Kink, At(0, 1)),
        Row(nameof(HardTanh), "at its ends", x => HardTanh(x[0]), GradientVerdict.Kink, At(-1, 1, 0.5)),
        Row(nameof(CopySign), "of both signs", x => CopySign(x[0], x[1]), At(1, -2, 3, -4), At(1, 1, -1, -1)),
        Row(nameof(FMax), "at a tie", x => FMax(x[0], x[1]), GradientVerdict.Kink, At(1, 2), At(1, 3)),
        Row(nameof(Round), "at a half", x => Round(x[0]), GradientVerdict.Kink, At(0.5, 1)),
    ];

    private static IEnumerable<GradientCase> One(string name, Func<Node, Node> op, double low = 0.3, double high = 1.7) =>
        ElementwiseCases.Views.Select(v => Row(name, $"of {v.Name} in {low} to {high}", x => op(v.View(x[0])), In(v.Given, low, high)));

    private static IEnumerable<GradientCase> Two(string name, Func<Node, Node, Node> op) =>
    [
        .. ElementwiseCases.Pairs.Select(p => Row(name, $"of {p.Item1}, {p.Item2}", x => op(x[0], x[1]), In(p.Item1), In(p.Item2))),
        Row(name, "of a transposed and a strided one", x => op(Transpose(x[0]), Slice(x[1], 0, 0, 5, 2)), In([3, 2]), In([5])),
    ];

    private static GradientCase Row(string name, string what, Func<Node[], Node> apply, params CaseInput[] inputs) => Row(name, what, apply, GradientVerdict.Passed, inputs);

    private static GradientCase Row(string name, string what, Func<Node[], Node> apply, GradientVerdict worst, params CaseInput[] inputs)
    {
        // A function of several operations is known by its last one.
        Node[] probes = [.. inputs.Select((i, k) => Placeholder(new NodeType(DType.Float64, i.Shape), $"x{k}", requiresGrad: true))];
        return new($"{name} {what}", apply(probes).Op.GetType(), apply, inputs, worst);
    }
}
