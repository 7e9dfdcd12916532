namespace GraphCompiler.Learning.Files;

/// <summary>What a name that is not there may have been meant to be.</summary>
internal static class NearestName
{
    /// <summary>Names longer than this, and more of them, are not compared: files may hold millions.</summary>
    private const int Longest = 256;
    private const int Most = 1024;

    /// <summary>The name among some that the fewest insertions, deletions and exchanges of characters make of another, if they are no more than half of it; names that differ in a prefix are near.</summary>
    public static string? Of(string name, IEnumerable<string> names)
    {
        string? nearest = null;
        int best = (name.Length / 2) + 1;
        foreach (string other in names.Take(Most).Where(n => n.Length <= Longest && name.Length <= Longest))
        {
            int distance = name.EndsWith($".{other}", StringComparison.Ordinal) || other.EndsWith($".{name}", StringComparison.Ordinal) ? 1 : Distance(name, other, best);
            if (distance < best)
            {
                (nearest, best) = (other, distance);
            }
        }

        return nearest;
    }

    /// <summary>How many characters must be inserted, deleted or exchanged (Levenshtein); a bound where it is no less.</summary>
    private static int Distance(string a, string b, int bound)
    {
        if (Math.Abs(a.Length - b.Length) >= bound)
        {
            return bound;
        }

        Span<int> row = stackalloc int[b.Length + 1];
        for (int j = 0; j < row.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 0; i < a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < b.Length; j++)
            {
                int exchanged = diagonal + (a[i] == b[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(exchanged, Math.Min(diagonal, row[j]) + 1);
            }
        }

        return row[^1];
    }
}
