using System.Globalization;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>
/// A graph compiled some ways against the interpreter: outputs and gradients in one call, then forward and backward. Sizes change and come back, memory
/// runs out now and then, and the graph is disposed of beside its last call.
/// </summary>
internal sealed class GraphCheck
{
    private readonly Trial trial;
    private readonly Node[] inputs;
    private readonly Node[] targets = [];
    private readonly Node[] roots;
    private readonly Random allocations = new(1);
    private readonly Dictionary<(long N, long M), (Dictionary<Node, TensorValue> Given, TensorValue[]? Expected)> expected = [];

    private GraphCheck(Trial trial)
    {
        this.trial = trial;
        inputs = trial.AllInputs;
        roots = [.. trial.Outputs];
        if (trial.Loss is { } loss)
        {
            Node[] leaves = [.. trial.Inputs.Where(i => i.RequiresGrad)];
            IReadOnlyList<Node?> gradients = Ops.GradientsOrNull(loss, leaves);
            targets = [.. leaves.Where((_, i) => gradients[i] is not null)];
            roots = [.. roots, .. gradients.OfType<Node>(), .. Between(trial)];
        }

        foreach ((long n, long m) in trial.Sizes)
        {
            Dictionary<Node, TensorValue> given = inputs.ToDictionary(i => i, i => Trial.ValueOf(i, n, m));
            try
            {
                expected[(n, m)] = (given, Interpreter.Evaluate(roots, given, s => s == "N" ? n : m));
            }
            catch (BindingException)
            {
                // Sizes that the graph refuses; the compiled one must, too.
                expected[(n, m)] = (given, null);
            }
        }
    }

    /// <summary>What is wrong, or null. <paramref name="training"/> is the way for forward and backward, if there is a loss.</summary>
    /// <exception cref="GraphException">The graph is none, or the interpreter refuses it.</exception>
    public static string? Fault(Trial trial, IEnumerable<Way> ways, Way? training)
    {
        var check = new GraphCheck(trial);
        foreach (Way way in ways)
        {
            if (Guarded(way.Name, () => check.Joint(way)) is { } fault)
            {
                return fault;
            }
        }

        return training is { } split && check.targets.Length > 0 ? Guarded($"backward, {split.Name}", () => check.Training(split)) : null;
    }

    /// <summary>In some of the graphs, gradients of the first and second order with respect to a node in their midst.</summary>
    private static IEnumerable<Node> Between(Trial trial)
    {
        Node[] inner = [.. GraphWalk.TopologicalOrder([trial.Loss!]).Where(n => n.RequiresGrad && !n.Op.IsLeaf && n.Results.Count == 1)];
        if (inner.Length % 4 != 1 || Ops.GradientsOrNull(trial.Loss!, [inner[inner.Length / 2]])[0] is not { } first)
        {
            return [];
        }

        Node node = inner[inner.Length / 2];
        Node along = Ops.Sum(first * node);
        return [first, Ops.Gradients(along, [node], Unreached.Zeros)[0], Ops.Jvp([along], [node], [Ops.OnesLike(node)])[0]];
    }

    // Whatever the compiler throws is its fault: the interpreter has run.
    private static string? Guarded(string way, Func<string?> run)
    {
        try
        {
            return run() is { } fault ? $"{way}: {fault}" : null;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return $"{way}: {error.GetType().Name}: {error.Message}\n{string.Join('\n', (error.StackTrace ?? string.Empty).Split('\n').Take(6))}";
        }
    }

    private string? Joint(Way way)
    {
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, roots, null, way.Options);
        foreach (((long n, long m), (Dictionary<Node, TensorValue> given, TensorValue[]? want)) in ThereAndBack)
        {
            WithoutMemory(() => compiled.Run(Arguments(given)));
            if (want is null)
            {
                try
                {
                    compiled.Run(Arguments(given));
                    return $"N = {n}, M = {m}: sizes that the interpreter refuses are accepted";
                }
                catch (BindingException)
                {
                    continue;
                }
            }

            Results results = compiled.Run(Arguments(given));
            if (CompareAll(results, (n, m), want) is { } fault)
            {
                return fault;
            }
        }

