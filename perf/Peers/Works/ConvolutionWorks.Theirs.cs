using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class ConvolutionWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        long[] inputSizes = [.. input.Select(d => (long)d)];
        long[] weightSizes = [.. weight.Select(d => (long)d)];
        Tensor x = step ? side.Variable(xs, inputSizes) : side.From(xs, inputSizes);
        Tensor w = step ? side.Variable(ws, weightSizes) : side.From(ws, weightSizes);
        long pad = kernel / 2;
        if (!step)
        {
            yield return new Contender(
                Systems.TorchName,
                () => side.Keep(nn.functional.conv2d(x, w, strides: [stride, stride], padding: [pad, pad], groups: groups)),
                () => [side.Kept(0, "result")])
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
                Tensor loss = nn.functional.conv2d(x, w, strides: [stride, stride], padding: [pad, pad], groups: groups).pow(2).sum();
                IList<Tensor> gradients = autograd.grad([loss], [x, w]);
                side.Keep(loss, gradients[0], gradients[1]);
            },
            () => [side.Kept(0, "loss"), side.Kept(1, "dx"), side.Kept(2, "dw")])
        {
            Owned = [side],
        };
    }
}
