using System.Numerics.Tensors;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>A float64 input of a case: a shape, and either numbers or an interval to draw them from.</summary>
public sealed record CaseInput(Shape Shape, double[]? Values, double Low, double High)
{
    /// <summary>The sizes that symbols take in the table.</summary>
    private static readonly Dictionary<string, long> Sizes = new() { ["N"] = 3, ["M"] = 2 };

    public Tensor<double> Tensor(ulong seed)
    {
        long[] sizes = Shape.Evaluate(s => Sizes[s]);
        var random = new GraphCompiler.GradientChecking.CheckRandom(seed + 2);
        double[] numbers = Values ?? [.. Enumerable.Range(0, (int)TensorValue.CountOf(sizes)).Select(_ => random.Uniform(Low, High))];
        return System.Numerics.Tensors.Tensor.Create(numbers, sizes.Length == 0 ? [1] : [.. sizes.Select(s => (nint)s)]);
    }
}

/// <summary>A row of the table: an operation applied to inputs, and the worst verdict that is right there.</summary>
public sealed record GradientCase(string Name, Type Op, Func<Node[], Node> Apply, CaseInput[] Inputs, GradientVerdict Worst = GradientVerdict.Passed, int Order = 2)
{
    public static CaseInput In(Shape shape, double low = 0.3, double high = 1.7) => new(shape, null, low, high);

    public static CaseInput At(params double[] values) => new([values.Length], values, 0, 0);

    public Input<double>[] MakeInputs() => [.. Inputs.Select((input, i) => Ops.Input<double>($"x{i}", input.Shape, requiresGrad: true))];

    public Dictionary<Node, Tensor<double>> Values(IReadOnlyList<Node> inputs) =>
        inputs.Select((node, i) => (node, Inputs[i].Tensor((ulong)i + 17))).ToDictionary(p => p.node, p => p.Item2);

    public override string ToString() => Name;
}
