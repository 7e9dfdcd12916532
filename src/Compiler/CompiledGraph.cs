using System.Numerics.Tensors;
using GraphCompiler.Calling;
using GraphCompiler.Differentiation;
using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// A graph ready to run. <see cref="Run(ReadOnlySpan{Argument})"/> computes the outputs and applies the updates; <see cref="Forward(ReadOnlySpan{Argument})"/> and
/// <see cref="Backward(bool, CancellationToken)"/> train as PyTorch does. What <see cref="CompileOptions.Ahead"/> and <see cref="Prepare"/> ask for is compiled then, the rest when it is first
/// needed; any size of a symbolic axis runs without a further compilation. Runs without updates may be concurrent; whatever writes parameters or
/// gradients is for one thread at a time, and a second one is refused. <see cref="Dispose"/> may be called at any time, on any thread.
/// </summary>
public sealed class CompiledGraph : IDisposable
{
    private readonly Graph graph;
    private readonly Update[] updates;
    private readonly CompileOptions options;
    private readonly OnDemand<Executor> inference;
    private readonly OnDemand<Training> training;
    private readonly Leaf[] leaves;

    // What updates write, and the gradients that leaves keep.
    private readonly Written[] values;
    private readonly Written[] gradients;

    // Has its turn in calls that write these, or keep something for one that does.
    private readonly Writer writer = new();

    // Has its turn within these, while gradients are written: Forward writes none.
    private readonly Writer gradientWriter = new();
    private volatile bool disposed;

    internal CompiledGraph(Graph graph, IReadOnlyList<Update> updates, CompileOptions options)
    {
        options.Check();
        CodeGeneration.Require(options);
        options = options.Interpret ? options with { Width = VectorWidth.Scalar, Passes = options.Passes with { MergeSmallKernels = false } } : options;
        this.graph = graph;
        this.updates = [.. updates];
        this.options = options;
        WarmUp.Begin(options);
        leaves = [.. graph.Nodes.OfType<Leaf>()];
        CheckUpdates();
        values = [.. this.updates.Select(u => u.Parameter.Written)];
        gradients = [.. leaves.Select(l => l.Gradient?.Written).OfType<Written>()];
        CheckSymbols();
        inference = new(cancellation => new Executor(CompilerPipeline.Run(options, graph.Inputs, Roots(), seed: null, cancellation)));
        Training.CheckRetained(graph, options);
        Leaf[] trained = HasTrainingUpdates || graph.Outputs.Count == 0 ? [] : Training.LeavesOf(graph, options);
        training = new(cancellation => Training.Create(graph, UpdateRoots(), trained, gradientWriter, options, cancellation));
    }

    /// <summary>The graph that was compiled.</summary>
    public Graph Graph => graph;

    /// <summary>A graph with what is to be compiled ahead.</summary>
    internal static CompiledGraph Create(Graph graph, IReadOnlyList<Update> updates, CompileOptions options, CancellationToken cancellation = default)
    {
        var made = new CompiledGraph(graph, updates, options);
        made.Prepare(options.Ahead, cancellation);
        return made;
    }

    internal bool HasUpdates => updates.Length > 0;

    // Steps of an optimiser, say: they stand in the place of Forward and Backward.
    private bool HasTrainingUpdates => updates.Any(u => u.Parameter.RequiresGrad);

    internal Executor Executor => Made(inference, executor => executor, CancellationToken.None);

    internal Executor TrainingExecutor => Made(training, made => made.Executor, CancellationToken.None);

    /// <summary>
    /// Compiles what calls need, if that has not been done: from then on none of them compiles anything. Safe beside running calls; a failure changes nothing, and may be
    /// tried again.
    /// </summary>
    /// <param name="calls">Which calls.</param>
    /// <param name="cancellation">Ends it between two steps of the compiler.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such calls.</exception>
    /// <exception cref="GradientException">The graph is to be trained, and its first output requires no gradient or cannot be differentiated.</exception>
    /// <exception cref="GraphException">The graph is to be trained and updates a parameter that requires a gradient, or cannot be compiled.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Prepare(GraphCalls calls, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if ((calls & ~GraphCalls.All) != 0)
        {
            throw InvariantText.OutOfRange(nameof(calls), (int)calls, $"There are no such calls; choose from {string.Join(", ", Enum.GetNames<GraphCalls>())}.");
        }

