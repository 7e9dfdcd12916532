using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler.GradientChecking;

/// <summary>
/// Finds the operation whose derivative is wrong: every node between targets and roots is taken alone, its inputs independent variables at the
/// values they have, and its pullback held against differences of that one operation, its pushforward against its pullback. In what is made of others, a composite, a branch that was taken or
/// a step of a loop, it looks for the one that is.
/// </summary>
internal sealed class FaultLocator(IGraphEvaluator evaluator, Func<string, long> symbol, GradientCheckOptions options, RandomDraws draws)
{
    private const int MostCoordinates = 64;
    private const int MostSteps = 64;

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
        Difference? found = Compare(function, targets.Length) ?? CompareForward(function, outputs, targets, point);
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

        if (FindInside(node, inputs, leaves, targets, point, derivatives, inside) is { } deeper)
        {
            return deeper;
        }

        EquatableArray<long> index = EvaluationContext.Coordinates(wrong.Index, function.PointOf(wrong.Target).Shape).ToEquatableArray();
        return new GradientFault(node, node.Op.Name, varied[wrong.Target], index, wrong.Analytic, wrong.Numeric, wrong.Bar, degree, inside) { IsForward = wrong.IsForward };
    }

    /// <summary>The first fault of what a node is made of, or null; null also of who owns a derivative, for that does not use those of its parts.</summary>
    private GradientFault? FindInside(
        Node node, TensorValue[] inputs, Node[] leaves, Node[] targets, IReadOnlyDictionary<Node, TensorValue> point, int derivatives, EquatableArray<string> inside)
    {
        switch (node.Op)
        {
            case CompositeOp composite and not CallOp { Rule: not null }:
                return Find(composite.Expand(leaves), targets, point, derivatives, [.. inside, composite.Name]);
            case BranchOp branch:
                return In(branch.Taken(inputs[0]), inputs[1..], $"{branch.Name}{node.Label}");
            case LoopOp loop:
                List<TensorValue[]> steps = loop.Steps(inputs, symbol, draws);
                int stride = Math.Max(1, steps.Count / MostSteps);
                return Enumerable.Range(0, steps.Count).Where(s => s % stride == 0)
                    .Select(s => In(loop.Body, steps[s], $"step {s} of {loop.Name}{node.Label}"))
                    .FirstOrDefault(fault => fault is not null);
            default:
                return null;
        }

        GradientFault? In(Function function, TensorValue[] arguments, string place) => Find(
            function.Results,
            [.. function.Parameters.Where(p => p.RequiresGrad)],
            function.Parameters.Zip(arguments).ToDictionary(p => p.First, p => p.Second),
            derivatives,
            [.. inside, place]);
    }

    private CheckedFunction Function(IReadOnlyList<Node> outputs, IReadOnlyList<Node> targets, IReadOnlyDictionary<Node, TensorValue> point) =>
        new(evaluator, outputs, targets, point, symbol, (o, c, t) => ReverseMode.Pull(o, c, t));

    private Difference? Compare(CheckedFunction function, int targets)
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
                    return new Difference(target, i, gradient[target][i], numeric, bar);
                }
            }
        }

        return null;
    }

    /// <summary>Where the derivative along a coordinate, in forward mode, is not that of reverse mode, which is right.</summary>
    private Difference? CompareForward(CheckedFunction function, Node[] outputs, Node[] targets, IReadOnlyDictionary<Node, TensorValue> point)
    {
        Node[] tangents = [.. targets.Select((t, i) => Ops.Placeholder(t.Results[0], $"tangent{i}", requiresGrad: false))];
        Node?[] pushed = ForwardMode.Push(outputs, targets, tangents);
        Func<IReadOnlyList<TensorValue>, TensorValue[]> run = evaluator.Prepare([.. point.Keys, .. tangents], [.. pushed.OfType<Node>()], symbol);
        double[] cotangent = new CheckRandom(options.Seed).Weights([function.OutputCount]).Reals;
        TensorValue[] weights = [.. function.Shaped(cotangent).Where((_, i) => pushed[i] is not null)];
        double[][] gradient = function.Gradient(cotangent);
        for (int target = 0; target < targets.Length; target++)
        {
            int count = gradient[target].Length;
            int stride = Math.Max(1, count / MostCoordinates);
            for (int i = 0; i < count; i += stride)
            {
                options.CancellationToken.ThrowIfCancellationRequested();
                TensorValue[] along = [.. targets.Select((_, t) => TensorValue.Full(DType.Float64, function.PointOf(t).Shape, 0))];
                along[target].Reals[i] = 1;
                double forward = run([.. point.Values, .. along]).Zip(weights, (a, b) => a.Reals.Zip(b.Reals, (x, y) => x * y).Sum()).Sum();
                double reverse = gradient[target][i];
                if (double.IsFinite(reverse) && !(Math.Abs(forward - reverse) <= Verdicts.Tolerance(reverse, options)))
                {
                    return new Difference(target, i, forward, reverse, 0, IsForward: true);
                }
            }
        }

        return null;
    }

    /// <summary>A derivative that is wrong, and what it should be.</summary>
    private readonly record struct Difference(int Target, int Index, double Analytic, double Numeric, double Bar, bool IsForward = false);
}
