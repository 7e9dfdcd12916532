using System.Globalization;
using System.Numerics;

namespace GraphCompiler.Learning.Data;

/// <summary>
/// A column of a file that is asked for: its name, what its fields are, and what an empty one is. A name alone asks for floats. Numbers are written as code writes them, whatever the
/// culture.
/// </summary>
public sealed class CsvColumn
{
    private readonly Func<ColumnReader> newReader;

    private CsvColumn(string name, Func<ColumnReader> newReader) => (Name, this.newReader) = (name, newReader);

    /// <summary>The name in the file's first line.</summary>
    public string Name { get; }

    /// <summary>A column of floats, none of which is missing.</summary>
    /// <param name="name">The name in the file's first line.</param>
    public static implicit operator CsvColumn(string name) => Number<float>(name);

    /// <summary>A column of numbers.</summary>
    /// <typeparam name="T">float, double, int or long.</typeparam>
    /// <param name="name">The name in the file's first line.</param>
    /// <param name="missing">What an empty field is, such as NaN; null to refuse it.</param>
    /// <exception cref="DTypeException">It is another type.</exception>
    public static CsvColumn Number<T>(string name, T? missing = null)
        where T : unmanaged, INumber<T>
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        NumberStyles style = DTypes.Of<T>().IsFloat() ? NumberStyles.Float : NumberStyles.Integer;
        return new CsvColumn(name, () => new ColumnReader<T>(name, missing, (ReadOnlySpan<char> field, out T value) =>
            !T.TryParse(field, style, CultureInfo.InvariantCulture, out value) ? $"is no {(style == NumberStyles.Float ? "number" : "integer, or too large for one")}{(field is "NA" or "N/A" or "?" or "-" or "null" ? $", and {nameof(CsvOptions)}.{nameof(CsvOptions.Missing)} does not say that it is missing" : string.Empty)}"
            : T.IsInfinity(value) && field.IndexOfAnyInRange('0', '9') >= 0 ? "is too large"
            : null));
    }

    /// <summary>A column of truths: true or false in letters of any case, 1 or 0.</summary>
    /// <param name="name">The name in the file's first line.</param>
    /// <param name="missing">What an empty field is; null to refuse it.</param>
    public static CsvColumn Truth(string name, bool? missing = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new CsvColumn(name, () => new ColumnReader<bool>(name, missing, (ReadOnlySpan<char> field, out bool value) =>
            (value = field is "1") || field is "0" || bool.TryParse(field, out value) ? null : "is neither true nor false"));
    }

    /// <summary>A column of texts; an empty field is an empty text.</summary>
    /// <param name="name">The name in the file's first line.</param>
    public static CsvColumn Text(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new CsvColumn(name, () => new TextsReader(name));
    }

    internal ColumnReader NewReader() => newReader();
}
