using System.Globalization;
using System.Text;

namespace GraphCompiler.Types;

/// <summary>Text where code would ask the thread for its culture.</summary>
internal static class InvariantText
{
    /// <summary>Numbers, or whatever else, in brackets.</summary>
    public static string List<T>(IEnumerable<T> items) => $"[{string.Join(", ", items.Select(item => $"{item}"))}]";

    /// <summary>How many there are of something, a number or a dimension: "1 input", "2 inputs", "N axes".</summary>
    public static string Count<T>(T count, string what) => $"{count}" is var number && number == "1" ? $"1 {what}" : $"{number} {Plural(what)}";

    private static string Plural(string what) => what switch
    {
        _ when what.EndsWith("axis", StringComparison.Ordinal) => $"{what[..^2]}es",
        _ when what.EndsWith("index", StringComparison.Ordinal) => $"{what[..^2]}ices",
        _ when what.EndsWith("ry", StringComparison.Ordinal) => $"{what[..^1]}ies",
        _ => $"{what}s",
    };

    /// <summary>The error of a number outside its range. The framework's own words for the number follow the thread.</summary>
    public static ArgumentOutOfRangeException OutOfRange<T>(string? name, T value, string message) => new(name, $"{message} It is {value}.");

    /// <summary>A record as the compiler of C# would print it, with numbers as in code.</summary>
    public static string OfRecord<T>(T record, Func<StringBuilder, bool> printMembers)
        where T : class => Of(() =>
        {
            StringBuilder text = new StringBuilder(record.GetType().Name).Append(" { ");
            return (printMembers(text) ? text.Append(" }") : text.Append('}')).ToString();
        });

    /// <summary>What a function writes where numbers are written as in code, such as what a record prints of itself.</summary>
    public static string Of(Func<string> write)
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            return write();
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
