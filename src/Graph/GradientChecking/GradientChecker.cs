using System.Numerics.Tensors;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Differentiation;

/// <summary>One run of a gradient check.</summary>
internal sealed class GradientChecker
{
    private const int AutomaticCoordinates = 100;
    private const int AutomaticProjections = 4;

    private readonly Node loss;
    private readonly Node[] targets;
    private readonly GradientCheckOptions options;
    private readonly IGraphEvaluator evaluator;
    private readonly CheckRandom random;
    private readonly CheckPoint chosen;

    // All evaluations see the same random numbers.
    private readonly RandomDraws draws;
    private readonly Dictionary<Node, TensorValue> point = [];
    private readonly Dictionary<Node, Node> originals = [];
    private readonly List<GradientEntry> entries = [];
    private readonly List<DotTest> dotTests = [];
    private readonly Node[] wideTargets;
    private readonly Node wideLoss;

    public GradientChecker(Node loss, IReadOnlyList<Node> targets, IReadOnlyDictionary<Node, Tensor<double>> given, GradientCheckOptions options, IGraphEvaluator evaluator, RandomDraws? draws = null)
    {
        this.loss = loss;
        this.targets = [.. targets];
        this.options = options;
        this.evaluator = evaluator;
        random = new CheckRandom(options.Seed);
        Node[] roots = [loss, .. targets];
        List<Node> order = GraphWalk.TopologicalOrder(roots);
        Validate();
        this.draws = draws ??= new RandomDraws(holds: true);
        chosen = CheckPoint.Of(order, given, options, random, draws);

        // Targets become independent variables, and what is detached is a constant, whatever it was computed from.
        IReadOnlyDictionary<Node, Node> whole = WidenToDouble.Run(roots);
        Dictionary<Node, TensorValue> leaves = chosen.Values.ToDictionary(p => whole[p.Key], p => WidenToDouble.Wide(p.Value));
        Dictionary<Node, TensorValue[]> values = Interpreter.EvaluateAll([.. order.Where(n => n.Results.Count == 1).Select(n => whole[n])], leaves, chosen.SizeOf, draws);
        Dictionary<Node, Node> cut = order
            .Where(n => this.targets.Contains(n) || IsDetached(n))
            .ToDictionary(n => n, n => Ops.Placeholder(WidenToDouble.Wide(n.Results[0]), n.Name ?? n.Op.Name, n.RequiresGrad));
        IReadOnlyDictionary<Node, Node> wide = WidenToDouble.Run(roots, cut.GetValueOrDefault);
        foreach ((Node original, Node node) in wide)
        {
            originals.TryAdd(node, original);
            if (node.Op.IsLeaf)
            {
                point[node] = values[whole[original]][0];
            }
        }

        wideTargets = [.. this.targets.Select(t => wide[t])];
        wideLoss = wide[loss];
    }

    public GradientReport Run()
    {
        GradientFault? fault = null;
        using (GradMode.EnableGrad())
        {
            Node level = wideLoss;
            for (int order = 1; order <= options.Order; order++)
            {
                CheckedFunction function = Function(level);
                Check(order, level, function);
                if (entries.Any(e => e.Verdict == GradientVerdict.Failed) || dotTests[^1].Verdict == GradientVerdict.Failed)
                {
                    fault = Locate(level, 1) ?? (order > 1 ? Locate(wideLoss, order) : null);
                    break;
                }

                if (order < options.Order)
                {
                    level = Next(function, order);
                }
            }
        }

        return new GradientReport(loss, entries, dotTests, fault);
    }

    private static bool IsDetached(Node node) =>
        node.Results.Count == 1 && node.DType.IsFloat() && !node.RequiresGrad && node.Inputs.Any(i => i.RequiresGrad);

