using nietras.SeparatedValues;

namespace GraphCompiler.Learning.Data;

/// <summary>Files of separated values: lines of fields, those with separators, quotes or line ends in them in double quotes, quotes within doubled (RFC 4180).</summary>
public static class Csv
{
    /// <summary>The longest line, in characters, that is looked at: Sep holds a line at a time.</summary>
    private const int LongestLine = 1 << 24;

    /// <summary>Reads columns of a file whose fields are separated by commas and whose first line has the names of its columns.</summary>
    /// <param name="path">The file, in UTF-8, or what its byte order mark says.</param>
    /// <param name="columns">What to read, at least one column; others are passed over.</param>
    /// <exception cref="ArgumentException">No columns are asked for, or one twice.</exception>
    /// <exception cref="InvalidDataException">The file is no such file or has not what is asked for: where, by file, line and column.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CsvTable Read(string path, params IReadOnlyList<CsvColumn> columns) => Read(path, new CsvOptions(), columns);

    /// <summary>Reads columns of a file.</summary>
    /// <param name="path">The file, in UTF-8, or what its byte order mark says.</param>
    /// <param name="options">How the file is written.</param>
    /// <param name="columns">What to read, at least one column; others are passed over.</param>
    /// <exception cref="ArgumentException">No columns are asked for, or one twice.</exception>
    /// <exception cref="InvalidDataException">The file is no such file or has not what is asked for: where, by file, line and column.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CsvTable Read(string path, CsvOptions options, params IReadOnlyList<CsvColumn> columns)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0 || columns.DistinctBy(c => c.Name).Count() < columns.Count)
        {
            throw new ArgumentException(columns.Count == 0 ? "No columns are asked for." : $"A column is asked for twice: {Names(columns.Select(c => c.Name))}.", nameof(columns));
        }

        string file = Path.GetFileName(path);
        ColumnReader[] readers = [.. columns.Select(c => c.NewReader())];
        try
        {
            using SepReader reader = Sep.New(options.Separator).Reader(o => o with { HasHeader = false, Unescape = true, DisableColCountCheck = true }).FromFile(path);
            ReadLines(file, reader, options, readers);
        }
        catch (NotSupportedException)
        {
            throw new InvalidDataException($"{file} has a line of more than {LongestLine} characters: a double quote may have no end.");
        }

        return new CsvTable(file, readers);
    }

    private static void ReadLines(string file, SepReader reader, CsvOptions options, ColumnReader[] readers)
    {
        int[]? fields = null;
        int count = 0;
        foreach (SepReader.Row row in reader)
        {
            // Only the last line can have a quote without an end: the file ends within it.
            if (row.Span.Count('"') % 2 != 0)
            {
                throw new InvalidDataException($"{file}, line {row.LineNumberFrom}: a double quote has no end.");
            }

            if (row.ColCount == 1 && row[0].Span.Trim().IsEmpty)
            {
                continue;
            }

            if (fields is null)
            {
                count = row.ColCount;
                fields = Find(file, options.HasHeader ? NamesOf(row) : [.. Enumerable.Range(0, count).Select(i => $"{i}")], readers);
                if (options.HasHeader)
                {
                    continue;
                }
            }

            if (row.ColCount != count)
            {
                throw new InvalidDataException($"{file}, line {row.LineNumberFrom}: the number of fields is {row.ColCount}, not {count} as in the first line.");
            }

            for (int i = 0; i < readers.Length; i++)
            {
                ReadOnlySpan<char> field = row[fields[i]].Span;
                if (readers[i].TryRead(IsMissing(field.Trim(), options) ? [] : field) is { } fault)
                {
                    throw new InvalidDataException($"{file}, line {row.LineNumberFrom}, column '{readers[i].Name}': {fault}.");
                }
            }
        }

        if (readers[0].Count == 0)
        {
            throw new InvalidDataException($"{file} has no rows{(fields is null ? string.Empty : " but the names of its columns")}.");
        }
    }

    private static bool IsMissing(ReadOnlySpan<char> field, CsvOptions options)
    {
        foreach (string missing in options.Missing)
        {
            if (field.SequenceEqual(missing))
            {
                return true;
            }
        }

        return false;
    }

    private static string[] NamesOf(SepReader.Row row)
    {
        string[] names = new string[row.ColCount];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = row[i].ToString().Trim();
        }

        return names;
    }

    private static int[] Find(string file, string[] names, ColumnReader[] readers)
    {
        int[] fields = new int[readers.Length];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i] = Array.IndexOf(names, readers[i].Name);
            if (fields[i] < 0)
            {
                string hint = names is [var all] && all.IndexOfAny([',', ';', '\t', '|']) >= 0 ? $", which {nameof(CsvOptions)}.{nameof(CsvOptions.Separator)} may cut otherwise" : string.Empty;
                throw new InvalidDataException($"{file} has no column '{readers[i].Name}'; there {(names.Length == 1 ? "is" : "are")} {Names(names)}{hint}.");
            }

            if (Array.LastIndexOf(names, readers[i].Name) != fields[i])
            {
                throw new InvalidDataException($"{file} has two columns '{readers[i].Name}'.");
            }
        }

        return fields;
    }

    private static string Names(IEnumerable<string> names)
    {
        const int Most = 20;
        string[] shown = [.. names.Take(Most + 1).Select(n => $"'{Excerpt.Of(n)}'")];
        return string.Join(", ", shown.Take(Most)) + (shown.Length > Most ? ", …" : string.Empty);
    }
}
