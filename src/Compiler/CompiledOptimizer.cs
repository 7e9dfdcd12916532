namespace GraphCompiler;

/// <summary>
/// An optimiser that steps on the gradients that are in <see cref="Leaf.Grad"/>, for who trains with <see cref="CompiledGraph.Forward(ReadOnlySpan{Argument})"/> and
/// <see cref="CompiledGraph.Backward(bool, CancellationToken)"/>: compiled once, whichever gradients there are. A parameter whose gradient is null stays as it is, and so does what is
/// remembered of it, as in PyTorch.
/// </summary>
public sealed class CompiledOptimizer : IDisposable
{
    private readonly Parameter[] parameters;
    private readonly Written[] gradients;
    private readonly int inputs;
    private readonly CompiledGraph graph;

    // The inputs' arguments, the gradients, and whether each is there.
    private readonly Argument[] arguments;

    // Has its turn in calls that read or forget gradients, which must not change meanwhile.
    private readonly Writer writer = new();

    // What stands for gradients that are not there.
    private float[] noFloats = [];
    private double[] noDoubles = [];

    internal CompiledOptimizer(
        Optimizer optimizer, IReadOnlyList<Parameter> parameters, IReadOnlyList<Node> inputs, Func<NodeList, IReadOnlyList<Node>>? clip, CompileOptions options)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Optimizer.Check(parameters);
        Items.ThrowIfNull(inputs);
        this.parameters = [.. parameters];
        this.inputs = inputs.Count;
        foreach (Parameter parameter in this.parameters)
        {
            if (parameter.Gradient is null)
            {
                throw new GradientException($"{parameter.Describe()} requires no gradient, so that there would never be one to step on.");
            }
        }

        gradients = [.. this.parameters.Select(p => p.Gradient!.Written)];
        Node[] given = [.. this.parameters.Select(p => Ops.Input($"{p.Path}.{nameof(Leaf.Grad)}", p.Shape, p.DType))];
        Node[] steps = [.. this.parameters.Select(p => Ops.Input($"{p.Path}.{nameof(Leaf.HasGrad)}", [], DType.Bool))];
        IReadOnlyList<Update> updates = optimizer.Build(this.parameters, clip is null ? given : Clipped(clip, given), steps);
        arguments = new Argument[inputs.Count + given.Length + steps.Length];
        graph = CompiledGraph.Create(new Graph([.. inputs, .. given, .. steps], []), updates, options with { Ahead = GraphCalls.Run, RetainGrad = [], GradientsOf = null });
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>Makes a step: gives new values to the parameters that have gradients. Nothing is allocated once a step of its kind has been made.</summary>
    /// <param name="arguments">One for each input that was listed, such as a learning rate.</param>
    /// <exception cref="BindingException">An argument does not fit its input; nothing has changed.</exception>
    /// <exception cref="ExecutionException">A hyperparameter is out of its range; nothing has changed.</exception>
    /// <exception cref="GraphException">Another thread is in a step, or writes a parameter or its gradient; nothing has changed.</exception>
    public void Step(params ReadOnlySpan<Argument> arguments)
    {
        if (arguments.Length != inputs)
        {
            CompiledGraph.CheckCount(arguments.Length, [.. graph.Graph.Inputs.Take(inputs)], "argument", "input");
        }

        Argument[] all = this.arguments;
        Begin();
        try
        {
            arguments.CopyTo(all);
            for (int i = 0; i < parameters.Length; i++)
            {
                GradientKeeper gradient = parameters[i].Gradient!;
                all[inputs + i] = gradient.HasGradient ? gradient.Value : NoGradient(parameters[i]);
                all[inputs + parameters.Length + i] = gradient.HasGradient;
            }

            graph.Run(all, []);
        }
        finally
        {
            // Neither gradients nor what the caller gave are kept alive.
            Array.Clear(all);
            writer.Turn.GiveBack();
        }
    }

    /// <summary>Forgets the gradients of the parameters.</summary>
    /// <param name="setToNull">True makes them null; false fills them with zeros where there are any.</param>
    public void ZeroGrad(bool setToNull = true)
    {
        Begin();
        foreach (Parameter parameter in parameters)
        {
            parameter.Gradient!.Zero(setToNull);
        }

        writer.Turn.GiveBack();
    }

    /// <summary>Frees the workspace, as <see cref="CompiledGraph.Dispose"/> does; parameters and what is remembered of them stay.</summary>
    public void Dispose() => graph.Dispose();

    private Node[] Clipped(Func<NodeList, IReadOnlyList<Node>> clip, Node[] gradients)
    {
        Node?[] clipped = [.. clip([.. gradients]) ?? throw new ArgumentException("It gave no list of gradients.", nameof(clip))];
        if (clipped.Length != gradients.Length)
        {
            throw new ArgumentException($"It gave {InvariantText.Count(clipped.Length, "gradient")} for {InvariantText.Count(gradients.Length, "parameter")}; one for each is needed, in their order.", nameof(clip));
        }

        return [.. clipped.Select((made, i) => made is null ? throw new ArgumentException($"It gave null for the gradient of {parameters[i].Describe()}.", nameof(clip))
            : made.Results[0] == parameters[i].Results[0] ? made
            : throw new ShapeException($"clip: it gave {made.Describe()} for the gradient of {parameters[i].Describe()}, which is {parameters[i].Results[0]}; shape and dtype must be equal."))];
    }

    private void Begin()
    {
        if (!writer.Turn.TryTake())
        {
            throw new GraphException(writer.Turn.IsOwn
                ? "This optimizer is in a step that this call is within, as from a host function or a memory manager: what writes parameters is for one call at a time."
                : "This optimizer is in a step of another thread: what writes parameters is for one thread at a time.");
        }

        if (writer.Claim(gradients) is { } refused)
        {
            writer.Turn.GiveBack();
            throw refused.Refusal();
        }
    }

    private Argument NoGradient(Parameter parameter)
    {
        int count = (int)parameter.ElementCount;
        switch (parameter.DType)
        {
            case DType.Float32:
                noFloats = noFloats.Length >= count ? noFloats : new float[count];
                return noFloats.AsMemory(0, count);
            case DType.Float64:
                noDoubles = noDoubles.Length >= count ? noDoubles : new double[count];
                return noDoubles.AsMemory(0, count);
            default:
                throw DTypes.Unexpected(parameter.DType);
        }
    }
}
