using GraphCompiler.Emit;
using GraphCompiler.Fusion;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>From simplified nodes to a program: buffers, kernels, their order, and the sizes of everything.</summary>
internal sealed class BuildProgram
{
    private readonly CompilerContext context;
    private readonly IReadOnlyList<Node> inputs;
    private readonly IReadOnlyList<Root> roots;
    private readonly IReadOnlyList<Guard> guards;
    private readonly Node? seed;
    private readonly IReadOnlyList<RandomStreamOp> streams;
    private readonly List<Node> order;
    private readonly HashSet<Node> forward;
    private readonly ChosenBuffers choice;
    private readonly Materialization materialization;
    private readonly List<PlanBuffer> buffers = [];
    private readonly Dictionary<KernelBuffer, int> bufferOf = [];
    private readonly List<Dim> sizes = [];
    private readonly Dictionary<Dim, int> sizeOf = [];
    private readonly Dictionary<Node, int> inputOf;
    private readonly HashSet<KernelBuffer> updated;
    private readonly List<AlignedBuffer> constants = [];
    private readonly Dictionary<LoweredKernel, LoweredKernel> smaller = new(ReferenceEqualityComparer.Instance);
    private Dictionary<Node, int> gradientOf = [];

    private BuildProgram(
        CompilerContext context, IReadOnlyList<Node> inputs, IReadOnlyList<Root> roots, IReadOnlyList<Guard> guards, IReadOnlyList<RandomStreamOp> streams, Node? seed)
    {
        this.context = context;
        this.inputs = inputs;
        this.roots = roots;
        this.guards = guards;
        this.streams = streams;
        this.seed = seed;
        inputOf = inputs.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        forward = [.. GraphWalk.TopologicalOrder(roots.Where(r => r.IsForward).Select(r => r.Node))];
        Node[] all = [.. roots.Select(r => r.Node)];

        // A kernel leaves all results of its operation, also those that the backward part alone takes.
        forward.UnionWith(GraphWalk.TopologicalOrder(all).Where(n => n.Op is OutputOp && forward.Contains(n.Inputs[0])));
        order = GraphWalk.TopologicalOrder([.. roots.Where(r => r.IsForward).Select(r => r.Node), .. roots.Where(r => !r.IsForward).Select(r => r.Node)]);
        CompileOptions options = context.Options;

        // Training writes its parameters all the time: what is kept of them would be made anew in every call.
        bool leavesLast = options.PackWeights && roots.All(r => r.IsForward && r.Kind != RootKind.Update);
        choice = ChooseBuffers.Run(
            order, all, StageOf, options.Inline, options.WindowsInPlace, leavesLast, options.Prologues ? options.Width : null, options.Epilogues);
        materialization = choice.Materialization;
        updated = [.. roots.Where(r => r.Kind == RootKind.Update).Select(r => KernelBuffer.Of(SourceOf(r.Node)))];
    }

    public static Program Run(
        CompilerContext context, IReadOnlyList<Node> inputs, IReadOnlyList<Root> roots, IReadOnlyList<Guard> guards, IReadOnlyList<RandomStreamOp> streams, Node? seed) =>
        new BuildProgram(context, inputs, roots, guards, streams, seed).Build();

