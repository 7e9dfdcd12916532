using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>
/// How a kernel that makes several passes over each row works on tensors that no cache holds. The last passes ask for what the next row will read,
/// so that it comes while they compute, and results that the kernel does not read itself are written past the cache, each by a loop of its own:
/// the memory they lie in need not be read first, but for the cache line that a row shares with the next, which is asked for before the first pass. Only
/// together do they hide the memory behind the arithmetic.
/// </summary>
internal static class StreamRows
{
    /// <summary>The size in bytes from which a tensor is surely in no cache when it is next read.</summary>
    public const long LeastBytes = 8 << 20;

    // In elements. A shorter row comes by itself: processors run ahead by that much. Of a longer one the first-level cache would lose the beginning.
    private const long LeastRow = 128;
    private const long MostRow = 8 << 10;

    /// <summary>Whether a tensor may be that large.</summary>
    public static bool MayBeLarge(Node node) => node.DType.Row().IsStoredAsComputed && (node.Shape.ElementCount.Constant is not { } count || count * node.DType.Size() >= LeastBytes);

    /// <summary>Whether a tensor is that large, when the kernel runs.</summary>
    public static LoopValue IsLarge(Node node, KernelBuilder kernel)
    {
        Dim count = node.Shape.ElementCount;
        return count.IsConstant ? Literal.Of(MayBeLarge(node)) : LoopMath.AtLeast(kernel.Size(count), LoopMath.Int(LeastBytes / node.DType.Size()));
    }

    /// <summary>
    /// Asks for where the next row of a result begins. It is mostly not where a cache line does, so that this row ends in that line: what is written there comes by
    /// the cache, and what is written past it would wait for that.
    /// </summary>
    /// <param name="result">What is written past the cache.</param>
    /// <param name="index">Where this row begins.</param>
    /// <param name="row">What counts the rows.</param>
    public static Prefetch NextBegin(LoopBuffer result, LoopValue index, Local row) => new(result, new LoopTree.Rewriter(v => v == row ? Next(row) : v).Rewrite(index));

    /// <summary>Lets the last passes over a row ask for the next one, each for another tensor.</summary>
    /// <param name="passes">The loops of each pass.</param>
    /// <param name="row">What counts the rows.</param>
    public static void AddPrefetches(IReadOnlyList<List<LoopStatement>> passes, Local row)
    {
        BinaryValue next = Next(row);
        List<(Load Load, Local Variable)> first = [];
        foreach (For loop in passes.SelectMany(p => p).OfType<For>().Where(IsAlongRow))
        {
            var variance = LoopVariance.Of(loop);
            foreach (Load load in LoopTree.Statements(loop.Body).SelectMany(s => LoopTree.Values(s)).SelectMany(LoopTree.Values).OfType<Load>())
            {
                bool isOfRow = !load.Buffer.Writable && MayBeLarge(load.Buffer) && LoopTree.Values(load.Index).Contains(row) && variance.Varies(load.Index)
                    && !LoopTree.Values(load.Index).Any(v => v is Load);
                if (isOfRow && first.All(f => f.Load.Buffer != load.Buffer))
                {
                    first.Add((load, loop.Variable));
                }
            }
        }

        for (int i = 0; i < first.Count; i++)
        {
            List<LoopStatement> pass = passes[Math.Max(0, passes.Count - first.Count + i)];
            int at = pass.FindLastIndex(s => s is For loop && IsAlongRow(loop));
            if (at >= 0)
            {
                var loop = (For)pass[at];
                (Load load, Local variable) = first[i];
                LoopValue index = new LoopTree.Rewriter(v => v == row ? next : v == variable ? loop.Variable : v).Rewrite(load.Index);
                pass[at] = loop with { Body = new Block([new Prefetch(load.Buffer, index), loop.Body]) };
            }
        }
    }

    private static BinaryValue Next(Local row) => new(BinaryFunction.Add, row, LoopMath.Int(1));

    private static bool MayBeLarge(LoopBuffer buffer) => buffer.Length is not Literal length || length.Bits * buffer.Storage.Size() >= LeastBytes;

    private static bool IsAlongRow(For loop) => loop.Kind == LoopKind.Vector
        && (loop is not { Begin: Literal { Bits: var begin }, End: Literal { Bits: var end } } || (end - begin) is >= LeastRow and <= MostRow);
}
