using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GraphCompiler.Peers;

/// <summary>What the TorchSharp sides share. Results of a run are kept until the next, for they are what is compared.</summary>
internal sealed class TorchSide : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private Tensor[] last = [];

    public Tensor From(float[] values, params ReadOnlySpan<long> shape) => Own(tensor(values, shape));

    public Tensor From(long[] values, params ReadOnlySpan<long> shape) => Own(tensor(values, shape));

    /// <summary>A tensor that gradients are taken with respect to.</summary>
    public Tensor Variable(float[] values, params ReadOnlySpan<long> shape) => From(values, shape).requires_grad_();

    public T Own<T>(T item)
        where T : IDisposable
    {
        owned.Add(item);
        return item;
    }

    /// <summary>Keeps the results of a run, out of its dispose scope, and frees those of the run before.</summary>
    public void Keep(params ReadOnlySpan<Tensor> results)
    {
        Free();
        last = results.ToArray();
        foreach (Tensor result in last)
        {
            result.DetachFromDisposeScope();
        }
    }

    /// <summary>A contender that owns this side, from what it computes anew in each run.</summary>
    public Contender Measured(Func<Tensor[]> run, params string[] names) => new(
        Systems.TorchName,
        () =>
        {
            using DisposeScope scope = NewDisposeScope();
            Keep(run());
        },
        () => [.. names.Select((name, i) => Kept(i, name))])
    {
        Owned = [this],
    };

    public Result Kept(int index, string name) => new(name, Read(last[index]));

    public static float[] Read(Tensor t)
    {
        using Tensor dense = t.detach().contiguous();
        return dense.data<float>().ToArray();
    }

    /// <summary>Sequential of Linear and activations, holding given weights.</summary>
    public Sequential Mlp(MlpWeights mlp, Func<nn.Module<Tensor, Tensor>> activation)
    {
        List<nn.Module<Tensor, Tensor>> modules = [];
        for (int layer = 0; layer < mlp.Layers; layer++)
        {
            Linear linear = nn.Linear(mlp.Sizes[layer], mlp.Sizes[layer + 1]);
            modules.Add(linear);
            if (layer < mlp.Layers - 1)
            {
                modules.Add(activation());
            }
        }

        Sequential model = Own(nn.Sequential(modules));
        Load(model, mlp);
        return model;
    }

    /// <summary>Puts given weights into a model made by <see cref="Mlp"/>.</summary>
    public static void Load(Sequential model, MlpWeights mlp)
    {
        using IDisposable _ = no_grad();
        Tensor[] parameters = [.. model.parameters()];
        for (int layer = 0; layer < mlp.Layers; layer++)
        {
            using Tensor weight = tensor(mlp.Transposed(layer), [mlp.Sizes[layer + 1], mlp.Sizes[layer]]);
            using Tensor bias = tensor(mlp.Biases[layer], [mlp.Sizes[layer + 1]]);
            parameters[2 * layer].copy_(weight);
            parameters[(2 * layer) + 1].copy_(bias);
        }
    }

    public void Dispose()
    {
        Free();
        for (int i = owned.Count - 1; i >= 0; i--)
        {
            owned[i].Dispose();
        }
    }

    private void Free()
    {
        foreach (Tensor result in last)
        {
            result.Dispose();
        }
    }
}
