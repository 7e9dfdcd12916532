using System.Globalization;
using System.Text;

namespace GraphCompiler.Learning;

/// <summary>
/// What a model is made of, a line for each module where it was defined: shapes, parameters, multiply-adds, memory. A line counts what is in the module with all within; a
/// layer that is used twice has two lines, but its parameters count once. Prints itself as a table.
/// </summary>
public sealed class ModelSummary
{
    private const int NameWidth = 34;
    private const int OutputWidth = 18;
    private const int CountWidth = 11;
    private const int WorkWidth = 18;

    internal ModelSummary(LayerSummary whole, IReadOnlyList<LayerSummary> layers) => (Whole, Layers) = (whole, layers);

    /// <summary>The model in one line.</summary>
    public LayerSummary Whole { get; }

    /// <summary>The lines, in the order in which the modules were defined; last those that hold parameters and were not.</summary>
    public IReadOnlyList<LayerSummary> Layers { get; }

    /// <summary>The table, at most 100 columns wide.</summary>
    public override string ToString()
    {
        string rule = new('─', NameWidth + OutputWidth + (2 * CountWidth) + WorkWidth + 4);
        StringBuilder text = Row(new StringBuilder(), "layer", "output", "trained", "not trained", "multiply-adds").AppendLine(rule);
        foreach (LayerSummary line in Layers)
        {
            string name = $"{new string(' ', 2 * line.Depth)}{line.Path[(line.Path.LastIndexOf('.') + 1)..]} {line.Module}".TrimEnd();
            Row(
                text,
                line.Depth == 0 ? name.TrimStart() : name,
                line.Outputs is [] ? "not defined" : string.Join(' ', line.Outputs),
                line.IsRepeated ? "as above" : Grouped(line.Trained),
                line.IsRepeated ? string.Empty : Grouped(line.Frozen + line.Buffers),
                Grouped(line.MultiplyAdds));
        }

        return text.AppendLine(rule)
            .AppendLine(CultureInfo.InvariantCulture, $"parameters: {Whole.Trained:N0} trained, {Whole.Frozen:N0} frozen; buffers: {Whole.Buffers:N0}; {Whole.Bytes:N0} bytes")
            .Append(CultureInfo.InvariantCulture, $"multiply-adds: {Grouped(Whole.MultiplyAdds)}")
            .ToString();
    }

    private static StringBuilder Row(StringBuilder text, string name, string output, string trained, string other, string work)
    {
        string row = $"{Cut(name, NameWidth).PadRight(NameWidth)} {Cut(output, OutputWidth).PadRight(OutputWidth)} {trained,CountWidth} {other,CountWidth} {Cut(work, WorkWidth),WorkWidth}";
        return text.AppendLine(row.TrimEnd());
    }

    private static string Cut(string text, int width) => text.Length <= width ? text : $"{text[..(width - 1)]}…";

    private static string Grouped(Dim count) => count.Constant is { } number ? Grouped(number) : $"{count}";

    private static string Grouped(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
