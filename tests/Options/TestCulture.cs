using System.Globalization;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Tests.Options;

/// <summary>
/// Cultures that write numbers in other ways than code does. The environment variable GRAPHCOMPILER_TEST_CULTURE names one for a whole run. Tests run
/// without the data of cultures, which not every machine has: then numbers are set by hand, and the casing of letters is not the culture's.
/// </summary>
internal static class TestCulture
{
    public const string Variable = "GRAPHCOMPILER_TEST_CULTURE";

    /// <summary>Turkish has letters i of its own, German the decimal comma, Swedish a minus sign of its own as well.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tr-TR", "de-DE", "sv-SE"];

    /// <summary>The culture of the whole run, if the environment names one.</summary>
    public static CultureInfo? OfRun { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? Of(name) : null;

    /// <summary>A culture by name.</summary>
    public static CultureInfo Of(string name)
    {
        try
        {
            return CultureInfo.GetCultureInfo(name);
        }
        catch (CultureNotFoundException)
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            NumberFormatInfo numbers = culture.NumberFormat;
            numbers.NumberDecimalSeparator = numbers.PercentDecimalSeparator = ",";
            numbers.NumberGroupSeparator = numbers.PercentGroupSeparator = name == "sv-SE" ? "\u00a0" : ".";
            numbers.NegativeSign = name == "sv-SE" ? "\u2212" : "-";
            numbers.PositiveInfinitySymbol = "\u221e";
            numbers.NegativeInfinitySymbol = numbers.NegativeSign + "\u221e";
            culture.DateTimeFormat.ShortDatePattern = "dd.MM.yyyy";
            culture.DateTimeFormat.TimeSeparator = ".";
            return culture;
        }
    }

    /// <summary>What a function gives under a culture.</summary>
    public static T Under<T>(CultureInfo culture, Func<T> function)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = culture;
            return function();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    // Also for tests that are made from data, before any set-up runs, and for the threads that tests start.
#pragma warning disable CA2255 // The assembly is a program, too.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Apply()
    {
        if (OfRun is { } culture)
        {
            CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = culture;
        }
    }
}
