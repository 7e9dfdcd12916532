namespace GraphCompiler;

/// <summary>Turns graphs into functions that run.</summary>
public static class Compiler
{
    /// <summary>Compiles one output: to be run, or to be trained with <see cref="CompiledGraph.Forward(ReadOnlySpan{Argument})"/> and <see cref="CompiledGraph.Backward(bool, CancellationToken)"/>.</summary>
    /// <param name="inputs">The inputs, in the order of the arguments.</param>
    /// <param name="output">What to compute.</param>
    /// <param name="options">How to compile.</param>
    /// <exception cref="GraphException">The graph uses an input that is not listed, or cannot be compiled.</exception>
    public static CompiledGraph Compile(IReadOnlyList<Node> inputs, Node output, CompileOptions? options = null) =>
        Compile(inputs, [output], [], options);

    /// <summary>Compiles several outputs, with new values for parameters if there are any: those are written when a run has succeeded.</summary>
    /// <param name="inputs">The inputs, in the order of the arguments.</param>
    /// <param name="outputs">What to compute; a backward starts from the first.</param>
    /// <param name="updates">Parameters and their new values, which may depend on all old ones.</param>
    /// <param name="options">How to compile.</param>
    /// <exception cref="GraphException">The graph uses an input that is not listed, an update does not fit its parameter, or the graph cannot be compiled.</exception>
    public static CompiledGraph Compile(
        IReadOnlyList<Node> inputs,
        IReadOnlyList<Node> outputs,
        IReadOnlyList<Update>? updates = null,
        CompileOptions? options = null) =>
        CompiledGraph.Create(new Graph(inputs, outputs), updates ?? [], options ?? CompileOptions.Default);

    /// <summary>Compiles several outputs.</summary>
    /// <param name="inputs">The inputs, in the order of the arguments.</param>
    /// <param name="outputs">What to compute; a backward starts from the first.</param>
    /// <param name="options">How to compile.</param>
    /// <exception cref="GraphException">The graph uses an input that is not listed, or cannot be compiled.</exception>
    public static CompiledGraph Compile(IReadOnlyList<Node> inputs, IReadOnlyList<Node> outputs, CompileOptions? options) => Compile(inputs, outputs, [], options);

    /// <summary>Compiles an optimiser's step on gradients that Backward has left, see <see cref="CompiledOptimizer"/>.</summary>
    /// <param name="optimizer">The optimiser.</param>
    /// <param name="parameters">What is trained, each once.</param>
    /// <param name="inputs">Inputs that hyperparameters are or depend on, such as a learning rate, in the order of the arguments.</param>
    /// <param name="clip">What is made of the gradients before the step, as <c>g => GradientClipping.ByNorm(g, 1).Gradients</c>; one that is not there counts as zeros.</param>
    /// <param name="options">How to compile.</param>
    /// <exception cref="ArgumentException">There are no parameters, one is given twice, two have one path, or what clips does not give one gradient for each.</exception>
    /// <exception cref="GradientException">A parameter requires no gradient.</exception>
    /// <exception cref="ShapeException">What clips gives a gradient of another shape or dtype than its parameter.</exception>
    /// <exception cref="GraphException">A hyperparameter depends on an input that is not listed.</exception>
    public static CompiledOptimizer Compile(
        Optimizer optimizer,
        IReadOnlyList<Parameter> parameters,
        IReadOnlyList<Node>? inputs = null,
        Func<NodeList, IReadOnlyList<Node>>? clip = null,
        CompileOptions? options = null) =>
        new(optimizer, parameters, inputs ?? [], clip, options ?? CompileOptions.Default);

    /// <summary>Compiles one output on another thread.</summary>
    /// <param name="inputs">The inputs, in the order of the arguments.</param>
    /// <param name="output">What to compute.</param>
    /// <param name="options">How to compile.</param>
    /// <param name="cancellation">Ends it between two steps of the compiler.</param>
    /// <exception cref="GraphException">The graph uses an input that is not listed, or cannot be compiled.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CompiledGraph> CompileAsync(IReadOnlyList<Node> inputs, Node output, CompileOptions? options = null, CancellationToken cancellation = default) =>
        CompileAsync(inputs, [output], [], options, cancellation);

