using System.Runtime.InteropServices;

namespace GraphCompiler.Plans;

/// <summary>
/// The memory of one running call: intermediate values, and a frame a kernel with the addresses and sizes it works on. Bound to the values of the
/// symbols; a call whose arguments have the same sizes as the last costs a comparison, one of sizes met lately little more than writing the frames.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    // Bindings that are remembered.
    private const int MostBindings = 8;

    /// <summary>What <see cref="Run"/> returns when it was cancelled.</summary>
    public const int WasCancelled = -2;

    private readonly Plan plan;
    private readonly nint[] addresses;

    // Those of the last calls, the last first.
    private readonly List<Binding> bindings = new(MostBindings);
    private readonly int[] frameStarts;
    private readonly AlignedBuffer frames;
    private readonly (int Slot, int External)[] patches;

    private readonly PlanCode code;

    // For each loop: where in frames its parts, and the buffers that change places, stand.
    private readonly LoopSlots[] loopSlots;

    // For each external: whether it holds something that steps should add to.
    private readonly bool[] held;
    private FavouringTurn turn = new();
    private AlignedBuffer? memory;
    private Binding? bound;

    // The step that is all there is to do for the current binding, on this thread; -1 where there is more to it.
    private int singleStep = -1;
    private nint singleRange;
    private nint singleFrame;

    public Workspace(Plan plan)
    {
        this.plan = plan;
        addresses = new nint[plan.Buffers.Length];
        Externals = new nint[plan.Externals];
        Accepted = new AcceptedArgument[plan.Externals];
        frameStarts = new int[plan.Steps.Length];
        code = new PlanCode(plan);
        held = new bool[plan.Externals];
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
        loopSlots = [.. code.Loops.Select(l => new LoopSlots(
            [.. l.Loop.Parts.Select(p => SlotsOf(p.Buffer))],
            [.. l.Loop.Carries.Select(c => (SlotsOf(c.Current), SlotsOf(c.Next)))]))];
        frames = new AlignedBuffer(slots * sizeof(nint), clear: true);
    }

    /// <summary>Which call has the workspace.</summary>
    public ref FavouringTurn Turn => ref turn;

    /// <summary>The addresses that the caller provides, to be set before a run.</summary>
    public nint[] Externals { get; }

    /// <summary>Ends a run between two steps, as long as nothing that lasts has been written.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>What the arguments and destinations of the current binding look like, where <see cref="HasAccepted"/> says so.</summary>
    public AcceptedArgument[] Accepted { get; }

    /// <summary>Whether <see cref="Accepted"/> holds; another binding ends that.</summary>
    public bool HasAccepted { get; set; }

    /// <summary>The sizes for the current binding.</summary>
    public ReadOnlySpan<long> Sizes => Bound.Sizes;

    /// <summary>The values of the symbols of the current binding.</summary>
    public ReadOnlySpan<long> Symbols => Bound.Symbols;

    /// <summary>Bytes held for intermediate values.</summary>
    public long Bytes => memory?.ByteLength ?? 0;

    /// <summary>Bytes for intermediate values that the last attempt to bind wanted.</summary>
    public long BytesWanted => bindings is [var last, ..] ? last.Layout.Total : 0;

    /// <summary>Where the blocks of the plan lie for the current binding.</summary>
    public MemoryLayout Layout => Bound.Layout;

    /// <summary>The address of a buffer that is not the caller's.</summary>
    public nint Address(int buffer) => plan.Buffers[buffer].External is >= 0 and var external ? Externals[external] : addresses[buffer];

    /// <summary>The address that a buffer has if its caller leaves its memory out.</summary>
    public nint OwnAddress(int buffer) => addresses[buffer];

    /// <summary>Whether a step adds to what an external holds, rather than write over it.</summary>
    public bool IsAddedTo(int external) => code.IsAddedTo(external);

    /// <summary>Whether the workspace is bound to arguments of this signature.</summary>
    public bool IsBoundTo(ReadOnlySpan<long> arguments) => bound is not null && bound.IsFor(arguments);

    /// <summary>Binds to the sizes of a call not long ago, if one had arguments of this signature.</summary>
    public bool TryBind(ReadOnlySpan<long> arguments)
    {
        for (int i = 0; i < bindings.Count; i++)
        {
            if (bindings[i].IsFor(arguments))
            {
                Unbind();
                Take(i);
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes sizes from the symbols' values, and memory for them.</summary>
    /// <param name="values">The values.</param>
    /// <param name="arguments">What the sizes of the arguments were, to know them again.</param>
    public void Bind(ReadOnlySpan<long> values, ReadOnlySpan<long> arguments)
    {
        Unbind();
        if (bindings.Count < MostBindings)
        {
            bindings.Add(new Binding(plan));
        }

        bindings[^1].Set(values, arguments);
        Take(bindings.Count - 1);
    }

    private Binding Bound => bound ?? throw new InvalidOperationException("The workspace is bound to no sizes.");

    private void Unbind()
    {
        bound = null;
        singleStep = -1;
        HasAccepted = false;
    }

    /// <summary>Binds to the sizes of a remembered binding, which becomes the latest.</summary>
    private void Take(int index)
    {
        Binding binding = bindings[index];
        bindings.RemoveAt(index);
        bindings.Insert(0, binding);
        (long[] sizes, MemoryLayout layout) = (binding.Sizes, binding.Layout);

        // What the sizes of other calls need stays, for they may come back.
        long most = 0;
        foreach (Binding recent in bindings)
        {
            most = Math.Max(most, recent.Bytes);
        }

        if (memory is null || memory.ByteLength < layout.Total || memory.ByteLength / 4 > most)
        {
            memory?.Dispose();
            memory = null;
            memory = new AlignedBuffer((nint)layout.Total);
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
        bound = binding;
        BuildCode();
    }

    private void BuildCode()
    {
        singleStep = -1;
        code.Build(Bound.Sizes, held);
        if (code.Instructions is [{ Kind: InstructionKind.Run } only] && code.Backward == 1 && !Bound.Threaded.Any && plan.Steps[only.Subject] is { Versioned: null, IsLoop: false } step)
        {
            (singleStep, singleFrame) = (only.Subject, frames.Address + (frameStarts[only.Subject] * sizeof(nint)));
            singleRange = (nint)Bound.Sizes[step.Range];
        }
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
                BuildCode();
            }
            catch
            {
                // A step that cannot be compiled: none adds.
                Array.Clear(held);
                BuildCode();
                throw;
            }
        }
    }

    /// <summary>Runs parts of the plan on what the caller provided; the number of the step that failed, −1, or <see cref="WasCancelled"/>.</summary>
    /// <param name="forward">Whether to run the forward part.</param>
    /// <param name="backward">Whether to run the backward part, after that.</param>
    /// <param name="site">The failing step's error site.</param>
    /// <param name="detail">What the failing step left: the index that was out of range.</param>
    public int Run(bool forward, bool backward, out int site, out long detail)
    {
        var slots = (nint*)frames.Address;
        nint[] externals = Externals;
        foreach ((int slot, int external) in patches)
        {
            slots[slot] = externals[external];
        }

        if (singleStep >= 0 && forward)
        {
            return RunSingle(plan.Steps[singleStep], out site, out detail);
        }

        // A call that failed left its loops where they were.
        foreach (LoopState loop in code.Loops)
        {
            loop.IsRunning = false;
        }

        long[] sizes = Bound.Sizes;
        ThreadedSteps threaded = Bound.Threaded;
        bool isThreaded = threaded.Any;
        bool mayEnd = Cancellation.CanBeCanceled;
        ReadOnlySpan<Instruction> instructions = code.Instructions;
        int last = backward ? instructions.Length : code.Backward;
        for (int at = forward ? 0 : code.Backward; at < last;)
        {
            Instruction next = instructions[at++];
            if (next.Kind != InstructionKind.Run)
            {
                at = Go(next, at);
                continue;
            }

            int s = next.Subject;
            PlanStep step = plan.Steps[s];
            if (mayEnd && Cancellation.IsCancellationRequested)
            {
                (site, detail) = (0, 0);
                return WasCancelled;
            }

            mayEnd &= !step.IsLasting;

            nint* frame = slots + frameStarts[s];
            nint range = (nint)sizes[step.Range];
            site = step.Versioned is { } versioned ? versioned.Run(step.Entry, (nint)frame, range)
                : mayEnd && step.IsLoop ? RunLoop(step.Entry, (nint)frame, range)
                : isThreaded && threaded.IsShared(s) ? threaded.Run(s, (nint)frame, range)
                : step.Entry((nint)frame, 0, range);
            if (site == WasCancelled)
            {
                (site, detail) = (0, 0);
                return WasCancelled;
            }

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

    private int RunSingle(PlanStep step, out int site, out long detail)
    {
        detail = 0;
        site = 0;
        if (Cancellation.IsCancellationRequested)
        {
            return WasCancelled;
        }

        site = step.Entry(singleFrame, 0, singleRange);
        if (site == 0)
        {
            return -1;
        }

        detail = ((nint*)singleFrame)[step.Slots - 1];
        return singleStep;
    }

    /// <summary>Runs a loop that is a kernel, a few steps at once; what the kernel returns, or <see cref="WasCancelled"/>.</summary>
    private int RunLoop(KernelEntry entry, nint frame, nint steps)
    {
        for (nint begin = 0; begin < steps; begin += PlanStep.StepsAtOnce)
        {
            if (Cancellation.IsCancellationRequested)
            {
                return WasCancelled;
            }

            if (entry(frame, begin, Math.Min(begin + PlanStep.StepsAtOnce, steps)) is not 0 and var site)
            {
                return site;
            }
        }

        return 0;
    }

    /// <summary>How far the loops are in which a step has failed, the outermost first.</summary>
    public IEnumerable<(PlanNode.Loop Loop, long Times)> Times => code.Loops.Where(l => l.IsRunning).Select(l => (l.Loop, l.Times));

    /// <summary>Where the code goes on.</summary>
    private int Go(Instruction instruction, int next)
    {
        switch (instruction.Kind)
        {
            case InstructionKind.Jump:
                return instruction.Target;
            case InstructionKind.JumpUnless:
                return IsTrue(instruction.Subject) ? next : instruction.Target;
        }

        LoopState state = code.Loops[instruction.Subject];
        PlanNode.Loop loop = state.Loop;
        switch (instruction.Kind)
        {
            case InstructionKind.Begin:
                state.Times = 0;
                break;
            case InstructionKind.LeaveUnless:
                state.IsRunning = IsTrue(loop.Condition!.Buffer);
                return state.IsRunning ? next : instruction.Target;
            default:
                state.Times++;
                ChangePlaces(instruction.Subject);
                break;
        }

        state.IsRunning = loop.Count < 0 || state.Times < Bound.Sizes[loop.Count];
        if (state.IsRunning)
        {
            Place(instruction.Subject);
        }

        return state.IsRunning == (instruction.Kind == InstructionKind.Begin) ? next : instruction.Target;
    }

    private bool IsTrue(int buffer) => *(byte*)Address(buffer) != 0;

    /// <summary>Puts a loop's parts where they are this time.</summary>
    private void Place(int loop)
    {
        LoopState state = code.Loops[loop];
        if (state.Loop.Number >= 0)
        {
            *(long*)Address(state.Loop.Number) = state.Times;
        }

        for (int p = 0; p < state.Loop.Parts.Length; p++)
        {
            LoopPart part = state.Loop.Parts[p];
            long place = part.Reverse ? Bound.Sizes[state.Loop.Count] - 1 - state.Times : state.Times;
            addresses[part.Buffer] = Address(part.Whole) + (nint)(place * Bound.Sizes[part.Bytes]);
            Fill(loopSlots[loop].Parts[p], addresses[part.Buffer]);
        }
    }

    private void ChangePlaces(int loop)
    {
        LoopCarry[] carries = code.Loops[loop].Loop.Carries;
        for (int c = 0; c < carries.Length; c++)
        {
            (int current, int next) = (carries[c].Current, carries[c].Next);
            (addresses[current], addresses[next]) = (addresses[next], addresses[current]);
            Fill(loopSlots[loop].Carries[c].Current, addresses[current]);
            Fill(loopSlots[loop].Carries[c].Next, addresses[next]);
        }
    }

    private void Fill(int[] places, nint address)
    {
        var slots = (nint*)frames.Address;
        foreach (int slot in places)
        {
            slots[slot] = address;
        }
    }

    /// <summary>Where in frames a buffer stands.</summary>
    private int[] SlotsOf(int buffer) =>
        [.. plan.Steps.SelectMany((step, s) => Enumerable.Range(0, step.Buffers.Length).Where(b => step.Buffers[b] == buffer).Select(b => frameStarts[s] + b))];

    /// <summary>Copies what the forward part left for the backward part, which may write over it.</summary>
    public AlignedBuffer SaveForBackward()
    {
        long total = 0;
        foreach (PlanBlock block in plan.Blocks)
        {
            total += plan.IsReadBackward(block) ? Sizes[block.Bytes] : 0;
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
                nint block = memory!.Address + (nint)Layout.Offsets[b];
                long bytes = Sizes[plan.Blocks[b].Bytes];
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

    /// <summary>Places in frames, for each part of a loop and for each pair of buffers that change places.</summary>
    private sealed record LoopSlots(int[][] Parts, (int[] Current, int[] Next)[] Carries);
}