    private Program Build()
    {
        Node[] computed = [.. order.Where(n => materialization.IsMaterialized(n) && !OpTraits.Of(n.Op).IsFromOutside)];
        Node[] results = [.. roots.Select(r => SourceOf(r.Node)).Distinct()];
        KernelGraph graph = context.Timed("fuse", () => FuseKernels.Run(
            choice, computed, results, StageOf, context.Options.Fuse, context.Options.Epilogues, context.Options.Width));
        if (context.Options.Verify)
        {
            KernelVerifier.Verify(graph);
        }

        computed = [.. graph.Specs.SelectMany(s => s.Stored)];
        LoweredKernel[] kernels = context.Timed("lower", () => graph.Specs.SelectMany(Lower).ToArray());
        var traffic = Traffic.Of(kernels.Select(k => k.Accesses), [.. results.Select(KernelBuffer.Of)]);
        context.DumpFusion(graph, traffic);
        (kernels, IReadOnlyDictionary<KernelBuffer, Node> places) = context.Timed("update-in-place", () => UpdatesInPlace(kernels));
        bool IsForward(LoweredKernel k) => forward.Contains(k.Root);
        HashSet<Node> readBackward = [.. kernels.Where(k => !IsForward(k)).SelectMany(k => k.Buffers).Select(b => b.Node).OfType<Node>(), .. roots.Where(r => !r.IsForward).Select(r => SourceOf(r.Node))];

        Dictionary<Node, int> outputOf = AssignOutputs(computed, readBackward);
        gradientOf = AssignGradients(computed);
        HashSet<Node> inMemory = [.. computed];
        foreach (Node node in order.Where(n => inMemory.Contains(n) || (OpTraits.Of(n.Op).IsFromOutside && materialization.IsMaterialized(n))))
        {
            var buffer = KernelBuffer.Of(node);
            bufferOf[buffer] = AddBuffer(buffer, outputOf, places.GetValueOrDefault(buffer));
        }

        foreach (KernelBuffer scratch in kernels.SelectMany(k => k.Scratch))
        {
            bufferOf[scratch] = AddBuffer(scratch, outputOf);
        }

        AddWorkerScratch(kernels);
        foreach (KernelBuffer lasting in kernels.Where(RunsOnceAVersion).SelectMany(k => k.Scratch))
        {
            buffers[bufferOf[lasting]] = buffers[bufferOf[lasting]] with { Address = Reserve(lasting) };
        }

        List<(int From, int To)> saved = SaveInputs(kernels, readBackward, out Dictionary<Node, int> savedAt);
        LoweredKernel[] merged = context.Timed("merge", () => Merge(kernels));
        AddWorkerScratch(merged);
        CompiledKernel[] compiled = context.Compile(kernels.Concat(merged));
        PlanStep[] steps = [.. kernels.Concat(merged).Select((k, i) => Step(k, compiled[i].Entry, IsForward(k) ? null : savedAt))];
        (LoweredKernel Kernel, int Replaced, int[] Externals)[] adding = [.. context.Timed("add-in-place", () => Adding(kernels, merged))];

        // Compiled all at once when the first is needed: after that, no sizes call for a compilation.
        var compiledAdding = new OnDemand<CompiledKernel[]>(() => context.Compile(adding.Select(a => a.Kernel)));
        OnDemand<KernelEntry>[] added = [.. adding.Select((_, i) => new OnDemand<KernelEntry>(() => compiledAdding.Value[i].Entry))];
        var tree = new PlanTree(adding
            .Select((a, i) => (a.Replaced, Variant: new PlanVariant(new PlanNode.Run(steps.Length + i)) { AddsTo = a.Externals, Needs = added[i] }))
            .ToDictionary(a => a.Replaced, a => a.Variant));
        int forwardKernels = kernels.Count(IsForward);
        PlanNode forwardPart = Part(isForward: true);
        PlanNode backwardPart = Part(isForward: false);
        (Root Root, RootBuffer Buffer)[] placed = PlaceRoots(savedAt);
        (RandomStreamOp Stream, int Buffer)[] drawn = [.. bufferOf.Where(b => b.Key.Node?.Op is RandomStreamOp).Select(b => ((RandomStreamOp)b.Key.Node!.Op, b.Value))];
        PlanBuffer[] planned = [.. buffers];
        (PlanBlock[] blocks, int endOfForward) = context.Timed("plan-memory", () => PlanMemory.Run(
            kernels,
            steps,
            forwardPart,
            backwardPart,
            planned,
            drawn.Select(d => d.Buffer),
            [.. placed.Where(p => p.Root.IsForward).Select(p => p.Buffer.Buffer), .. saved.Select(s => s.To)],
            placed.Where(p => !p.Root.IsForward).Select(p => p.Buffer.Buffer),
            context.Options is { ReuseMemory: true, Verify: false }));
        int[] inputBytes = [.. inputs.Select(i => SizeOf(i.Shape.ElementCount * i.DType.Size()))];
        string[] symbols = [.. sizes.SelectMany(d => d.Symbols).Concat(inputs.SelectMany(i => i.Shape.Symbols)).Concat(guards.SelectMany(g => g.Left.Symbols.Concat(g.Right.Symbols))).Distinct()];
        return new Program
        {
            Plan = new Plan
            {
                Steps = [.. steps, .. adding.Select((a, i) => Step(a.Kernel, (frame, begin, end) => added[i].Value(frame, begin, end), savedAt))],
                Forward = forwardPart,
                Backward = backwardPart,
                EndOfForward = endOfForward,
                Buffers = planned,
                Blocks = blocks,
                Externals = inputs.Count + roots.Count(r => r.Kind == RootKind.Output) + gradientOf.Count,
                Symbols = symbols.Length,
                Sizes = sizes.Count,
                Threads = context.Options.Threads,
                Chunking = context.Options.Chunking,
                EvaluateSizes = new SizeProgram(sizes, symbols).Evaluate,
            },
            Inputs = [.. inputs],
            InputBytes = inputBytes,
            Symbols = symbols,
            Guards = [.. guards],
            Kernels = kernels,
            ForwardKernels = forwardKernels,
            Merged = merged,
            Adding = [.. adding.Select(a => a.Kernel)],
            Traffic = traffic,
            FusionSteps = graph.Steps,
            Compiled = compiled[..kernels.Length],
            Outputs = [.. placed.Where(p => p.Root.Kind == RootKind.Output).Select(p => p.Buffer)],
            Updates = [.. placed.Where(p => p.Root.Kind == RootKind.Update).Select(p => p.Buffer)],
            Gradients = [.. placed.Where(p => p.Root.Kind == RootKind.Gradient).Select(p => p.Buffer)],
            Buffers = bufferOf,
            Saved = [.. saved],
            Random = RandomCalls.Of(streams, drawn),
            Constants = constants,
            Parameters = [.. bufferOf.Keys.Select(b => b.Node).Concat(roots.Select(r => r.Parameter)).OfType<IParameter>().Distinct()],
            BackwardParameters = [.. readBackward.OfType<IParameter>()],
            Options = context.Options,
        };

        PlanNode Part(bool isForward)
        {
            int one = Array.FindIndex(merged, m => IsForward(m) == isForward);
            LoweredKernel[] own = [.. kernels.Where(k => IsForward(k) == isForward)];
            return tree.Of(
                Enumerable.Range(isForward ? 0 : forwardKernels, own.Length), one < 0 ? null : kernels.Length + one, one < 0 ? -1 : SizeOf(MergeSmallKernels.Elements(own)));
        }

        void AddWorkerScratch(LoweredKernel[] some)
        {
            foreach (KernelBuffer scratch in some.SelectMany(k => k.WorkerScratch).Where(s => !bufferOf.ContainsKey(s)))
            {
                bufferOf[scratch] = AddBuffer(scratch, outputOf);
            }
        }
    }

