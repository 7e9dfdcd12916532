namespace GraphCompiler.Learning.Data;

/// <summary>What a message shows of a file: not much, on one line.</summary>
internal static class Excerpt
{
    private const int Longest = 40;

    public static string Of(ReadOnlySpan<char> text)
    {
        string shown = text.Length > Longest ? $"{text[..Longest]}…" : text.ToString();
        return string.Concat(shown.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
