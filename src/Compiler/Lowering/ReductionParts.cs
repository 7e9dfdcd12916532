using System.Diagnostics;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// Where a result over all rows gathers, in one chunk of rows: a part of its own, or the result itself if there is one chunk. Sums of many rows are made in
/// blocks of rows, in memory of the thread's own, and joined to the part from time to time.
/// </summary>
internal sealed class ReductionParts
{
    private readonly KernelBuilder kernel;
    private readonly Node node;
    private readonly BinaryFunction function;
    private readonly Dim width;
    private readonly LoopBuffer total;
    private readonly LoopValue start;
    private readonly LoopBuffer? block;
    private readonly LoopBuffer? lost;

    /// <param name="kernel">The kernel that gathers.</param>
    /// <param name="node">The reduction.</param>
    /// <param name="chunks">How many chunks there are.</param>
    /// <param name="width">The numbers of a result, and of each part.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="rows">The most rows of a chunk.</param>
    public ReductionParts(KernelBuilder kernel, Node node, Dim chunks, Dim width, Local chunk, Dim rows)
    {
        (this.kernel, this.node, this.width) = (kernel, node, width);
        function = FunctionOf(node.Op);
        Parts = chunks.Constant == 1 ? null : kernel.Scratch(node.DType, chunks * width);
        total = kernel.Output(Parts ?? KernelBuffer.Of(node));
        start = LoopMath.Times(chunk, kernel.Size(width));
        if (LongSum.Is(function, node.DType, rows))
        {
            block = kernel.WorkerScratch(node.DType, width);
            lost = kernel.WorkerScratch(node.DType, width);
        }
    }

    /// <summary>The memory of all parts; null if the result is the only one.</summary>
    public KernelBuffer? Parts { get; }

    /// <summary>Whether the rows are too many to be added up one after the other.</summary>
    public bool IsLong => block is not null;

    /// <summary>What a reduction does with its elements.</summary>
    public static BinaryFunction FunctionOf(Op op) => op switch
    {
        SumOp => BinaryFunction.Add,
        ProdOp => BinaryFunction.Multiply,
        MaxOp => BinaryFunction.Maximum,
        MinOp => BinaryFunction.Minimum,
        _ => throw new UnreachableException($"{op.Name} is no reduction."),
    };

    /// <summary>Before the first row of a chunk.</summary>
    public IEnumerable<LoopStatement> Begin() => IsLong
        ? [Fill(total, start), Fill(lost!, LoopMath.Int(0)), Fill(block!, LoopMath.Int(0))]
        : [Fill(total, start)];

    /// <summary>Adds a row's number to what is gathered.</summary>
    /// <param name="at">Its place in the row.</param>
    /// <param name="combine">The new value, from the old one.</param>
    public Store Gather(LoopValue at, Func<LoopValue, LoopValue> combine)
    {
        LoopValue place = IsLong ? at : LoopMath.Plus(start, at);
        LoopBuffer buffer = block ?? total;
        return new Store(buffer, place, combine(new Load(buffer, place)));
    }

    /// <summary>After the last row of a block.</summary>
    public LoopStatement EndBlock() => Each(i =>
    {
        var sum = new Local("sum", node.DType);
        var rest = new Local("rest", node.DType);
        LoopValue at = LoopMath.Plus(start, i);
        return
        [
            new Let(sum, new Load(total, at)),
            new Let(rest, new Load(lost!, i)),
            LongSum.Add(sum, rest, new Load(block!, i)),
            new Store(total, at, sum),
            new Store(lost!, i, rest),
            new Store(block!, i, ScalarFunction.Of(function).IdentityOf(node.DType)),
        ];
    });

    /// <summary>Combines the parts [chunks, width] that another kernel left of a result.</summary>
    public static LoweredKernel Combine(Node node, KernelBuffer parts, Dim chunks, Dim width)
    {
        var combine = new KernelBuilder(node);
        LoopBuffer from = combine.Input(parts);
        LoopBuffer to = combine.Output(node);
        BinaryFunction function = FunctionOf(node.Op);
        bool isLong = LongSum.Is(function, node.DType, chunks);
        Local chunk = LoopMath.Index("chunk");
        Local column = LoopMath.Index("column");
        var sum = new Local("sum", node.DType);
        var lost = new Local("lost", node.DType);
        bool isSingle = width.Constant == 1;
        LoopValue part = new Load(from, isSingle ? chunk : LoopMath.Plus(LoopMath.Times(chunk, combine.Size(width)), column));
        LoopStatement[] body =
        [
            new Let(sum, ScalarFunction.Of(function).IdentityOf(node.DType)),
            .. isLong ? [new Let(lost, ScalarFunction.Of(function).IdentityOf(node.DType))] : (LoopStatement[])[],
            new For(
                chunk,
                LoopMath.Int(0),
                combine.Size(chunks),
                isSingle ? LoopKind.Vector : LoopKind.Serial,
                isLong && !isSingle ? LongSum.Add(sum, lost, part) : new Assign(sum, new BinaryValue(function, sum, part)))
            {
                Reductions = isSingle ? [new Reduction(sum, function, isLong ? lost : null)] : [],
            },
            new Store(to, isSingle ? LoopMath.Int(0) : column, sum),
        ];
        return isSingle
            ? combine.Build(1, new Block([.. body]))
            : combine.Build(width, new For(column, combine.Begin, combine.End, LoopKind.Vector, new Block([.. body])));
    }

    private For Fill(LoopBuffer buffer, LoopValue from)
    {
        Local i = LoopMath.Index("i");
        return new For(i, LoopMath.Int(0), kernel.Size(width), LoopKind.Vector, new Store(buffer, LoopMath.Plus(from, i), ScalarFunction.Of(function).IdentityOf(node.DType)));
    }

    private For Each(Func<Local, LoopStatement[]> body)
    {
        Local i = LoopMath.Index("i");
        return new For(i, LoopMath.Int(0), kernel.Size(width), LoopKind.Vector, new Block([.. body(i)]));
    }
}
