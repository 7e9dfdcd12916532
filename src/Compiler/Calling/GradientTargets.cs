using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>
/// Where the gradients of a backward go. The first gradient of a leaf is written by kernels into the memory of its tensor, which is shown when all is
/// done; later ones are added by kernels that run after all that can fail, or computed aside and added when all is done. A backward that fails leaves
/// every gradient as it was.
/// </summary>
internal sealed class GradientTargets
{
    private readonly Executor executor;
    private readonly RootBuffer[] gradients;
    private readonly GradientKeeper[] keepers;

    // Whether a leaf had a gradient before; the same for each external of the program.
    private readonly bool[] had;
    private readonly bool[] held;

    /// <param name="executor">What runs.</param>
    /// <param name="keepers">One for each gradient of the program: what keeps it.</param>
    public GradientTargets(Executor executor, GradientKeeper[] keepers)
    {
        this.executor = executor;
        this.keepers = keepers;
        gradients = executor.Program.Gradients;
        had = new bool[keepers.Length];
        held = new bool[executor.Program.Plan.Externals];
    }

    /// <summary>Looks at the gradients that are there, takes memory for the others, and has what adds to them compiled: all that can fail before anything runs.</summary>
    /// <exception cref="BindingException">One has another shape.</exception>
    public void Prepare(Workspace workspace)
    {
        for (int i = 0; i < gradients.Length; i++)
        {
            RootBuffer gradient = gradients[i];
            had[i] = keepers[i].HasGradientOf(workspace.Sizes, gradient.Dims);
            if (gradient.External >= 0)
            {
                held[gradient.External] = had[i];
            }

            _ = ref keepers[i].Memory(workspace.Sizes, gradient.Dims);
        }

        workspace.AddTo(held);
    }

    /// <summary>Runs the backward part into the gradients as they were when prepared for.</summary>
    public void Run(Workspace workspace, nint seed, CancellationToken cancellation)
    {
        var run = new PinnedRun(this, workspace, seed, cancellation);
        Pinning.Invoke(ref run);
        for (int i = 0; i < gradients.Length; i++)
        {
            if (!had[i])
            {
                keepers[i].Show();
            }
        }
    }

    /// <summary>Takes what no kernel has brought to its place.</summary>
    private unsafe void Finish(int index, nint memory, Workspace workspace)
    {
        RootBuffer gradient = gradients[index];
        if (!had[index])
        {
            if (gradient.External < 0)
            {
                long bytes = workspace.Sizes[gradient.Bytes];
                Buffer.MemoryCopy((void*)workspace.Address(gradient.Buffer), (void*)memory, bytes, bytes);
            }
        }
        else if (gradient.External < 0 || !workspace.IsAddedTo(gradient.External))
        {
            keepers[index].Add(workspace.Address(gradient.Buffer));
        }
    }

    /// <summary>What happens while the gradients cannot move.</summary>
    private readonly struct PinnedRun(GradientTargets owner, Workspace workspace, nint seed, CancellationToken cancellation) : IPinnedMemory
    {
        public int Count => owner.gradients.Length;

        public ref byte At(int index) => ref owner.keepers[index].Memory(workspace.Sizes, owner.gradients[index].Dims);

        public void Invoke(scoped ReadOnlySpan<nint> addresses)
        {
            for (int i = 0; i < addresses.Length; i++)
            {
                if (owner.gradients[i].External is >= 0 and var external)
                {
                    bool isAside = owner.had[i] && !workspace.IsAddedTo(external);
                    workspace.Externals[external] = isAside ? workspace.OwnAddress(owner.gradients[i].Buffer) : addresses[i];
                }
            }

            owner.executor.Backward(workspace, seed, cancellation);
            for (int i = 0; i < addresses.Length; i++)
            {
                if (owner.had[i])
                {
                    owner.executor.CheckSum(i, owner.keepers[i], workspace);
                }
            }

            for (int i = 0; i < addresses.Length; i++)
            {
                owner.Finish(i, addresses[i], workspace);
            }
        }
    }
}
