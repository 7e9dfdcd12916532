using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace GraphCompiler.Caches;

/// <summary>The caches of a processor as Windows tells them: records of different lengths, one after the other.</summary>
internal static partial class WindowsCaches
{
    // A value of LOGICAL_PROCESSOR_RELATIONSHIP, and two of PROCESSOR_CACHE_TYPE.
    private const int RelationCache = 2;
    private const int Unified = 0;
    private const int Data = 2;

    /// <summary>The bytes of the first data cache of a level; null if the system does not tell.</summary>
    /// <param name="level">Which.</param>
    /// <param name="records">Those of SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX.</param>
    public static long? SizeOf(int level, ReadOnlySpan<byte> records)
    {
        // The kind of a record and its length, then of a cache: level and associativity, a byte each, the line in 2 bytes, size and type in 4 each.
        while (records.Length >= 20 && BinaryPrimitives.ReadInt32LittleEndian(records[4..]) is >= 20 and var length && length <= records.Length)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(records) == RelationCache && records[8] == level
                && BinaryPrimitives.ReadUInt32LittleEndian(records[12..]) is > 0 and var size && BinaryPrimitives.ReadInt32LittleEndian(records[16..]) is Unified or Data)
            {
                return size;
            }

            records = records[length..];
        }

        return null;
    }

    /// <summary>What the system tells of caches; nothing if it refuses.</summary>
    public static unsafe byte[] Ask()
    {
        uint length = 0;
        _ = GetInformation(RelationCache, null, &length);
        byte[] records = new byte[length];
        fixed (byte* start = records)
        {
            return GetInformation(RelationCache, start, &length) != 0 ? records : [];
        }
    }

    [LibraryImport("kernel32", EntryPoint = "GetLogicalProcessorInformationEx")]
    private static unsafe partial int GetInformation(int relation, byte* records, uint* length);
}
