using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddReductions()
    {
        Add("torch.sum", a => Sum(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.mean", a => Mean(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.prod", a => Prod(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.amax", a => Max(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.amin", a => Min(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.max", a => a.Has(1, "dim") ? Two(MaxWithIndex(a.Node(0), a.Int(1, "dim"), a.Flag(2, "keepdim"))) : Max(a.Node(0)));
        Add("torch.min", a => a.Has(1, "dim") ? Two(MinWithIndex(a.Node(0), a.Int(1, "dim"), a.Flag(2, "keepdim"))) : Min(a.Node(0)));
        Add("torch.argmax", a => ArgMax(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.argmin", a => ArgMin(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.logsumexp", a => LogSumExp(a.Node(0), a.Ints(1, "dim"), a.Flag(2, "keepdim")));
        Add("torch.var", a => Variance(a.Node(0), a.Ints(1, "dim"), a.Flag(3, "keepdim"), a.Flag(2, "unbiased", true) ? 1 : 0));
        Add("torch.std", a => Root(Variance(a.Node(0), a.Ints(1, "dim"), a.Flag(3, "keepdim"), a.Flag(2, "unbiased", true) ? 1 : 0)));
        Add("torch.linalg.vector_norm", a => Norm(a.Node(0), a.Double(1, "ord", 2), a.Ints(2, "dim")));
        Add("torch.linalg.norm", a => a.Text(1, "ord") == "fro" ? Norm(a.Node(0), 2, null) : throw new NotSupportedException("a norm by singular values"));
        Add("torch.dist", a => Norm(a.Node(0) - a.Node(1), a.Double(2, "p", 2), null));
        Add("torch.cdist", a => Norm(Unsqueeze(a.Node(0), 1) - Unsqueeze(a.Node(1), 0), 2, [2]));
        Add("torch.cumsum", a => CumulativeSum(a.Node(0), a.Int(1, "dim")));
        Add("torch.cumprod", a => CumulativeProduct(a.Node(0), a.Int(1, "dim")));
        Add("torch.cummax", a => Two(MaxWithIndex(Prefixes(a.Node(0), a.Int(1, "dim"), double.NegativeInfinity), -1), a.Int(1, "dim")));
        Add("torch.cummin", a => Two(MinWithIndex(Prefixes(a.Node(0), a.Int(1, "dim"), double.PositiveInfinity), -1), a.Int(1, "dim")));
        Add("torch.logcumsumexp", a => Transpose(LogSumExp(Prefixes(a.Node(0), a.Int(1, "dim"), double.NegativeInfinity), -1, keepDims: false), a.Int(1, "dim"), -1));
        Add("torch.median", a =>
        {
            Node x = a.Node(0);
            Node below = Sum(Cast(Unsqueeze(x, 0) < Unsqueeze(x, 1), DType.Int64), 1);
            return Sum(Where(Equal(below, (Size(x, 0) - 1) / 2), x, 0));
        });
        Add("torch.any", a => Max(Cast(a.Node(0), DType.Int64), a.Ints(1, "dim")) > 0);
        Add("torch.all", a => Min(Cast(a.Node(0), DType.Int64), a.Ints(1, "dim")) > 0);
        Add("torch.count_nonzero", a => Sum(Cast(NotEqual(a.Node(0), 0), DType.Int64), a.Ints(1, "dim")));
        Add("torch.nansum", a => Sum(Where(Equal(a.Node(0), a.Node(0)), a.Node(0), 0), a.Ints(1, "dim")));
        Add("torch.diff", a =>
        {
            (Node x, int axis) = (a.Node(0), a.Int(-1, "dim", -1));
            return Slice(x, axis, 1) - Slice(x, axis, 0, -1);
        });
        Add("torch.trapz", a =>
        {
            (Node y, Node x) = (a.Node(0), a.Node(1));
            return Sum((Slice(x, 0, 1) - Slice(x, 0, 0, -1)) * (Slice(y, 0, 1) + Slice(y, 0, 0, -1))) * 0.5;
        });
    }

    private static object?[] Two((Node First, Node Second) pair) => [pair.First, pair.Second];

    private static object?[] Two((Node First, Node Second) pair, int axis) => [Transpose(pair.First, axis, -1), Transpose(pair.Second, axis, -1)];

    /// <summary>√x with the slope 0 at 0, as PyTorch's norms and deviations have.</summary>
    private static Node Root(Node x) => Where(x > 0, Sqrt(x), 0);

    private static Node Norm(Node x, double order, Axes axes, bool keepDims = false) => order switch
    {
        1 => Sum(Abs(x), axes, keepDims),
        2 => Root(Sum(x * x, axes, keepDims)),
        double.PositiveInfinity => Max(Abs(x), axes, keepDims),
        _ => Pow(Sum(Pow(Abs(x), order), axes, keepDims), 1 / order),
    };

    private static Node LogSumExp(Node x, Axes axes, bool keepDims)
    {
        // A row of −∞ has no finite number to subtract.
        Node top = Detach(Max(x, axes, keepDims: true));
        Node finite = Where((top < double.PositiveInfinity) & (top > double.NegativeInfinity), top, 0);
        Node shifted = Log(Sum(Exp(x - finite), axes, keepDims: true)) + finite;
        return keepDims ? shifted : Reshape(shifted, Sum(x, axes).Shape);
    }

    private static Node CumulativeSum(Node x, int axis)
    {
        int last = x.Rank - 1;
        long size = Size(x, axis);
        Node upTo = Cast(Unsqueeze(Arange(size), 1) <= Unsqueeze(Arange(size), 0), x.DType);
        return Transpose(MatMul(Transpose(x, axis, last), upTo), axis, last);
    }

    private static Node CumulativeProduct(Node x, int axis) => Transpose(Prod(Prefixes(x, axis, 1), -1), axis, -1);

    /// <summary>The axis goes last, and every element becomes the elements up to it, filled up with a number.</summary>
    private static Node Prefixes(Node x, int axis, double fill)
    {
        Node last = Unsqueeze(Transpose(x, axis, -1), -2);
        long size = Size(x, axis);
        return Where(Unsqueeze(Arange(size), 0) <= Unsqueeze(Arange(size), 1), last, fill);
    }
}
