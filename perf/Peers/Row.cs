using System.Text.Json;
using System.Text.Json.Serialization;

namespace GraphCompiler.Peers;

/// <summary>One line of the results: a work against one peer, or a limit of the machine.</summary>
internal sealed record Row
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The work; limits of the machine begin with <c>machine-</c>.</summary>
    public required string Work { get; init; }

    public required int Threads { get; init; }

    /// <summary>The median of our rounds, microseconds; null for a limit of the machine.</summary>
    public double? OursUs { get; init; }

    public string? Peer { get; init; }

    /// <summary>The median of the peer's rounds, microseconds.</summary>
    public double? PeerUs { get; init; }

    /// <summary>Peer ÷ ours, of the medians: above 1 we are faster.</summary>
    public double? Ratio { get; init; }

    /// <summary>The smallest ratio of a round.</summary>
    public double? RatioMin { get; init; }

    /// <summary>The largest ratio of a round.</summary>
    public double? RatioMax { get; init; }

    /// <summary>Our rate, where there is one, or the machine's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Rate { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? PeerRate { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Unit { get; init; }

    /// <summary>Our rate as a part of the FMA peak at this number of threads.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? OfPeak { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? PeerOfPeak { get; init; }

    /// <summary>Why there is no time: the sides disagree, or one threw.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    public static void Write(string path, IReadOnlyList<Row> rows) => File.WriteAllText(path, JsonSerializer.Serialize(rows, Json) + "\n");
}
