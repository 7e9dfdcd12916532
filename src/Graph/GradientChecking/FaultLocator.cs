using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler.GradientChecking;

/// <summary>
/// Finds the operation whose pullback is wrong: every node between targets and roots is taken alone, its inputs independent variables at the
/// values they have, and its pullback held against differences of that one operation.
/// </summary>
internal sealed class FaultLocator(IGraphEvaluator evaluator, Func<string, long> symbol, GradientCheckOptions options, RandomDraws draws)
{
    private const int MostCoordinates = 64;

    /// <summary>The first fault in topological order, or null.</summary>
    /// <param name="roots">What was differentiated.</param>
    /// <param name="targets">With respect to what: nodes that do not depend on each other.</param>
    /// <param name="point">The leaves' values.</param>
    /// <param name="order">Up to which order the derivatives of each operation are checked.</param>
    public GradientFault? Find(IReadOnlyList<Node> roots, IReadOnlyList<Node> targets, IReadOnlyDictionary<Node, TensorValue> point, int order) =>
        Find(roots, targets, point, order, []);

    private GradientFault? Find(IReadOnlyList<Node> roots, IReadOnlyList<Node> targets, IReadOnlyDictionary<Node, TensorValue> point, int derivatives, EquatableArray<string> inside)
    {
        var graph = new StableGraph(roots, targets, targets.Contains);
        Node[] parts = [.. graph.Order.Where(n => graph.IsOnPath(n) && !targets.Contains(n)).SelectMany(graph.PartsOf)];
        Dictionary<Node, TensorValue[]> values = Interpreter.EvaluateAll([.. roots, .. parts.SelectMany(n => n.Inputs)], point, symbol, draws);
        foreach (Node node in parts)
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            if (node.RequiresGrad && !node.Op.PresumesSymmetry && node.Op is not OutputOp
                && Check(node, [.. node.Inputs.Select(i => values[i][0])], derivatives, inside) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private GradientFault? Check(Node node, TensorValue[] inputs, int derivatives, EquatableArray<string> inside)
    {
        Node[] leaves = [.. node.Inputs.Select((n, i) => Ops.Placeholder(n.Results[0], n.Title ?? $"input{i}", n.RequiresGrad))];
        Dictionary<Node, TensorValue> point = leaves.Zip(inputs).ToDictionary(p => p.First, p => p.Second);
        Node alone = node.Rebuild([.. leaves]);
        int[] varied = [.. Enumerable.Range(0, leaves.Length).Where(i => leaves[i].RequiresGrad)];
        Node[] targets = [.. varied.Select(i => leaves[i])];
        Node[] outputs = [.. Enumerable.Range(0, alone.Results.Count).Where(i => alone.Results[i].DType.IsFloat()).Select(i => Ops.Output(alone, i))];
        CheckedFunction function = Function(outputs, targets, point);
        (int Target, int Index, double Analytic, double Numeric, double Bar)? found = Compare(function, targets.Length);
        int degree = 1;
        for (; found is null && degree < derivatives && function.Gradients.Any(g => g is not null); degree++)
        {
            // The pullback, its cotangents fixed, is the next function.
            TensorValue[] cotangents = function.Shaped(new CheckRandom(options.Seed).Weights([function.OutputCount]).Reals);
            for (int i = 0; i < cotangents.Length; i++)
            {
                point[function.Cotangents[i]] = cotangents[i];
            }

            function = Function([.. function.Gradients.OfType<Node>()], targets, point);
            found = Compare(function, targets.Length);
        }

        if (found is not { } wrong)
        {
            return null;
        }

        // Who owns a derivative does not use those of its parts.
        if (node.Op is CompositeOp composite and not CallOp { Rule: not null }
            && Find(composite.Expand(leaves), targets, point, derivatives, [.. inside, composite.Name]) is { } deeper)
        {
            return deeper;
        }

        EquatableArray<long> index = EvaluationContext.Coordinates(wrong.Index, function.PointOf(wrong.Target).Shape).ToEquatableArray();
        return new GradientFault(node, node.Op.Name, varied[wrong.Target], index, wrong.Analytic, wrong.Numeric, wrong.Bar, degree, inside);
    }

    private CheckedFunction Function(IReadOnlyList<Node> outputs, IReadOnlyList<Node> targets, IReadOnlyDictionary<Node, TensorValue> point) =>
        new(evaluator, outputs, targets, point, symbol, (o, c, t) => ReverseMode.Pull(o, c, t));

    private (int Target, int Index, double Analytic, double Numeric, double Bar)? Compare(CheckedFunction function, int targets)
    {
        var random = new CheckRandom(options.Seed);
        double[] cotangent = random.Weights([function.OutputCount]).Reals;
        double[][] gradient = function.Gradient(cotangent);
        for (int target = 0; target < targets; target++)
        {
            int count = gradient[target].Length;
            int stride = Math.Max(1, count / MostCoordinates);
            for (int i = 0; i < count; i += stride)
            {
                options.CancellationToken.ThrowIfCancellationRequested();
                SlopeEstimate slope = SlopeEstimate.Of(function.Coordinate(target, i), function.AtPoint, cotangent, s => Verdicts.Tolerance(s, options));
                (GradientVerdict verdict, double numeric, double bar, _) = Verdicts.Judge(gradient[target][i], slope, options);
                if (verdict == GradientVerdict.Failed)
                {
                    return (target, i, gradient[target][i], numeric, bar);
                }
            }
        }

        return null;
    }
}