    /// <summary>Whether a kernel does nothing but fill scratch, of constant size, from values that last.</summary>
    private bool RunsOnceAVersion(LoweredKernel kernel) => kernel.Extents.All(e => e.IsConstant) && kernel.Range.IsConstant && kernel.Accesses.All(a =>
        a is { IsWritten: true, Buffer.Kind: BufferKind.Scratch } ? a.Buffer.Length.IsConstant : a.Buffer.Node is { } node && materialization.IsLasting(node));

    private nint Reserve(KernelBuffer scratch) => Lasting(scratch, scratch.Length.Constant!.Value * scratch.Type.Size()).Address;

    private int StageOf(Node node) => forward.Contains(node) ? 0 : 1;

    private (LoweredKernel[] Kernels, IReadOnlyDictionary<KernelBuffer, Node> Places) UpdatesInPlace(LoweredKernel[] kernels) =>
        UpdatesAreInPlace
            ? WriteUpdatesInPlace.Run(kernels, [.. roots.Select(r => (r, KernelBuffer.Of(SourceOf(r.Node))))])
            : (kernels, new Dictionary<KernelBuffer, Node>());

    private bool UpdatesAreInPlace => context.Options is { UpdateInPlace: true, Verify: false, Checked: false };

    // An update written where its parameter lies must not be seen by what is computed after it. So before the kernel is compiled, not after.
    private LoweredKernel Ordered(LoweredKernel kernel) =>
        UpdatesAreInPlace && kernel.Buffers.Any(updated.Contains)
            ? kernel with { Kernel = StoreLast.Run(kernel.Kernel) }
            : kernel;

    private LoweredKernel[] Lower(KernelSpec spec)
    {
        LoweredKernel[] kernels = [.. LowerKernels.Run(spec, context.Options).Select(Ordered)];
        if (kernels is [var only] && LowerKernels.Small(spec, context.Options.Width) is { } small)
        {
            smaller.Add(only, Ordered(small));
        }

        foreach (LoweredKernel kernel in kernels)
        {
            context.CompileAhead(kernel);
        }

        return kernels;
    }

    /// <summary>
    /// For each part of the program the one kernel that does its work where sizes are small, if there is one: the same work in the same order, or the
    /// plan of memory would not hold for it.
    /// </summary>
    private LoweredKernel[] Merge(LoweredKernel[] kernels)
    {
        CompileOptions options = context.Options;
        if (!options.MergeSmallKernels || options.Checked || options.Verify || kernels.Any(RunsOnceAVersion))
        {
            return [];
        }

        return
        [
            .. kernels.GroupBy(k => StageOf(k.Root))
                .Select(part => MergeSmallKernels.Run([.. part.Select(Smaller)], context.EmitOptions))
                .OfType<LoweredKernel>(),
        ];
    }

