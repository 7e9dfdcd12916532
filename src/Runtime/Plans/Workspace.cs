using System.Runtime.InteropServices;

namespace GraphCompiler.Execution;

/// <summary>
/// The memory of one running call: intermediate values, and a frame a kernel with the addresses and sizes it works on. Bound to the values of the
/// symbols; a call whose arguments have the same sizes as the last costs a comparison.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    private readonly Plan plan;
    private readonly long[] symbols;
    private readonly long[] sizes;
    private readonly nint[] addresses;
    private readonly MemoryLayout layout;
    private readonly int[] frameStarts;
    private readonly AlignedBuffer frames;
    private readonly (int Slot, int External)[] patches;
    private readonly ThreadedSteps threaded;

    // For each step: the step that runs, and the one to go on with.
    private readonly (int Run, int Next)[] schedule;

    // For each external: whether it holds something that steps should add to, and whether one does.
    private readonly bool[] held;
    private readonly bool[] addedTo;
    private AlignedBuffer? memory;
    private long[] signature = [];
    private bool bound;

    public Workspace(Plan plan)
    {
        this.plan = plan;
        symbols = new long[plan.Symbols];
        sizes = new long[plan.Sizes];
        addresses = new nint[plan.Buffers.Length];
        layout = new MemoryLayout(plan.Blocks, plan.Threads);
        Externals = new nint[plan.Externals];
        Accepted = new AcceptedArgument[plan.Externals];
        frameStarts = new int[plan.Steps.Length];
        schedule = new (int, int)[plan.LastStep];
        held = new bool[plan.Externals];
        addedTo = new bool[plan.Externals];
        List<(int, int)> found = [];
        int slots = 0;
        for (int s = 0; s < plan.Steps.Length; s++)
        {
            PlanStep step = plan.Steps[s];
            frameStarts[s] = slots;
            for (int b = 0; b < step.Buffers.Length; b++)
            {
                if (plan.Buffers[step.Buffers[b]].External is >= 0 and var external)
                {
                    found.Add((slots + b, external));
                }
            }

            slots += step.Slots;
        }

        patches = [.. found];
        threaded = new ThreadedSteps(plan);
        frames = new AlignedBuffer(slots * sizeof(nint), clear: true);
    }

    /// <summary>The addresses that the caller provides, to be set before a run.</summary>
    public nint[] Externals { get; }

    /// <summary>What the arguments and destinations of the current binding look like, where <see cref="HasAccepted"/> says so.</summary>
    public AcceptedArgument[] Accepted { get; }

    /// <summary>Whether <see cref="Accepted"/> holds; another binding ends that.</summary>
    public bool HasAccepted { get; set; }

    /// <summary>The sizes for the current binding.</summary>
    public ReadOnlySpan<long> Sizes => sizes;

    /// <summary>The values of the symbols of the current binding.</summary>
    public ReadOnlySpan<long> Symbols => symbols;

    /// <summary>Bytes held for intermediate values.</summary>
    public long Bytes => memory?.ByteLength ?? 0;

    /// <summary>Where the blocks of the plan lie for the current binding.</summary>
    public MemoryLayout Layout => layout;

    /// <summary>The address of a buffer that is not the caller's.</summary>
    public nint Address(int buffer) => plan.Buffers[buffer].External is >= 0 and var external ? Externals[external] : addresses[buffer];

    /// <summary>The address that a buffer has if its caller leaves its memory out.</summary>
    public nint OwnAddress(int buffer) => addresses[buffer];

    /// <summary>Whether a step adds to what an external holds, rather than write over it.</summary>
    public bool IsAddedTo(int external) => addedTo[external];

    /// <summary>Whether the last binding was made for arguments of this signature.</summary>
    public bool IsBoundTo(ReadOnlySpan<long> arguments) => bound && arguments.SequenceEqual(signature);

    /// <summary>Takes sizes from the symbols' values, and memory for them.</summary>
    /// <param name="values">The values.</param>
    /// <param name="arguments">What the sizes of the arguments were, to know them again.</param>
    public void Bind(ReadOnlySpan<long> values, ReadOnlySpan<long> arguments)
    {
        bound = false;
        HasAccepted = false;
        values.CopyTo(symbols);
        plan.EvaluateSizes(symbols, sizes);
        layout.Place(sizes);
        long total = layout.Total;
        if (memory is null || memory.ByteLength < total || memory.ByteLength > 4 * total)
        {
            memory?.Dispose();
            memory = null;
            memory = new AlignedBuffer((nint)total);
        }

        for (int b = 0; b < addresses.Length; b++)
        {
            PlanBuffer buffer = plan.Buffers[b];
            addresses[b] = buffer.IsInWorkspace ? memory.Address + (nint)layout.Offsets[buffer.Block] : buffer.Address;
        }

        var slots = (nint*)frames.Address;
        for (int s = 0; s < plan.Steps.Length; s++)
        {
            PlanStep step = plan.Steps[s];
            nint* frame = slots + frameStarts[s];
            foreach (int buffer in step.Buffers)
            {
                *frame++ = addresses[buffer];
            }

            foreach (int extent in step.Extents)
            {
                *frame++ = (nint)sizes[extent];
            }
        }

        Array.Clear(held);
        Schedule();
        threaded.Bind(sizes);
        signature = arguments.ToArray();
        bound = true;
    }

    /// <summary>Lets steps add to what externals hold, where there are such steps: see <see cref="IsAddedTo"/>. Holds until told otherwise or bound anew.</summary>
    /// <param name="holds">For each external, whether it holds something that results must be added to.</param>
    public void AddTo(ReadOnlySpan<bool> holds)
    {
        if (!holds.SequenceEqual(held))
        {
            holds.CopyTo(held);
            try
            {
                Schedule();
            }
            catch
            {
                // A step that cannot be compiled: none adds.
                Array.Clear(held);
                Schedule();
                throw;
            }
        }
    }

    /// <summary>Runs steps on what the caller provided; the number of the step that failed, or −1.</summary>
    /// <param name="first">The first step.</param>
    /// <param name="last">The step to stop before.</param>
    /// <param name="site">The failing step's error site.</param>
    /// <param name="detail">What the failing step left: the index that was out of range.</param>
    public int Run(int first, int last, out int site, out long detail)
    {
        var slots = (nint*)frames.Address;
        foreach ((int slot, int external) in patches)
        {
            slots[slot] = Externals[external];
        }

        bool isThreaded = threaded.Any;
        for (int at = first; at < last;)
        {
            (int s, at) = schedule[at];
            PlanStep step = plan.Steps[s];
            nint* frame = slots + frameStarts[s];
            nint range = (nint)sizes[step.Range];
            site = step.Versioned is { } versioned ? versioned.Run(step.Entry, (nint)frame, range)
                : isThreaded && threaded.IsShared(s) ? threaded.Run(s, (nint)frame, range)
                : step.Entry((nint)frame, 0, range);
            if (site != 0)
            {
                detail = frame[step.Slots - 1];
                return s;
            }
        }

        site = 0;
        detail = 0;
        return -1;
    }

    /// <summary>Decides which steps run for the current sizes, and for what externals hold.</summary>
    private void Schedule()
    {
        for (int s = 0; s < schedule.Length; s++)
        {
            schedule[s] = (s, s + 1);
        }

        foreach (MergedStep merged in plan.Merged)
        {
            if (sizes[merged.Elements] <= plan.MostMergedElements)
            {
                schedule[merged.First] = (merged.Step, merged.Last);
            }
        }

        Array.Clear(addedTo);
        foreach (AddingStep adding in plan.Adding)
        {
            if (Array.TrueForAll(adding.Externals, external => held[external]) && PlaceOf(adding.Replaced) is >= 0 and var place)
            {
                // Compiled before anything runs, for a failure must not leave half of the results added.
                _ = adding.Entry.Value;
                schedule[place].Run = adding.Step;
                Array.ForEach(adding.Externals, external => addedTo[external] = true);
            }
        }
    }

    /// <summary>Where a step stands in the schedule; −1 if another runs in its place.</summary>
    private int PlaceOf(int step)
    {
        for (int at = 0; at < schedule.Length; at = schedule[at].Next)
        {
            if (schedule[at].Run == step)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Copies what the forward part left for the backward part, which may write over it.</summary>
    public AlignedBuffer SaveForBackward()
    {
        long total = 0;
        foreach (PlanBlock block in plan.Blocks)
        {
            total += plan.IsReadBackward(block) ? sizes[block.Bytes] : 0;
        }

        var copy = new AlignedBuffer((nint)total);
        CopyForBackward(copy, restore: false);
        return copy;
    }

    /// <summary>Puts back what <see cref="SaveForBackward"/> copied.</summary>
    public void RestoreForBackward(AlignedBuffer copy) => CopyForBackward(copy, restore: true);

    private void CopyForBackward(AlignedBuffer copy, bool restore)
    {
        nint at = copy.Address;
        for (int b = 0; b < plan.Blocks.Length; b++)
        {
            if (plan.IsReadBackward(plan.Blocks[b]))
            {
                nint block = memory!.Address + (nint)layout.Offsets[b];
                long bytes = sizes[plan.Blocks[b].Bytes];
                (nint from, nint to) = restore ? (at, block) : (block, at);
                NativeMemory.Copy((void*)from, (void*)to, (nuint)bytes);
                at += (nint)bytes;
            }
        }
    }

    public void Dispose()
    {
        memory?.Dispose();
        frames.Dispose();
    }
}
