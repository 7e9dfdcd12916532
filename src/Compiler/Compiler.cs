using GraphCompiler.Calling;

namespace GraphCompiler;

/// <summary>Turns graphs into functions that run.</summary>
public static class Compiler
{
    /// <summary>Compiles one output: to be run, or to be trained with <see cref="CompiledGraph.Forward(ReadOnlySpan{Argument})"/> and <see cref="CompiledGraph.Backward(bool)"/>.</summary>
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

    /// <summary>Compiles one output to a delegate of the caller's own type, see <see cref="Compile{TDelegate}(IReadOnlyList{Node}, IReadOnlyList{Node}, IReadOnlyList{Update}, CompileOptions)"/>.</summary>
    /// <typeparam name="TDelegate">The delegate type.</typeparam>
    /// <param name="inputs">The inputs, in the order of the parameters.</param>
    /// <param name="output">What to compute.</param>
    /// <param name="options">How to compile.</param>
    public static TDelegate Compile<TDelegate>(IReadOnlyList<Node> inputs, Node output, CompileOptions? options = null)
        where TDelegate : Delegate => Compile<TDelegate>(inputs, [output], [], options);

    /// <summary>
    /// Compiles to a delegate of the caller's own type. It has a parameter an input: an array, <c>Tensor&lt;T&gt;</c>, <c>Memory&lt;T&gt;</c>,
    /// <c>ReadOnlyMemory&lt;T&gt;</c>, <c>ReadOnlySpan&lt;T&gt;</c>, or the plain value of a scalar. Then either it returns the outputs (an array, a
    /// tensor, the plain value of a scalar, or a tuple of these), or it returns nothing and has a further parameter an output to write to: an
    /// array, tensor, <c>Memory&lt;T&gt;</c> or <c>Span&lt;T&gt;</c>.
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
        where TDelegate : Delegate => TypedDelegate.Create<TDelegate>(Compile(inputs, outputs, updates, options));
}
