using System.Numerics.Tensors;
using GraphCompiler.Differentiation;
using GraphCompiler.Rewriting;

namespace GraphCompiler.GradientChecking;

/// <summary>One run of a gradient check.</summary>
internal sealed class GradientChecker
{
    private const int AutomaticCoordinates = 100;
    private const int AutomaticProjections = 4;

    private readonly Node loss;
    private readonly Node[] targets;
    private readonly GradientCheckOptions options;
    private readonly IGraphEvaluator evaluator;
    private readonly Func<Node, Node, IReadOnlyList<Node>, IReadOnlyList<Node?>> pull;
    private readonly CheckRandom random;
    private readonly CheckPoint chosen;

    // All evaluations see the same random numbers.
    private readonly RandomDraws draws;
    private readonly Dictionary<Node, TensorValue> point = [];
    private readonly Dictionary<Node, Node> originals = [];
    private readonly List<GradientEntry> entries = [];
    private readonly List<DotTest> dotTests = [];

    // Gradients are taken of the graph as it is, through targets wherever they lie; for differences, targets are variables of their own.
    private readonly Node[] wideTargets;
    private readonly Node[] variables;
    private readonly Level lossLevel;

    /// <param name="loss">What is differentiated.</param>
    /// <param name="targets">With respect to what.</param>
    /// <param name="given">Values of leaves.</param>
    /// <param name="options">How to check.</param>
    /// <param name="evaluator">How to compute.</param>
    /// <param name="draws">What random operations draw.</param>
    /// <param name="pull">What is checked, from an output, its cotangent and targets to the cotangents of targets; reverse mode by default.</param>
    public GradientChecker(
        Node loss,
        IReadOnlyList<Node> targets,
        IReadOnlyDictionary<Node, Tensor<double>> given,
        GradientCheckOptions options,
        IGraphEvaluator evaluator,
        RandomDraws? draws = null,
        Func<Node, Node, IReadOnlyList<Node>, IReadOnlyList<Node?>>? pull = null)
    {
        this.pull = pull ?? ((output, cotangent, nodes) => Ops.VjpOrNull([output], nodes, [cotangent]));
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

        // What is detached is a constant, whatever it was computed from.
        IReadOnlyDictionary<Node, Node> whole = WidenToDouble.Run(roots);
        Dictionary<Node, TensorValue> leaves = chosen.Values.ToDictionary(p => whole[p.Key], p => WidenToDouble.Wide(p.Value));
        Dictionary<Node, TensorValue[]> values = Interpreter.EvaluateAll([.. order.Where(n => n.Results.Count == 1).Select(n => whole[n])], leaves, chosen.SizeOf, draws);
        Dictionary<Node, Node> cut = order.Where(IsDetached).ToDictionary(n => n, n => Variable(n, requiresGrad: false));
        IReadOnlyDictionary<Node, Node> wide = WidenToDouble.Run(roots, cut.GetValueOrDefault, this.targets.Contains);
        foreach ((Node original, Node node) in wide)
        {
            originals.TryAdd(node, original);
            if (node.Op.IsLeaf)
            {
                point[node] = values[whole[original]][0];
            }
        }

        wideTargets = [.. this.targets.Select(t => wide[t])];
        variables = [.. this.targets.Select(t => t.Op.IsLeaf ? wide[t] : Variable(t, requiresGrad: true))];
        for (int i = 0; i < variables.Length; i++)
        {
            point[variables[i]] = values[whole[this.targets[i]]][0];
        }

        Dictionary<Node, Node> replaced = wideTargets.Zip(variables).Where(p => p.First != p.Second).ToDictionary(p => p.First, p => p.Second);
        lossLevel = new Level(wide[loss], GraphWalk.Substitute([wide[loss]], replaced)[0]);
    }

