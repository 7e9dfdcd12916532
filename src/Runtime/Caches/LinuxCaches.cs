using System.Globalization;

namespace GraphCompiler.Caches;

/// <summary>The caches of a processor as Linux tells them: a folder each, with a file for each of their properties.</summary>
internal static class LinuxCaches
{
    public const string FirstProcessor = "/sys/devices/system/cpu/cpu0/cache";

    /// <summary>The bytes of the data cache of a level; null if the system does not tell.</summary>
    public static long? SizeOf(int level, string folder)
    {
        try
        {
            string wanted = level.ToString(CultureInfo.InvariantCulture);
            return Directory.EnumerateDirectories(folder, "index*").Order(StringComparer.Ordinal)
                .Where(cache => Read(cache, "level") == wanted && Read(cache, "type") is "Unified" or "Data")
                .Select(cache => Bytes(Read(cache, "size")))
                .FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Read(string cache, string property) => File.ReadAllText(Path.Combine(cache, property)).Trim();

    // As 1024K.
    private static long? Bytes(string size)
    {
        int shift = size.Length == 0 ? 0 : size[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        return int.TryParse(shift == 0 ? size : size[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 ? (long)count << shift : null;
    }
}
