namespace GraphCompiler.Optimization;

/// <summary>What the steps that one call builds have in common: what is remembered of all parameters.</summary>
/// <param name="optimizer">The name of the optimiser.</param>
/// <param name="known">What is remembered; new parts are added.</param>
internal sealed class StepBuilder(string optimizer, OrderedDictionary<(Parameter Owner, string Name), Parameter> known)
{
    public string Optimizer => optimizer;

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
}
