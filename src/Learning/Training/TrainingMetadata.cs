using System.Globalization;

namespace GraphCompiler.Learning.Training;

/// <summary>What a checkpoint says of a training beside its tensors.</summary>
/// <param name="Random">Where the random numbers of layers are.</param>
internal sealed record TrainingMetadata(GeneratorState Random)
{
    private const string Key = "training";
    private const string Version = "1";

    public Dictionary<string, string> ToMetadata() => new()
    {
        [Key] = Version,
        ["training.random"] = string.Create(CultureInfo.InvariantCulture, $"{Random.Key} {Random.Stream} {Random.Position}"),
    };

    /// <summary>What a file says.</summary>
    /// <exception cref="InvalidDataException">It is no checkpoint of a training.</exception>
    public static TrainingMetadata Of(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(Key, out string? version))
        {
            throw new InvalidDataException($"'{file.Path}' is no checkpoint of a training: its metadata have no '{Key}'. Load of the model takes its weights.");
        }

        if (version != Version)
        {
            throw new InvalidDataException($"'{file.Path}' is a checkpoint of version '{version}', and this reads version {Version}.");
        }

        ulong[] random = Numbers(file, "training.random", 3);
        return new(new GeneratorState(random[0], random[1], random[2]));
    }

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
