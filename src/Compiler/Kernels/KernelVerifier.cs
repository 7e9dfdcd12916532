namespace GraphCompiler.Kernels;

/// <summary>Whether kernels may run in their order: each reads what comes from outside or what one before it has stored, and each value is stored once.</summary>
internal static class KernelVerifier
{
    /// <exception cref="CompileException">They may not.</exception>
    public static void Verify(KernelGraph graph)
    {
        HashSet<Node> stored = [];
        foreach (KernelSpec spec in graph.Specs)
        {
            foreach (KernelBody body in (spec as ControlSpec)?.Bodies ?? [])
            {
                Verify(body.Graph);
            }

            if (spec.Sources.FirstOrDefault(s => !OpTraits.Of(s.Op).IsFromOutside && !stored.Contains(s)) is { } early)
            {
                throw new CompileException($"The kernel of {spec.Nodes[^1].Describe()} reads {early.Describe()}, which no kernel before it stores.");
            }

            if (spec.Nodes.FirstOrDefault(n => !graph.Materialization.IsMaterialized(n)) is { } other)
            {
                throw new CompileException($"The kernel of {spec.Nodes[^1].Describe()} computes {other.Describe()}, which has no value of its own.");
            }

            if (spec.Stored.FirstOrDefault(n => !spec.Nodes.Contains(n) || !stored.Add(n)) is { } twice)
            {
                throw new CompileException($"The kernel of {spec.Nodes[^1].Describe()} stores {twice.Describe()}, which it does not compute or another one stores too.");
            }
        }
    }
}
