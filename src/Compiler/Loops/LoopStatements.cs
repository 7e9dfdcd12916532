using System.Collections.Immutable;

namespace GraphCompiler.Loops;

/// <summary>A statement of the Loop IR.</summary>
internal abstract record LoopStatement;

/// <summary>Statements in order.</summary>
internal sealed record Block(ImmutableArray<LoopStatement> Statements) : LoopStatement;

/// <summary>Declares a variable with its first value, visible to the statements after it in the same block. Mutable through <see cref="Assign"/>.</summary>
internal sealed record Let(Local Variable, LoopValue Value) : LoopStatement;

/// <summary>Gives a declared variable a new value.</summary>
internal sealed record Assign(Local Variable, LoopValue Value) : LoopStatement;

/// <summary>
/// <c>for (Variable = Begin; Variable &lt; End; Variable += Step) Body</c>. Iterations of a <see cref="LoopKind.Parallel"/> or
/// <see cref="LoopKind.Vector"/> loop are independent but for <see cref="Reductions"/>: variables declared outside, each only ever assigned
/// in the body as <c>acc = combine(acc, value)</c>; a vector loop keeps a partial result a lane and combines the lanes after the loop.
/// </summary>
internal sealed record For(Local Variable, LoopValue Begin, LoopValue End, LoopKind Kind, LoopStatement Body) : LoopStatement
{
    /// <summary>A positive constant; 1 in vector loops.</summary>
    public long Step { get; init; } = 1;

    public ImmutableArray<Reduction> Reductions { get; init; } = [];

    /// <summary>
    /// Vectors that an iteration of a vector loop works on at once, statement by statement: what does not vary, a broadcast or an inner loop's
    /// count, is shared by all of them. 1 leaves the choice to the emitter.
    /// </summary>
    public int Vectors { get; init; } = 1;

    /// <summary>
    /// Whether the loop, of at most <see cref="Vectors"/> vectors, runs as one pass whose lanes beyond the end neither load nor store.
    /// </summary>
    public bool IsMasked { get; init; }

    /// <summary>
    /// For a vector loop without reductions that makes one store, of neighbouring elements: where this holds, whole vectors are written past the
    /// cache, to where they are aligned. Null: never. It must not vary in the loop.
    /// </summary>
    public LoopValue? PastCache { get; init; }

    /// <summary>Of a serial loop: a Bool declared outside of it. An iteration that finds it false does not begin, and ends the loop.</summary>
    public Local? While { get; init; }
}

internal enum LoopKind
{
    Serial,
    Parallel,
    Vector,
}

/// <summary>How a loop combines values.</summary>
/// <param name="Accumulator">The result, declared outside of the loop.</param>
/// <param name="Function">What combines, of those that have an identity.</param>
/// <param name="Lost">
/// For sums of many floats: a variable declared outside, too, that gathers what rounding takes from the accumulator, as
/// <see cref="LongSum"/> adds to it. Null: nothing is gathered.
/// </param>
internal sealed record Reduction(Local Accumulator, BinaryFunction Function, Local? Lost = null);

/// <summary>A branch. In a vector loop the condition must not vary with the loop variable (use <see cref="SelectValue"/> for that).</summary>
internal sealed record If(LoopValue Condition, LoopStatement Then, LoopStatement? Else = null) : LoopStatement;

/// <summary>Writes an element, narrowed to what the buffer holds; the index counts elements.</summary>
internal sealed record Store(LoopBuffer Buffer, LoopValue Index, LoopValue Value) : LoopStatement;

/// <summary>Asks for the cache line of an element that is soon read. The index may lie outside the buffer: nothing is read yet.</summary>
internal sealed record Prefetch(LoopBuffer Buffer, LoopValue Index) : LoopStatement;

/// <summary>Ends the kernel with error site <paramref name="Site"/> (≥ 1), leaving the Int64 <paramref name="Detail"/> in the frame's last slot. Not inside vector loops.</summary>
internal sealed record Fail(int Site, LoopValue Detail) : LoopStatement;

/// <summary>
/// Declares <paramref name="Result"/> with what a handwritten routine of the runtime returns: 0, or what went wrong. It works on parts of buffers, which
/// must not overlap where it writes one. Not inside vector loops.
/// </summary>
/// <param name="Result">A variable of Int64, visible like that of a <see cref="Let"/>.</param>
/// <param name="Routine">The routine.</param>
/// <param name="Parts">The buffers it works on, in the order of its parameters; it may write those that are writable.</param>
/// <param name="Sizes">The numbers that it takes after the buffers, Int64.</param>
internal sealed record Invoke(Local Result, Routine Routine, ImmutableArray<BufferPart> Parts, ImmutableArray<LoopValue> Sizes) : LoopStatement
{
    /// <summary>About how many operations on numbers one run takes, in sizes; code does not depend on it.</summary>
    public required LoopValue Work { get; init; }
}

/// <summary>Calls a function of the user's, on whole buffers. It is all that its kernel does: no code is made for it.</summary>
/// <param name="Routine">The function.</param>
/// <param name="Buffers">What it works on, inputs first; it writes those that are writable.</param>
/// <param name="Lengths">The lengths of their axes, one after the other: literals and extents.</param>
/// <param name="Site">The error site of what it throws.</param>
internal sealed record CallHost(HostRoutine Routine, ImmutableArray<LoopBuffer> Buffers, ImmutableArray<LoopValue> Lengths, int Site) : LoopStatement;

/// <summary>The elements of a buffer from <paramref name="Offset"/> on that a routine may touch.</summary>
internal sealed record BufferPart(LoopBuffer Buffer, LoopValue Offset, LoopValue Count);

/// <summary>A buffer argument. Compared by reference.</summary>
/// <param name="Name">The name, for people.</param>
/// <param name="Storage">What memory holds: it tells where elements lie. What they are computed with is the type of a <see cref="Load"/>, and of what a <see cref="Store"/> takes.</param>
/// <param name="Writable">Whether the kernel writes it.</param>
internal sealed record LoopBuffer(string Name, DType Storage, bool Writable = false)
{
    /// <summary>The number of elements, for checked builds and the evaluator.</summary>
    public required LoopValue Length { get; init; }

    /// <summary>
    /// Whether the lowering promises that no element is stored twice in a run of the kernel, nor stored and loaded, where the loops do not show it.
    /// </summary>
    public bool IsStoredOnce { get; init; }

    public bool Equals(LoopBuffer? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>
/// A kernel: <c>int Kernel(nint frame, nint begin, nint end)</c>. The frame is an array of 8-byte slots: one address a buffer, in order;
/// one value an extent; last, one slot that a failing kernel fills. The body computes the part [Begin, End) of its parallel range,
/// whose whole is [0, <see cref="Range"/>).
/// </summary>
internal sealed record Kernel(string Name, ImmutableArray<LoopBuffer> Buffers, int Extents, Local Begin, Local End, LoopValue Range, LoopStatement Body)
{
    public int FrameSlots => Buffers.Length + Extents + 1;
}
