using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for operations that work element by element: safe inputs over shapes, then inputs beside and at singular points and ties.</summary>
internal static class ElementwiseCases
{
    /// <summary>What an operation of one input sees: a shape, and how it lies in what is given.</summary>
    internal static readonly (string Name, Shape Given, Func<Node, Node> View)[] Views =
    [
        ("[]", [], x => x), ("[0]", [0], x => x), ("[1]", [1], x => x), ("[2, 3]", [2, 3], x => x), ("[N, 2]", ["N", 2], x => x), ("[2, 0]", [2, 0], x => x),
        ("[3, 2] transposed", [3, 2], x => Transpose(x)), ("every second of [5]", [5], x => Slice(x, 0, 0, 5, 2)), ("[2, 1] repeated", [2, 1], x => BroadcastTo(x, [2, 3])),
    ];

    internal static readonly (Shape, Shape)[] Pairs = [([], []), ([2], [2]), ([2, 3], [3]), ([2, 1], [1, 3]), ([], [2]), (["N", 2], [2]), ([0, 2], [2]), ([1], [1]), ([3, 3], [3, 3])];

    public static IEnumerable<GradientCase> All =>
    [
        .. Unary<NegOp>(Neg), .. Unary<AbsOp>(Abs), .. Unary<AbsOp>(Abs, -1.7, -0.3), .. Unary<SignOp>(Sign), .. Unary<FloorOp>(Floor, 0.2, 0.8),
        .. Unary<ExpOp>(Exp, -1, 1), .. Unary<LogOp>(Log), .. Unary<Log1POp>(Log1P, -0.5, 1), .. Unary<SqrtOp>(Sqrt), .. Unary<ReciprocalOp>(Reciprocal),
        .. Unary<TanhOp>(Tanh, -1, 1), .. Unary<SigmoidOp>(Sigmoid, -2, 2), .. Unary<SinOp>(Sin, -2, 2), .. Unary<CosOp>(Cos, -2, 2), .. Unary<ErfOp>(Erf, -1, 1),
        .. Unary<ReluOp>(Relu), .. Unary<ReluOp>(Relu, -1.7, -0.3), .. Unary<GeluOp>(x => Gelu(x), -2, 2), .. Unary<TanhGeluOp>(x => Gelu(x, approximate: true), -2, 2), .. Unary<SiluOp>(Silu, -2, 2), .. Unary<MishOp>(Mish, -2, 2), .. Unary<SoftsignOp>(Softsign, 0.3, 2),
        .. Unary<NormalCdfOp>(NormalCdf, -2, 2), .. Unary<WithinOp>(x => Node.Create(new WithinOp("Test", "a number is in [-9, 9]", -9, 9), x)),
        .. Unary<SoftplusOp>(Softplus, -2, 2), .. Unary<CastOp>(x => Cast(Cast(x, DType.Float32), DType.Float64)),
        .. Unary<HostFunctionOp>(HostFunctionTests.SignedSquare),
        .. Unary<CheckpointOp>(x => Checkpoint(v => v * Sin(v), x)),
        .. Unary<AfterOp>(x => Sin(AfterOp.Create(x, [x]))),
        .. Unary<CallOp>(x => Call("cube", [x], p => p[0] * p[0] * p[0])),
        .. Unary<CallOp>(x => CustomGradient("square", [x], p => p[0] * p[0], (i, _, c) => [2 * i[0] * c])),
        .. Unary<ClampOp>(x => Clamp(x, 0, 1), 0.2, 0.8), .. Unary<ClampOp>(x => Clamp(x, 0, 1), 1.2, 1.8),
        .. Binary<AddOp>(Add), .. Binary<SubOp>(Sub), .. Binary<MulOp>(Mul), .. Binary<DivOp>(Div), .. Binary<PowOp>(Pow), .. Binary<MaximumOp>(Maximum),
        .. Binary<MinimumOp>(Minimum), .. Binary<ScaleCotangentOp>(ScaleCotangent),
        .. Binary<WhereOp>((a, b) => Where(Constant(true), a * a, b * b)),
        .. Binary<WhereOp>((a, b) => Where(a > 0.83, a * b, b)),
        .. Singular,
    ];

