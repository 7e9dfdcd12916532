using System.Globalization;

namespace GraphCompiler.Learning.Progress;

/// <summary>Numbers and names as a person reads them, the same under every culture.</summary>
internal static class ProgressText
{
    /// <summary>Four decimals, or an exponent where they do not fit.</summary>
    public static string Number(double value)
    {
        double magnitude = Math.Abs(value);
        return value.ToString(magnitude is 0 or (>= 0.001 and < 1000) || !double.IsFinite(value) ? "0.0000" : magnitude is >= 1000 and < 1e6 ? "0.0" : "0.000e+0", CultureInfo.InvariantCulture);
    }

    public static string Rate(double value) => $"{value:G3}";

    /// <summary>Minutes and seconds, with hours where there are some.</summary>
    public static string Duration(TimeSpan time)
    {
        int hours = (int)time.TotalHours;
        return hours > 0 ? $"{hours}:{time:mm\\:ss}" : $"{time.Minutes}:{time:ss}";
    }

    public static string Speed(double? rowsPerSecond) => rowsPerSecond is { } speed ? $"{speed:N0}" : "";

    /// <summary>A text as a line, without characters that control a terminal.</summary>
    public static string Line(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();

    /// <summary>What was measured of an epoch, and what it is called in a table and in a line: its loss, that of the validation if there was one, and the metrics of either. Tables are not shown.</summary>
    public static IEnumerable<(string Header, string Name, string Value)> Measured(Epoch epoch)
    {
        yield return ("loss", "loss", Number(epoch.Loss));
        if (epoch.Validation is { } validation)
        {
            yield return ("validation", "validation loss", Number(validation.Loss));
        }

        foreach ((string name, MetricTotal total) in (epoch.Validation ?? epoch.Training).Metrics.Where(m => m.Value.Table is null))
        {
            yield return (Line(name), Line(name), Number(total.Value));
        }
    }
}
