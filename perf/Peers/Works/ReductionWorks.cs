namespace GraphCompiler.Peers.Works;

/// <summary>Sums of a matrix over its rows or its columns: bound by memory.</summary>
/// <param name="axis">The axis that is summed over.</param>
internal sealed partial class ReduceWork(int axis) : Work
{
    private const int Size = 4096;
    private readonly float[] xs = Normal(1, Size * Size);

    public override string Name => $"reduce-axis{axis}";

    public override string Description => $"sum of {Size}x{Size} over axis {axis}";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", Size]);
        var sum = Compiler.Compile<Action<float[], float[]>>([x], x.Sum(axis), options: OurSystem.Options);
        float[] output = new float[Size];
        return new Contender(OurSystem.Name, () => sum(xs, output), () => [new Result("sum", output)]);
    }
}

/// <summary>Gelu by the error function of a million floats: the values and, for a given cotangent, the gradient.</summary>
internal sealed partial class GeluWork : Work
{
    private const int Count = 1_000_000;
    private readonly float[] xs = Normal(1, Count);
    private readonly float[] gs = Normal(2, Count);

    public override string Name => "gelu-step";

    public override string Description => "gelu (erf) of 1 M floats, values and gradient";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N"], requiresGrad: true);
        Input<float> g = Ops.Input("g", ["N"]);
        Node y = Ops.Gelu(x);
        Node dx = Ops.Vjp([y], [x], [g])[0];
        var step = Compiler.Compile<Action<float[], float[], float[], float[]>>([x, g], [y, dx], options: OurSystem.Options);
        float[] yOut = new float[Count];
        float[] dxOut = new float[Count];
        return new Contender(OurSystem.Name, () => step(xs, gs, yOut, dxOut), () => [new Result("y", yOut), new Result("dx", dxOut)]);
    }
}

/// <summary>Running sums along rows.</summary>
internal sealed partial class CumulativeSumWork : Work
{
    private const int Rows = 1024;
    private const int Columns = 1024;
    private readonly float[] xs = Normal(1, Rows * Columns);

    public override string Name => "cumsum";

    public override string Description => $"running sums along the rows of {Rows}x{Columns}";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", Columns]);
        var sums = Compiler.Compile<Action<float[], float[]>>([x], Ops.CumulativeSum(x, axis: 1), options: OurSystem.Options);
        float[] output = new float[Rows * Columns];
        return new Contender(OurSystem.Name, () => sums(xs, output), () => [new Result("sums", output)]);
    }
}

/// <summary>Rows in order.</summary>
internal sealed partial class SortWork : Work
{
    private const int Rows = 1024;
    private const int Columns = 1024;
    private readonly float[] xs = Normal(1, Rows * Columns);

    public override string Name => "sort";

    public override string Description => $"the rows of {Rows}x{Columns}, each sorted";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", Columns]);
        var sort = Compiler.Compile<Action<float[], float[]>>([x], Ops.Sort(x).Values, options: OurSystem.Options);
        float[] output = new float[Rows * Columns];
        return new Contender(OurSystem.Name, () => sort(xs, output), () => [new Result("sorted", output)]);
    }
}

/// <summary>Sums, running sums, sorting, and an activation whose gradient shares its work.</summary>
internal static class ReductionWorks
{
    public static IEnumerable<Work> All() => [new ReduceWork(0), new ReduceWork(1), new GeluWork(), new CumulativeSumWork(), new SortWork()];
}