    private static IEnumerable<GradientCase> Singular =>
    [
        Row<LogOp>("log beside 0", x => Log(x[0]), At(1e-3, 1e-6)),
        Row<Log1POp>("log1p beside −1 and 0", x => Log1P(x[0]), At(-0.999, 1e-3, -1e-3)),
        Row<SqrtOp>("sqrt beside 0", x => Sqrt(x[0]), At(1e-4, 1e-3)),
        Row<ReciprocalOp>("reciprocal beside 0", x => Reciprocal(x[0]), At(1e-2, -1e-2)),
        Row<DivOp>("division by almost 0", x => x[0] / x[1], At(1, 0), At(-1e-2, 1e-2)),
        Row<TanhOp>("tanh where it is flat", x => Tanh(x[0]), At(-20, 20, 0)),
        Row<SigmoidOp>("sigmoid where it is flat", x => Sigmoid(x[0]), At(-30, 30, 0)),
        Row<ErfOp>("erf at 0", x => Erf(x[0]), At(0, 1e-6)),
        Row<ExpOp>("exp of large", x => Exp(x[0]), At(-30, 10)),
        Row<SinOp>("sin of large", x => Sin(x[0]), At(100, -1000)),
        Row<SoftplusOp>("softplus of large", x => Softplus(x[0]), At(-40, 40)),
        Row<SoftplusOp>("softplus at 0", x => Softplus(x[0]), At(0)),
        Row<AbsOp>("abs beside 0", x => Abs(x[0]), At(1e-6, -1e-3)),
        Row<AbsOp>("abs at 0", x => Abs(x[0]), GradientVerdict.Kink, At(0, 1)),
        Row<SignOp>("sign at 0", x => Sign(x[0]), GradientVerdict.Kink, At(0, 1)),
        Row<SignOp>("sign of what changes", x => Sign(x[0] - 0.95), At(1, 0.5)),
        Row<FloorOp>("floor of what changes", x => Floor(x[0]), At(0.5, 1.05)),
        Row<RoundOp>("round of what changes", x => Round(x[0]), At(0.4, 0.52)),
        Row<FloorOp>("floor at an integer", x => Floor(x[0]), GradientVerdict.Kink, At(0, 2, -1)),
        Row<ReluOp>("relu beside 0", x => Relu(x[0]), At(1e-6, -1e-3)),
        Row<ReluOp>("relu at 0", x => Relu(x[0]), GradientVerdict.Kink, At(0, 1, -1)),
        Row<ReluOp>("relu squared at 0", x => Square(Relu(x[0])), GradientVerdict.Kink, At(0, 1, -1)),
        Row<ClampOp>("clamp at its bounds", x => Clamp(x[0], 0, 1), GradientVerdict.Kink, At(0, 1, 0.5)),
        Row<ClampOp>("clamp with bounds that vary", x => Clamp(x[0], x[1], x[2]), At(-1, 0.5, 3, 0.4), At(0, 0, 0, 2), At(1, 1, 1, 1)),
        Row<ClampOp>("clamp of rows with bounds that vary", x => Clamp(x[0], x[1], x[2]), new CaseInput([2, 2], [0.5, -1, 3, 0.4], 0, 0), new CaseInput([2, 2], [0, 0.1, 0.2, 0.3], 0, 0), new CaseInput([2, 2], [1, 1.1, 1.2, 1.3], 0, 0)),
        Row<MaximumOp>("maximum at a tie", x => Maximum(x[0], x[1]), GradientVerdict.Kink, At(0, 1, 2), At(0, 1, 3)),
        Row<MinimumOp>("minimum at a tie", x => Minimum(x[0], x[1]), GradientVerdict.Kink, At(0, 1, 2), At(0, 1, 3)),
        Row<MaximumOp>("maximum beside a tie", x => Maximum(x[0], x[1]), At(1, 1.001), At(1.000001, 1)),
        Row<PowOp>("x to the 0", x => Pow(x[0], 0), At(0, 1, -2)),
        Row<PowOp>("x to the 1 and 2 at 0 and below", x => Pow(x[0], 1) + Pow(x[0], 2) + Pow(x[0], 3), At(0, -1.5)),
        Row<PowOp>("x to the −1", x => Pow(x[0], -1), At(0.1, -0.5)),
        Row<PowOp>("x to the 2.5 at 0", x => Pow(x[0], 2.5), At(0.5, 1e-3)),
        Row<PowOp>("0 to the b", x => Pow(Zeros([2], DType.Float64), x[0]), At(1.5, 0.5)),
        Row<PowOp>("0 to the b, both varying", x => Pow(x[0], x[1]), At(1e-3, 0.5), At(2, 2.5)),
        Row<ScaleCotangentOp>("scale of 0", x => ScaleCotangent(x[0], x[1]), At(0, 1), At(2, 0)),
        Row<WhereOp>("where of a branch that is singular", x => Where(x[0] > 0, Log(x[0]), x[0]), At(-1, 0.5)),
    ];

    private static IEnumerable<GradientCase> Unary<TOp>(Func<Node, Node> op, double low = 0.3, double high = 1.7) =>
        Views.Select(v => new GradientCase($"{Name<TOp>()} of {v.Name} in {low} to {high}", typeof(TOp), x => op(v.View(x[0])), [In(v.Given, low, high)]));

    private static IEnumerable<GradientCase> Binary<TOp>(Func<Node, Node, Node> op) =>
        Pairs.Select(p => new GradientCase($"{Name<TOp>()} of {p.Item1}, {p.Item2}", typeof(TOp), x => op(x[0], x[1]), [In(p.Item1), In(p.Item2)]));

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => Row<TOp>(name, apply, GradientVerdict.Passed, inputs);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, GradientVerdict worst, params CaseInput[] inputs) =>
        new(name, typeof(TOp), apply, inputs, worst);

    private static string Name<TOp>() => typeof(TOp).Name[..^2];
}
