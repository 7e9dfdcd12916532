using System.Runtime.InteropServices;

namespace GraphCompiler.Caches;

/// <summary>The caches of a processor as macOS tells them: numbers by name.</summary>
internal static partial class MacCaches
{
    /// <summary>The bytes of a core's share of the second-level cache, or of the data cache of the first level; null if the system does not tell.</summary>
    /// <param name="level">Which.</param>
    /// <param name="ask">The number of a name, null if there is none of that name.</param>
    public static long? SizeOf(int level, Func<string, long?> ask)
    {
        string name = level == 1 ? "l1dcachesize" : $"l{(char)('0' + level)}cachesize";

        // The fast cores are those of level 0. Some of them share a second level.
        long sharing = level == 2 ? Math.Max(1, ask("hw.perflevel0.cpusperl2") ?? 1) : 1;
        return (ask($"hw.perflevel0.{name}") is > 0 and { } ofFast ? ofFast / sharing : ask($"hw.{name}")) is > 0 and { } size ? size : null;
    }

    /// <summary>A number of the system's, of 4 or 8 bytes.</summary>
    public static unsafe long? Ask(string name)
    {
        long value = 0;
        nuint length = sizeof(long);
        return Sysctl(name, &value, &length, null, 0) == 0 ? length == sizeof(int) ? (int)value : value : null;
    }

    [LibraryImport("libSystem", EntryPoint = "sysctlbyname", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Sysctl(string name, void* old, nuint* length, void* changed, nuint changedLength);
}
