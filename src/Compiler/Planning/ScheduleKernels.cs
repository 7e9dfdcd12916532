using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>
/// Makes steps of kernels, and of each part of a program a tree: its kernels in order; where sizes are small, the one that does the work of all; and for
/// each the one that adds to results where it would write over them.
/// </summary>
internal sealed class ScheduleKernels
{
    private readonly LoweredProgram program;
    private readonly ResultPlaces results;
    private readonly PlacedBuffers buffers;
    private readonly CompileOptions options;
    private readonly Dictionary<LoopStatement, WorkEstimate> estimates = new(ReferenceEqualityComparer.Instance);
    private readonly List<Dim> sizes = [];
    private readonly Dictionary<Dim, int> sizeOf = [];
    private readonly Dictionary<LoweredKernel, int> stepOf = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<PlanNode, LoweredLoop> loops = new(ReferenceEqualityComparer.Instance);

    private ScheduleKernels(LoweredProgram program, ResultPlaces results, PlacedBuffers buffers, CompileOptions options) =>
        (this.program, this.results, this.buffers, this.options) = (program, results, buffers, options);

    /// <param name="program">The kernels.</param>
    /// <param name="results">Which results they write where the caller has them.</param>
    /// <param name="buffers">What they work on.</param>
    /// <param name="compiled">The code of all kernels but those that add.</param>
    /// <param name="options">How to compile.</param>
    /// <param name="compileAdding">Compiles those that add, all at once when the first is needed: after that, no sizes call for a compilation.</param>
    public static Schedule Run(
        LoweredProgram program, ResultPlaces results, PlacedBuffers buffers, CompiledKernel[] compiled, CompileOptions options, Func<CompiledKernel[]> compileAdding) =>
        new ScheduleKernels(program, results, buffers, options).Run(compiled, new OnDemand<CompiledKernel[]>(compileAdding));

