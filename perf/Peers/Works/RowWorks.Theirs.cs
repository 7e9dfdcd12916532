using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class SoftmaxCrossEntropyWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.Variable(xs, Rows, Columns);
        Tensor c = side.From(classes, Rows);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor loss = nn.functional.cross_entropy(x, c);
                side.Keep(loss, autograd.grad([loss], [x])[0]);
            },
            () => [side.Kept(0, "loss"), side.Kept(1, "dx")])
        {
            Owned = [side],
        };
    }
}

/// <content>The others' side.</content>
internal sealed partial class LayerNormWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.Variable(xs, Rows, Columns);
        Tensor g = side.From(gs, Rows, Columns);
        Tensor w = side.Variable(ws, Columns);
        Tensor b = side.Variable(bs, Columns);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor y = nn.functional.layer_norm(x, [Columns], w, b);
                IList<Tensor> gradients = autograd.grad([y], [x, w, b], [g]);
                side.Keep(y, gradients[0], gradients[1], gradients[2]);
            },
            () => [side.Kept(0, "y"), side.Kept(1, "dx"), side.Kept(2, "dw"), side.Kept(3, "db")])
        {
            Owned = [side],
        };
    }
}
