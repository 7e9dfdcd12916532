using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class ReduceWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, Size, Size);
        yield return side.Measured(() => [x.sum(axis)], "sum");
    }
}

/// <content>The others' side.</content>
internal sealed partial class GeluWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.Variable(xs, Count);
        Tensor g = side.From(gs, Count);
        yield return side.Measured(
            () =>
            {
                Tensor y = nn.functional.gelu(x);
                return [y, autograd.grad([y], [x], [g])[0]];
            },
            "y",
            "dx");
    }
}

/// <content>The others' side.</content>
internal sealed partial class CumulativeSumWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, Rows, Columns);
        yield return side.Measured(() => [x.cumsum(1)], "sums");
    }
}

/// <content>The others' side.</content>
internal sealed partial class SortWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, Rows, Columns);
        yield return side.Measured(() => [x.sort(1).Values], "sorted");
    }
}