    /// <param name="locates">Whether to look for the operation at fault.</param>
    public GradientReport Run(bool locates = true)
    {
        GradientFault? fault = null;
        Level level = lossLevel;
        for (int order = 1; order <= options.Order; order++)
        {
            CheckedFunction function = Function(level);
            Check(order, level, function);
            if (entries.Any(e => e.Verdict == GradientVerdict.Failed) || dotTests[^1].Verdict == GradientVerdict.Failed)
            {
                // What the user wrote comes before what gradients made of it.
                fault = locates ? Locate(lossLevel.Whole, order) ?? (order > 1 ? Locate(level.Whole, 1) : null) : null;
                break;
            }

            if (order < options.Order)
            {
                level = Next(level, function, order);
            }
        }

        return new GradientReport(loss, entries, dotTests, fault);
    }

    private static Node Variable(Node node, bool requiresGrad) => Ops.Placeholder(WidenToDouble.Wide(node.Results[0]), node.Name ?? node.Op.Name, requiresGrad);

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
            throw new GradientException($"GradientCheck: the loss {GradientCut.NotRequired(loss)}");
        }

        for (int i = 0; i < targets.Length; i++)
        {
            targets[i].RequireSingle("GradientCheck: the target");
            if (!targets[i].RequiresGrad)
            {
                throw new GradientException($"GradientCheck: the target {GradientCut.NotRequired(targets[i])}");
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

    private CheckedFunction Function(Level level) =>
        new(evaluator, [level.Varied], variables, point, chosen.SizeOf, (_, cotangents, _) => Pull(level.Whole, cotangents[0], wideTargets));

    private IReadOnlyList<Node?> Pull(Node output, Node cotangent, Node[] nodes) =>
        output.RequiresGrad ? pull(output, cotangent, nodes) : new Node?[nodes.Length];

    /// <summary>The gradient graph as the next function: all gradients, weighted by fixed random numbers and summed.</summary>
    private Level Next(Level level, CheckedFunction function, int order)
    {
        TensorValue[] cotangents = function.Shaped(Cotangent(function));
        for (int i = 0; i < cotangents.Length; i++)
        {
            point[function.Cotangents[i]] = cotangents[i];
        }

        Node[] weights = [.. variables.Select((v, i) => Ops.Placeholder(v.Results[0], $"weights{order}.{i}", requiresGrad: false))];
        for (int i = 0; i < weights.Length; i++)
        {
            point[weights[i]] = random.Weights(function.PointOf(i).Shape);
        }

        Node sum = Weighted(function.Gradients, weights);
        return new Level(sum, level.IsOne ? sum : Weighted(Pull(level.Varied, function.Cotangents[0], variables), weights));
    }

    private static Node Weighted(IReadOnlyList<Node?> gradients, Node[] weights)
    {
        Node[] parts = [.. gradients.Zip(weights).Where(p => p.First is not null).Select(p => Ops.Sum(p.Second * p.First!))];
        return parts.Length == 0 ? Ops.Zeros([], DType.Float64) : parts.Aggregate((sum, part) => sum + part);
    }

    /// <summary>1 for a loss of one element, else fixed random weights.</summary>
    private double[] Cotangent(CheckedFunction function) =>
        function.OutputCount == 1 ? [1] : new CheckRandom(options.Seed ^ 0x5DEECE66D).Weights([function.OutputCount]).Reals;

    private void Check(int order, Level level, CheckedFunction function)
    {
        List<(double[] Weights, EquatableArray<long>? Output)> cotangents = [];
        if (options.Mode is GradientCheckMode.FullJacobianMode && level.Whole.Rank > 0)
        {
            long[] shape = level.Whole.Shape.Evaluate(chosen.SizeOf);
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

        dotTests.Add(Dot(order, level.Whole, function));
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
        GradientFault? found = new FaultLocator(evaluator, chosen.SizeOf, options, draws).Find([root], wideTargets, point, order);
        return found is { } fault && fault.Inside.Count == 0 && originals.TryGetValue(fault.Node, out Node? original) ? fault with { Node = original } : found;
    }

    /// <summary>A function to be checked, which the gradients are taken of, and the same with variables in the place of targets, which differences are.</summary>
    private readonly record struct Level(Node Whole, Node Varied)
    {
        public bool IsOne => ReferenceEquals(Whole, Varied);
    }
}
