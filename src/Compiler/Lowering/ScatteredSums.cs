using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>
/// Slices that are added where indices say, without an error that grows with how many meet in one place: a slice of the result takes so many; what it then
/// holds goes to a total, of which there can be but few, and it begins again as zeros. All of it is memory that a thread has for itself.
/// </summary>
internal sealed class ScatteredSums
{
    private const long Chain = 64;

    // So many are one chain.
    private const long ShortChain = 256;

    private readonly KernelBuilder kernel;
    private readonly LoopBuffer output;
    private readonly Dim slice;
    private readonly LoopBuffer counts;
    private readonly LoopBuffer places;
    private readonly LoopBuffer high;
    private readonly LoopBuffer low;
    private readonly Local used = LoopMath.Index("used");

    /// <param name="kernel">The kernel.</param>
    /// <param name="output">The result.</param>
    /// <param name="slices">The number of slices among which an index chooses.</param>
    /// <param name="slice">The number of elements of a slice, which lie side by side.</param>
    /// <param name="count">The number of indices.</param>
    public ScatteredSums(KernelBuilder kernel, LoopBuffer output, Dim slices, Dim slice, Dim count)
    {
        (this.kernel, this.output, this.slice) = (kernel, output, slice);
        Dim totals = (count / Chain) + 1;
        counts = kernel.WorkerScratch(DType.Int64, slices);
        places = kernel.WorkerScratch(DType.Int64, slices);
        high = kernel.WorkerScratch(output.Storage, totals * slice);
        low = kernel.WorkerScratch(output.Storage, totals * slice);
    }

    /// <summary>Whether so many floats may be too many for one chain.</summary>
    public static bool AreNeeded(DType type, Dim count) => type.IsFloat() && !(count.Constant <= ShortChain);

    /// <summary>What adds slices, with what goes before and after it.</summary>
    /// <param name="slices">The slices that it may add to.</param>
    /// <param name="start">Where the first of all slices begins in the result.</param>
    /// <param name="add">What adds.</param>
    public Block Around(Stretch slices, LoopValue start, LoopStatement add)
    {
        Local zeroed = LoopMath.Index("slice");
        Local index = LoopMath.Index("slice");
        return new Block(
        [
            new Let(used, LoopMath.Int(0)),
            new For(zeroed, slices.First, slices.Last, LoopKind.Vector, new Store(counts, zeroed, LoopMath.Int(0))),
            add,
            new For(index, slices.First, slices.Last, LoopKind.Serial, new If(
                LoopMath.AtLeast(new Load(counts, index), LoopMath.Int(Chain)),
                Join(start, index, new Load(places, index), sum => sum))),
        ]);
    }

    /// <summary>What follows each addition.</summary>
    public Block Count(LoopValue start, LoopValue index)
    {
        Local count = LoopMath.Index("count");
        Local place = LoopMath.Index("place");
        Local element = LoopMath.Index("element");

        // What −0 is added to stays what it is.
        LoopValue zero = Literal.Of(output.Storage, -0.0);
        LoopValue at = LoopMath.Plus(LoopMath.Times(used, kernel.Size(slice)), element);
        LoopValue whole = LoopMath.Times(LoopMath.Quotient(count, Chain), LoopMath.Int(Chain));
        var begin = new Block(
        [
            new For(element, LoopMath.Int(0), kernel.Size(slice), LoopKind.Vector, new Block([new Store(high, at, zero), new Store(low, at, Literal.Of(output.Storage, 0))])),
            new Store(places, index, used),
            new Assign(used, LoopMath.Plus(used, LoopMath.Int(1))),
        ]);
        return new Block(
        [
            new Let(count, LoopMath.Plus(new Load(counts, index), LoopMath.Int(1))),
            new Store(counts, index, count),
            new If(LoopMath.AtLeast(whole, count), new Block(
            [
                new If(LoopMath.AtLeast(LoopMath.Int(Chain), count), begin),
                new Let(place, new Load(places, index)),
                Join(start, index, place, _ => zero),
            ])),
        ]);
    }

    private For Join(LoopValue start, LoopValue index, LoopValue place, Func<LoopValue, LoopValue> rest)
    {
        Local element = LoopMath.Index("element");
        var sum = new Local("sum", output.Storage);
        var lost = new Local("lost", output.Storage);
        LoopValue each = kernel.Size(slice);
        LoopValue at = LoopMath.Plus(LoopMath.Times(place, each), element);
        LoopValue target = LoopMath.Sum(start, LoopMath.Times(index, each), element);
        return new For(element, LoopMath.Int(0), each, LoopKind.Vector, new Block(
        [
            new Let(sum, new Load(high, at)),
            new Let(lost, new Load(low, at)),
            LongSum.Add(sum, lost, new Load(output, target)),
            new Store(high, at, sum),
            new Store(low, at, lost),
            new Store(output, target, rest(sum)),
        ]));
    }
}
