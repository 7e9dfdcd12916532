namespace GraphCompiler.Kernels;

/// <summary>What the choices of fusion weigh: bytes of tensors. A symbolic size counts as a nominal one.</summary>
internal static class Costs
{
    /// <summary>Elements that one part of a reduction over everything has at least.</summary>
    public const long ElementsPerChunk = 1 << 15;

    /// <summary>The most elements of tensors so small that they are not worth sharing out among threads.</summary>
    public const long FewElements = 4096;

    /// <summary>The bytes of all results.</summary>
    public static long Bytes(Node node)
    {
        long bytes = 0;
        for (int i = 0; i < node.Results.Count; i++)
        {
            bytes += node.Results[i].Shape.ElementCount.Nominal * node.Results[i].DType.Size();
        }

        return bytes;
    }

    public static long Bytes(KernelBuffer buffer) => buffer.Length.Nominal * buffer.Type.Size();
}
