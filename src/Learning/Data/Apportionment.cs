namespace GraphCompiler.Learning.Data;

/// <summary>
/// Deals things out so that at any moment each part has had its share of what came, to within one thing: (Tijdeman, "The chairman assignment problem", Discrete Mathematics 32, 1980).
/// What comes sorted by class is so dealt out fairly in each class.
/// </summary>
internal static class Apportionment
{
    /// <summary>Which part each of so many things goes to.</summary>
    /// <param name="count">How many things there are.</param>
    /// <param name="shares">What each part gets of them, 1 together.</param>
    public static int[] Deal(int count, ReadOnlySpan<double> shares)
    {
        int[] parts = new int[count];
        int[] had = new int[shares.Length];
        double slack = shares.Length < 2 ? 0 : 1.0 / ((2 * shares.Length) - 2);
        for (int i = 0; i < count; i++)
        {
            int chosen = -1;
            double earliest = double.PositiveInfinity;
            for (int part = 0; part < shares.Length; part++)
            {
                double owed = (shares[part] * (i + 1)) - had[part];
                double deadline = (1 - slack - owed) / shares[part];
                if (owed >= slack - 1e-9 && deadline < earliest)
                {
                    (chosen, earliest) = (part, deadline);
                }
            }

            parts[i] = chosen;
            had[chosen]++;
        }

        return parts;
    }
}
