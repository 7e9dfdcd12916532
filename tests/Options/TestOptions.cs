using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Tests.Options;

/// <summary>
/// The default options of a test run, changed by the environment variable GRAPHCOMPILER_TEST_OPTIONS, as in <c>Inline=false;Width=Bits256</c>. Any
/// option that is a switch, a choice or a number can be named, and any pass.
/// </summary>
internal static class TestOptions
{
    public const string Variable = "GRAPHCOMPILER_TEST_OPTIONS";

    /// <summary>What is wrong with the variable, if anything: a module initialiser cannot say it where a person would see it.</summary>
    public static string? Mistake { get; private set; }

    /// <summary>The options that a run can change: not the one that refuses NaN and infinities, which many tests are about.</summary>
    public static IReadOnlyList<PropertyInfo> Properties { get; } =
    [
        .. new[] { typeof(CompileOptions), typeof(CompilerPasses) }.SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            .Where(p => p.CanWrite && p.Name != nameof(CompileOptions.DetectAnomaly) && (TypeOf(p) == typeof(bool) || TypeOf(p) == typeof(int) || TypeOf(p).IsEnum)),
    ];

    /// <summary>What options say of one, which may be a pass.</summary>
    public static object? ValueOf(PropertyInfo property, CompileOptions options) => property.GetValue(property.DeclaringType == typeof(CompilerPasses) ? options.Passes : options);

    /// <summary>The type of an option's values; what may be null has that of its values.</summary>
    public static Type TypeOf(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    // Tests that are made from data make their options before any set-up runs.
#pragma warning disable CA2255 // The assembly is a program, too.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Apply()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text)
        {
            return;
        }

        try
        {
            CompileOptions.ChangeDefaults(Parse(text));
        }
        catch (FormatException e)
        {
            Mistake = $"{Variable}: {e.Message}";
        }
    }

    /// <summary>What a list of options does to the defaults, options or passes; to options with their own passes, if those are nobody else's.</summary>
    /// <exception cref="FormatException">An option or value is unknown.</exception>
    public static Action<object> Parse(string text)
    {
        (PropertyInfo Property, object Value)[] changes =
            [.. text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParseOne)];
        return Change;

        void Change(object target)
        {
            foreach ((PropertyInfo property, object value) in changes.Where(c => c.Property.DeclaringType == target.GetType()))
            {
                property.SetValue(target, value);
            }

            if (target is CompileOptions { Passes: var passes })
            {
                Change(passes);
            }
        }
    }

    private static (PropertyInfo Property, object Value) ParseOne(string entry)
    {
        string[] sides = entry.Split('=', 2, StringSplitOptions.TrimEntries);
        PropertyInfo property = Properties.SingleOrDefault(p => p.Name == sides[0])
            ?? throw new FormatException($"there is no option '{sides[0]}'; the options are {string.Join(", ", Properties.Select(p => p.Name))}.");
        Type type = TypeOf(property);
        string given = sides.Length == 2 ? sides[1] : string.Empty;
        object? value = type == typeof(bool) ? (bool.TryParse(given, out bool on) ? on : null)
            : type == typeof(int) ? (int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null)
            : Enum.GetNames(type).Contains(given) ? Enum.Parse(type, given) : null;
        return (property, value ?? throw new FormatException($"'{given}' is no value of {property.Name}; give {Choices(type)}."));
    }

    private static string Choices(Type type) =>
        type == typeof(bool) ? "true or false" : type == typeof(int) ? "a whole number" : string.Join(", ", Enum.GetNames(type));
}
