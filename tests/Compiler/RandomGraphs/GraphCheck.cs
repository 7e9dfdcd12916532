namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>
/// A graph compiled some ways against the interpreter: outputs, gradients and updates in one call, then forward and backward. Sizes change and come back,
/// memory runs out now and then, and the graph is disposed of beside its last call.
/// </summary>
internal sealed partial class GraphCheck
{
    private readonly Trial trial;
    private readonly Node[] inputs;
    private readonly Node[] targets = [];
    private readonly Node[] roots;
    private readonly Random allocations = new(1);
    private readonly Dictionary<SymbolValues, (Dictionary<Node, TensorValue> Given, TensorValue[]? Expected)> expected = [];
    private readonly Dictionary<Node, TensorValue> parameters;

    private GraphCheck(Trial trial)
    {
        this.trial = trial;
        inputs = trial.AllInputs;
        roots = [.. trial.Outputs];
        if (trial.Loss is { } loss)
        {
            Node[] leaves = [.. trial.Nodes.Where(n => n is Leaf && n.RequiresGrad)];
            IReadOnlyList<Node?> gradients = Ops.GradientsOrNull(loss, leaves);
            targets = [.. leaves.Where((_, i) => gradients[i] is not null)];
            roots = [.. roots, .. gradients.OfType<Node>(), .. Between(trial)];
        }

        parameters = trial.Nodes.Concat(trial.Updates.Select(u => u.Parameter)).Where(n => n is Parameter).Distinct().ToDictionary(n => n, n => ((Parameter)n).Snapshot());
        foreach (SymbolValues sizes in trial.Sizes.Distinct())
        {
            Dictionary<Node, TensorValue> given = inputs.ToDictionary(i => i, i => trial.ValueOf(i, sizes));
            try
            {
                expected[sizes] = (given, Interpreter.Evaluate([.. roots, .. trial.Updates.Select(u => u.Value)], given, sizes.Of));
            }
            catch (Exception refusal) when (refusal is BindingException or ExecutionException)
            {
                // Sizes, or values, that the graph refuses; the compiled one must, too.
                expected[sizes] = (given, null);
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
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, roots, trial.Updates, way.Options);
        foreach ((SymbolValues sizes, (Dictionary<Node, TensorValue> given, TensorValue[]? want)) in ThereAndBack)
        {
            if (WithoutMemory(() => compiled.Run(Arguments(given))))
            {
                if (ChangedParameter() is { } changed)
                {
                    return $"{sizes}: {changed} is written by a call for which there is no memory";
                }
            }
            else
            {
                Restore();
            }

            if (want is null)
            {
                try
                {
                    compiled.Run(Arguments(given));
                    return $"{sizes}: what the interpreter refuses is accepted";
                }
                catch (Exception refusal) when (refusal is BindingException or ExecutionException && ChangedParameter() is null)
                {
                    continue;
                }
            }

            if (RunAndCompare(compiled, sizes, given, want) is { } fault)
            {
                return fault;
            }
        }

        return BesideDispose(compiled, (sizes, given, want) => () => RunAndCompare(compiled, sizes, given, want));
    }

    /// <summary>A call beside the disposal of its graph is right or refused.</summary>
    /// <param name="compiled">The graph.</param>
    /// <param name="prepare">What comes before the call, which it returns.</param>
    private string? BesideDispose(CompiledGraph compiled, Func<SymbolValues, Dictionary<Node, TensorValue>, TensorValue[], Func<string?>> prepare)
    {
        foreach ((SymbolValues sizes, (Dictionary<Node, TensorValue> given, TensorValue[]? want)) in expected)
        {
            if (want is null)
            {
                continue;
            }

            Func<string?> call = prepare(sizes, given, want);
            var disposal = Task.Run(compiled.Dispose);
            try
            {
                return call();
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

    private string? RunAndCompare(CompiledGraph compiled, SymbolValues sizes, Dictionary<Node, TensorValue> given, TensorValue[] want)
    {
        RunResults results = compiled.Run(Arguments(given));
        TensorValue[] updated = [.. trial.Updates.Select(u => u.Parameter.Snapshot())];
        Restore();
        for (int i = 0; i < want.Length; i++)
        {
            TensorValue got = i < roots.Length ? Values.Read(results, i, roots[i].DType, want[i].Shape) : updated[i - roots.Length];
            if (Compare(i, sizes, want[i], got) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>The parameters as they were before any update.</summary>
    private void Restore()
    {
        foreach ((Node parameter, TensorValue value) in parameters)
        {
            if (parameter is Parameter<float> single)
            {
                single.Set(Values.ToArray<float>(value));
            }
            else
            {
                ((Parameter<double>)parameter).Set(Values.ToArray<double>(value));
            }
        }
    }

    private string? ChangedParameter() =>
        parameters.FirstOrDefault(p => Values.Difference(p.Value, ((Parameter)p.Key).Snapshot(), ulps: 0, floor: 0) is not null).Key?.Describe();

    /// <summary>Sizes that change and come back, the same twice in a row among them.</summary>
    private IEnumerable<KeyValuePair<SymbolValues, (Dictionary<Node, TensorValue> Given, TensorValue[]? Expected)>> ThereAndBack =>
        expected.Concat(expected.Reverse());

    /// <summary>Makes a call for which memory runs out, sooner or later; it must be as if it had not been made.</summary>
    /// <returns>Whether there was too little.</returns>
    private bool WithoutMemory(Action call)
    {
        int left = allocations.Next(4);
        try
        {
            Allocation.Refuses = _ => left-- == 0;
            call();
        }
        catch (SizeException)
        {
            return true;
        }
        catch (Exception refusal) when (refusal is BindingException or ExecutionException)
        {
            // What the graph refuses.
        }
        finally
        {
            Allocation.Refuses = null;
        }

        return false;
    }

    private Argument[] Arguments(Dictionary<Node, TensorValue> given) => [.. inputs.Select(i => Values.ToArgument(given[i]))];
}
