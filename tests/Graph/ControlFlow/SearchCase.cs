using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>What a function built on loops finds, of inputs x0, x1, … in [0.5, 1.5], and the closed form of it.</summary>
internal sealed record SearchCase(string Name, Shape[] Inputs, Func<Node[], Node> Find, Func<Node[], Node> ClosedForm, double Tolerance = 1e-8)
{
    public static IEnumerable<SearchCase> All => [.. Roots, .. Minimizers, .. Equations, .. Integrals];

    private static IEnumerable<SearchCase> Roots =>
    [
        new("a linear fixed point", [[3, 3], [3]], x => FixedPoint(v => MatMul(x[0] * 0.2, v) + x[1], ZerosLike(x[1])).Value, x => Solve(Eye(3, dtype: x[0].DType) - (x[0] * 0.2), x[1])),
        new("a continued fraction", [[2, 2]], x => FixedPoint(v => x[0] / (1 + v), OnesLike(x[0])).Value, x => (Sqrt(1 + (4 * x[0])) - 1) / 2),
        new("a slow fixed point, steps combined", [[3], [3]], x => FixedPoint(v => ((1 - (0.02 * x[0])) * v) + x[1], ZerosLike(x[0]), memory: 3).Value, x => x[1] / (0.02 * x[0]), 1e-6),
        new("a fixed point of a number", [[]], x => FixedPoint(v => (v + x[0]) / 2, x[0] * 3).Value, x => x[0]),
        new("a square root", [[]], x => FindRoot(v => Square(v) - x[0], OnesLike(x[0])).Value, x => Sqrt(x[0])),
        new(
            "numbers of a sum and a product",
            [[2, 4], [2, 4]],
            x => FindRoot(v => Stack([Select(v, -1, 0) + Select(v, -1, 1) - (3 + x[0]), (Select(v, -1, 0) * Select(v, -1, 1)) - x[1]], -1), Stack([x[0] + 3, ZerosLike(x[0])], -1)).Value,
            x => Stack([(3 + x[0] + Discriminant(x)) / 2, (3 + x[0] - Discriminant(x)) / 2], -1)),
        new(
            "cube roots between ends",
            [[5]],
            x => Bisect(v => (v * v * v) - (x[0] - 1), Full([5], -4, x[0].DType), Number(4, x[0])).Value,
            x => Sign(x[0] - 1) * Pow(Abs(x[0] - 1), 1.0 / 3),
            1e-6),
    ];

    private static IEnumerable<SearchCase> Minimizers =>
    [
        new(
            "a quadratic form",
            [[3, 3], [3]],
            x => MinimizeLbfgs(w => (Sum(w * MatMul(Form(x[0]), w)) / 2) - Sum(x[1] * w), ZerosLike(x[1]), Strict(x)).X,
            x => Solve(Form(x[0]), x[1]),
            1e-7),
        new("logarithms", [[2, 3]], x => MinimizeLbfgs(w => Sum(Exp(w) - (x[0] * w)), ZerosLike(x[0]), Strict(x)).X, x => Log(x[0]), 1e-7),
        new(
            "the least of Rosenbrock's function",
            [[]],
            x => MinimizeLbfgs(w => Square(x[0] - w[0]) + (100 * Square(w[1] - Square(w[0]))), Constant([-1.2, 1.0]).To(x[0]), Strict(x)).X,
            x => Stack([x[0], Square(x[0])]),
            1e-6),
        new(
            "an exponential through points",
            [[2], [2]],
            x => Ops.LevenbergMarquardt(p => Decay(Slice(p, -1, 0, 1), Slice(p, -1, 1, 2)) - Decay(Unsqueeze(x[0], -1), Unsqueeze(x[1], -1)), Ones([2, 2], x[0].DType)).X,
            x => Stack([x[0], x[1]], -1),
            1e-7),
        new("a line beside points", [[5, 2], [5]], x => Ops.LevenbergMarquardt(p => MatMul(x[0], p) - x[1], Zeros([2], x[0].DType)).X, x => LeastSquares(x[0], x[1]), 1e-7),
        new("what is least there", [[5, 2], [5]], x => Ops.LevenbergMarquardt(p => MatMul(x[0], p) - x[1], Zeros([2], x[0].DType)).Value, x => Sum(Square(MatMul(x[0], LeastSquares(x[0], x[1])) - x[1])) / 2, 1e-7),
    ];

