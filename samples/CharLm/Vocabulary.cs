namespace CharLm;

/// <summary>Characters as tokens. Token 0 stands before and after each name.</summary>
internal sealed class Vocabulary
{
    public const int Boundary = 0;

    /// <summary>The characters of some names.</summary>
    public Vocabulary(IEnumerable<string> names) => Characters = string.Concat(names.SelectMany(n => n).Distinct().Order());

    /// <summary>The characters, in the order of their tokens.</summary>
    public string Characters { get; }

    /// <summary>How many tokens there are.</summary>
    public int Count => Characters.Length + 1;

    /// <summary>The tokens of a name, without those around it.</summary>
    public int[] Encode(string name) => [.. name.Select(Token)];

    /// <summary>The name that tokens spell.</summary>
    public string Decode(IEnumerable<int> tokens) => string.Concat(tokens.Select(t => Characters[t - 1]));

    private int Token(char c) => Characters.IndexOf(c, StringComparison.Ordinal) is >= 0 and int i ? i + 1
        : throw new ArgumentException($"The character '{c}' is in none of the names that the vocabulary was made of.");
}
