using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class ChainWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor[] t = [.. inputs.Select(values => side.From(values, Count))];
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                side.Keep(((t[0] * t[1]) + t[2]).relu() * t[3] - t[0]);
            },
            () => [side.Kept(0, "z")])
        {
            Owned = [side],
        };
    }
}
