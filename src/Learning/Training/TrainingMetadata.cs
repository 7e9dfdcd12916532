using System.Globalization;

namespace GraphCompiler.Learning.Training;

/// <summary>What a checkpoint says of a training beside its tensors.</summary>
/// <param name="Random">Where the random numbers of layers are.</param>
/// <param name="Place">Where the data are.</param>
/// <param name="Sum">The sum of the losses of the epoch so far.</param>
/// <param name="Weight">What they count for.</param>
/// <param name="BestLoss">The smallest loss of an epoch.</param>
/// <param name="BestStep">After how many steps that was.</param>
internal sealed record TrainingMetadata(GeneratorState Random, Place Place, double Sum, double Weight, double BestLoss, long BestStep)
{
    private const string Key = "training";
    private const string Version = "1";

    public Dictionary<string, string> ToMetadata() => new()
    {
        [Key] = Version,
        ["training.random"] = Text(Random.Key, Random.Stream, Random.Position),
        ["training.place"] = Text((ulong)Place.Epoch, (ulong)Place.Row),

        // Numbers go by their bits, to come back as they are.
        ["training.epoch"] = Text(BitConverter.DoubleToUInt64Bits(Sum), BitConverter.DoubleToUInt64Bits(Weight)),
        ["training.best"] = Text(BitConverter.DoubleToUInt64Bits(BestLoss), (ulong)BestStep),
    };

    /// <summary>What a file says.</summary>
    /// <exception cref="InvalidDataException">It is no checkpoint of a training.</exception>
    public static TrainingMetadata Of(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(Key, out string? version))
        {
            throw new InvalidDataException($"'{file.Path}' is no checkpoint of a training: its metadata have no '{Key}'. {nameof(ModuleFiles.Load)} of the model takes its weights.");
        }

        if (version != Version)
        {
            throw new InvalidDataException($"'{file.Path}' is a checkpoint of version '{version}', and this reads version {Version}.");
        }

        ulong[] random = Numbers(file, "training.random", 3);
        ulong[] place = Numbers(file, "training.place", 2);
        ulong[] epoch = Numbers(file, "training.epoch", 2);
        ulong[] best = Numbers(file, "training.best", 2);
        if (place.Any(n => n > int.MaxValue) || best[1] > long.MaxValue)
        {
            throw new InvalidDataException($"'{file.Path}' is at a place in its data where none is: epoch {place[0]}, row {place[1]}, step {best[1]}.");
        }

        return new(
            new GeneratorState(random[0], random[1], random[2]),
            new Place((int)place[0], (int)place[1]),
            BitConverter.UInt64BitsToDouble(epoch[0]),
            BitConverter.UInt64BitsToDouble(epoch[1]),
            BitConverter.UInt64BitsToDouble(best[0]),
            (long)best[1]);
    }

    private static string Text(params ulong[] numbers) => string.Join(' ', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));

    private static ulong[] Numbers(TensorFile file, string key, int count)
    {
        string[] parts = file.Metadata.GetValueOrDefault(key, string.Empty).Split(' ');
        ulong[] numbers = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            if (parts.Length != count || !ulong.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
            {
                throw new InvalidDataException($"'{key}' of '{file.Path}' is '{string.Join(' ', parts)}', and should be {count} whole numbers.");
            }
        }

        return numbers;
    }
}
