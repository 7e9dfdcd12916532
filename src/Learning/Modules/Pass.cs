using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning;

/// <summary>
/// Says what a model is being defined for, training or inference, while it is open: layers that differ ask it, and refuse to be defined without. Nothing is kept on layers: a
/// model is defined once for each, which makes two graphs.
/// </summary>
/// <remarks>
/// A pass belongs to the current flow of control, as <see cref="GradMode.NoGrad"/> does, and is open until it is disposed of: <c>using (Pass.Inference()) y = net.Forward(x);</c>.
/// A pass for inference may be opened within another, as for a teacher within a step of training. What layers write to buffers, such as running statistics, are
/// <see cref="Updates"/> of the step.
/// </remarks>
public sealed class Pass : IDisposable
{
    private static readonly AsyncLocal<Pass?> Innermost = new();
    private static readonly Pass OfFrozen = new(null, null, null, null);

    private readonly Generator? random;
    private readonly Pass? outer;
    private readonly string? opened;
    private readonly Dictionary<Parameter, Node> written = [];
    private readonly List<Parameter> order = [];
    private readonly Dictionary<Module, int> uses = new(ReferenceEqualityComparer.Instance);
    private volatile bool isClosed;

    private Pass(Generator? random, Pass? outer, string? opened, DecodingCache? cache) => (this.random, this.outer, this.opened, Cache) = (random, outer, opened, cache);

    /// <summary>The pass that is open now; null if there is none.</summary>
    public static Pass? Current
    {
        get
        {
            // What was closed on another thread, or within, is not open here either.
            Pass? pass = Innermost.Value;
            while (pass is { isClosed: true })
            {
                pass = pass.outer;
            }

            return pass;
        }
    }

    /// <summary>Whether layers are defined for training: with dropout, with the statistics of the batch, with updates of buffers.</summary>
    public bool IsTraining => random is not null;

    /// <summary>What layers remember of the tokens before those that the model is defined for; null if the model sees all of them.</summary>
    public DecodingCache? Cache { get; }

    /// <summary>Where layers take random numbers from.</summary>
    /// <exception cref="InvalidOperationException">The pass is one for inference, in which nothing is random.</exception>
    public Generator Random => random ?? throw new InvalidOperationException("A pass for inference has no random numbers: what it defines is no matter of chance.");

    /// <summary>What layers wrote to buffers: updates of the step, each buffer's once. To be given to the function that is compiled, with those of the optimiser.</summary>
    public IReadOnlyList<Update> Updates => [.. order.Select(b => new Update(b, written[b]))];

    /// <summary>Opens a pass for training.</summary>
    /// <param name="random">Where layers take random numbers from, such as those of dropout.</param>
    /// <param name="file">The file of the caller, for messages.</param>
    /// <param name="line">The line of the caller, for messages.</param>
    /// <exception cref="InvalidOperationException">A pass is open already, and never was closed.</exception>
    public static Pass Training(Generator random, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(random);
        RequireNone("A pass for training cannot be opened in it.");
        return Open(random, null, file, line);
    }