    /// <summary>Compiles several outputs, with new values for parameters if there are any, on another thread.</summary>
    /// <param name="inputs">The inputs, in the order of the arguments.</param>
    /// <param name="outputs">What to compute; a backward starts from the first.</param>
    /// <param name="updates">Parameters and their new values, which may depend on all old ones.</param>
    /// <param name="options">How to compile.</param>
    /// <param name="cancellation">Ends it between two steps of the compiler.</param>
    /// <exception cref="GraphException">The graph uses an input that is not listed, an update does not fit its parameter, or the graph cannot be compiled.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CompiledGraph> CompileAsync(
        IReadOnlyList<Node> inputs,
        IReadOnlyList<Node> outputs,
        IReadOnlyList<Update>? updates = null,
        CompileOptions? options = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);

        // The lists may change when this has returned.
        (Node[] from, Node[] to, Update[] changes) = ([.. inputs], [.. outputs], [.. updates ?? []]);
        return Task.Run(() => CompiledGraph.Create(new Graph(from, to), changes, options ?? CompileOptions.Default, cancellation), cancellation);
    }

    /// <summary>Compiles one output to a delegate of the caller's own type, see <see cref="CompiledGraph.CreateDelegate{TDelegate}"/>.</summary>
    /// <typeparam name="TDelegate">The delegate type.</typeparam>
    /// <param name="inputs">The inputs, in the order of the parameters.</param>
    /// <param name="output">What to compute.</param>
    /// <param name="options">How to compile.</param>
    /// <exception cref="CompileException">The delegate type does not fit the inputs and outputs.</exception>
    public static TDelegate Compile<TDelegate>(IReadOnlyList<Node> inputs, Node output, CompileOptions? options = null)
        where TDelegate : Delegate => Compile<TDelegate>(inputs, [output], [], options);

    /// <summary>Compiles several outputs to a delegate of the caller's own type, see <see cref="CompiledGraph.CreateDelegate{TDelegate}"/>.</summary>
    /// <typeparam name="TDelegate">The delegate type.</typeparam>
    /// <param name="inputs">The inputs, in the order of the parameters.</param>
    /// <param name="outputs">What to compute.</param>
    /// <param name="options">How to compile.</param>
    /// <exception cref="CompileException">The delegate type does not fit the inputs and outputs.</exception>
    public static TDelegate Compile<TDelegate>(IReadOnlyList<Node> inputs, IReadOnlyList<Node> outputs, CompileOptions? options)
        where TDelegate : Delegate => Compile<TDelegate>(inputs, outputs, [], options);

    /// <summary>
    /// Compiles to a delegate of the caller's own type, see <see cref="CompiledGraph.CreateDelegate{TDelegate}"/>. What it holds is freed by the collector, some time after
    /// nobody holds it; who wants to say when compiles a graph, makes the delegate of that, and disposes of the graph.
    /// </summary>
    /// <typeparam name="TDelegate">The delegate type.</typeparam>
    /// <param name="inputs">The inputs, in the order of the parameters.</param>
    /// <param name="outputs">What to compute.</param>
    /// <param name="updates">Parameters and their new values, which may depend on all old ones.</param>
    /// <param name="options">How to compile.</param>
    /// <exception cref="CompileException">The delegate type does not fit the inputs and outputs.</exception>
    public static TDelegate Compile<TDelegate>(
        IReadOnlyList<Node> inputs,
        IReadOnlyList<Node> outputs,
        IReadOnlyList<Update>? updates = null,
        CompileOptions? options = null)
        where TDelegate : Delegate => Compile(inputs, outputs, updates, options).CreateDelegate<TDelegate>();
}
