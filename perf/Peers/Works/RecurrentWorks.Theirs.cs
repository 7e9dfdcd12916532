using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class RecurrentWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.Variable(xs, steps, Batch, Size);
        nn.Module layer;
        Func<Tensor> outputs;
        if (gates == 4)
        {
            TorchSharp.Modules.LSTM lstm = side.Own(nn.LSTM(Size, Size));
            (layer, outputs) = (lstm, () => lstm.call(x).Item1);
        }
        else
        {
            TorchSharp.Modules.GRU gru = side.Own(nn.GRU(Size, Size));
            (layer, outputs) = (gru, () => gru.call(x).Item1);
        }

        Tensor[] own = [.. layer.parameters()];
        using (no_grad())
        {
            for (int i = 0; i < own.Length; i++)
            {
                using Tensor given = tensor(weights[i], own[i].shape);
                own[i].copy_(given);
            }
        }

        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor loss = outputs().square().mean();
                side.Keep([loss, .. autograd.grad([loss], [x, .. own])]);
            },
            () => [.. Names.Select((name, i) => side.Kept(i, name))])
        {
            Owned = [side],
        };
    }
}
