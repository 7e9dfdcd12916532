using System.Runtime.Intrinsics.X86;
using GraphCompiler.Caches;

namespace GraphCompiler;

/// <summary>
/// The size in bytes of a core's own second-level cache, read once from the processor where it tells, else from the system. It decides how work is cut into blocks,
/// never in which order numbers are added, so that results do not depend on it.
/// </summary>
internal static class CacheSizes
{
    private const int IntelLeaf = 4;
    private const int AmdLeaf = unchecked((int)0x8000001D);
    private const int AmdLevel2 = unchecked((int)0x80000006);

    /// <summary>Second-level cache; tests set those of other machines.</summary>
    public static int Level2 { get; set; } = Find(level: 2, usual: 512 << 10, least: 128 << 10, most: 4 << 20);

    private static int Find(int level, int usual, int least, int most) =>
        (OfProcessor(level) ?? OfSystem(level)) is { } size ? (int)Math.Clamp(size, least, most) : usual;

    private static long? OfSystem(int level) =>
        OperatingSystem.IsLinux() ? LinuxCaches.SizeOf(level, LinuxCaches.FirstProcessor)
        : OperatingSystem.IsMacOS() ? MacCaches.SizeOf(level, MacCaches.Ask)
        : OperatingSystem.IsWindows() ? WindowsCaches.SizeOf(level, WindowsCaches.Ask())
        : null;

    private static long? OfProcessor(int level)
    {
        if (!X86Base.IsSupported)
        {
            return null;
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
                return (((uint)b >> 22) + 1L) * ((((uint)b >> 12) & 1023) + 1L) * (((uint)b & 4095) + 1L) * ((uint)c + 1L);
            }
        }

        // Virtual machines hide that leaf more often than AMD's old one, which gives kilobytes.
        long kilobytes = leaf == AmdLeaf ? (uint)X86Base.CpuId(AmdLevel2, 0).Ecx >> 16 : 0;
        return kilobytes == 0 ? null : kilobytes << 10;
    }
}
