namespace GraphCompiler.Optimization;

/// <summary>What the steps that one call builds have in common: what is remembered, and the numbers that parameters share which step together.</summary>
/// <param name="optimizer">The name of the optimiser.</param>
/// <param name="known">What is remembered; new parts are added.</param>
/// <param name="stepTogether">Whether all parameters step whenever one does; otherwise each counts for itself.</param>
internal sealed class StepBuilder(string optimizer, OrderedDictionary<(Parameter Owner, string Name), Parameter> known, bool stepTogether)
{
    private readonly Dictionary<string, Parameter> common = [];
    private readonly OrderedDictionary<Parameter, (Node Value, List<Node> Steps)> shared = [];
    private readonly Dictionary<(Node Count, double Beta), Node> corrections = [];

    public string Optimizer => optimizer;

    /// <summary>New values of the numbers that parameters share: where it is known only when running who steps, they change if one does.</summary>
    public IEnumerable<Update> Updates => shared.Select(s => new Update(
        s.Key, s.Value.Steps is [] ? s.Value.Value : Ops.Where(s.Value.Steps.Aggregate(Ops.LogicalOr), s.Value.Value, s.Key)));

    /// <summary>A part of what is remembered of a parameter, made if it is not there yet.</summary>
    public Parameter Get(Parameter owner, string name, Shape shape, DType dtype, double start)
    {
        if (!known.TryGetValue((owner, name), out Parameter? state))
        {
            state = Ops.Parameter($"{optimizer}.{name}", shape, start, dtype, requiresGrad: false);
            state.Owner = owner;
            known.Add((owner, name), state);
        }

        return state.DType == dtype && state.Shape == shape ? state
            : throw new ArgumentException($"{state.Describe()} is there already, and cannot be {new NodeType(dtype, shape)}, too; give it another name.", nameof(name));
    }

    /// <summary>A number that changes at each step, the same for all that step together: filed under the first of them.</summary>
    /// <param name="owner">Who steps.</param>
    /// <param name="steps">Whether it does, a bool; null if it surely does.</param>
    /// <param name="name">What the number is.</param>
    /// <param name="start">What it is before the first step.</param>
    /// <param name="next">What becomes of it at each.</param>
    /// <returns>The number after the step.</returns>
    public Node Share(Parameter owner, Node? steps, string name, double start, Func<Node, Node> next)
    {
        if (stepTogether && common.TryGetValue(name, out Parameter? first))
        {
            known.TryAdd((owner, name), first);
        }

        Parameter number = Get(owner, name, [], DType.Float64, start);
        common.TryAdd(name, number);
        if (!shared.TryGetValue(number, out (Node Value, List<Node> Steps) entry))
        {
            shared.Add(number, entry = (next(number), []));
        }

        entry.Steps.AddRange(steps is null ? [] : [steps]);
        return entry.Value;
    }

    /// <summary>1 − βᵗ.</summary>
    public Node BiasCorrection(double beta, Node t)
    {
        if (!corrections.TryGetValue((t, beta), out Node? correction))
        {
            corrections.Add((t, beta), correction = 1 - Ops.Pow(Ops.Constant(beta), t));
        }

        return correction;
    }
}
