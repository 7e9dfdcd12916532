using System.Globalization;

namespace GraphCompiler.Learning.Training;

/// <summary>Where a batch has a number that is not finite. It is looked for once a step has diverged, so that good steps pay nothing for it.</summary>
internal static class NotFinite
{
    /// <summary>Names the first one, NaN before infinities, which may be meant; null if all are finite.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="batch">A value for each.</param>
    /// <param name="rows">The rows that the batch is of; null if it was made by hand.</param>
    public static string? In(IReadOnlyList<Node> inputs, ReadOnlySpan<Argument> batch, Batch? rows)
    {
        string? infinite = null;
        for (int i = 0; i < inputs.Count; i++)
        {
            if (!inputs[i].DType.IsFloat())
            {
                continue;
            }

            double[] values = Read(inputs[i], batch[i], out int count);
            int at = Array.FindIndex(values, double.IsNaN);
            if (at >= 0)
            {
                return Display(at, values, count, inputs[i], rows, i);
            }

            at = Array.FindIndex(values, v => !double.IsFinite(v));
            infinite ??= at < 0 ? null : Display(at, values, count, inputs[i], rows, i);
        }

        return infinite;
    }

    /// <summary>All values of an argument, which may be of any layout, as a graph reads them.</summary>
    private static double[] Read(Node input, in Argument argument, out int rows)
    {
        using CompiledGraph copy = Compiler.Compile([input], [Metric.Double(input)]);
        var read = copy.Run(argument).Get<double>();
        rows = input.Rank == 0 ? 0 : (int)read.Lengths[0];
        return [.. read];
    }

    private static string Display(int at, double[] values, int count, Node input, Batch? rows, int column)
    {
        string value = values[at].ToString(CultureInfo.InvariantCulture);
        if (count == 0)
        {
            return $"Input '{input.Name}' is {value}.";
        }

        int size = values.Length / count;
        string element = size > 1 ? $", element {at % size}," : string.Empty;
        return rows is null ? $"Row {at / size} of input '{input.Name}'{element} is {value}."
            : $"Row {rows.Indices[at / size]} of column '{rows.Columns[column].Name}'{element} is {value}.";
    }
}