    private LoweredKernel Smaller(LoweredKernel kernel) => smaller.GetValueOrDefault(kernel, kernel);

    /// <summary>Steps that add to gradients where others overwrite them: of single kernels, and of the kernel that does the work of all backward ones.</summary>
    private IEnumerable<(LoweredKernel Kernel, int Replaced, int[] Externals)> Adding(LoweredKernel[] kernels, LoweredKernel[] merged)
    {
        // A gradient of several leaves must stand alone before it is added to each.
        HashSet<KernelBuffer> candidates = [.. roots.Select(r => SourceOf(r.Node)).GroupBy(s => s).Where(g => g.Count() == 1 && gradientOf.ContainsKey(g.Key)).Select(g => KernelBuffer.Of(g.Key))];
        if (candidates.Count == 0 || context.Options is { Verify: true } or { Checked: true })
        {
            yield break;
        }

        var pass = new AddInPlace(kernels);
        List<LoweredKernel> parts = [];
        List<int> together = [];
        for (int k = 0; k < kernels.Length; k++)
        {
            if (StageOf(kernels[k].Root) == 0)
            {
                continue;
            }

            KernelBuffer[] targets = pass.TargetsOf(k, kernels[k], candidates);
            if (targets.Length > 0)
            {
                yield return (AddInPlace.Run(kernels[k], targets), k, [.. targets.Select(t => gradientOf[t.Node!])]);
            }

            LoweredKernel small = Smaller(kernels[k]);
            targets = pass.TargetsOf(k, small, targets);
            together.AddRange(targets.Select(t => gradientOf[t.Node!]));
            parts.Add(targets.Length > 0 ? AddInPlace.Run(small, targets) : small);
        }

        if (together.Count > 0 && Array.FindIndex(merged, m => StageOf(m.Root) == 1) is >= 0 and var at && MergeSmallKernels.Run(parts, context.EmitOptions) is { } union)
        {
            yield return (union, kernels.Length + at, [.. together]);
        }
    }

    private Node SourceOf(Node root) => PointwiseExpression.ViewOf(root, materialization)!.Source;

    /// <summary>An output that a kernel computes, and that only the forward part reads, is written where the caller wants it.</summary>
    private Dictionary<Node, int> AssignOutputs(Node[] computed, HashSet<Node> readBackward)
    {
        HashSet<Node> ownKernel = [.. computed];
        Dictionary<Node, int> outputOf = [];
        int external = inputs.Count;
        foreach (Root root in roots.Where(r => r.Kind == RootKind.Output))
        {
            Node source = SourceOf(root.Node);
            if (ownKernel.Contains(source) && !readBackward.Contains(source))
            {
                outputOf.TryAdd(source, external);
            }

            external++;
        }

        return outputOf;
    }

    /// <summary>What backward kernels compute for a gradient alone is written where the gradient lies; the caller may say that it lies nowhere yet.</summary>
    private Dictionary<Node, int> AssignGradients(Node[] computed)
    {
        HashSet<Node> ownKernel = [.. computed];
        Dictionary<Node, int> places = [];
        int external = inputs.Count + roots.Count(r => r.Kind == RootKind.Output);
        foreach (Root root in roots.Where(r => r.Kind == RootKind.Gradient && context.Options.GradientsInPlace))
        {
            Node source = SourceOf(root.Node);
            if (ownKernel.Contains(source) && StageOf(source) == 1 && places.TryAdd(source, external))
            {
                external++;
            }
        }

        return places;
    }

    private int AddBuffer(KernelBuffer buffer, Dictionary<Node, int> outputOf, Node? place = null)
    {
        int bytes = SizeOf(buffer.Length * buffer.Type.Size());
        bool isPerThread = buffer.Kind == BufferKind.WorkerScratch;
        buffers.Add(buffer.Node is not { } node ? new PlanBuffer(-1, 0, bytes) { IsPerThread = isPerThread }
            : new PlanBuffer(ExternalOf(node), AddressOf(node), bytes) { IsOptional = gradientOf.ContainsKey(node) });
        return buffers.Count - 1;

        int ExternalOf(Node node) => node.Op is InputOp ? IndexOf(node) : outputOf.TryGetValue(node, out int output) ? output : gradientOf.GetValueOrDefault(node, -1);

        nint AddressOf(Node node) => node.Op is ConstantOp constant ? Place(buffer, constant.Data) : (place ?? node) is IParameter parameter ? parameter.Address : 0;
    }

