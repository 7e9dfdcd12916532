using System.Runtime.Intrinsics.X86;

namespace GraphCompiler;

/// <summary>
/// The size in bytes of a core's own second-level cache, read once from the processor where it tells. It decides how work is cut into blocks,
/// never in which order numbers are added, so that results do not depend on it.
/// </summary>
internal static class CacheSizes
{
    private const int IntelLeaf = 4;
    private const int AmdLeaf = unchecked((int)0x8000001D);
    private const int AmdLevel2 = unchecked((int)0x80000006);

    /// <summary>Second-level cache; tests set those of other machines.</summary>
    public static int Level2 { get; set; } = Find(level: 2, usual: 512 << 10, least: 128 << 10, most: 4 << 20);

    private static int Find(int level, int usual, int least, int most)
    {
        if (!X86Base.IsSupported)
        {
            return usual;
        }

        int leaf = X86Base.CpuId(0, 0).Eax >= IntelLeaf && (X86Base.CpuId(IntelLeaf, 0).Eax & 31) != 0 ? IntelLeaf
            : (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= unchecked((uint)AmdLeaf) ? AmdLeaf
            : 0;
        for (int index = 0; leaf != 0 && index < 8; index++)
        {
            (int a, int b, int c, _) = X86Base.CpuId(leaf, index);
            int type = a & 31;
            if (type == 0)
            {
                break;
            }

            // Type 2 holds instructions. Ways, partitions, line size and sets each come less one.
            if (type != 2 && ((a >> 5) & 7) == level)
            {
                long size = (((uint)b >> 22) + 1L) * ((((uint)b >> 12) & 1023) + 1L) * (((uint)b & 4095) + 1L) * ((uint)c + 1L);
                return (int)Math.Clamp(size, least, most);
            }
        }

        // Virtual machines hide that leaf more often than AMD's old one, which gives kilobytes.
        if (leaf == AmdLeaf)
        {
            long size = ((uint)X86Base.CpuId(AmdLevel2, 0).Ecx >> 16) * 1024L;
            return size == 0 ? usual : (int)Math.Clamp(size, least, most);
        }

        return usual;
    }
}
