namespace GraphCompiler.Peers;

/// <summary>The results for people.</summary>
internal static class Table
{
    public static void Limits(IEnumerable<Row> rows, TextWriter console)
    {
        console.WriteLine($"{"limit of the machine",-22} {"threads",7} {"best",9}");
        foreach (Row row in rows)
        {
            console.WriteLine($"{row.Work,-22} {row.Threads,7} {row.Rate,9:0.0} {row.Unit}");
        }

        console.WriteLine();
    }

    public static void Header(TextWriter console) =>
        console.WriteLine($"{"work",-18} {"ours",11} {"peer",-13} {"peer",11} {"ratio",7} {"spread",15}   GF/s ours (of peak), peer (of peak)");

    public static void Line(Row row, TextWriter console)
    {
        string line = row.Error is { } error
            ? $"{row.Work,-18} {row.Peer} {error}"
            : $"{row.Work,-18} {Time(row.OursUs),11} {row.Peer ?? "no peer",-13} {Time(row.PeerUs),11} {Ratio(row.Ratio),7} {Spread(row),15}   {Rates(row)}";
        console.WriteLine(line.TrimEnd());
        console.Flush();
    }

    public static string Time(double? microseconds) => microseconds switch
    {
        null => "–",
        < 10 => $"{microseconds:0.000} us",
        < 1000 => $"{microseconds:0.0} us",
        _ => $"{microseconds / 1000:0.00} ms",
    };

    private static string Ratio(double? ratio) => ratio switch
    {
        null => "–",
        < 0.1 => $"{ratio:0.0000}",
        < 10 => $"{ratio:0.00}",
        _ => $"{ratio:0.0}",
    };

    private static string Spread(Row row) => row.Ratio is null ? string.Empty : $"{Ratio(row.RatioMin)}–{Ratio(row.RatioMax)}";

    private static string Rates(Row row) => row.Rate is null
        ? string.Empty
        : $"{row.Rate:0.0} ({row.OfPeak:0 %})" + (row.PeerRate is null ? string.Empty : $", {row.PeerRate:0.0} ({row.PeerOfPeak:0 %})");
}
