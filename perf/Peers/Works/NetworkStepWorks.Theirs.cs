using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class DigitsNetworkWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, Batch, 1, 28, 28);
        Tensor c = side.From(classes, Batch);
        TorchSharp.Modules.Parameter[] p = [.. Shapes.Select((s, i) => side.Own(new TorchSharp.Modules.Parameter(tensor(initial[i], [.. s.Select(d => (long)d)]))))];
        optim.Optimizer adam = optim.Adam(p, Rate);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                adam.zero_grad();
                Tensor h = nn.functional.max_pool2d(nn.functional.relu(nn.functional.conv2d(x, p[0], p[1], padding: [1L, 1L])), [2L, 2L]);
                h = nn.functional.max_pool2d(nn.functional.relu(nn.functional.conv2d(h, p[2], p[3], padding: [1L, 1L])), [2L, 2L]);
                Tensor loss = nn.functional.cross_entropy(nn.functional.linear(h.flatten(1), p[4], p[5]), c);
                loss.backward();
                adam.step();
                side.Keep(loss);
            },
            () => [side.Kept(0, "loss"), .. p.Select((values, i) => Moved(i, TorchSide.Read(values)))])
        {
            Reset = () =>
            {
                using (no_grad())
                {
                    for (int i = 0; i < p.Length; i++)
                    {
                        using Tensor first = tensor(initial[i], [.. Shapes[i].Select(d => (long)d)]);
                        p[i].copy_(first);
                    }
                }

                adam.Dispose();
                adam = optim.Adam(p, Rate);
            },
            Owned = [side],
        };
    }
}

/// <content>The others' side.</content>
internal sealed partial class ResidualBlockWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        long[] sizes = [.. Sizes.Select(d => (long)d)];
        Tensor x = side.Variable(xs, sizes);
        Tensor g = side.From(seed, sizes);
        Tensor[] p = [.. Shapes.Select((s, i) => side.Variable(values[i], [.. s.Select(d => (long)d)]))];
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor h = nn.functional.relu(Norm(nn.functional.conv2d(x, p[0], padding: [1L, 1L]), p[1], p[2]));
                Tensor y = nn.functional.relu(Norm(nn.functional.conv2d(h, p[3], padding: [1L, 1L]), p[4], p[5]) + x);
                Tensor loss = (y * g).sum();
                side.Keep([loss, .. autograd.grad([loss], [x, .. p])]);
            },
            () => [side.Kept(0, "loss") with { Tolerance = 1e-3 }, side.Kept(1, "dx") with { Tolerance = Tolerance }, .. p.Select((_, i) => side.Kept(2 + i, $"gradient of parameter {i}") with { Tolerance = Tolerance })])
        {
            Owned = [side],
        };

        static Tensor Norm(Tensor values, Tensor weight, Tensor bias)
        {
            using Tensor mean = zeros(Channels);
            using Tensor variance = ones(Channels);
            return nn.functional.batch_norm(values, mean, variance, weight, bias, training: true);
        }
    }
}