        return BesideDispose(compiled);
    }

    /// <summary>A call beside the disposal of its graph is right or refused.</summary>
    private string? BesideDispose(CompiledGraph compiled)
    {
        foreach (((long n, long m), (Dictionary<Node, TensorValue> given, TensorValue[]? want)) in expected)
        {
            if (want is null)
            {
                continue;
            }

            Argument[] arguments = Arguments(given);
            var disposal = Task.Run(compiled.Dispose);
            try
            {
                return CompareAll(compiled.Run(arguments), (n, m), want);
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            finally
            {
                disposal.Wait();
            }
        }

        return null;
    }

    private string? CompareAll(Results results, (long N, long M) sizes, TensorValue[] want)
    {
        for (int i = 0; i < roots.Length; i++)
        {
            if (Compare(i, sizes, want[i], Values.Read(results, i, roots[i].DType, want[i].Shape)) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private string? Training(Way way)
    {
        using CompiledGraph model = GraphCompiler.Compiler.Compile(inputs, [trial.Loss!, .. trial.Outputs], null, way.Options);
        foreach (((long n, long m), (Dictionary<Node, TensorValue> given, TensorValue[]? want)) in ThereAndBack)
        {
            if (want is null)
            {
                continue;
            }

            model.ZeroGrad();
            foreach (ILeaf leaf in inputs.OfType<ILeaf>())
            {
                leaf.ZeroGrad(setToNull: true);
            }

            var firsts = new TensorValue[targets.Length];
            WithoutMemory(() => model.Forward(Arguments(given)));
            model.Forward(Arguments(given));
            if (WithoutMemory(() => model.Backward()))
            {
                model.Backward();
            }

            for (int i = 0; i < targets.Length; i++)
            {
                int root = trial.Outputs.Length + i;
                TensorValue actual = GradientOf(i, want[root].Shape);
                if (Compare(root, (n, m), want[root], actual) is { } fault)
                {
                    return fault;
                }

                firsts[i] = actual;
            }

            // Added to itself, a gradient doubles to the bit.
            model.Forward(Arguments(given));
            model.Backward();
            for (int i = 0; i < targets.Length; i++)
            {
                TensorValue twice = GradientOf(i, firsts[i].Shape);
                for (long e = 0; e < twice.Count; e++)
                {
                    if (!twice[e].Equals(firsts[i].DType == DType.Float32 ? (float)(2 * firsts[i][e]) : 2 * firsts[i][e]))
                    {
                        return $"N = {n}, M = {m}, gradient of {targets[i].Name}: {firsts[i][e]:R} added to itself is {twice[e]:R}";
                    }
                }
            }
        }

        return null;
    }

    /// <summary>Sizes that change and come back, the same twice in a row among them.</summary>
    private IEnumerable<KeyValuePair<(long N, long M), (Dictionary<Node, TensorValue> Given, TensorValue[]? Expected)>> ThereAndBack =>
        expected.Concat(expected.Reverse());

    /// <summary>Makes a call for which memory runs out, sooner or later; it must be as if it had not been made.</summary>
    /// <returns>Whether there was too little.</returns>
    private bool WithoutMemory(Action call)
    {
        int left = allocations.Next(4);
        try
        {
            Execution.Allocation.Refuses = _ => left-- == 0;
            call();
        }
        catch (SizeException)
        {
            return true;
        }
        catch (BindingException)
        {
            // Sizes that the graph refuses.
        }
        finally
        {
            Execution.Allocation.Refuses = null;
        }

        return false;
    }

    private TensorValue GradientOf(int target, long[] shape) => targets[target] is Leaf<float> single
        ? Values.Of<float>(single.Grad!.ToArray(), DType.Float32, shape)
        : Values.Of<double>(((Leaf<double>)targets[target]).Grad!.ToArray(), DType.Float64, shape);

    private Argument[] Arguments(Dictionary<Node, TensorValue> given) => [.. inputs.Select(i => Values.ToArgument(given[i]))];

    private string? Compare(int root, (long N, long M) sizes, TensorValue want, TensorValue got)
    {
        double most = !want.DType.IsFloat() ? 0 : want.Reals.Select(Math.Abs).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double ulps = 4096;
        bool isGradient = root >= trial.Outputs.Length;
        if (Values.Difference(want, got, ulps, Math.Max(1, most), signsOfZeros: !isGradient) is not { } difference || IsUnstable(root, sizes, want, got, ulps, most))
        {
            return null;
        }

        int target = root - trial.Outputs.Length;
        string name = target < 0 ? $"output {root}" : target < targets.Length ? $"gradient of {targets[target].Name}" : $"derivative {target - targets.Length} with respect to a node in the midst";
        return string.Create(CultureInfo.InvariantCulture, $"N = {sizes.N}, M = {sizes.M}, {name}: {difference}");
    }

    // A result that a last place of the inputs changes as much says nothing about the compiler.
    private bool IsUnstable(int root, (long N, long M) sizes, TensorValue want, TensorValue got, double ulps, double most)
    {
        if (!want.DType.IsFloat())
        {
            return false;
        }

        // Several ways to nudge: at a kink, only some lead to its other side.
        double unit = want.DType == DType.Float32 ? 1e-7 : 1e-15;
        TensorValue[] others = [.. Enumerable.Range(0, 6).Select(seed => Interpreter.Evaluate([roots[root]], Nudged(seed), s => s == "N" ? sizes.N : sizes.M)[0])];
        for (long i = 0; i < want.Count; i++)
        {
            // A zero is a chance one, and its sign with it, where others are not zero or have the other sign.
            if (Values.DifferInSign(want[i], got[i]))
            {
                if (others.All(o => o[i] == 0 && !Values.DifferInSign(o[i], want[i])))
                {
                    return false;
                }
            }
            else if (!(Math.Abs(want[i] - got[i]) <= (ulps * 2 * unit * Math.Max(1, most)) + (1000 * others.Max(o => Math.Abs(want[i] - o[i])))) && !want[i].Equals(got[i]))
            {
                return false;
            }
        }

        return true;

        Dictionary<Node, TensorValue> Nudged(int seed)
        {
            var random = new Random(seed);
            return expected[sizes].Given.ToDictionary(g => g.Key, g => !g.Value.DType.IsFloat() ? g.Value
                : TensorValue.OfReals(g.Value.DType, g.Value.Shape, [.. g.Value.Reals.Select(v => v * (1 + (unit * random.Next(-3, 4))))]));
        }
    }
}
