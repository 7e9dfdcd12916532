using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class CholeskyWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, size, size);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                side.Keep(linalg.cholesky(x));
            },
            () => [side.Kept(0, "factor")])
        {
            Owned = [side],
        };
    }
}

/// <content>The others' side.</content>
internal sealed partial class LuWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, Size, Size);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                (Tensor factors, _) = linalg.lu_factor(x);
                side.Keep(factors);
            },
            () => [side.Kept(0, "factors")])
        {
            Owned = [side],
        };
    }
}

/// <content>The others' side.</content>
internal sealed partial class QrWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, Size, Size);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                (Tensor q, Tensor r) = linalg.qr(x);
                side.Keep(q, r);
            },
            () => [new Result("q", Magnitudes(side.Kept(0, "q").Values)), new Result("r", Magnitudes(side.Kept(1, "r").Values))])
        {
            Owned = [side],
        };
    }
}

/// <content>The others' side.</content>
internal sealed partial class SolveBatchWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, Batch, Size, Size);
        Tensor y = side.From(ys, Batch, Size, 1);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                side.Keep(linalg.solve(x, y));
            },
            () => [side.Kept(0, "x")])
        {
            Owned = [side],
        };
    }
}