    private void Validate()
    {
        if (targets.Length == 0)
        {
            throw new GraphException("GradientCheck: there is no target; list parameters or inputs that require gradients.");
        }

        if (!loss.RequiresGrad)
        {
            throw new GradientException($"GradientCheck: the loss {loss.Describe()} does not require a gradient: make an input with requiresGrad: true, and look for Detach or NoGrad on the way.");
        }

        for (int i = 0; i < targets.Length; i++)
        {
            if (!targets[i].RequiresGrad || targets[i].Results.Count != 1)
            {
                throw new GradientException($"GradientCheck: the target {targets[i].Describe()} does not require a gradient: make an input with requiresGrad: true.");
            }

            if (targets.AsSpan(0, i).Contains(targets[i]))
            {
                throw new GraphException($"GradientCheck: {targets[i].Describe()} is listed twice.");
            }

            HashSet<Node> below = [.. GraphWalk.TopologicalOrder(targets[i].Inputs)];
            if (targets.FirstOrDefault(below.Contains) is { } deeper)
            {
                throw new GraphException($"GradientCheck: the target {targets[i].Describe()} depends on the target {deeper.Describe()}, so the two cannot vary by themselves; check them one at a time.");
            }
        }
    }

    private CheckedFunction Function(Node level) => new(evaluator, [level], wideTargets, point, chosen.SizeOf, (outputs, cotangents, nodes) =>
        level.RequiresGrad ? Ops.Vjp(outputs, nodes, cotangents, Unreached.Null) : new Node?[nodes.Count]);

    /// <summary>The gradient graph as the next function: all gradients, weighted by fixed random numbers and summed.</summary>
    private Node Next(CheckedFunction function, int order)
    {
        TensorValue[] cotangents = function.Shaped(Cotangent(function));
        for (int i = 0; i < cotangents.Length; i++)
        {
            point[function.Cotangents[i]] = cotangents[i];
        }

        Node? sum = null;
        for (int i = 0; i < wideTargets.Length; i++)
        {
            if (function.Gradients[i] is { } gradient)
            {
                Node weights = Ops.Placeholder(gradient.Results[0], $"weights{order}.{i}", requiresGrad: false);
                point[weights] = random.Weights(function.PointOf(i).Shape);
                Node part = Ops.Sum(weights * gradient);
                sum = sum is null ? part : sum + part;
            }
        }

        return sum ?? Ops.Zeros([], DType.Float64);
    }

    /// <summary>1 for a loss of one element, else fixed random weights.</summary>
    private double[] Cotangent(CheckedFunction function) =>
        function.OutputCount == 1 ? [1] : new CheckRandom(options.Seed ^ 0x5DEECE66D).Weights([function.OutputCount]).Reals;

    private void Check(int order, Node level, CheckedFunction function)
    {
        List<(double[] Weights, EquatableArray<long>? Output)> cotangents = [];
        if (options.Mode is GradientCheckMode.FullJacobianMode && level.Rank > 0)
        {
            long[] shape = level.Shape.Evaluate(chosen.SizeOf);
            for (int i = 0; i < function.OutputCount; i++)
            {
                double[] unit = new double[function.OutputCount];
                unit[i] = 1;
                cotangents.Add((unit, EvaluationContext.Coordinates(i, shape).ToEquatableArray()));
            }
        }
        else
        {
            cotangents.Add((Cotangent(function), null));
        }

        (double[] Weights, EquatableArray<long>? Output, double[][] Gradient)[] rows = [.. cotangents.Select(c => (c.Weights, c.Output, function.Gradient(c.Weights)))];
        for (int target = 0; target < targets.Length; target++)
        {
            CheckTarget(order, function, target, rows);
        }

        dotTests.Add(Dot(order, level, function));
    }

