using System.Numerics.Tensors;
using GraphCompiler.Kernels;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>Forward and backward as two parts of one program: what backward needs stays in the workspace between them.</summary>
internal sealed class Training : IDisposable
{
    private readonly Executor executor;
    private readonly Node root;
    private readonly Node[] targets;
    private readonly GradientKeeper[] keepers;
    private readonly Written[] written;
    private readonly Writer writer;
    private readonly GradientTargets gradients;
    private Workspace? saved;
    private bool usedUp;
    private readonly long[] versions;
    private readonly byte[] one;
    private byte[] seedCopy = [];

    private Training(Executor executor, Node root, Node[] targets, Writer writer)
    {
        this.executor = executor;
        this.root = root;
        this.targets = targets;
        this.writer = writer;
        versions = new long[executor.Program.BackwardParameters.Length];
        one = TensorValue.Full(root.DType, [], 1).ToBytes();

        // A retained node keeps its gradient as a leaf does.
        keepers = [.. targets.Select(t => (t as Leaf)?.Gradient ?? GradientKeeper.Of(t))];
        written = [.. keepers.Select(k => k.Written)];
        gradients = new GradientTargets(executor, keepers);
    }

    public Executor Executor => executor;

    /// <summary>The leaves that a backward gives gradients to.</summary>
    /// <exception cref="CompileException">The options leave nothing to compute.</exception>
    public static Leaf[] LeavesOf(Graph graph, CompileOptions options)
    {
        Leaf[] leaves = [.. GraphWalk.TopologicalOrder([graph.Outputs[0]]).OfType<Leaf>().Where(n => n.RequiresGrad)];
        Leaf[] chosen = options.GradientsOf is { } choose ? [.. leaves.Where(choose)] : leaves;
        return chosen.Length > 0 || leaves.Length == 0 || options.RetainGrad.Count > 0
            ? chosen
            : throw new CompileException(
                $"{nameof(CompileOptions.GradientsOf)} holds for none of the leaves of {graph.Outputs[0].Describe()} that require a gradient, so that there is nothing to train: {string.Join(", ", leaves.Take(8).Select(n => n.Describe()))}{(leaves.Length > 8 ? ", …" : string.Empty)}.");
    }

    /// <summary>Refuses to keep gradients of nodes that have none.</summary>
    /// <exception cref="GradientException">A retained node requires none, or the root does not depend on it.</exception>
    public static void CheckRetained(Graph graph, CompileOptions options)
    {
        if (options.RetainGrad.Count == 0)
        {
            return;
        }

        if (graph.Outputs is not [var root, ..])
        {
            throw new GradientException("RetainGrad keeps gradients of the first output, and this graph has none.");
        }

        HashSet<Node> reached = [.. GraphWalk.TopologicalOrder([root])];
        foreach (Node node in options.RetainGrad)
        {
            if (!reached.Contains(node) || !node.RequiresGrad)
            {
                throw new GradientException($"The gradient of {node.Describe()} cannot be kept: {(node.RequiresGrad ? $"{root.Describe()} does not depend on it" : "it requires none")}.");
            }
        }
    }

    public static Training Create(Graph graph, Root[] updates, Leaf[] leaves, Writer writer, CompileOptions options, CancellationToken cancellation)
    {
        Node root = graph.Outputs[0];
        Node[] wanted = [.. leaves, .. options.RetainGrad.Where(n => n is not Leaf)];
        Node seed = Ops.Placeholder(root.Results[0], "seed", requiresGrad: false);
        IReadOnlyList<Node?> gradients = Ops.VjpOrNull([root], wanted, [seed]);
        int[] found = [.. Enumerable.Range(0, wanted.Length).Where(i => gradients[i] is not null)];
        Root[] roots =
        [
            .. graph.Outputs.Select(o => new Root(o, IsForward: true, RootKind.Output)),
            .. updates,
            .. found.Select(i => new Root(gradients[i]!, IsForward: false, RootKind.Gradient)),
        ];
        Program program = CompilerPipeline.Run(options, [.. graph.Inputs, seed], roots, seed, cancellation);
        Node[] targets = [.. found.Select(i => wanted[i])];
        return new Training(new Executor(program, targets), root, targets, writer);
    }

    public RunResults? Forward(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, bool intoDestinations, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Forget();
        Workspace workspace = executor.Rent();
        try
        {
            RunResults? results = executor.Forward(workspace, arguments, destinations, intoDestinations, cancellation);
            for (int i = 0; i < versions.Length; i++)
            {
                versions[i] = executor.Program.BackwardParameters[i].Version;
            }

            saved = workspace;
            return results;
        }
        catch
        {
            executor.Return(workspace);
            throw;
        }
    }