    private static IEnumerable<SearchCase> Equations =>
    [
        Equation("decay", [[3], [3]], (x, t) => Solution(x, x[1], t, (_, y) => -x[0] * y), (x, t) => x[1] * Exp(-x[0] * Unsqueeze(t, -1))),
        Equation("decay, through the steps", [[3], [3]], (x, t) => Solution(x, x[1], t, (_, y) => -x[0] * y, OdeGradient.Steps), (x, t) => x[1] * Exp(-x[0] * Unsqueeze(t, -1))),
        Equation(
            "an oscillator, backward in time",
            [[]],
            (x, t) => Solution(x, Constant([1.0, 0]).To(x[0]), -t, (_, y) => Stack([y[1], -Square(x[0]) * y[0]])),
            (x, t) => Stack([Cos(x[0] * t), x[0] * Sin(x[0] * t)], -1)),
        Equation(
            "masses on springs, in parts",
            [[2], []],
            (x, t) => OdeSolve((_, y) => [y[1], -Square(x[1]) * y[0]], [x[0], ZerosLike(x[0])], t, x[0].DType == DType.Float64 ? 1e-10 : 1e-5).Values is var (q, v) ? q + v : t,
            (x, t) => Unsqueeze(Cos(x[1] * t) - (x[1] * Sin(x[1] * t)), -1) * x[0]),
        new(
            "a slope of the time, at times that move",
            [[4], []],
            x => Solution(x, x[1], CumulativeSum(x[0], 0), (t, _) => x[1] * t),
            x => x[1] * (1 + ((Square(CumulativeSum(x[0], 0)) - Square(x[0][0])) / 2)),
            1e-7),
    ];

    private static IEnumerable<SearchCase> Integrals =>
    [
        new("up to an end that moves", [[], []], x => Integrate(t => Exp(-x[1] * t), ZerosLike(x[0]), x[0]).Value, x => (1 - Exp(-x[0] * x[1])) / x[1]),
        new("bells", [[3]], x => Integrate(t => Exp(-x[0] * Square(t)), Number(double.NegativeInfinity, x[0]), Number(double.PositiveInfinity, x[0])).Value, x => Sqrt(Math.PI / x[0]), 1e-7),
        new("tails", [[], [2]], x => Integrate(t => Exp(-x[1] * t), x[0], Number(double.PositiveInfinity, x[0])).Value, x => Exp(-x[1] * x[0]) / x[1], 1e-7),
        new("tails on the other side", [[], [2]], x => Integrate(t => Exp(x[1] * t), Number(double.NegativeInfinity, x[0]), x[0]).Value, x => Exp(x[1] * x[0]) / x[1], 1e-7),
    ];

    public override string ToString() => Name;

    private static SearchCase Equation(string name, Shape[] inputs, Func<Node[], Node, Node> solve, Func<Node[], Node, Node> closedForm) =>
        new(name, inputs, x => solve(x, Constant([0, 0.4, 1.1]).To(x[0])), x => closedForm(x, Constant([0, 0.4, 1.1]).To(x[0])), 1e-7);

    private static Node Solution(Node[] x, Node start, Node times, Func<Node, Node, Node> slope, OdeGradient gradient = OdeGradient.Adjoint) =>
        OdeSolve(slope, start, times, x[0].DType == DType.Float64 ? 1e-10 : 1e-5, maxSteps: 100, gradient: gradient).Values;

    private static double Strict(Node[] x) => x[0].DType == DType.Float64 ? 1e-11 : 1e-4;

    private static Node Discriminant(Node[] x) => Sqrt(Square(3 + x[0]) - (4 * x[1]));

    private static Node Form(Node a) => MatMul(a, Transpose(a)) + Eye(3, dtype: a.DType);

    private static Node Decay(Node size, Node rate) => size * Exp(-rate * Arange(6, 0, 0.5, size.DType));

    private static Node Number(double value, Node like) => Constant(value).To(like);
}

/// <summary>Short ways to write cases of either dtype.</summary>
internal static class SearchCaseParts
{
    public static Node To(this Node x, Node like) => Cast(x, like.DType);
}
