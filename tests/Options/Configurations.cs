using System.Globalization;
using System.Reflection;

namespace GraphCompiler.Tests.Options;

/// <summary>
/// The configurations that the test matrix runs: each differs from the defaults in one option, or stands for another machine. Options are found by looking
/// at <see cref="CompileOptions"/>, so that a new option is among them the moment it exists.
/// </summary>
internal static class Configurations
{
    /// <summary>One a line, as environment variables.</summary>
    public static IEnumerable<string> All =>
    [
        .. OptionChanges.Select(c => $"{TestOptions.Variable}={c}"),
        "DOTNET_EnableAVX512=0",
        "DOTNET_EnableAVX2=0",
        "DOTNET_EnableHWIntrinsic=0",
        "DOTNET_PreferredVectorBitWidth=256",
        .. TestCaches.Sizes.Select(s => $"{TestCaches.Variable}={s}"),
        .. TestCulture.Names.Select(c => $"{TestCulture.Variable}={c}"),
    ];

    /// <summary>Changes of one option each, as in <c>Inline=false</c>.</summary>
    public static IEnumerable<string> OptionChanges => TestOptions.Properties.SelectMany(p => Others(p).Select(v => $"{p.Name}={Text(v)}"));

    /// <summary>The values of an option worth a run: a switch the other way, other choices that this machine supports, small numbers. Not every graph can be trained.</summary>
    private static IEnumerable<object> Others(PropertyInfo property)
    {
        object? given = TestOptions.ValueOf(property, CompileOptions.Default);
        Type type = TestOptions.TypeOf(property);
        IEnumerable<object> values = type == typeof(bool) ? [false, true]
            : type == typeof(int) ? [1, 2]
            : type == typeof(GraphCalls) ? [GraphCalls.None, GraphCalls.Run]
            : type == typeof(VectorWidth) ? VectorWidths.Supported.Cast<object>()
            : Enum.GetValues(type).Cast<object>();
        return values.Where(v => !v.Equals(given) || type == typeof(int));
    }

    private static string Text(object value) => value is bool on ? (on ? "true" : "false") : string.Format(CultureInfo.InvariantCulture, "{0}", value);
}
