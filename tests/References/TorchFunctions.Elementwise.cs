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
        Unary("torch.exp2", Exp2);
        Unary("torch.expm1", ExpM1);
        Unary("torch.square", Square);
        Unary("torch.log", Log);
        Unary("torch.log2", Log2);
        Unary("torch.log10", Log10);
        Unary("torch.log1p", Log1P);
        Unary("torch.sqrt", Sqrt);
        Unary("torch.rsqrt", Rsqrt);
        Unary("torch.reciprocal", Reciprocal);
        Unary("torch.sin", Sin);
        Unary("torch.cos", Cos);
        Unary("torch.tan", Tan);
        Unary("torch.asin", Asin);
        Unary("torch.acos", Acos);
        Unary("torch.atan", Atan);
        Binary("torch.atan2", Atan2);
        Unary("torch.sinh", Sinh);
        Unary("torch.cosh", Cosh);
        Unary("torch.tanh", Tanh);
        Unary("torch.atanh", Atanh);
        Unary("torch.acosh", Acosh);
        Unary("torch.asinh", Asinh);
        Unary("torch.sigmoid", Sigmoid);
        Unary("torch.erf", Erf);
        Unary("torch.erfc", Erfc);
        foreach (string module in (ReadOnlySpan<string>)["torch", "torch.special"])
        {
            Unary($"{module}.erfinv", ErfInv);
            Unary($"{module}.digamma", Digamma);
            Unary($"{module}.i0", BesselI0);
        }

        Unary("torch.lgamma", LogGamma);
        Unary("torch.floor", Floor);
        Unary("torch.ceil", Ceil);
        Unary("torch.round", Round);
        Unary("torch.trunc", Trunc);
        Unary("torch.frac", Frac);
        Unary("torch.sinc", Sinc);
        Add("torch.logit", a => Logit(a.Node(0), a.Double(1, "eps", 0)));
        Add("torch.nan_to_num", a => NaNToNumber(a.Node(0), a.Double(1, "nan", 0), a.Double(2, "posinf", double.MaxValue), a.Double(3, "neginf", double.MinValue)));
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
                "floor" => FloorDivide(x, y),
                _ => TruncDivide(x, y),
            };
        });
        Binary("torch.maximum", Maximum);
        Binary("torch.minimum", Minimum);
        Binary("torch.fmax", FMax);
        Binary("torch.fmin", FMin);
        Binary("torch.remainder", Remainder);
        Binary("torch.fmod", FMod);
        Binary("torch.hypot", Hypot);
        Binary("torch.logaddexp", LogAddExp);
        Binary("torch.logaddexp2", LogAddExp2);
        Binary("torch.copysign", CopySign);
        Binary("torch.bitwise_and", BitwiseAnd);
        Binary("torch.bitwise_or", BitwiseOr);
        Binary("torch.bitwise_xor", BitwiseXor);
        Binary("torch.xlogy", XLogY);
        Add("torch.lerp", a => Lerp(a.Node(0), a.Node(1), a.Node(2)));
        Add("torch.addcmul", a => AddCMul(a.Node(0), a.Node(1), a.Node(2), a.Double(-1, "value", 1)));
        Add("torch.addcdiv", a => AddCDiv(a.Node(0), a.Node(1), a.Node(2), a.Double(-1, "value", 1)));
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

    private static Shape Sizes(params object?[] sizes) => Shape.Of((sizes is [object?[] inner] ? inner : sizes).Select(s => (long)s!));
}