    /// <summary>Opens a pass for inference, also within another pass.</summary>
    /// <param name="file">The file of the caller, for messages.</param>
    /// <param name="line">The line of the caller, for messages.</param>
    public static Pass Inference([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Open(null, null, file, line);

    /// <summary>
    /// Opens a pass for inference that goes on where a cache ends: attention that is causal, and recurrent layers, read what they remember and write what comes to it. These are
    /// <see cref="Updates"/> of the step, and <see cref="DecodingCache.Seen"/> one of its inputs.
    /// </summary>
    /// <param name="cache">The cache.</param>
    /// <param name="file">The file of the caller, for messages.</param>
    /// <param name="line">The line of the caller, for messages.</param>
    public static Pass Inference(DecodingCache cache, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(cache);
        return Open(null, cache, file, line);
    }

    /// <summary>The places of tokens in their sequence, int64 [count]: 0, 1, …, or what comes after those in the <see cref="Cache"/> of the pass that is open.</summary>
    /// <param name="count">How many tokens the model is defined for.</param>
    public static Node Positions(Dim count) => Current?.Cache is { } cache ? cache.Positions(count) : Ops.Arange(count);

    /// <summary>What a layer that differs between training and inference asks: the pass that is open, or one for inference where the layer is frozen.</summary>
    /// <param name="module">The layer.</param>
    /// <exception cref="InvalidOperationException">None is open.</exception>
    public static Pass For(Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        Pass open = Current ?? throw new InvalidOperationException(
            $"{Definition.Describe(module)} differs between training and inference, and nothing says which this definition is for. Define the model within 'using (Pass.Training(random))' or 'using (Pass.Inference())'; Compile of a module does it for inference.");
        return open.IsTraining && Definition.IsFrozen(module) ? OfFrozen : open;
    }

    /// <summary>The value of a buffer as of now: what a layer wrote before in this pass, or what the buffer holds when the step begins.</summary>
    /// <param name="buffer">The buffer.</param>
    public Node Read(Parameter buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return written.GetValueOrDefault(buffer, buffer);
    }

    /// <summary>Says what a buffer becomes by the step. Layers that are used again in the same pass read and write what comes after that.</summary>
    /// <param name="buffer">The buffer, a parameter without gradients.</param>
    /// <param name="value">Its new value, of its dtype and shape.</param>
    /// <exception cref="ArgumentException">It is a parameter that is trained.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <exception cref="InvalidOperationException">The pass is one of inference, which changes nothing, or is closed.</exception>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public void Write(Parameter buffer, Node value)
    {
        var update = new Update(buffer, value);
        if (!(IsTraining || Cache?.Holds(buffer) == true) || isClosed)
        {
            throw new InvalidOperationException($"Parameter '{buffer.Path}' cannot be written in a pass {(isClosed ? "that is closed" : "for inference, which changes nothing")}.");
        }

        if (buffer.RequiresGrad)
        {
            throw new ArgumentException($"Parameter '{buffer.Path}' requires gradients: an optimiser trains it, and only buffers are written by layers.", nameof(buffer));
        }

        if (!written.ContainsKey(buffer))
        {
            order.Add(buffer);
        }

        written[buffer] = update.Value;
    }

    /// <summary>Closes the pass. What was written stays in <see cref="Updates"/>.</summary>
    /// <exception cref="InvalidOperationException">A pass that was opened within was never closed; it is now, and so is this.</exception>
    public void Dispose()
    {
        if (isClosed)
        {
            return;
        }

        isClosed = true;
        Pass? left = null;
        bool isHere = false;
        for (Pass? pass = Innermost.Value; pass is not null && !isHere; pass = pass.outer)
        {
            isHere = pass == this;
        }

        // A pass may be closed from another flow of control, which knows nothing of those that were opened within.
        for (Pass? inner = isHere ? Innermost.Value : this; inner != this; inner = inner!.outer)
        {
            left ??= inner!.isClosed ? null : inner;
            inner!.isClosed = true;
        }

        if (isHere)
        {
            Innermost.Value = outer;
        }

        if (left is not null)
        {
            throw new InvalidOperationException($"The pass opened {left.opened} was never closed, and its layers may have been defined for what they were not meant for. Open a pass by a 'using' that ends with the definition.");
        }
    }

    /// <summary>Refuses to go on while a pass is open.</summary>
    internal static void RequireNone(string consequence)
    {
        if (Current is { } open)
        {
            throw new InvalidOperationException($"The pass opened {open.opened} is still open. {consequence} Open a pass by a 'using' that ends with the definition.");
        }
    }

    /// <summary>How often a module was used in this pass before.</summary>
    internal int UsesOf(Module module)
    {
        int before = uses.GetValueOrDefault(module);
        uses[module] = before + 1;
        return before;
    }

    private static Pass Open(Generator? random, DecodingCache? cache, string file, int line)
    {
        var pass = new Pass(random, Current, $"at {Path.GetFileName(file)}:{line}", cache);
        Innermost.Value = pass;
        return pass;
    }
}