    public unsafe void Backward(Argument? seed, bool retainGraph, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (saved is null)
        {
            throw new GradientException(usedUp
                ? "Backward has already used up the values that Forward saved; call Forward again, or keep them with Backward(retainGraph: true)."
                : "Backward needs the values that Forward saves; call Forward first, outside NoGrad.");
        }

        Workspace workspace = saved;
        CheckVersions();
        ReadOnlySpan<byte> seedBytes = SeedBytes(seed, workspace);
        if (writer.Begin(written) is { } refused)
        {
            throw refused.Refusal();
        }

        try
        {
            gradients.Prepare(workspace);

            // Backward writes over what it has read for the last time: what another one needs is put back.
            using AlignedBuffer? kept = retainGraph ? SaveForBackward(workspace) : null;
            try
            {
                fixed (byte* address = seedBytes)
                {
                    gradients.Run(workspace, (nint)address, cancellation);
                }
            }
            finally
            {
                if (kept is not null)
                {
                    workspace.RestoreForBackward(kept);
                }
                else
                {
                    Forget();
                    usedUp = true;
                }
            }
        }
        finally
        {
            writer.Turn.GiveBack();
        }
    }

    /// <summary>Gives back what Forward saved.</summary>
    public void Forget()
    {
        usedUp = false;
        if (saved is { } workspace)
        {
            saved = null;
            executor.Return(workspace);
        }
    }

    public void ZeroRetained(bool setToNull)
    {
        for (int i = 0; i < keepers.Length; i++)
        {
            if (targets[i] is not Leaf)
            {
                keepers[i].Zero(setToNull);
            }
        }
    }

    public Tensor<T>? Retained<T>(Node node)
        where T : unmanaged
    {
        int at = Array.IndexOf(targets, node);
        return at < 0 ? null
            : keepers[at] is GradientKeeper<T> keeper ? keeper.Take()
            : throw new DTypeException($"The gradient of {node.Describe()} is {node.DType.Display()}, not {DTypes.Of<T>().Display()}.");
    }

    public void Dispose()
    {
        executor.Dispose();
        Forget();
    }

    private void CheckVersions()
    {
        Parameter[] parameters = executor.Program.BackwardParameters;
        for (int i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].Version != versions[i])
            {
                throw new GradientException($"{parameters[i].Describe()} was written between Forward and Backward, which needs its old values; call Forward again.");
            }
        }
    }

    private AlignedBuffer SaveForBackward(Workspace workspace)
    {
        try
        {
            return workspace.SaveForBackward();
        }
        catch (OutOfMemoryException e)
        {
            throw new SizeException($"There is no memory to keep what another backward of {root.Describe()} needs; Backward(retainGraph: false) needs none.", e);
        }
    }

    private ReadOnlySpan<byte> SeedBytes(Argument? seed, Workspace workspace)
    {
        RootBuffer output = executor.Program.Outputs[0];
        long count = output.ElementCount(workspace);
        if (seed is not { } given)
        {
            return count == 1
                ? one
                : throw new GradientException($"grad can be implicitly created only for scalar outputs: {root.Describe()} has {InvariantText.Count(count, "element")}; give Backward a seed of its shape.");
        }

        bool fits = !given.IsNull && given.DType == root.DType && given.ElementCount == count;
        if (fits && given.Rank >= 0)
        {
            Span<nint> lengths = given.Rank <= 8 ? stackalloc nint[given.Rank] : new nint[given.Rank];
            given.TryGetShape(lengths, out _);
            fits = output.HasShape(lengths, workspace);
        }

        if (!fits)
        {
            throw new GradientException($"The seed is {given}; the gradient of {root.Describe()} is {root.DType.Display()} {InvariantText.List(output.Shape(workspace))}.");
        }

        int bytes;
        try
        {
            bytes = checked((int)(count * root.DType.Size()));
            if (seedCopy.Length < bytes)
            {
                seedCopy = [];
                seedCopy = Allocation.Array<byte>(bytes);
            }
        }
        catch (Exception e) when (e is OverflowException or OutOfMemoryException)
        {
            throw new SizeException($"There is no memory for a copy of the seed, {given}, {(Int128)count * root.DType.Size()} bytes; at most {Array.MaxLength} are possible.", e);
        }

        Span<byte> copy = seedCopy.AsSpan(0, bytes);
        given.CopyTo(copy);
        return copy;
    }
}
