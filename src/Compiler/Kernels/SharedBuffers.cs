namespace GraphCompiler.Kernels;

/// <summary>
/// The buffers that values of loops, branches and their bodies lie in: what a body knows as a parameter is the memory of what stands outside for it, and what
/// a side of a branch results in that of the branch's result.
/// </summary>
internal sealed class SharedBuffers
{
    private readonly Dictionary<KernelBuffer, KernelBuffer> others = [];

    private SharedBuffers()
    {
    }

    public static SharedBuffers Of(KernelGraph graph)
    {
        var shared = new SharedBuffers();
        shared.Add(graph.Specs);
        return shared;
    }

    /// <summary>All that lie in the buffer of another node.</summary>
    public IEnumerable<KernelBuffer> All => others.Keys;

    /// <summary>Where a value lies.</summary>
    public KernelBuffer Of(KernelBuffer buffer)
    {
        while (others.TryGetValue(buffer, out KernelBuffer? other))
        {
            buffer = other;
        }

        return buffer;
    }

    /// <summary>Where a value lies.</summary>
    public KernelBuffer Of(Node node) => Of(KernelBuffer.Of(node));

    private void Add(IEnumerable<KernelSpec> specs)
    {
        foreach (ControlSpec spec in specs.OfType<ControlSpec>())
        {
            switch (spec)
            {
                case LoopSpec loop:
                    Add(loop);
                    break;
                case BranchSpec branch:
                    foreach (KernelBody side in branch.Bodies)
                    {
                        Share(side.Function.Parameters, branch.Inputs.Skip(1));
                        Share(side.Function.Results.Where((_, i) => branch.ResultAt(i) is not null), Enumerable.Range(0, side.Function.Results.Count).Select(branch.ResultAt).OfType<Node>());
                    }

                    break;
            }

            foreach (KernelBody body in spec.Bodies)
            {
                Add(body.Graph.Specs);
            }
        }
    }

    private void Add(LoopSpec loop)
    {
        (int carried, int sequences) = (loop.Op.Carried, loop.Op.Sequences);
        IEnumerable<Node> starts = loop.Inputs.Take(carried);
        IEnumerable<Node> captured = loop.Inputs.Skip(carried + sequences);
        Share(loop.Results.Where(r => ControlSpec.IndexOf(r) < carried), loop.Results.Select(ControlSpec.IndexOf).Where(i => i < carried).Select(i => loop.Inputs[i]));
        Share(loop.Body.Function.Parameters.Take(carried), starts);
        Share(loop.Body.Function.Parameters.Skip(carried + sequences), captured);
        if (loop.Condition is { } condition)
        {
            Share(condition.Function.Parameters, starts.Concat(captured));
        }

        if (loop.Cleared is { } cleared)
        {
            Share(cleared.Function.Results, loop.Outputs);
        }
    }

    private void Share(IEnumerable<Node> nodes, IEnumerable<Node> with)
    {
        foreach ((Node node, Node other) in nodes.Zip(with))
        {
            others.Add(KernelBuffer.Of(node), KernelBuffer.Of(other));
        }
    }
}