        bool trains = (calls & GraphCalls.Accumulation) != 0;
        if (trains)
        {
            RefuseTrainingUpdates();
            RequireGradient();
        }

        if (calls.HasFlag(GraphCalls.Run))
        {
            Made(inference, executor => executor, cancellation);
        }

        if (trains)
        {
            Executor trained = Made(training, made => made.Executor, cancellation);
            if (calls.HasFlag(GraphCalls.Accumulation))
            {
                trained.Program.Plan.Complete();
            }
        }
    }

    /// <summary>
    /// A delegate of the caller's own type that does what <see cref="Run(ReadOnlySpan{Argument})"/> does, with the least a call can cost. It has a parameter an input: an
    /// array of up to three axes, <c>Tensor&lt;T&gt;</c>, <c>Memory&lt;T&gt;</c>, <c>ReadOnlyMemory&lt;T&gt;</c>, <see cref="Argument"/>, the plain value of a scalar, or, where it
    /// has at most eight parameters, <c>ReadOnlySpan&lt;T&gt;</c>. Then either it returns the outputs (an array, a tensor, the plain value of a scalar, a tuple of these, or
    /// <see cref="RunResults"/>), or it returns nothing and has a further parameter an output to write to: an array, tensor, <c>Memory&lt;T&gt;</c>, <see cref="Destination"/> or
    /// <c>Span&lt;T&gt;</c>. A <see cref="CancellationToken"/> may come last, which ends a call between two steps of its work. The delegate ends with the graph: once that is disposed of, calls are refused.
    /// </summary>
    /// <typeparam name="TDelegate">The delegate type.</typeparam>
    /// <exception cref="CompileException">The delegate type does not fit the inputs and outputs, or the graph cannot be compiled.</exception>
    public TDelegate CreateDelegate<TDelegate>()
        where TDelegate : Delegate
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return TypedDelegate.Create<TDelegate>(this);
    }

    /// <summary>Computes the outputs and applies the updates.</summary>
    /// <param name="arguments">One an input: arrays, tensors, memory, or plain values for scalars.</param>
    /// <returns>The outputs, in arrays of their own.</returns>
    /// <exception cref="BindingException">An argument does not fit its input; nothing has changed.</exception>
    /// <exception cref="ExecutionException">A value was out of range, such as an index; no parameter has changed.</exception>
    /// <exception cref="SizeException">The sizes overflow, or there is no memory for them; nothing has changed.</exception>
    public RunResults Run(params ReadOnlySpan<Argument> arguments) => Run(arguments, CancellationToken.None);

    /// <summary>Computes the outputs and applies the updates, unless it is cancelled before.</summary>
    /// <param name="arguments">One an input: arrays, tensors, memory, or plain values for scalars.</param>
    /// <param name="cancellation">Ends the call between two steps of its work. Once the first parameter is written, it goes on to its end.</param>
    /// <returns>The outputs, in arrays of their own.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; no parameter has changed.</exception>
    /// <exception cref="BindingException">An argument does not fit its input; nothing has changed.</exception>
    /// <exception cref="ExecutionException">A value was out of range, such as an index; no parameter has changed.</exception>
    /// <exception cref="SizeException">The sizes overflow, or there is no memory for them; nothing has changed.</exception>
    public RunResults Run(ReadOnlySpan<Argument> arguments, CancellationToken cancellation)
    {
        CheckCount(arguments.Length, graph.Inputs, "argument", "input");
        using Entry entry = EnterRun();
        return Executor.Run(arguments, cancellation);
    }

    /// <summary>Computes the outputs into memory of the caller and applies the updates.</summary>
    /// <param name="arguments">One an input: arrays, tensors, memory, or plain values for scalars.</param>
    /// <param name="outputs">One an output: dense tensors of its shape, or arrays or memory with room for it; none may overlap an argument.</param>
    /// <param name="cancellation">Ends the call between two steps of its work. Once the first parameter is written, it goes on to its end.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; no parameter has changed, the destinations are undefined.</exception>
    /// <exception cref="BindingException">An argument or destination does not fit; nothing has changed.</exception>
    /// <exception cref="ExecutionException">A value was out of range, such as an index; no parameter has changed, the destinations are undefined.</exception>
    /// <exception cref="SizeException">The sizes overflow, or there is no memory for them; nothing has changed.</exception>
    public void Run(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> outputs, CancellationToken cancellation = default)
    {
        CheckCount(arguments.Length, graph.Inputs, "argument", "input");
        CheckCount(outputs.Length, graph.Outputs, "destination", "output");
        using Entry entry = EnterRun();
        Executor.Run(arguments, outputs, cancellation);
    }

    /// <summary>
    /// Computes the outputs, applies the updates, which must be of parameters that require no gradient, such as running statistics, and keeps what a backward needs: it sees the
    /// values from before the updates. Inside <see cref="GradMode.NoGrad"/> it keeps nothing.
    /// </summary>
    /// <param name="arguments">One an input: arrays, tensors, memory, or plain values for scalars.</param>
    /// <returns>The outputs, in arrays of their own.</returns>
    public RunResults Forward(params ReadOnlySpan<Argument> arguments) => Forward(arguments, CancellationToken.None);

    /// <summary>Does what <see cref="Forward(ReadOnlySpan{Argument})"/> does, unless it is cancelled before.</summary>
    /// <param name="arguments">One an input: arrays, tensors, memory, or plain values for scalars.</param>
    /// <param name="cancellation">Ends the call between two steps of its work.</param>
    /// <returns>The outputs, in arrays of their own.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; no parameter has changed, and there is nothing for a backward.</exception>
    public RunResults Forward(ReadOnlySpan<Argument> arguments, CancellationToken cancellation)
    {
        using Entry entry = EnterForward(arguments.Length);
        return Records() ? training.Value.Forward(arguments, [], intoDestinations: false, cancellation)! : Executor.Run(arguments, cancellation);
    }

    /// <summary>
    /// Computes the outputs into memory of the caller, applies the updates, which must be of parameters that require no gradient, and keeps what a backward needs. Inside
    /// <see cref="GradMode.NoGrad"/> it keeps nothing.
    /// </summary>
    /// <param name="arguments">One an input: arrays, tensors, memory, or plain values for scalars.</param>
    /// <param name="outputs">One an output: dense tensors of its shape, or arrays or memory with room for it; none may overlap an argument.</param>
    /// <param name="cancellation">Ends the call between two steps of its work.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; no parameter has changed, and there is nothing for a backward; the destinations are undefined.</exception>
    public void Forward(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> outputs, CancellationToken cancellation = default)
    {
        using Entry entry = EnterForward(arguments.Length);
        CheckCount(outputs.Length, graph.Outputs, "destination", "output");
        if (Records())
        {
            training.Value.Forward(arguments, outputs, intoDestinations: true, cancellation);
        }
        else
        {
            Executor.Run(arguments, outputs, cancellation);
        }
    }

    /// <summary>Adds the gradients of the first output, which must have one element, into the leaves that require them.</summary>
    /// <param name="retainGraph">Whether to keep what Forward saved, for another backward.</param>
    /// <param name="cancellation">Ends the call between two steps of its work. Once it adds to the first gradient, it goes on to its end.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; no gradient has changed. What Forward saved is used up, if it is not kept and the call had begun to work.</exception>
    /// <exception cref="SizeException">There is no memory for the gradients, or for what is kept; nothing has changed, and what Forward saved is still there.</exception>
    /// <exception cref="GradientException">There was no forward, its values are used up, or the output has several elements or requires no gradient.</exception>
    public void Backward(bool retainGraph = false, CancellationToken cancellation = default)
    {
        using Entry entry = EnterTo([]);
        RequireGradient();
        training.Value.Backward(seed: null, retainGraph, cancellation);
    }

    /// <summary>Adds the gradients of the first output, weighted by a seed, into the leaves that require them.</summary>
    /// <param name="seed">The gradient of the first output, of its shape and dtype.</param>
    /// <param name="retainGraph">Whether to keep what Forward saved, for another backward.</param>
    /// <param name="cancellation">Ends the call between two steps of its work. Once it adds to the first gradient, it goes on to its end.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; no gradient has changed. What Forward saved is used up, if it is not kept and the call had begun to work.</exception>
    /// <exception cref="SizeException">There is no memory for the gradients, or for what is kept; nothing has changed, and what Forward saved is still there.</exception>
    /// <exception cref="GradientException">There was no forward, its values are used up, the seed does not fit, or the output requires no gradient.</exception>
    public void Backward(Argument seed, bool retainGraph = false, CancellationToken cancellation = default)
    {
        using Entry entry = EnterTo([]);
        RequireGradient();
        training.Value.Backward(seed, retainGraph, cancellation);
    }

    /// <summary>Forgets the gradients of all leaves and retained nodes of the graph.</summary>
    /// <param name="setToNull">True makes them null; false fills them with zeros where there are any.</param>
    public void ZeroGrad(bool setToNull = true)
    {
        using Entry entry = EnterTo([]);
        if (gradientWriter.Begin(gradients) is { } refused)
        {
            throw refused.Refusal();
        }

        try
        {
            foreach (Leaf leaf in leaves)
            {
                leaf.Gradient?.Zero(setToNull);
            }

            training.Made?.ZeroRetained(setToNull);
        }
        finally
        {
            gradientWriter.Turn.GiveBack();
        }
    }

    /// <summary>The gradient of an intermediate node named in <see cref="CompileOptions.RetainGrad"/>; null before a backward.</summary>
    /// <typeparam name="T">The node's element type.</typeparam>
    /// <param name="node">The node.</param>
    /// <exception cref="GradientException">The node was not named there, such as a leaf, which has its gradient in <see cref="Leaf.Grad"/>.</exception>
    public Tensor<T>? GradientOf<T>(Node node)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(node);
        ObjectDisposedException.ThrowIf(disposed, this);
        return options.RetainGrad.Contains(node) ? training.Made?.Retained<T>(node)
            : throw new GradientException(!node.RequiresGrad ? GradientCut.NotRequired(node)
                : node is Leaf ? $"The gradient of {node.Describe()} is its Grad, as of every leaf; GradientOf reads those of the nodes in CompileOptions.RetainGrad."
                : $"The gradient of {node.Describe()} is not kept: only leaves keep theirs; name the node in CompileOptions.RetainGrad.");
    }

    /// <summary>What goes in and what comes out, such as <c>CompiledGraph: Input 'x' float32[N, 3] → Softmax float32[N, 3]</c>.</summary>
    public override string ToString()
    {
        string inputs = string.Concat(graph.Inputs.Select((n, i) => $"{(i == 0 ? string.Empty : ", ")}{n.Describe()}").Append(graph.Inputs.Count == 0 ? string.Empty : " "));
        string changes = HasUpdates ? $"; updates {string.Join(", ", updates.Select(u => u.Parameter.Describe()))}" : string.Empty;
        return $"{nameof(CompiledGraph)}: {inputs}→ {string.Join(", ", graph.Outputs.Select(n => n.Describe()))}{changes}";
    }

    /// <summary>
    /// Frees the workspaces. Calls after this are refused. Those that other threads are in run to their ends, and this waits for them; within a call of this
    /// graph (from a memory manager, say) it does not wait, and the memory goes when the calls have ended. Gradients, parameters and results stay.
    /// </summary>
    public void Dispose()
    {
        disposed = true;
        bool interrupted = false;
        SpinWait spin = default;
        while (!TryFree())
        {
            try
            {
                spin.SpinOnce();
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>Marks a run as running.</summary>
    internal Entry EnterRun()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return HasUpdates ? EnterTo(values) : default;
    }

    /// <summary>Frees what no call has.</summary>
    /// <returns>Whether there is nothing to wait for.</returns>
    private bool TryFree()
    {
        if (writer.Turn.TryClose())
        {
            training.Made?.Dispose();
        }

        Executor? executor = inference.Made;
        executor?.Dispose();
        return writer.Turn.IsOwn || executor?.IsHeldHere == true || !(writer.Turn.IsOthers || executor?.IsHeldElsewhere == true);
    }

    internal static void CheckCount(int given, NodeList needed, string what, string of)
    {
        if (given != needed.Count)
        {
            string list = needed.Count == 0 ? string.Empty : $": {string.Join(", ", needed.Select(n => n.Describe()))}";
            throw new BindingException($"{InvariantText.Count(given, what)} {(given == 1 ? "was" : "were")} given for {InvariantText.Count(needed.Count, of)}{list}.{(given > needed.Count ? " A list of numbers in brackets is as many; an array is one." : string.Empty)}");
        }
    }

    private Entry EnterForward(int arguments)
    {
        CheckCount(arguments, graph.Inputs, "argument", "input");
        RefuseTrainingUpdates();
        return EnterTo(values);
    }

    /// <summary>Marks a call as running that writes, or keeps something for one that does; such calls refuse each other.</summary>
    /// <param name="written">What it writes and no other graph may write meanwhile.</param>
    private Entry EnterTo(Written[] written)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!writer.Turn.TryTake())
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            throw new GraphException(writer.Turn.IsOwn
                ? "This graph is in a call that this call is within, as from a host function or a memory manager: what writes parameters or gradients is for one call at a time."
                : "This graph is being trained by another thread: what writes parameters or gradients is for one thread at a time.");
        }

        var entry = new Entry(this);
        if (writer.Claim(written) is { } refused)
        {
            entry.Dispose();
            throw refused.Refusal();
        }

        return entry;
    }

    private void RefuseTrainingUpdates()
    {
        if (updates.FirstOrDefault(u => u.Parameter.RequiresGrad)?.Parameter is { } trained)
        {
            throw new GraphException(
                $"This graph updates {trained.Describe()}, which requires a gradient, so it is run by Run: Forward and Backward are for graphs that update nothing, or only parameters that require none, such as running statistics.");
        }
    }

    /// <summary>What is compiled when it is first needed. It may have been compiled beside the disposal, which has not seen it then.</summary>
    private Executor Made<T>(OnDemand<T> compiled, Func<T, Executor> executorOf, CancellationToken cancellation)
        where T : class
    {
        Executor made = executorOf(compiled.Get(cancellation));
        if (disposed)
        {
            made.Dispose();
        }

        return made;
    }

    /// <summary>Whether a forward now is to keep values for a backward; if not, what an earlier one kept is forgotten.</summary>
    private bool Records()
    {
        bool records = GradMode.IsEnabled && graph.Outputs is [{ RequiresGrad: true }, ..];
        if (!records)
        {
            training.Made?.Forget();
        }

        return records;
    }

    private Root[] Roots() =>
    [
        .. graph.Outputs.Select(o => new Root(o, IsForward: true, RootKind.Output)),
        .. UpdateRoots(),
    ];

    private Root[] UpdateRoots() => [.. updates.Select(u => new Root(u.Value, IsForward: true, RootKind.Update, u.Parameter))];

    private void RequireGradient()
    {
        if (graph.Outputs is not [var root, ..])
        {
            throw new GradientException("Backward starts from the first output, and this graph has none.");
        }

        if (!root.RequiresGrad)
        {
            throw new GradientException(GradientCut.NotRequired(root));
        }
    }

    private void CheckUpdates()
    {
        Items.ThrowIfNull(updates);
        HashSet<Node> seen = [];
        foreach (Update update in updates)
        {
            if (!seen.Add(update.Parameter))
            {
                throw new GraphException($"{update.Parameter.Describe()} is updated twice.");
            }
        }

        _ = new Graph(graph.Inputs, [.. graph.Outputs, .. updates.Select(u => u.Value)]);
    }

    private void CheckSymbols()
    {
        HashSet<string> bound = [.. graph.Inputs.SelectMany(i => i.Shape).Select(d => d.Symbol).OfType<string>()];
        Node[] open =
        [
            .. GraphWalk.WithBodies([.. graph.Inputs, .. graph.Outputs, .. updates.Select(u => u.Value)]).Where(n => SymbolsOf(n).Any(s => !bound.Contains(s))),
        ];

        // One with a name says more.
        if ((open.FirstOrDefault(n => n.Name is not null) ?? open.FirstOrDefault()) is { } node)
        {
            string free = SymbolsOf(node).First(s => !bound.Contains(s));
            throw new CompileException(
                $"No argument says what the size {Dim.Display(free)} of {node.Describe()} is: give an input an axis of exactly that size, take the size of an input, as x.Shape[0] does, or write a number.");
        }

        // A size may be asked for as a number, or in a condition, alone.
        static IEnumerable<string> SymbolsOf(Node node) => node.Guards.IsEmpty && node.Op is not DimValueOp && node.Results.All(r => r.Shape.IsConstant) ? [] :
        [
            .. node.Results.SelectMany(r => r.Shape.Symbols), .. node.Guards.SelectMany(g => g.Left.Symbols.Concat(g.Right.Symbols)), .. node.Op is DimValueOp { Dim: var dim } ? dim.Symbols : [],
        ];
    }

    /// <summary>A running call.</summary>
    internal readonly struct Entry(CompiledGraph? owner) : IDisposable
    {
        public void Dispose()
        {
            if (owner is not null)
            {
                owner.writer.Turn.GiveBack();
                if (owner.disposed)
                {
                    owner.TryFree();
                }
            }
        }
    }
}
