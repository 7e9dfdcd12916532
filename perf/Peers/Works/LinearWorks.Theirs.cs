using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class LinearWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, 4, 4);
        Tensor y = side.From(ys, 4, 1);
        Tensor w = side.Variable(ws, 4, 1);
        Tensor b = side.Variable(bs, 1);
        if (split)
        {
            yield return new Contender(
                Systems.TorchName,
                () =>
                {
                    using DisposeScope scope = NewDisposeScope();
                    w.grad?.zero_();
                    b.grad?.zero_();
                    Tensor loss = (x.matmul(w) + b - y).pow(2).sum();
                    loss.backward();
                    side.Keep(loss);
                },
                () => [side.Kept(0, "loss"), new Result("dw", TorchSide.Read(w.grad!)), new Result("db", TorchSide.Read(b.grad!))])
            {
                Owned = [side],
            };
            yield break;
        }

        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor loss = (x.matmul(w) + b - y).pow(2).sum();
                IList<Tensor> gradients = autograd.grad([loss], [w, b]);
                side.Keep(loss, gradients[0], gradients[1]);
            },
            () => [side.Kept(0, "loss"), side.Kept(1, "dw"), side.Kept(2, "db")])
        {
            Owned = [side],
        };
    }
}
