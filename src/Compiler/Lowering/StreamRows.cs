using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>
/// How a kernel that makes several passes over each row works on tensors that no cache holds. The first passes ask for what they will read of the next row,
/// so that it comes while the others compute, and results that the kernel does not read itself are written past the cache, each by a loop of its own:
/// the memory they lie in need not be read first. Only together do the two hide the memory behind the arithmetic.
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

    /// <summary>Lets the first passes over a row ask for the next one, each for another tensor.</summary>
    /// <param name="passes">The loops of each pass.</param>
    /// <param name="row">What counts the rows.</param>
    public static void AddPrefetches(IReadOnlyList<List<LoopStatement>> passes, Local row)
    {
        var next = new BinaryValue(BinaryFunction.Add, row, LoopMath.Int(1));
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
            List<LoopStatement> pass = passes[Math.Min(i, passes.Count - 1)];
            int at = pass.FindIndex(s => s is For loop && IsAlongRow(loop));
            if (at >= 0)
            {
                var loop = (For)pass[at];
                (Load load, Local variable) = first[i];
                LoopValue index = new LoopTree.Rewriter(v => v == row ? next : v == variable ? loop.Variable : v).Rewrite(load.Index);
                pass[at] = loop with { Body = new Block([new Prefetch(load.Buffer, index), loop.Body]) };
            }
        }
    }

    private static bool MayBeLarge(LoopBuffer buffer) => buffer.Length is not Literal length || length.Bits * buffer.Storage.Size() >= LeastBytes;

    private static bool IsAlongRow(For loop) => loop.Kind == LoopKind.Vector
        && (loop is not { Begin: Literal { Bits: var begin }, End: Literal { Bits: var end } } || (end - begin) is >= LeastRow and <= MostRow);
}
