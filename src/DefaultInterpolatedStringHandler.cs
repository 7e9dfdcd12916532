using System.Globalization;
using System.Text;

namespace System.Runtime.CompilerServices;

/// <summary>
/// What C# makes interpolated strings of this code with: it looks for a type of this name here before it looks in the framework. This one writes numbers
/// as code does, whatever the culture of the thread, so that errors, printed graphs, dumps and names of files are the same everywhere.
/// </summary>
[InterpolatedStringHandler]
internal ref struct DefaultInterpolatedStringHandler
{
    private readonly StringBuilder text;
    private StringBuilder.AppendInterpolatedStringHandler parts;

    public DefaultInterpolatedStringHandler(int literalLength, int formattedCount)
    {
        text = new(literalLength + (8 * formattedCount));
        parts = new(literalLength, formattedCount, text, CultureInfo.InvariantCulture);
    }

    public void AppendLiteral(string value) => parts.AppendLiteral(value);

    public void AppendFormatted<T>(T value, int alignment = 0, string? format = null) => parts.AppendFormatted(value, alignment, format);

    public void AppendFormatted(string? value) => parts.AppendFormatted(value);

    public void AppendFormatted(scoped ReadOnlySpan<char> value) => parts.AppendFormatted(value);

    public readonly string ToStringAndClear() => text.ToString();
}
