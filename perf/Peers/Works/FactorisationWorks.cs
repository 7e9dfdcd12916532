namespace GraphCompiler.Peers.Works;

/// <summary>The Cholesky factor of a symmetric positive definite matrix.</summary>
internal sealed partial class CholeskyWork(int size) : Work
{
    private readonly float[] xs = Definite(size);

    public override string Name => $"cholesky-{size}";

    public override string Description => $"the Cholesky factor of a {size}x{size} matrix";

    public override double Operations => (double)size * size * size / 3;

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", [size, size]);
        var run = Compiler.Compile<Action<float[], float[]>>([x], [Ops.Cholesky(x)], options: OurSystem.Options);
        float[] factor = new float[size * size];
        return new Contender(OurSystem.Name, () => run(xs, factor), () => [new Result("factor", factor)]);
    }

    private static float[] Definite(int size)
    {
        float[] values = Normal(1, size * size);
        for (int i = 0; i < size; i++)
        {
            values[(i * size) + i] = 3 * size;
            for (int j = 0; j < i; j++)
            {
                values[(j * size) + i] = values[(i * size) + j];
            }
        }

        return values;
    }
}

/// <summary>The factors of a matrix, with partial pivoting.</summary>
internal sealed partial class LuWork : Work
{
    private const int Size = 256;
    private readonly float[] xs = Normal(1, Size * Size);

    public override string Name => $"lu-{Size}";

    public override string Description => $"LU of a {Size}x{Size} matrix, with partial pivoting";

    public override double Operations => 2.0 * Size * Size * Size / 3;

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", [Size, Size]);
        (Node factors, Node rows) = Ops.LUFactor(x);
        var run = Compiler.Compile<Action<float[], float[], long[]>>([x], [factors, rows], options: OurSystem.Options);
        float[] result = new float[Size * Size];
        long[] order = new long[Size];
        return new Contender(OurSystem.Name, () => run(xs, result, order), () => [new Result("factors", result, 1e-3)]);
    }
}

/// <summary>The reduced Q and R of a matrix.</summary>
internal sealed partial class QrWork : Work
{
    private const int Size = 256;
    private readonly float[] xs = Normal(1, Size * Size);

    public override string Name => $"qr-{Size}";

    public override string Description => $"QR of a {Size}x{Size} matrix, both factors";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", [Size, Size]);
        (Node q, Node r) = Ops.QR(x);
        var run = Compiler.Compile<Action<float[], float[], float[]>>([x], [q, r], options: OurSystem.Options);
        float[] first = new float[Size * Size];
        float[] second = new float[Size * Size];

        // The signs of R's rows are left open elsewhere, so magnitudes are compared.
        return new Contender(OurSystem.Name, () => run(xs, first, second), () => [new Result("q", Magnitudes(first), 1e-3), new Result("r", Magnitudes(second), 1e-3)]);
    }

    private static float[] Magnitudes(float[] values) => Array.ConvertAll(values, Math.Abs);
}

/// <summary>Many small systems of equations, each with one right side.</summary>
internal sealed partial class SolveBatchWork : Work
{
    private const int Batch = 1000;
    private const int Size = 8;
    private readonly float[] xs = Regular();
    private readonly float[] ys = Normal(2, Batch * Size);

    public override string Name => "solve-batch";

    public override string Description => $"{Batch} systems of {Size} equations";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", [Batch, Size, Size]);
        Input<float> y = Ops.Input("y", [Batch, Size, 1]);
        var run = Compiler.Compile<Action<float[], float[], float[]>>([x, y], [Ops.Solve(x, y)], options: OurSystem.Options);
        float[] result = new float[Batch * Size];
        return new Contender(OurSystem.Name, () => run(xs, ys, result), () => [new Result("x", result)]);
    }

    private static float[] Regular()
    {
        float[] values = Normal(1, Batch * Size * Size);
        for (int i = 0; i < Batch * Size; i++)
        {
            values[(i * Size) + (i % Size)] += 2 * Size;
        }

        return values;
    }
}

/// <summary>The works of linear algebra.</summary>
internal static class FactorisationWorks
{
    public static IEnumerable<Work> All() => [new CholeskyWork(256), new CholeskyWork(1024), new LuWork(), new QrWork(), new SolveBatchWork()];
}
