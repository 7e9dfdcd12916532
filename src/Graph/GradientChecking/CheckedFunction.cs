namespace GraphCompiler.GradientChecking;

/// <summary>
/// A function of some leaves at a point, its gradient graph, and the lines along which it is varied: what analytic and numeric derivatives are
/// taken of, be it a whole model or one operation.
/// </summary>
internal sealed class CheckedFunction
{
    private readonly Dictionary<Node, TensorValue> point;
    private readonly Node[] inputs;
    private readonly Node[] targets;
    private readonly Node[] cotangents;
    private readonly long[][] outputShapes;
    private readonly Node?[] gradients;
    private readonly Func<IReadOnlyList<TensorValue>, TensorValue[]> run;
    private readonly Func<IReadOnlyList<TensorValue>, TensorValue[]> runGradients;

    /// <param name="evaluator">How to compute.</param>
    /// <param name="outputs">float64 nodes over leaves.</param>
    /// <param name="targets">float64 leaves.</param>
    /// <param name="point">The leaves' values.</param>
    /// <param name="symbol">The symbols' values.</param>
    /// <param name="pull">The gradient graph: from outputs, their cotangents and targets to the cotangents of targets, null for zero. It has these leaves.</param>
    public CheckedFunction(
        IGraphEvaluator evaluator,
        IReadOnlyList<Node> outputs,
        IReadOnlyList<Node> targets,
        IReadOnlyDictionary<Node, TensorValue> point,
        Func<string, long> symbol,
        Func<IReadOnlyList<Node>, IReadOnlyList<Node>, IReadOnlyList<Node>, IReadOnlyList<Node?>> pull)
    {
        this.targets = [.. targets];
        this.point = new(point);
        inputs = [.. this.point.Keys];
        outputShapes = [.. outputs.Select(o => o.Shape.Evaluate(symbol))];
        OutputCount = outputShapes.Sum(s => TensorValue.CountOf(s));
        cotangents = [.. outputs.Select((o, i) => Ops.Placeholder(o.Results[0], $"cotangent{i}", requiresGrad: false))];
        gradients = [.. pull(outputs, cotangents, this.targets)];
        run = evaluator.Prepare(inputs, outputs, symbol);
        runGradients = evaluator.Prepare([.. inputs, .. cotangents], [.. gradients.OfType<Node>()], symbol);
        AtPoint = Flatten(run([.. this.point.Values]));
    }

    /// <summary>The elements of all outputs together.</summary>
    public long OutputCount { get; }

    public IReadOnlyList<Node> Cotangents => cotangents;

    /// <summary>The gradient graph, a node a target; null for zero.</summary>
    public IReadOnlyList<Node?> Gradients => gradients;

    /// <summary>The outputs at the point, one after the other.</summary>
    public double[] AtPoint { get; }

    public TensorValue PointOf(int target) => point[targets[target]];

    /// <summary>The cotangents as values: a flat list cut to the outputs' shapes.</summary>
    public TensorValue[] Shaped(double[] cotangent)
    {
        var parts = new TensorValue[outputShapes.Length];
        int start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            int count = checked((int)TensorValue.CountOf(outputShapes[i]));
            parts[i] = TensorValue.OfReals(DType.Float64, outputShapes[i], cotangent[start..(start + count)]);
            start += count;
        }

        return parts;
    }

    /// <summary>The analytic gradient of the outputs weighted by a cotangent, a list a target.</summary>
    public double[][] Gradient(double[] cotangent)
    {
        var found = new Queue<TensorValue>(runGradients([.. point.Values, .. Shaped(cotangent)]));
        return [.. gradients.Select((g, i) => g is null ? new double[PointOf(i).Count] : found.Dequeue().Reals)];
    }

    /// <summary>The line that varies one coordinate of a target; steps fit its size.</summary>
    public Line Coordinate(int target, int index)
    {
        double x = PointOf(target).Reals[index];
        double size = double.IsFinite(x) ? Math.Max(Math.Abs(x), 1.0 / 32) : 1;
        return new Line(Math.ScaleB(1, Math.ILogB(size) - 4), step =>
        {
            double[] moved = [.. PointOf(target).Reals];
            moved[index] = x + step;

            // What counts is the step that was made: x + step is rounded.
            return (moved[index] - x, Outputs(target, moved));
        });
    }

    /// <summary>The line that varies a whole target along a direction of ±1.</summary>
    public Line Direction(int target, double[] direction) => new(1.0 / 64, step =>
    {
        double[] x = PointOf(target).Reals;
        return (step, Outputs(target, [.. x.Select((v, i) => v + (step * direction[i]))]));
    });

    private double[] Outputs(int target, double[] moved)
    {
        TensorValue value = TensorValue.OfReals(DType.Float64, PointOf(target).Shape, moved);
        return Flatten(run([.. inputs.Select(n => ReferenceEquals(n, targets[target]) ? value : point[n])]));
    }

    private static double[] Flatten(TensorValue[] values) => values.Length == 1 ? values[0].Reals : [.. values.SelectMany(v => v.Reals)];
}
