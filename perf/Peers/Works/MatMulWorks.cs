namespace GraphCompiler.Peers.Works;

/// <summary>The product of two square matrices, or of a batch of them, both arguments of the call: nothing can be packed beforehand.</summary>
internal sealed partial class MatMulWork(int size, int batch = 1) : Work
{
    private readonly int[] shape = batch == 1 ? [size, size] : [batch, size, size];
    private readonly float[] xs = Normal(1, batch * size * size);
    private readonly float[] ys = Normal(2, batch * size * size);

    public override string Name => batch == 1 ? $"matmul-{size}" : $"batched-{size}";

    public override string Description => $"{(batch == 1 ? string.Empty : $"{batch} products of ")}{size}x{size} times {size}x{size}";

    public override double Operations => 2.0 * batch * size * size * size;

    public static IEnumerable<Work> All() => [.. Enumerable.Range(6, 6).Select(power => new MatMulWork(1 << power)), new MatMulWork(8, batch: 1000), new MatMulWork(32, batch: 256)];

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", [.. shape.Select(d => (Dim)d)]);
        Input<float> y = Ops.Input("y", [.. shape.Select(d => (Dim)d)]);
        var product = Compiler.Compile<Action<float[], float[], float[]>>([x, y], Ops.MatMul(x, y), options: OurSystem.Options);
        float[] output = new float[xs.Length];
        return new Contender(OurSystem.Name, () => product(xs, ys, output), () => [new Result("product", output)]);
    }
}
