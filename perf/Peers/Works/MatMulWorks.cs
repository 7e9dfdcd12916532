using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <summary>The product of two square matrices, both arguments of the call: nothing can be packed beforehand.</summary>
internal sealed class MatMulWork(int size) : Work
{
    private readonly float[] xs = Normal(1, size * size);
    private readonly float[] ys = Normal(2, size * size);

    public override string Name => $"matmul-{size}";

    public override string Description => $"{size}x{size} times {size}x{size}";

    public override double Operations => 2.0 * size * size * size;

    public static IEnumerable<Work> All() => Enumerable.Range(6, 6).Select(power => new MatMulWork(1 << power));

    public override Contender Ours()
    {
        Leaf<float> x = Ops.Input("x", [size, size]);
        Leaf<float> y = Ops.Input("y", [size, size]);
        var product = Compiler.Compile<Action<float[], float[], float[]>>([x, y], Ops.MatMul(x, y), options: OurSystem.Options);
        float[] output = new float[size * size];
        return new Contender(Systems.OurName, () => product(xs, ys, output), () => [new Result("product", output)]);
    }

    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, size, size);
        Tensor y = side.From(ys, size, size);
        yield return new Contender(Systems.TorchName, () => side.Keep(matmul(x, y)), () => [side.Kept(0, "product")])
        {
            Owned = [side],
        };
    }
}

/// <summary>Products of many small square matrices.</summary>
internal sealed class BatchedMatMulWork(int batch, int size) : Work
{
    private readonly float[] xs = Normal(1, batch * size * size);
    private readonly float[] ys = Normal(2, batch * size * size);

    public override string Name => $"batched-{size}";

    public override string Description => $"{batch} products of {size}x{size} with {size}x{size}";

    public override double Operations => 2.0 * batch * size * size * size;

    public static IEnumerable<Work> All() => [new BatchedMatMulWork(1000, 8), new BatchedMatMulWork(256, 32)];

    public override Contender Ours()
    {
        Leaf<float> x = Ops.Input("x", [batch, size, size]);
        Leaf<float> y = Ops.Input("y", [batch, size, size]);
        var product = Compiler.Compile<Action<float[], float[], float[]>>([x, y], Ops.MatMul(x, y), options: OurSystem.Options);
        float[] output = new float[batch * size * size];
        return new Contender(Systems.OurName, () => product(xs, ys, output), () => [new Result("product", output)]);
    }

    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (!systems.HasTorch)
        {
            yield break;
        }

        var side = new TorchSide();
        Tensor x = side.From(xs, batch, size, size);
        Tensor y = side.From(ys, batch, size, size);
        yield return new Contender(Systems.TorchName, () => side.Keep(matmul(x, y)), () => [side.Kept(0, "product")])
        {
            Owned = [side],
        };
    }
}
