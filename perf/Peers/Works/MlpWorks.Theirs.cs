using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class MlpWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (systems.HasOnnx)
        {
            float[] output = new float[batch * sizes[^1]];
            byte[] model = OnnxModels.Mlp(mlp, tanh ? "Tanh" : "Relu");
            yield return OnnxModels.Session(model, systems.Threads, (xs, [batch, sizes[0]]), (output, [batch, sizes[^1]]));
        }

        if (systems.HasTorch)
        {
            var side = new TorchSide();
            Sequential model = side.Mlp(mlp, () => tanh ? nn.Tanh() : nn.ReLU());
            model.eval();
            Tensor x = side.From(xs, batch, sizes[0]);
            yield return new Contender(
                Systems.TorchName,
                () =>
                {
                    using IDisposable mode = inference_mode();
                    side.Keep(model.forward(x));
                },
                () => [side.Kept(0, "y")])
            {
                Owned = [side],
            };
        }
    }
}
