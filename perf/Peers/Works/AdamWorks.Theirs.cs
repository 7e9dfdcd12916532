using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class AdamWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        var w = side.Own(new TorchSharp.Modules.Parameter(side.From(ws, Count)));
        w.grad = side.From(gs, Count);
        Tensor initial = side.From(ws, Count);
        optim.Optimizer adam = optim.Adam([w], Rate);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                adam.step();
            },
            () => [Moved(TorchSide.Read(w))])
        {
            Reset = () =>
            {
                using IDisposable mode = no_grad();
                w.copy_(initial);
                adam.Dispose();
                adam = optim.Adam([w], Rate);
            },
            Owned = [side],
        };
    }
}
