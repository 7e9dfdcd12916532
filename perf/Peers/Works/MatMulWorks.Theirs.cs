using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class MatMulWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, [.. shape.Select(d => (long)d)]);
        Tensor y = side.From(ys, [.. shape.Select(d => (long)d)]);
        yield return new Contender(Systems.TorchName, () => side.Keep(matmul(x, y)), () => [side.Kept(0, "product")])
        {
            Owned = [side],
        };
    }
}
