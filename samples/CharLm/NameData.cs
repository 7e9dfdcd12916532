using GraphCompiler;

namespace CharLm;

/// <summary>First names in three parts, none of them in two: one to learn from, one to choose by, and one that only judges.</summary>
internal sealed record NameData(string[] Training, string[] Validation, string[] HeldOut)
{
    private const int PartSize = 500;

    /// <summary>The longest name of all.</summary>
    public int LongestName => All.Max(n => n.Length);

    public IEnumerable<string> All => Training.Concat(Validation).Concat(HeldOut);

    /// <summary>Reads the embedded names and shuffles them.</summary>
    public static NameData Load(Generator random)
    {
        using Stream file = typeof(NameData).Assembly.GetManifestResourceStream("first-names.txt")
            ?? throw new InvalidOperationException("The resource first-names.txt is missing.");
        using var reader = new StreamReader(file);
        string[] names = [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];
        string[] shuffled = [.. random.Permutation(names.Length).Select(i => names[i])];
        return new NameData(shuffled[(2 * PartSize)..], shuffled[PartSize..(2 * PartSize)], shuffled[..PartSize]);
    }
}
