using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddElementwise()
    {
        Unary("torch.neg", Neg);
        Unary("torch.abs", Abs);
        Unary("torch.sign", Sign);
        Unary("torch.exp", Exp);
        Unary("torch.exp2", x => Pow(Real(2), x));
        Unary("torch.expm1", Expm1);
        Unary("torch.square", Square);
        Unary("torch.log", Log);
        Unary("torch.log2", x => Log(x) / Math.Log(2));
        Unary("torch.log10", x => Log(x) / Math.Log(10));
        Unary("torch.log1p", Log1P);
        Unary("torch.sqrt", Sqrt);
        Unary("torch.rsqrt", Rsqrt);
        Unary("torch.reciprocal", Reciprocal);
        Unary("torch.sin", Sin);
        Unary("torch.cos", Cos);
        Unary("torch.tan", x => Sin(x) / Cos(x));
        Unary("torch.sinh", x => (Exp(x) - Exp(-x)) * 0.5);
        Unary("torch.cosh", x => (Exp(x) + Exp(-x)) * 0.5);
        Unary("torch.tanh", Tanh);
        Unary("torch.atanh", x => (Log1P(x) - Log1P(-x)) * 0.5);
        Unary("torch.acosh", x => Log(x + Sqrt((x * x) - 1)));
        Unary("torch.asinh", x => Sign(x) * Log(Abs(x) + Sqrt((x * x) + 1)));
        Unary("torch.sigmoid", Sigmoid);
        Unary("torch.erf", Erf);
        Unary("torch.erfc", x => 1 - Erf(x));
        Unary("torch.floor", Floor);
        Unary("torch.ceil", x => -Floor(-x));
        Unary("torch.round", x =>
        {
            // Halves go to the even neighbour.
            Node up = Floor(x + 0.5);
            return Where(Equal(up - x, 0.5) & NotEqual(up, 2 * Floor(up / 2)), up - 1, up);
        });
        Unary("torch.trunc", Trunc);
        Unary("torch.frac", x => x - Trunc(x));
        Unary("torch.sinc", x =>
        {
            // sin(0)/0 is taken at 1 instead, and not used.
            Node zero = Equal(x, 0);
            Node angle = Where(zero, OnesLike(x), x * Math.PI);
            return Where(zero, OnesLike(x), Sin(angle) / angle);
        });
        Add("torch.logit", a =>
        {
            double epsilon = a.Double(1, "eps", 0);
            Node p = epsilon > 0 ? Clamp(a.Node(0), epsilon, 1 - epsilon) : a.Node(0);
            return Log(p) - Log1P(-p);
        });
        Add("torch.nan_to_num", a =>
        {
            Node x = a.Node(0);
            Node number = Where(NotEqual(x, x), a.Double(1, "nan", 0) + ZerosLike(x), x);
            number = Where(Equal(x, double.PositiveInfinity), ZerosLike(x) + a.Double(2, "posinf", 0), number);
            return Where(Equal(x, double.NegativeInfinity), ZerosLike(x) + a.Double(3, "neginf", 0), number);
        });
        Add("torch.pow", a => Binary("**", a.Positional[0], a.Positional[1]));
        Add("torch.clamp", a => a.Positional.Length == 3
            ? Clamp(a.Node(0), a.Node(1), a.Node(2))
            : Clamp(a.Node(0), a.Double(1, "min", double.NegativeInfinity), a.Double(2, "max", double.PositiveInfinity)));
        Add("torch.add", a => Binary("+", a.Positional[0], Binary("*", a.Positional[1], a.Find(-1, "alpha") ?? 1L)));
        Binary("torch.sub", Sub);
        Binary("torch.mul", Mul);
        Add("torch.div", a =>
        {
            (Node x, Node y) = Promote(a.Positional[0]!, a.Positional[1]!);
            return a.Text(2, "rounding_mode") switch
            {
                null => x / y,
                "floor" => x.DType.IsInteger() ? x / y : Floor(x / y),
                _ => Sign(x) * Sign(y) * (Abs(x) / Abs(y)),
            };
        });
        Binary("torch.maximum", Maximum);
        Binary("torch.minimum", Minimum);
        Binary("torch.fmax", (x, y) => Where((x >= y) | NotEqual(y, y), x, y));
        Binary("torch.fmin", (x, y) => Where((x <= y) | NotEqual(y, y), x, y));
        Binary("torch.remainder", (x, y) => x - (y * (x.DType.IsInteger() ? x / y : Floor(x / y))));
        Binary("torch.fmod", (x, y) => x - (y * Trunc(x / y)));
        Binary("torch.hypot", (x, y) => Sqrt((x * x) + (y * y)));
        Binary("torch.logaddexp", (x, y) => y + Softplus(x - y));
        Binary("torch.logaddexp2", (x, y) => y + (Softplus((x - y) * Math.Log(2)) / Math.Log(2)));
        Binary("torch.copysign", (x, y) => Where(GreaterEqual(y, 0), Abs(x), -Abs(x)));
        Binary("torch.xlogy", (x, y) =>
        {
            Node undefined = Equal(x, 0) & (y <= 0);
            return Where(undefined, 0 * x, x * Log(y));
        });
        Add("torch.lerp", a => a.Node(0) + (a.Node(2) * (a.Node(1) - a.Node(0))));
        Add("torch.addcmul", a => a.Node(0) + (a.Double(-1, "value", 1) * (a.Node(1) * a.Node(2))));
        Add("torch.addcdiv", a => a.Node(0) + (a.Double(-1, "value", 1) * (a.Node(1) / a.Node(2))));
        Add("torch.where", a =>
        {
            (Node x, Node y) = Promote(a.Positional[1]!, a.Positional[2]!);
            return Where(a.Node(0), x, y);
        });
        Binary("torch.eq", Equal);
        Binary("torch.ne", NotEqual);
        Binary("torch.lt", Less);
        Binary("torch.le", LessEqual);
        Binary("torch.gt", Greater);
        Binary("torch.ge", GreaterEqual);
        Binary("torch.logical_and", LogicalAnd);
        Binary("torch.logical_or", LogicalOr);
        Binary("torch.logical_xor", LogicalXor);
        Unary("Tensor.double", x => Cast(x, real));
        Unary("Tensor.bool", x => x.DType == DType.Bool ? x : NotEqual(x, 0));
        Unary("Tensor.detach", Detach);
        Unary("Tensor.clone", x => x);
        Unary("torch.zeros_like", ZerosLike);
        Unary("torch.ones_like", OnesLike);
        Add("torch.ones", a => Ones(Sizes([.. a.Positional]), real));
        Add("torch.zeros", a => Zeros(Sizes([.. a.Positional]), real));
    }

    /// <summary>exp(x) − 1 without the loss near 0.</summary>
    private static Node Expm1(Node x) => Tanh(x / 2) * (Exp(x) + 1);

    private static Node Trunc(Node x) => Where(x < 0, -Floor(-x), Floor(x));

    private static Shape Sizes(params object?[] sizes) => Shape.Of((sizes is [object?[] inner] ? inner : sizes).Select(s => (long)s!));
}
