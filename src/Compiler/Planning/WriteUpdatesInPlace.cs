using GraphCompiler.Fusion;
using GraphCompiler.Kernels;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Lets kernels write new values of parameters where the old ones lie. A kernel may if it reads the old value of an element only on the way to the
/// new one, or writes but a slice of them (<see cref="SliceUpdate"/>), if whatever else reads old values runs before it, and if all that can fail runs before it too, for a call that fails changes nothing.
/// The kernels are put into an order in which as many updates as possible meet that; the rest is copied after the run, and so is all beside a backward
/// part, which comes after the updates.
/// </summary>
internal sealed class WriteUpdatesInPlace
{
    private readonly LoweredPart[] parts;

    // The last of these is no kernel: it comes after all that can fail.
    private readonly List<int>[] after;
    private readonly AcyclicGraph order;
    private readonly Dictionary<KernelBuffer, List<int>> writers = [];
    private readonly Dictionary<KernelBuffer, List<int>> users = [];
    private readonly InPlaceAccess access = new();

    private WriteUpdatesInPlace(LoweredPart[] parts)
    {
        this.parts = parts;
        after = [.. Enumerable.Range(0, parts.Length + 1).Select(_ => new List<int>())];
        AddDataFlow();
        for (int k = 0; k < parts.Length; k++)
        {
            if (parts[k].CanFail)
            {
                after[k].Add(AllThatCanFail);
            }
        }

        order = new AcyclicGraph(after);
    }

    private int AllThatCanFail => parts.Length;

    /// <summary>Whether old values need not be there after a call.</summary>
    public static bool IsAllowed(CompileOptions options) => options is { Passes.UpdateInPlace: true, Verify: false, Checked: false, DetectAnomaly: false };

    /// <summary>A program with its kernels in such an order.</summary>
    public static LoweredProgram Run(LoweredProgram program, CompileOptions options)
    {
        Dictionary<KernelBuffer, int> uses = program.Results.GroupBy(r => r).ToDictionary(g => g.Key, g => g.Count());
        (Root Root, KernelBuffer Source)[] candidates = IsAllowed(options) && program.Regions.Computation.Roots.All(r => r.IsForward)
            ? [.. program.Roots.Where(r => r.Root.Kind == RootKind.Update && uses[r.Source] == 1 && !uses.ContainsKey(KernelBuffer.Of(r.Root.Parameter!)))]
            : [];
        if (candidates.Length == 0)
        {
            return program;
        }

        Dictionary<KernelBuffer, Slice> slices = SlicesOf(program, candidates);
        while (true)
        {
            Dictionary<LoweredPart, LoweredPart[]> sliced = slices.Values.ToDictionary(s => s.Whole, s => s.Parts, (IEqualityComparer<LoweredPart>)ReferenceEqualityComparer.Instance);
            var pass = new WriteUpdatesInPlace([.. program.Parts.SelectMany(p => sliced.GetValueOrDefault(p, [p]))]);
            Dictionary<KernelBuffer, Parameter> places = [];
            foreach ((Root root, KernelBuffer source) in candidates)
            {
                if (pass.TryPlace(source, KernelBuffer.Of(root.Parameter!), slices.ContainsKey(source)))
                {
                    places.Add(source, root.Parameter!);
                }
            }

            // What writes a slice alone is right in its place and nowhere else: without it, it is the whole kernel again.
            KernelBuffer[] misplaced = [.. slices.Keys.Where(s => !places.ContainsKey(s))];
            if (misplaced.Length == 0)
            {
                return places.Count == 0 ? program : program with { Parts = pass.Order(), Places = places };
            }

            Array.ForEach(misplaced, s => slices.Remove(s));
        }
    }

    /// <summary>The updates that are their parameters but for a slice.</summary>
    private static Dictionary<KernelBuffer, Slice> SlicesOf(LoweredProgram program, IEnumerable<(Root Root, KernelBuffer Source)> candidates)
    {
        Dictionary<KernelBuffer, Slice> slices = [];
        ILookup<KernelBuffer, LoweredPart> writing = program.Parts.SelectMany(p => p.Accesses.Where(a => a.IsWritten).Select(a => (a.Buffer, Part: p))).ToLookup(w => w.Buffer, w => w.Part);
        foreach ((Root root, KernelBuffer source) in candidates)
        {
            if (writing[source].ToArray() is [LoweredKernel { Roots.Count: 1 } only] && SliceUpdate.Of(only, source, KernelBuffer.Of(root.Parameter!)) is { } parts)
            {
                slices.Add(source, new Slice(only, parts));
            }
        }

        return slices;
    }

    /// <summary>Kernels run after those that write what they read, and those that write the same buffer stay in order.</summary>
    private void AddDataFlow()
    {
        Access[][] accesses = [.. parts.Select(p => p.Accesses.ToArray())];
        for (int k = 0; k < parts.Length; k++)
        {
            foreach ((KernelBuffer buffer, bool isWritten) in accesses[k])
            {
                ListOf(users, buffer).Add(k);
                if (isWritten)
                {
                    List<int> list = ListOf(writers, buffer);
                    foreach (int w in list)
                    {
                        after[w].Add(k);
                    }

                    list.Add(k);
                }
            }
        }

        for (int k = 0; k < parts.Length; k++)
        {
            foreach ((KernelBuffer buffer, bool isWritten) in accesses[k])
            {
                if (!isWritten && writers.TryGetValue(buffer, out List<int>? list))
                {
                    foreach (int w in list.Where(w => w != k))
                    {
                        after[w].Add(k);
                    }
                }
            }
        }

        static List<int> ListOf(Dictionary<KernelBuffer, List<int>> lists, KernelBuffer buffer)
        {
            if (!lists.TryGetValue(buffer, out List<int>? list))
            {
                lists.Add(buffer, list = []);
            }

            return list;
        }
    }

    private bool TryPlace(KernelBuffer update, KernelBuffer parameter, bool isSlice)
    {
        if (writers.GetValueOrDefault(update) is not [var writer] || parts[writer] is not LoweredKernel { Sites.Count: 0 } kernel || !(isSlice || access.MayReplace(kernel, update, parameter)))
        {
            return false;
        }

        int[] before = [AllThatCanFail, .. (users.GetValueOrDefault(parameter) ?? []).Where(k => k != writer).Distinct()];
        if (before.Any(k => order.Leads(writer, k)))
        {
            return false;
        }

        foreach (int k in before)
        {
            order.Lead(k, writer);
            after[k].Add(writer);
        }

        return true;
    }

    /// <summary>The parts with each after those it must follow, else as they were.</summary>
    private LoweredPart[] Order()
    {
        int[] waiting = new int[after.Length];
        foreach (int next in after.SelectMany(list => list))
        {
            waiting[next]++;
        }

        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, after.Length).Where(k => waiting[k] == 0).Select(k => (k, PriorityOf(k))));
        List<LoweredPart> ordered = [];
        while (ready.TryDequeue(out int part, out _))
        {
            if (part != AllThatCanFail)
            {
                ordered.Add(parts[part]);
            }

            foreach (int next in after[part])
            {
                if (--waiting[next] == 0)
                {
                    ready.Enqueue(next, PriorityOf(next));
                }
            }
        }

        return [.. ordered];

        int PriorityOf(int part) => part == AllThatCanFail ? -1 : part;
    }

    /// <summary>A kernel, and those that do its work where it writes a slice of a parameter.</summary>
    private sealed record Slice(LoweredPart Whole, LoweredPart[] Parts);
}