    private Schedule Run(CompiledKernel[] compiled, OnDemand<CompiledKernel[]> compiledAdding)
    {
        LoweredKernel[] kernels = [.. program.All];
        for (int k = 0; k < kernels.Length; k++)
        {
            stepOf.Add(kernels[k], k);
        }

        PlanBuffer[] placed = Array.ConvertAll(buffers.All, BufferOf);
        OnDemand<KernelEntry>[] added = [.. program.Adding.Select((_, i) => new OnDemand<KernelEntry>(() => compiledAdding.Value[i].Entry))];
        PlanStep[] steps = [.. kernels.Select((k, i) => i < compiled.Length ? Step(k, compiled[i].Entry) : Step(k, Later(added[i - compiled.Length])) with { IsLasting = true })];
        Dictionary<int, PlanVariant> adding = [];
        foreach (AddingKernel each in program.Adding)
        {
            int i = adding.Count;
            adding.Add(each.Replaced, new PlanVariant(new PlanNode.Run(compiled.Length + i)) { AddsTo = [.. each.Targets.Select(t => results.Gradients[t])], Needs = added[i] });
        }

        PlanNode forward = Part(isForward: true, adding);
        PlanNode backward = Part(isForward: false, adding);
        IReadOnlyList<Node> inputs = program.Regions.Computation.Inputs;
        return new Schedule
        {
            Kernels = kernels,
            Steps = steps,
            Forward = forward,
            Backward = backward,
            Loops = loops,
            Buffers = placed,
            InputBytes = [.. inputs.Select(i => SizeOf(i.Shape.ElementCount * i.DType.Size()))],
            Streams = [.. buffers.Positions.Where(b => b.Key.Node?.Op is RandomStreamOp).Select(b => ((RandomStreamOp)b.Key.Node!.Op, b.Value))],
            Outputs = PlaceRoots(RootKind.Output),
            Updates = PlaceRoots(RootKind.Update),
            Gradients = PlaceRoots(RootKind.Gradient),
            Saved = buffers.Saved,
            Sizes = sizes,
        };

        static KernelEntry Later(OnDemand<KernelEntry> entry) => (frame, begin, end) => entry.Value(frame, begin, end);
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

    private PlanBuffer BufferOf(PlacedBuffer placed) =>
        new(placed.External, placed.Address, SizeOf(placed.Buffer.Length * placed.Buffer.Type.Size()))
        {
            IsOptional = placed.IsOptional,
            IsPerThread = placed.Buffer.Kind == BufferKind.WorkerScratch,
            IsPart = placed.IsPart,
        };

    private PlanStep Step(LoweredKernel kernel, KernelEntry entry)
    {
        bool isForward = program.IsForward(kernel);
        int[] extents = [.. kernel.Extents.Select(SizeOf)];
        var step = new PlanStep(entry, [.. kernel.Buffers.Select(b => buffers.PositionOf(b, isForward))], extents, SizeOf(kernel.Range))
        {
            IsLasting = kernel.Accesses.Any(a => a.IsWritten && program.Places.ContainsKey(a.Buffer)),
        };
        if (program.RunsOnceAVersion(kernel))
        {
            return step with { Versioned = new VersionedStep([.. kernel.Buffers.Select(b => b.Node).OfType<Parameter>()]) };
        }

        if (kernel.Control is LoweredLoop)
        {
            return step with { IsLoop = true };
        }

        if (options.Threads == 1 || kernel.Range.Constant <= 1)
        {
            return step;
        }

        if (!estimates.TryGetValue(kernel.Kernel.Body, out WorkEstimate? estimate))
        {
            estimates.Add(kernel.Kernel.Body, estimate = WorkEstimate.Of(kernel.Kernel, options.Width));
        }

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

    private PlanNode Part(bool isForward, Dictionary<int, PlanVariant> adding)
    {
        Dictionary<LoweredKernel, int> merged = new(ReferenceEqualityComparer.Instance);
        foreach (MergedKernel each in program.Merged)
        {
            merged.Add(each.Replaced[0], merged.Count);
        }

        return List([.. program.Parts.Where(p => program.IsForward(p) == isForward)]);

        PlanNode Step(int step) => adding.TryGetValue(step, out PlanVariant? variant) ? new PlanNode.Variants(new PlanNode.Run(step), variant) : new PlanNode.Run(step);

        PlanNode List(IReadOnlyList<LoweredPart> parts)
        {
            List<PlanNode> nodes = [];
            for (int i = 0; i < parts.Count;)
            {
                if (parts[i] is not LoweredKernel kernel || !merged.TryGetValue(kernel, out int at))
                {
                    nodes.Add(Node(parts[i++]));
                    continue;
                }

                IReadOnlyList<LoweredKernel> replaced = program.Merged[at].Replaced;
                nodes.Add(new PlanNode.Variants(new PlanNode.Sequence([.. replaced.Select(Node)]), new PlanVariant(Step(program.Kernels.Count + at))
                {
                    Elements = SizeOf(MergeSmallKernels.Elements(replaced)),
                    Most = Costs.FewElements,
                }));
                i += replaced.Count;
            }

            return nodes is [PlanNode.Variants { Default: PlanNode.Sequence } all] ? all : new PlanNode.Sequence([.. nodes]);
        }

        PlanNode Node(LoweredPart part) => part switch
        {
            LoweredKernel kernel => Step(stepOf[kernel]),
            LoweredBranch branch => new PlanNode.Branch(Position(branch.Condition), List(branch.Then), List(branch.Otherwise)),
            LoweredLoop loop => Loop(loop),
            _ => throw new InvalidOperationException($"{part.GetType().Name} is no part of a program."),
        };

        PlanNode.Loop Loop(LoweredLoop loop)
        {
            var node = new PlanNode.Loop(List(loop.Body))
            {
                Count = loop.Count is { } count ? SizeOf(count) : -1,
                Condition = loop.Condition is { } condition ? new LoopCondition(List(condition.Parts), Position(condition.Buffer)) : null,
                Carries = [.. loop.Carries.Select(c => new LoopCarry(Position(c.Current), Position(c.Next)))],
                Parts = [.. loop.Steps.Select(s => new LoopPart(Position(s.Part), Position(s.Whole), SizeOf(s.Part.Length * s.Part.Type.Size()), s.Reverse))],
            };
            loops.Add(node, loop);
            return node;
        }

        int Position(KernelBuffer buffer) => buffers.PositionOf(buffer, isForward);
    }

    private RootBuffer[] PlaceRoots(RootKind kind)
    {
        List<RootBuffer> placed = [];
        HashSet<KernelBuffer> taken = [];
        foreach ((Root root, KernelBuffer source) in program.Roots)
        {
            if (root.Kind == kind)
            {
                int external = kind == RootKind.Output ? program.Regions.Computation.Inputs.Count + placed.Count
                    : kind == RootKind.Gradient && taken.Add(source) ? results.Gradients.GetValueOrDefault(source, -1)
                    : -1;
                placed.Add(new RootBuffer(
                    kind == RootKind.Output ? root.Given : root.Node,
                    root.Given,
                    buffers.PositionOf(source, root.IsForward),
                    SizeOf(root.Node.Shape.ElementCount * root.Node.DType.Size()),
                    [.. root.Node.Shape.Select(SizeOf)],
                    external,
                    root.Parameter));
            }
        }

        return [.. placed];
    }
}
