using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>A part of a program as loops: a kernel, or kernels in a loop or a branch.</summary>
/// <param name="Roots">The nodes whose values it computes; several kernels may share one.</param>
internal abstract record LoweredPart(IReadOnlyList<Node> Roots)
{
    /// <summary>The first root: all of them belong to one part of the program.</summary>
    public Node Root => Roots[0];

    /// <summary>The buffers that it works on, and whether it writes them.</summary>
    public abstract IEnumerable<Access> Accesses { get; }

    /// <summary>What it runs, in order, list by list: nothing of a kernel.</summary>
    public abstract IReadOnlyList<IReadOnlyList<LoweredPart>> Inside { get; }

    /// <summary>It, if it is a kernel, or those in it, in order.</summary>
    public IEnumerable<LoweredKernel> Kernels => this is LoweredKernel kernel ? [kernel] : Inside.SelectMany(parts => parts).SelectMany(part => part.Kernels);

    /// <summary>It and all in it.</summary>
    public IEnumerable<LoweredPart> All => Inside.SelectMany(parts => parts).SelectMany(part => part.All).Prepend(this);

    /// <summary>Whether a kernel of it may fail.</summary>
    public bool CanFail => Kernels.Any(kernel => kernel.Sites.Count > 0);
}

/// <summary>A body that runs again and again.</summary>
/// <param name="Roots">The results.</param>
/// <param name="Body">What runs in each step.</param>
/// <param name="Condition">What is asked before each step; null if the count alone tells.</param>
/// <param name="Count">How many steps there are at most; null if the condition alone tells.</param>
/// <param name="Carries">What is carried.</param>
/// <param name="Steps">What lies elsewhere in each step.</param>
internal sealed record LoweredLoop(
    IReadOnlyList<Node> Roots,
    IReadOnlyList<LoweredPart> Body,
    LoweredCondition? Condition,
    Dim? Count,
    IReadOnlyList<CarriedBuffer> Carries,
    IReadOnlyList<SteppingBuffer> Steps) : LoweredPart(Roots)
{
    /// <summary>The loop's node.</summary>
    public Node Operation => Root.Op is OutputOp ? Root.Inputs[0] : Root;

    public override IReadOnlyList<IReadOnlyList<LoweredPart>> Inside => Condition is null ? [Body] : [Condition.Parts, Body];

    public override IEnumerable<Access> Accesses
    {
        get
        {
            Dictionary<KernelBuffer, KernelBuffer> wholes = Steps.ToDictionary(s => s.Part, s => s.Whole);
            return Inside.SelectMany(parts => parts).SelectMany(part => part.Accesses)
                .Select(a => a with { Buffer = wholes.GetValueOrDefault(a.Buffer, a.Buffer) })
                .Concat(Carries.SelectMany(c => new Access[] { new(c.Current, IsWritten: false), new(c.Current, IsWritten: true) }))
                .Distinct();
        }
    }
}

/// <summary>What decides whether a loop goes on.</summary>
/// <param name="Parts">What computes it.</param>
/// <param name="Buffer">Where the bool lies then.</param>
internal sealed record LoweredCondition(IReadOnlyList<LoweredPart> Parts, KernelBuffer Buffer);

/// <summary>Two buffers that change places after each step of a loop.</summary>
/// <param name="Current">What a step reads: what the loop begins with, and what it ends with.</param>
/// <param name="Next">What a step writes.</param>
internal sealed record CarriedBuffer(KernelBuffer Current, KernelBuffer Next);

/// <summary>A buffer that is a row of another one, the next one in each step of a loop.</summary>
/// <param name="Part">The row.</param>
/// <param name="Whole">What it is a row of.</param>
/// <param name="Reverse">Whether the last row is the first.</param>
internal sealed record SteppingBuffer(KernelBuffer Part, KernelBuffer Whole, bool Reverse);

/// <summary>One of two sides.</summary>
/// <param name="Roots">The results.</param>
/// <param name="Condition">A bool.</param>
/// <param name="Then">What runs if it is true.</param>
/// <param name="Otherwise">What runs if it is false.</param>
internal sealed record LoweredBranch(IReadOnlyList<Node> Roots, KernelBuffer Condition, IReadOnlyList<LoweredPart> Then, IReadOnlyList<LoweredPart> Otherwise) : LoweredPart(Roots)
{
    public override IReadOnlyList<IReadOnlyList<LoweredPart>> Inside => [Then, Otherwise];

    public override IEnumerable<Access> Accesses => Inside.SelectMany(parts => parts).SelectMany(part => part.Accesses).Prepend(new Access(Condition, IsWritten: false)).Distinct();
}
