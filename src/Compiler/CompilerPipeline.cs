using GraphCompiler.Emit;
using GraphCompiler.Fusion;
using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Operations;
using GraphCompiler.Planning;
using GraphCompiler.Rewriting;

namespace GraphCompiler;

/// <summary>The whole compiler, a line a step: from the nodes that a user wrote to a program that runs.</summary>
internal static class CompilerPipeline
{
    /// <param name="options">How to compile.</param>
    /// <param name="inputs">The inputs, in the order of the arguments.</param>
    /// <param name="roots">What to compute.</param>
    /// <param name="seed">The input that only comes with the backward part.</param>
    /// <param name="cancellation">Ends it between two steps, or two kernels.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Program Run(CompileOptions options, IReadOnlyList<Node> inputs, IReadOnlyList<Root> roots, Node? seed = null, CancellationToken cancellation = default)
    {
        using NodeOrigins.Scope origin = NodeOrigins.None();
        var context = new CompilerContext(options, cancellation);

        Func<Node, bool> isWhole = WholeConvolution.Of(options);

        // What is to be computed.
        Computation nodes = context.Step("input", Level.Nodes, () => new Computation(inputs, roots, seed).WithDemands());
        nodes = Pass("stabilize", nodes, n => Stabilize.Run(n).Of(n));
        nodes = Pass("inline-calls", nodes, n => InlineCalls.Run(n, node => node.Op is ConditionOp || isWhole(node)));
        nodes = Pass("trim-bodies", nodes, TrimBodies.Run);
        nodes = context.Step("demands", Level.Nodes, () => nodes.WithDemands().After(n => Bodies.Run(n, Inlined)));
        nodes = Pass("simplify", nodes, n => Rewriter.Run(options.Passes.Simplify ? [.. Simplify.Rules, .. VectorRules.Rules, .. Stabilize.Rules] : [], n).Of(n));
        nodes = Pass("join-loops", nodes, n => options.Passes.JoinLoops ? JoinLoops.Run(n, seed) : n);
        nodes = Pass("inline-stabilized", nodes, Inlined);
        nodes = Pass("join-slices", nodes, n => options.Passes.Simplify ? JoinSlices.Run(n) : n);
        nodes = Pass("simplify-again", nodes, n => Rewriter.Run(options.Passes.Simplify ? [.. Simplify.Rules, .. VectorRules.Rules] : [], n).Of(n));
        nodes = Pass("trim-orders", nodes, TrimOrders.Run);
        nodes = Pass("trim-bodies-again", nodes, TrimBodies.Run);
        nodes = Pass("save-in-loops", nodes, n => options.Passes.Recompute ? SaveInLoops.Run(n) : n);
        nodes = Pass("trim-saved", nodes, TrimBodies.Run);
        nodes = Whole("hoist-from-loops", nodes, n => options.Passes.HoistFromLoops ? HoistFromLoops.Run(n) : n);
        nodes = Pass("trim-hoisted", nodes, TrimBodies.Run);
        nodes = Pass("turn-products", nodes, n => options.Passes.Simplify ? TurnProducts.Run(n) : n);
        nodes = Whole("choose-saved", nodes, n => options.Passes.Recompute ? ChooseSaved.Run(n, [.. roots.Select(r => r.IsForward)]) : n);
        nodes = Whole("separate-bodies", nodes, SeparateBodies.Run);

        nodes = Whole("order-effects", nodes, n => OrderEffects.Run(n, [.. roots.Select(r => r.IsForward)]));

        // What runs together.
        Regions regions = context.Step("regions", null, () => Regions.Of(nodes));
        ChosenBuffers choice = context.Step("choose-buffers", null, () => ChooseBuffers.Run(regions, options));
        KernelGraph graph = context.Step("fuse", Level.Kernels, () => FuseKernels.Run(regions, choice, options));
        return Run(regions, graph, context, options);

        Node[] Inlined(Node[] nodes) => InlineCalls.Run(nodes, isWhole);

        // Bodies of loops and branches are graphs of their own to most.
        Computation Pass(string name, Computation before, Func<Node[], Node[]> pass) => Whole(name, before, n => Bodies.Run(n, pass));

        Computation Whole(string name, Computation before, Func<Node[], Node[]> pass) => context.Step(name, Level.Nodes, () => before.After(pass));
    }

    /// <summary>From kernels on.</summary>
    /// <param name="regions">What the parts of the program compute.</param>
    /// <param name="graph">The kernels.</param>
    /// <param name="context">What the steps go through.</param>
    /// <param name="options">How to compile.</param>
    public static Program Run(Regions regions, KernelGraph graph, CompilerContext context, CompileOptions options)
    {
        // How.
        LoweredProgram apart = context.Step("lower", Level.Loops, () => LowerKernels.Run(regions, graph, options, context.CompileAhead));
        LoweredProgram shared = context.Step("share-copies", Level.Loops, () => ShareCopies.Run(apart, options));
        LoweredProgram lowered = context.Step("loops-in-kernels", Level.Loops, () => LoopsInKernels.Run(shared, options, context.CompileAhead));
        Traffic traffic = context.Step("traffic", Level.Traffic, () => Traffic.Of(lowered.Parts.Select(p => p.Accesses), [.. lowered.Results.Distinct()]));
        LoweredProgram ordered = context.Step("update-in-place", Level.Loops, () => WriteUpdatesInPlace.Run(lowered, options));
        LoweredProgram merged = context.Step("merge", Level.Loops, () => MergeSmallKernels.Run(ordered, options));
        ResultPlaces results = context.Step("place-results", null, () => PlaceResults.Run(merged, options));
        LoweredProgram complete = context.Step("add-in-place", Level.Loops, () => AddInPlace.Run(merged, results, options));
        CompiledKernel[] compiled = context.Step("emit-and-compile", null, () => context.Compile(complete.Kernels.Concat(complete.Merged.Select(m => m.Kernel))));

        // Where.
        PlacedBuffers buffers = context.Step("place-buffers", null, () => PlaceBuffers.Run(complete, results));
        Schedule schedule = context.Step("schedule", Level.Plan, () => ScheduleKernels.Run(complete, results, buffers, compiled, options, () => context.CompileLater(complete.Adding.Select(a => a.Kernel))));
        PlannedMemory memory = context.Step("plan-memory", Level.Memory, () => PlanMemory.Run(schedule, options.Passes.ReuseMemory));

        // Where runs are verified, all values are still there after them.
        memory = options.Verify ? context.Step("keep-values", Level.Memory, () => PlanMemory.Run(schedule, reuse: false)) : memory;
        Program program = context.Step("program", null, () => AssembleProgram.Run(complete, results, buffers, compiled, memory, traffic, options));
        context.Finish(program);
        return program;
    }
}
