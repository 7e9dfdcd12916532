using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class MlpTrainingWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Sequential model = side.Mlp(mlp, () => nn.ReLU());
        Tensor x = side.From(xs, batch, 784);
        Tensor c = side.From(classes, batch);
        TorchSharp.Modules.Parameter[] parameters = [.. model.parameters()];
        optim.Optimizer adam = optim.Adam(parameters, Rate);
        yield return new Contender(
            Systems.TorchName,
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                adam.zero_grad();
                Tensor loss = nn.functional.cross_entropy(model.forward(x), c);
                loss.backward();
                adam.step();
                side.Keep(loss);
            },
            () => [side.Kept(0, "loss"), .. parameters.Select((p, i) => Moved(i, Values(p, i)))])
        {
            Reset = () =>
            {
                TorchSide.Load(model, mlp);
                adam.Dispose();
                adam = optim.Adam(parameters, Rate);
            },
            Owned = [side],
        };
    }

    /// <summary>A parameter of torch in our layout.</summary>
    private static float[] Values(Tensor parameter, int index)
    {
        using Tensor ours = index % 2 == 0 ? parameter.detach().t() : parameter.detach();
        return TorchSide.Read(ours);
    }
}
