using System.Text.Json;
using System.Text.Json.Serialization;

namespace GraphCompiler.Learning.Training;

/// <summary>What a checkpoint says of a training beside its tensors: one value of JSON in the metadata.</summary>
/// <param name="Version">The version of what follows.</param>
/// <param name="Shards">Into how many parts a batch is cut.</param>
/// <param name="Random">Where the random numbers of layers are.</param>
/// <param name="Place">Where the data are.</param>
/// <param name="Rows">How many rows an epoch reads; null if no rows were read.</param>
/// <param name="Epoch">What was seen of the epoch so far.</param>
/// <param name="Trend">The losses of steps.</param>
/// <param name="Best">The best epoch.</param>
internal sealed record TrainingMetadata(int Version, int Shards, GeneratorState Random, Place Place, int? Rows, EpochTotals Epoch, LossTrend Trend, BestEpoch Best)
{
    public const int Current = 2;
    private const string Key = "training";

    public Dictionary<string, string> ToMetadata() => new() { [Key] = JsonSerializer.Serialize(this, TrainingJson.Default.TrainingMetadata) };

    /// <summary>What a file says.</summary>
    /// <exception cref="InvalidDataException">It is no checkpoint of a training.</exception>
    public static TrainingMetadata Of(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(Key, out string? text))
        {
            throw new InvalidDataException($"'{file.Path}' is no checkpoint of a training: its metadata have no '{Key}'. {nameof(ModuleFiles.Load)} of the model takes its weights.");
        }

        TrainingMetadata? read = null;
        string wrong = "it says nothing";
        try
        {
            read = JsonSerializer.Deserialize(text, TrainingJson.Default.TrainingMetadata);
        }
        catch (JsonException e)
        {
            wrong = e.Message;
        }

        return read is null ? throw new InvalidDataException($"'{Key}' in the metadata of '{file.Path}' is not what a trainer of version {Current} writes: {wrong}")
            : read.Version != Current ? throw new InvalidDataException($"'{file.Path}' is a checkpoint of version {read.Version}, and this reads version {Current}.")
            : read.Place is { Epoch: >= 0, Row: >= 0 } && read.Shards > 0 && read.Trend.Count >= 0 ? read
            : throw new InvalidDataException($"'{file.Path}' is at a place in its data where none is: epoch {read.Place.Epoch}, row {read.Place.Row}, in {read.Shards} shards.");
    }
}

/// <summary>The smallest loss of an epoch, and after how many steps that was.</summary>
internal readonly record struct BestEpoch(double Loss, long Step);

/// <summary>What was seen of the steps of an epoch.</summary>
/// <param name="IsReported">Whether nobody waits for the epoch's report any more; a following step begins another.</param>
/// <param name="Steps">How many steps there were.</param>
/// <param name="Sum">The sum of losses.</param>
/// <param name="Weight">What they count for.</param>
/// <param name="GradientNorm">The sum of the norms.</param>
/// <param name="LargestGradientNorm">The largest norm.</param>
/// <param name="Spikes">How many losses were spikes.</param>
/// <param name="LearningRate">That of the last step.</param>
/// <param name="Metrics">What each metric has added up, by its name.</param>
internal sealed record EpochTotals(bool IsReported, long Steps, double Sum, double Weight, double GradientNorm, double LargestGradientNorm, int Spikes, double LearningRate, Dictionary<string, double[][]> Metrics);

/// <summary>Numbers of JSON are read to the bits that they were written with; infinity, the best loss of nothing, goes by its name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrainingMetadata))]
internal sealed partial class TrainingJson : JsonSerializerContext;
