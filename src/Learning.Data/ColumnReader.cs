namespace GraphCompiler.Learning.Data;

/// <summary>Reads a field: says what is wrong with it, or nothing.</summary>
internal delegate string? FieldParser<T>(ReadOnlySpan<char> field, out T value);

/// <summary>Reads the fields of a column, one after the other.</summary>
internal abstract class ColumnReader(string name)
{
    public string Name => name;

    /// <summary>How many fields were read.</summary>
    public abstract int Count { get; }

    /// <summary>Takes in a field.</summary>
    /// <returns>What is wrong with it; null if nothing is.</returns>
    public abstract string? TryRead(ReadOnlySpan<char> field);
}

/// <inheritdoc/>
internal abstract class TypedReader<T>(string name) : ColumnReader(name)
{
    /// <summary>What was read.</summary>
    public List<T> Values { get; } = [];

    public override int Count => Values.Count;
}

/// <summary>Reads numbers and truths.</summary>
internal sealed class ColumnReader<T>(string name, T? missing, FieldParser<T> parse) : TypedReader<T>(name)
    where T : unmanaged
{
    public override string? TryRead(ReadOnlySpan<char> field)
    {
        ReadOnlySpan<char> trimmed = field.Trim();
        T value = missing ?? default;
        string? fault = trimmed.IsEmpty ? missing is null ? "a field is empty, and nothing says what that means" : null
            : parse(trimmed, out value) is { } said ? $"'{Excerpt.Of(trimmed)}' {said}"
            : null;
        if (fault is null)
        {
            Values.Add(value);
        }

        return fault;
    }
}

/// <summary>Reads texts.</summary>
internal sealed class TextsReader(string name) : TypedReader<string>(name)
{
    public override string? TryRead(ReadOnlySpan<char> field)
    {
        Values.Add(field.ToString());
        return null;
    }
}