    private void CheckTarget(int order, CheckedFunction function, int target, (double[] Weights, EquatableArray<long>? Output, double[][] Gradient)[] rows)
    {
        int count = function.PointOf(target).Reals.Length;
        int projections = options.Mode switch
        {
            GradientCheckMode.ProjectionsMode mode => mode.Count,
            GradientCheckMode.AutomaticMode when count > AutomaticCoordinates => AutomaticProjections,
            _ => 0,
        };
        bool failed = false;
        for (int i = 0; i < projections; i++)
        {
            double[] direction = new double[count];
            for (int k = 0; k < count; k++)
            {
                direction[k] = random.Sign();
            }

            failed |= Compare(order, function, target, rows, function.Direction(target, direction), g => g.Zip(direction, (a, b) => a * b).Sum(), null);
            options.Progress?.Report(new GradientCheckProgress(order, targets[target], i + 1, projections));
        }

        if (projections > 0 && !failed)
        {
            return;
        }

        int[] indices = [.. Enumerable.Range(0, count)];
        if (options.Mode is GradientCheckMode.SampledMode sampled && sampled.Count < count)
        {
            for (int i = 0; i < sampled.Count; i++)
            {
                int other = i + (int)random.Below(count - i);
                (indices[i], indices[other]) = (indices[other], indices[i]);
            }

            indices = [.. indices.Take(sampled.Count).Order()];
        }

        for (int i = 0; i < indices.Length; i++)
        {
            int at = indices[i];
            EquatableArray<long> index = EvaluationContext.Coordinates(at, function.PointOf(target).Shape).ToEquatableArray();
            Compare(order, function, target, rows, function.Coordinate(target, at), g => g[at], index);
            options.Progress?.Report(new GradientCheckProgress(order, targets[target], i + 1, indices.Length));
        }
    }

    /// <summary>Compares along one line; whether something failed.</summary>
    private bool Compare(
        int order,
        CheckedFunction function,
        int target,
        (double[] Weights, EquatableArray<long>? Output, double[][] Gradient)[] rows,
        Line line,
        Func<double[], double> along,
        EquatableArray<long>? index)
    {
        bool failed = false;
        foreach ((double[] weights, EquatableArray<long>? output, double[][] gradient) in rows)
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            double analytic = along(gradient[target]);
            SlopeEstimate slope = SlopeEstimate.Of(line, function.AtPoint, weights, s => Verdicts.Tolerance(s, options));
            (GradientVerdict verdict, double numeric, double bar, string? note) = Verdicts.Judge(analytic, slope, options);
            entries.Add(new GradientEntry(order, targets[target], index, output, analytic, numeric, bar, verdict, note));
            failed |= verdict == GradientVerdict.Failed;
        }

        return failed;
    }

    private DotTest Dot(int order, Node level, CheckedFunction function)
    {
        double[] u = Cotangent(function);
        TensorValue[] v = [.. wideTargets.Select((_, i) => random.Weights(function.PointOf(i).Shape))];
        double[][] gradient = function.Gradient(u);
        double reverse = 0;
        double magnitude = 0;
        for (int i = 0; i < v.Length; i++)
        {
            for (int k = 0; k < gradient[i].Length; k++)
            {
                reverse += gradient[i][k] * v[i].Reals[k];
                magnitude += Math.Abs(gradient[i][k] * v[i].Reals[k]);
            }
        }

        Node[] tangents = [.. wideTargets.Select((t, i) => Ops.Placeholder(t.Results[0], $"tangent{i}", requiresGrad: false))];
        Node pushed = Ops.Jvp([level], wideTargets, tangents)[0];
        double[] tangent = evaluator.Prepare([.. point.Keys, .. tangents], [pushed], chosen.SizeOf)([.. point.Values, .. v])[0].Reals;
        double forward = 0;
        for (int i = 0; i < u.Length; i++)
        {
            forward += u[i] * tangent[i];
            magnitude += Math.Abs(u[i] * tangent[i]);
        }

        double tolerance = 1e-9 * (magnitude + 1e-3);
        GradientVerdict verdict = double.IsFinite(reverse) && double.IsFinite(forward)
            ? Math.Abs(forward - reverse) <= tolerance ? GradientVerdict.Passed : GradientVerdict.Failed
            : double.IsFinite(reverse) != double.IsFinite(forward) && double.IsFinite(magnitude - Math.Abs(forward)) ? GradientVerdict.Failed
            : GradientVerdict.Inconclusive;
        return new DotTest(order, forward, reverse, tolerance, verdict);
    }

    private GradientFault? Locate(Node root, int order)
    {
        // What was differentiated is the stabilised graph.
        Rewritten stable = Stabilize.Run([root], wideTargets);
        GradientFault? found = new FaultLocator(evaluator, chosen.SizeOf, options, draws).Find([stable.Of(root)], wideTargets, point, order);
        return found is { } fault && fault.Inside.Count == 0 && originals.TryGetValue(fault.Node, out Node? original) ? fault with { Node = original } : found;
    }
}
