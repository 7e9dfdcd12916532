using System.Numerics.Tensors;
using GraphCompiler.Execution;
using GraphCompiler.Operations;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>Forward and backward as two parts of one program: what backward needs stays in the workspace between them.</summary>
internal sealed class Training : IDisposable
{
    private readonly Executor executor;
    private readonly Node root;
    private readonly Node[] targets;
    private readonly Leaf<float>?[] retainedSingles;
    private readonly Leaf<double>?[] retainedDoubles;
    private Workspace? saved;
    private bool everRan;
    private long[] versions = [];

    private Training(Executor executor, Node root, Node[] targets)
    {
        this.executor = executor;
        this.root = root;
        this.targets = targets;

        // A retained node keeps its gradient as a leaf does.
        retainedSingles = [.. targets.Select(t => t is ILeaf || t.DType != DType.Float32 ? null : Keeper<float>(t))];
        retainedDoubles = [.. targets.Select(t => t is ILeaf || t.DType != DType.Float64 ? null : Keeper<double>(t))];
    }

    private IEnumerable<RootBuffer> Gradients => executor.Program.Roots.Where(r => !r.IsForward);

    public static Training Create(Graph graph, CompileOptions options)
    {
        Node root = graph.Outputs[0];
        HashSet<Node> reached = [.. GraphWalk.TopologicalOrder([root])];
        foreach (Node node in options.RetainGrad)
        {
            if (!reached.Contains(node) || !node.RequiresGrad)
            {
                throw new GradientException($"The gradient of {node.Describe()} cannot be kept: {(node.RequiresGrad ? $"{root.Describe()} does not depend on it" : "it requires none")}.");
            }
        }

        Node[] wanted = [.. reached.Where(n => n is ILeaf && n.RequiresGrad), .. options.RetainGrad.Where(n => n is not ILeaf)];
        Node seed = Ops.Placeholder(root.Results[0], "seed", requiresGrad: false);
        GradientList gradients;
        using (GradMode.NoGrad())
        {
            gradients = Ops.Vjp([root], wanted, [seed], Unreached.Null);
        }

        int[] found = [.. Enumerable.Range(0, wanted.Length).Where(i => gradients[i] is not null)];
        Root[] roots =
        [
            .. graph.Outputs.Select(o => new Root(o, IsForward: true, RootKind.Output)),
            .. found.Select(i => new Root(gradients[i], IsForward: false, RootKind.Gradient)),
        ];
        Program program = CompilerPipeline.Run(options, [.. graph.Inputs, seed], roots);
        return new Training(new Executor(program), root, [.. found.Select(i => wanted[i])]);
    }

    public Results Forward(ReadOnlySpan<Argument> arguments)
    {
        Forget();
        Workspace workspace = executor.Rent();
        try
        {
            Results results = executor.Forward(workspace, arguments);
            versions = [.. executor.Program.BackwardParameters.Select(p => p.Version)];
            saved = workspace;
            everRan = true;
            return results;
        }
        catch
        {
            executor.Return(workspace);
            throw;
        }
    }

    public void Backward(Argument? seed, bool retainGraph)
    {
        if (saved is null)
        {
            throw new GradientException(everRan
                ? "Backward has already used up the values that Forward saved; call Forward again, or keep them with Backward(retainGraph: true)."
                : "Backward needs the values that Forward saves; call Forward first, outside NoGrad.");
        }

        Workspace workspace = saved;
        IParameter[] parameters = executor.Program.BackwardParameters;
        for (int i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].Version != versions[i])
            {
                throw new GradientException($"{((Node)parameters[i]).Describe()} was written between Forward and Backward, which needs its old values; call Forward again.");
            }
        }

        byte[] seedBytes = SeedBytes(seed, executor.Program.Evaluate(root.Shape, workspace));
        long[][] shapes = [.. targets.Select(t => executor.Program.Evaluate(t.Shape, workspace))];
        for (int i = 0; i < targets.Length; i++)
        {
            Keeper(i).CheckGrad(shapes[i]);
        }

        executor.Backward(workspace, seedBytes);
        int target = 0;
        foreach (RootBuffer gradient in Gradients)
        {
            Keeper(target).AccumulateGrad(Executor.AddressOf(gradient, workspace), shapes[target]);
            target++;
        }

        if (!retainGraph)
        {
            Forget();
        }
    }

    /// <summary>Gives back what Forward saved.</summary>
    public void Forget()
    {
        if (saved is { } workspace)
        {
            saved = null;
            executor.Return(workspace);
        }
    }

    public void ZeroRetained(bool setToNull)
    {
        foreach (ILeaf keeper in retainedSingles.OfType<ILeaf>().Concat(retainedDoubles.OfType<ILeaf>()))
        {
            keeper.ZeroGrad(setToNull);
        }
    }

    public Tensor<T>? Retained<T>(Node node)
        where T : unmanaged
    {
        int at = Array.IndexOf(targets, node);
        return at < 0 ? null
            : Keeper(at) as Leaf<T> is { } keeper ? keeper.Grad
            : throw new DTypeException($"The gradient of {node.Describe()} is {node.DType.Display()}, not {DTypes.Of<T>().Display()}.");
    }

    public void Dispose()
    {
        Forget();
        executor.Dispose();
    }

    private static Leaf<T> Keeper<T>(Node node)
        where T : unmanaged => new(new InputOp(node.Name ?? node.Op.Name, node.Results[0]), requiresGrad: true);

    private ILeaf Keeper(int target) => targets[target] as ILeaf ?? (ILeaf?)retainedSingles[target] ?? retainedDoubles[target]!;

    private byte[] SeedBytes(Argument? seed, long[] shape)
    {
        long count = TensorValue.CountOf(shape);
        if (seed is not { } given)
        {
            return count == 1
                ? TensorValue.Full(root.DType, shape, 1).ToBytes()
                : throw new GradientException($"grad can be implicitly created only for scalar outputs: {root.Describe()} has {count} elements; give Backward a seed of its shape.");
        }

        Span<nint> lengths = stackalloc nint[16];
        bool fits = !given.IsNull && given.DType == root.DType && given.ElementCount == count;
        if (fits && given.Rank is > 0 and <= 16 && shape.Length > 0)
        {
            given.TryGetShape(lengths, out int rank);
            fits = rank == shape.Length && lengths[..rank].SequenceEqual([.. shape.Select(s => (nint)s)]);
        }

        if (!fits)
        {
            throw new GradientException($"The seed is {given}; the gradient of {root.Describe()} is {root.DType.Display()} [{string.Join(", ", shape)}].");
        }

        byte[] bytes = new byte[count * root.DType.Size()];
        given.CopyTo(bytes);
        return bytes;
    }
}