    private int IndexOf(Node input)
    {
        return inputOf.TryGetValue(input, out int index) ? index
            : throw new GraphException($"The graph uses {input.Describe()}, which is not among the inputs; list it.");
    }

    private unsafe nint Place(KernelBuffer buffer, ConstantData data)
    {
        AlignedBuffer memory = Lasting(buffer, data.Bytes.Length);
        data.Bytes.CopyTo(new Span<byte>((void*)memory.Address, data.Bytes.Length));
        return memory.Address;
    }

    /// <summary>Memory that is there as long as the program.</summary>
    private AlignedBuffer Lasting(KernelBuffer buffer, long bytes)
    {
        try
        {
            constants.Add(new AlignedBuffer((nint)bytes));
            return constants[^1];
        }
        catch (OutOfMemoryException e)
        {
            throw TooLarge.Of(buffer.Describe(), buffer.Type, buffer.Shape.Constants, e);
        }
    }

    private int SizeOf(Dim dim)
    {
        if (!sizeOf.TryGetValue(dim, out int at))
        {
            at = sizes.Count;
            sizes.Add(dim);
            sizeOf.Add(dim, at);
        }

        return at;
    }

    /// <summary>The caller may change an input between forward and backward: what backward reads of it is a copy, whether or not forward reads it too.</summary>
    private List<(int From, int To)> SaveInputs(LoweredKernel[] kernels, HashSet<Node> readBackward, out Dictionary<Node, int> savedAt)
    {
        savedAt = [];
        List<(int, int)> saved = [];
        foreach (Node node in order.Where(n => n.Op is InputOp && readBackward.Contains(n) && n != seed))
        {
            buffers.Add(new PlanBuffer(-1, 0, buffers[bufferOf[KernelBuffer.Of(node)]].Bytes));
            savedAt[node] = buffers.Count - 1;
            saved.Add((bufferOf[KernelBuffer.Of(node)], buffers.Count - 1));
        }

        return saved;
    }

    private PlanStep Step(LoweredKernel kernel, KernelEntry entry, Dictionary<Node, int>? savedAt)
    {
        int[] extents = [.. kernel.Extents.Select(SizeOf)];
        var step = new PlanStep(
            entry,
            [.. kernel.Buffers.Select(b => savedAt is not null && b.Node is { } node && savedAt.TryGetValue(node, out int copy) ? copy : bufferOf[b])],
            extents,
            SizeOf(kernel.Range));
        if (RunsOnceAVersion(kernel))
        {
            return step with { Versioned = new VersionedStep([.. kernel.Buffers.Select(b => b.Node).OfType<IParameter>()]) };
        }

        if (context.Options.Threads == 1 || kernel.Range.Constant <= 1)
        {
            return step;
        }

        WorkEstimate estimate = WorkEstimate.Of(kernel.Kernel, context.Options.Width);
        return step with
        {
            IsVectorRange = estimate.IsVectorRange,
            Work = values =>
            {
                Span<long> own = extents.Length <= 64 ? stackalloc long[extents.Length] : new long[extents.Length];
                for (int i = 0; i < extents.Length; i++)
                {
                    own[i] = values[extents[i]];
                }

                return estimate.Nanoseconds(own);
            },
        };
    }

    private (Root Root, RootBuffer Buffer)[] PlaceRoots(Dictionary<Node, int> savedAt)
    {
        int external = inputs.Count;
        List<(Root, RootBuffer)> placed = [];
        HashSet<Node> taken = [];
        foreach (Root root in roots)
        {
            Node source = SourceOf(root.Node);
            int buffer = !root.IsForward && savedAt.TryGetValue(source, out int copy) ? copy : bufferOf[KernelBuffer.Of(source)];
            placed.Add((root, new RootBuffer(
                root.Kind == RootKind.Output ? root.Given : root.Node,
                buffer,
                SizeOf(root.Node.Shape.ElementCount * root.Node.DType.Size()),
                [.. root.Node.Shape.Select(SizeOf)],
                root.Kind == RootKind.Output ? external++ : root.Kind == RootKind.Gradient && gradientOf.TryGetValue(source, out int gradient) && taken.Add(source) ? gradient : -1,
                (IParameter?)root.Parameter)));
        }

        return [.. placed];
    }
}
