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
        Add("torch.std", a => StandardDeviation(a.Node(0), a.Ints(1, "dim"), a.Flag(3, "keepdim"), a.Flag(2, "unbiased", true) ? 1 : 0));
        Add("torch.linalg.vector_norm", a => Norm(a.Node(0), a.Double(1, "ord", 2), a.Ints(2, "dim")));
        Add("torch.linalg.norm", a => MatrixNorm(a.Node(0), a.Find(1, "ord") switch
        {
            "fro" => MatrixNormKind.Frobenius,
            "nuc" => MatrixNormKind.Nuclear,
            2L => MatrixNormKind.Spectral,
            var ord => throw new NotSupportedException($"the norm {ord}"),
        }));
        Add("torch.dist", a => Dist(a.Node(0), a.Node(1), a.Double(2, "p", 2)));
        Add("torch.cdist", a => CDist(a.Node(0), a.Node(1)));
        Add("torch.cumsum", a => CumulativeSum(a.Node(0), a.Int(1, "dim")));
        Add("torch.cumprod", a => CumulativeProduct(a.Node(0), a.Int(1, "dim")));
        Add("torch.cummax", a => Two(CumulativeMax(a.Node(0), a.Int(1, "dim"))));
        Add("torch.cummin", a => Two(CumulativeMin(a.Node(0), a.Int(1, "dim"))));
        Add("torch.logcumsumexp", a => LogCumulativeSumExp(a.Node(0), a.Int(1, "dim")));
        Add("torch.median", a => a.Has(1, "dim") ? Two(MedianWithIndex(a.Node(0), a.Int(1, "dim"), a.Flag(2, "keepdim"))) : Median(a.Node(0)));
        Add("torch.any", a => Any(a.Node(0), a.Ints(1, "dim")));
        Add("torch.all", a => All(a.Node(0), a.Ints(1, "dim")));
        Add("torch.count_nonzero", a => CountNonZero(a.Node(0), a.Ints(1, "dim")));
        Add("torch.nansum", a => NaNSum(a.Node(0), a.Ints(1, "dim")));
        Add("torch.diff", a => Diff(a.Node(0), axis: a.Int(-1, "dim", -1)));
        Add("torch.trapz", a => Trapezoid(a.Node(0), a.Node(1)));
    }

    private static object?[] Several(NodeList nodes) => [.. nodes];

    private static object?[] Two((Node First, Node Second) pair) => [pair.First, pair.Second];
}
