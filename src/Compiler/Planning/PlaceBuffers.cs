using GraphCompiler.Kernels;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>The buffers of a program, in the order of a plan.</summary>
/// <param name="All">Each with where it lies.</param>
/// <param name="Positions">The position of each.</param>
/// <param name="Copies">For inputs and updated parameters that the backward part reads, the position of the copy that it reads.</param>
/// <param name="Saved">From where to where they are copied.</param>
/// <param name="Constants">Memory that is there as long as the program.</param>
internal sealed record PlacedBuffers(
    PlacedBuffer[] All,
    IReadOnlyDictionary<KernelBuffer, int> Positions,
    IReadOnlyDictionary<KernelBuffer, int> Copies,
    (int From, int To)[] Saved,
    IReadOnlyList<AlignedBuffer> Constants)
{
    /// <summary>The position of what a part of the program reads or writes for a buffer.</summary>
    public int PositionOf(KernelBuffer buffer, bool isForward) => !isForward && Copies.TryGetValue(buffer, out int copy) ? copy : Positions[buffer];
}

/// <summary>Where a buffer lies: with the caller, at an address, or, if neither, where the plan of memory says.</summary>
/// <param name="Buffer">The buffer.</param>
/// <param name="External">Its position among the memory of the caller's, or −1.</param>
/// <param name="Address">Its address, or 0.</param>
/// <param name="IsOptional">Whether the caller may leave its memory out.</param>
internal sealed record PlacedBuffer(KernelBuffer Buffer, int External = -1, nint Address = 0, bool IsOptional = false)
{
    /// <summary>Whether it is a part of another buffer, which a loop steps through.</summary>
    public bool IsPart { get; init; }
}

/// <summary>Says of all buffers of a program where they lie, and fills those of constants.</summary>
internal sealed class PlaceBuffers
{
    private readonly LoweredProgram program;
    private readonly ResultPlaces results;
    private readonly Dictionary<Node, int> inputs;
    private readonly List<PlacedBuffer> all = [];
    private readonly Dictionary<KernelBuffer, int> positions = [];
    private readonly List<AlignedBuffer> constants = [];

    private PlaceBuffers(LoweredProgram program, ResultPlaces results)
    {
        (this.program, this.results) = (program, results);
        inputs = GraphWalk.PositionsOf(program.Regions.Computation.Inputs);
    }

    /// <exception cref="GraphException">An input is not listed.</exception>
    public static PlacedBuffers Run(LoweredProgram program, ResultPlaces results) => new PlaceBuffers(program, results).Run();

    private PlacedBuffers Run()
    {
        HashSet<Node> stored = [.. program.Graph.Specs.SelectMany(s => s.Stored)];
        Node[] values = [.. program.Regions.Order.Where(n => (stored.Contains(n) || (OpTraits.Of(n.Op).IsFromOutside && program.Graph.Materialization.IsMaterialized(n))) && IsItsOwn(n))];
        foreach (Node node in values)
        {
            Add(Value(node));
        }

        AddBodies();
        foreach (LoweredKernel kernel in program.Kernels)
        {
            bool lasts = program.RunsOnceAVersion(kernel);
            foreach (KernelBuffer scratch in kernel.Scratch.Where(s => !positions.ContainsKey(s)))
            {
                Add(new PlacedBuffer(scratch, Address: lasts ? Reserve(scratch, scratch.Length.Constant!.Value * scratch.Type.Size()).Address : 0));
            }
        }

        AddWorkerScratch(program.Kernels);

        // The caller may change an input between forward and backward, and the end of forward a parameter: what backward reads of them is a copy, whether or not forward
        // reads them too.
        HashSet<Node> updated = [.. program.Regions.Computation.Roots.Select(r => r.Parameter).OfType<Node>()];
        Dictionary<KernelBuffer, int> copies = [];
        List<(int, int)> saved = [];
        foreach (KernelBuffer input in values.Where(n => (n.Op is InputOp && n != program.Regions.Computation.Seed) || updated.Contains(n)).Select(KernelBuffer.Of).Where(results.ReadBackward.Contains))
        {
            copies.Add(input, all.Count);
            saved.Add((positions[input], all.Count));
            all.Add(new PlacedBuffer(input));
        }

        AddWorkerScratch(program.Merged.Select(m => m.Kernel));
        foreach (KernelBuffer shared in program.Shared.All.Where(s => positions.ContainsKey(program.Shared.Of(s))))
        {
            positions.Add(shared, positions[program.Shared.Of(shared)]);
        }

        return new PlacedBuffers([.. all], positions, copies, [.. saved], constants);
    }

    private bool IsItsOwn(Node node) => program.Shared.Of(node) == KernelBuffer.Of(node);

    /// <summary>The values that only bodies of loops and branches know.</summary>
    private void AddBodies()
    {
        LoweredLoop[] loops = [.. program.Parts.SelectMany(p => p.All).OfType<LoweredLoop>()];
        foreach (SteppingBuffer stepping in loops.SelectMany(l => l.Steps))
        {
            Add(new PlacedBuffer(stepping.Part) { IsPart = true });
        }

        IEnumerable<KernelBuffer> used = program.Kernels.SelectMany(k => k.Buffers).Where(b => b.Kind == BufferKind.Value);
        IEnumerable<KernelBuffer> carried = loops.SelectMany(l => l.Carries).SelectMany(c => new[] { c.Current, c.Next });
        foreach (KernelBuffer value in used.Concat(carried).Concat(loops.SelectMany(l => l.Steps).Select(s => s.Whole)).Where(b => !positions.ContainsKey(b)))
        {
            Add(Value(value.Node!));
        }
    }

    private void Add(PlacedBuffer placed)
    {
        positions.Add(placed.Buffer, all.Count);
        all.Add(placed);
    }

    private void AddWorkerScratch(IEnumerable<LoweredKernel> kernels)
    {
        foreach (KernelBuffer scratch in kernels.SelectMany(k => k.WorkerScratch).Where(s => !positions.ContainsKey(s)))
        {
            Add(new PlacedBuffer(scratch));
        }
    }

    private PlacedBuffer Value(Node node)
    {
        var buffer = KernelBuffer.Of(node);
        return node.Op switch
        {
            InputOp => inputs.TryGetValue(node, out int input) ? new PlacedBuffer(buffer, input)
                : throw new GraphException($"The graph uses {node.Describe()}, which is not among the inputs; list it."),
            ConstantOp constant => new PlacedBuffer(buffer, Address: Place(buffer, constant.Data)),
            _ when results.Gradients.TryGetValue(buffer, out int gradient) => new PlacedBuffer(buffer, gradient, IsOptional: true),
            _ => new PlacedBuffer(buffer, results.Outputs.GetValueOrDefault(buffer, -1), (program.Places.GetValueOrDefault(buffer) ?? node as Parameter)?.Address ?? 0),
        };
    }

    private unsafe nint Place(KernelBuffer buffer, ConstantData data)
    {
        AlignedBuffer memory = Reserve(buffer, data.Bytes.Length);
        data.Bytes.CopyTo(new Span<byte>((void*)memory.Address, data.Bytes.Length));
        return memory.Address;
    }

    private AlignedBuffer Reserve(KernelBuffer buffer, long bytes)
    {
        try
        {
            constants.Add(new AlignedBuffer((nint)bytes));
            return constants[^1];
        }
        catch (OutOfMemoryException e)
        {
            throw TooLarge.Of(buffer.Describe(), buffer.Type, buffer.Shape.Constants, e);
        }
    }
}
