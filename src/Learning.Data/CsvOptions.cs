namespace GraphCompiler.Learning.Data;

/// <summary>How a file of separated values is written.</summary>
public sealed class CsvOptions
{
    /// <summary>What is between fields: ',', ';', a tab.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>Whether the first line has the names of the columns; else they are called 0, 1, 2 and so on.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>What is written where a field has nothing, such as "NA" or "?": it is as an empty field is.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];
}
