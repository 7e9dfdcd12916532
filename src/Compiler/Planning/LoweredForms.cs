using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>What a spec is lowered to.</summary>
/// <param name="Kernels">Its kernels, in order; the last one leaves its values.</param>
/// <param name="Smaller">One kernel that does the work with less code where all tensors are small, if there is one.</param>
internal sealed record LoweredForm(IReadOnlyList<LoweredKernel> Kernels, LoweredKernel? Smaller);

/// <summary>
/// Lowers specs, those of equal structure once: the layers of a network, the steps of a recurrence and the parameters of an optimiser share their loops, on
/// memory of their own.
/// </summary>
/// <param name="lower">Lowers a spec.</param>
internal sealed class LoweredForms(Func<KernelSpec, LoweredForm> lower)
{
    private readonly Dictionary<object, int> words = [];
    private readonly Dictionary<EquatableArray<int>, (SpecKey Key, LoweredForm Form)> known = [];

    public LoweredForm Of(KernelSpec spec)
    {
        var key = new SpecKey(spec, words);
        if (known.TryGetValue(key.Numbers, out (SpecKey Key, LoweredForm Form) equal))
        {
            var transfer = new Transfer(equal.Key, key);
            return new LoweredForm([.. equal.Form.Kernels.Select(transfer.Of)], equal.Form.Smaller is { } smaller ? transfer.Of(smaller) : null);
        }

        LoweredForm form = lower(spec);

        // What an error site says is about the nodes that it was made for.
        if (form.Kernels.All(k => k.Sites.Count == 0))
        {
            known.Add(key.Numbers, (key, form));
        }

        return form;
    }

    /// <summary>From the kernels of one spec to those of another.</summary>
    private sealed class Transfer(SpecKey from, SpecKey to)
    {
        // Scratch memory that several kernels of a spec work on is one buffer here, too.
        private readonly Dictionary<KernelBuffer, KernelBuffer> buffers = [];

        public LoweredKernel Of(LoweredKernel lowered)
        {
            Node[] roots = [.. lowered.Roots.Select(Of)];
            string name = KernelBuilder.NameOf(roots);
            Kernel kernel = lowered.Kernel.Name == name ? lowered.Kernel : lowered.Kernel with { Name = name };
            return lowered with { Kernel = kernel, Buffers = [.. lowered.Buffers.Select(Of)], Extents = to.Offsets.Count == 0 ? lowered.Extents : [.. lowered.Extents.Select(Of)], Roots = roots };
        }

        private Node Of(Node node) => to.Nodes[from.NumberOf(node)];

        private Dim Of(Dim extent)
        {
            for (int i = 0; i < from.Offsets.Count; i++)
            {
                if (from.Offsets[i] == extent)
                {
                    return to.Offsets[i];
                }
            }

            return extent;
        }

        private KernelBuffer Of(KernelBuffer buffer)
        {
            if (!buffers.TryGetValue(buffer, out KernelBuffer? other))
            {
                buffers.Add(buffer, other = buffer.For(Of));
            }

            return other;
        }
    }
}
