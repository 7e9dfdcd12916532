using GraphCompiler.Kernels;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Lets kernels write new values of parameters where the old ones lie. A kernel may if it reads the old value of an element only on the way to the
/// new one, if whatever else reads old values runs before it, and if all that can fail runs before it too, for a call that fails changes nothing.
/// The kernels are put into an order in which as many updates as possible meet that; the rest is copied after the run.
/// </summary>
internal sealed class WriteUpdatesInPlace
{
    private readonly LoweredKernel[] kernels;
    private readonly List<int>[] after;

    private WriteUpdatesInPlace(LoweredKernel[] kernels)
    {
        this.kernels = [.. kernels];
        after = [.. kernels.Select(_ => new List<int>())];
        AddDataFlow();
    }

    /// <param name="kernels">The kernels of the forward part, in order.</param>
    /// <param name="roots">The roots with the buffers that hold their values.</param>
    /// <returns>The kernels in order, and for each buffer that lies where a parameter does, the parameter.</returns>
    public static (LoweredKernel[] Kernels, IReadOnlyDictionary<KernelBuffer, Node> Places) Run(LoweredKernel[] kernels, IReadOnlyList<(Root Root, KernelBuffer Source)> roots)
    {
        Dictionary<KernelBuffer, int> uses = roots.GroupBy(r => r.Source).ToDictionary(g => g.Key, g => g.Count());
        (Root Root, KernelBuffer Source)[] candidates = [.. roots.Where(r => r.Root.Kind == RootKind.Update && uses[r.Source] == 1 && !uses.ContainsKey(KernelBuffer.Of(r.Root.Parameter!)))];
        if (candidates.Length == 0)
        {
            return (kernels, new Dictionary<KernelBuffer, Node>());
        }

        var pass = new WriteUpdatesInPlace(kernels);
        Dictionary<KernelBuffer, Node> places = [];
        foreach ((Root root, KernelBuffer source) in candidates)
        {
            if (pass.TryPlace(source, KernelBuffer.Of(root.Parameter!)))
            {
                places.Add(source, root.Parameter!);
            }
        }

        return places.Count == 0 ? (kernels, places) : (pass.Order(), places);
    }

    /// <summary>Kernels run after those that write what they read, and those that write the same buffer stay in order.</summary>
    private void AddDataFlow()
    {
        Dictionary<KernelBuffer, List<int>> writers = [];
        for (int k = 0; k < kernels.Length; k++)
        {
            for (int b = 0; b < kernels[k].Buffers.Count; b++)
            {
                if (kernels[k].Kernel.Buffers[b].Writable)
                {
                    if (!writers.TryGetValue(kernels[k].Buffers[b], out List<int>? list))
                    {
                        writers[kernels[k].Buffers[b]] = list = [];
                    }

                    foreach (int w in list)
                    {
                        after[w].Add(k);
                    }

                    list.Add(k);
                }
            }
        }

        for (int k = 0; k < kernels.Length; k++)
        {
            for (int b = 0; b < kernels[k].Buffers.Count; b++)
            {
                if (!kernels[k].Kernel.Buffers[b].Writable && writers.TryGetValue(kernels[k].Buffers[b], out List<int>? list))
                {
                    foreach (int w in list.Where(w => w != k))
                    {
                        after[w].Add(k);
                    }
                }
            }
        }
    }

    private bool TryPlace(KernelBuffer update, KernelBuffer parameter)
    {
        int[] writers = [.. Enumerable.Range(0, kernels.Length).Where(k => Touches(k, update, writing: true))];
        if (writers is not [var writer] || kernels[writer].Sites.Count > 0 || !InPlaceAccess.Of(kernels[writer]).MayReplace(update, parameter))
        {
            return false;
        }

        int[] before = [.. Enumerable.Range(0, kernels.Length).Where(k => k != writer && (kernels[k].Sites.Count > 0 || Touches(k, parameter, writing: false)))];
        HashSet<int> reached = Reachable(writer);
        if (before.Any(reached.Contains))
        {
            return false;
        }

        foreach (int k in before)
        {
            after[k].Add(writer);
        }

        return true;
    }

    private bool Touches(int kernel, KernelBuffer buffer, bool writing) => kernels[kernel].Accesses.Any(a => a.Buffer == buffer && (a.IsWritten || !writing));

    private HashSet<int> Reachable(int from)
    {
        HashSet<int> reached = [from];
        var pending = new Stack<int>([from]);
        while (pending.TryPop(out int kernel))
        {
            foreach (int next in after[kernel])
            {
                if (reached.Add(next))
                {
                    pending.Push(next);
                }
            }
        }

        return reached;
    }

    /// <summary>The kernels with each after those it must follow, else as they were.</summary>
    private LoweredKernel[] Order()
    {
        int[] waiting = new int[kernels.Length];
        foreach (int next in after.SelectMany(list => list))
        {
            waiting[next]++;
        }

        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, kernels.Length).Where(k => waiting[k] == 0).Select(k => (k, k)));
        List<LoweredKernel> order = [];
        while (ready.TryDequeue(out int kernel, out _))
        {
            order.Add(kernels[kernel]);
            foreach (int next in after[kernel])
            {
                if (--waiting[next] == 0)
                {
                    ready.Enqueue(next, next);
                }
            }
        }

        return [.. order];
    }
}
