namespace GraphCompiler.Peers;

/// <summary>Holds the results of two sides against each other.</summary>
internal static class Comparison
{
    /// <summary>Runs each side a few times from its first state, and compares every result.</summary>
    /// <returns>The disagreements, empty when there are none.</returns>
    public static IReadOnlyList<string> Run(int runs, Contender ours, Contender peer)
    {
        foreach (Contender side in (ReadOnlySpan<Contender>)[ours, peer])
        {
            side.Reset?.Invoke();
            for (int i = 0; i < runs; i++)
            {
                side.Run();
            }
        }

        IReadOnlyList<Result> mine = ours.Results();
        IReadOnlyList<Result> other = peer.Results();
        if (mine.Count != other.Count)
        {
            return [$"{mine.Count} results against {other.Count}"];
        }

        return [.. mine.Zip(other, Difference).OfType<string>()];
    }

    private static string? Difference(Result ours, Result theirs)
    {
        if (ours.Values.Length != theirs.Values.Length)
        {
            return $"{ours.Name}: {ours.Values.Length} elements against {theirs.Values.Length}";
        }

        double difference = 0;
        double size = 0;
        for (int i = 0; i < ours.Values.Length; i++)
        {
            double d = ours.Values[i] - (double)theirs.Values[i];
            difference += d * d;
            size += (double)theirs.Values[i] * theirs.Values[i];
        }

        double relative = difference == 0 ? 0 : Math.Sqrt(difference / size);

        // Written so that a NaN on either side is a disagreement.
        return relative <= ours.Tolerance
            ? null
            : $"{ours.Name}: off by {relative:0.0e+0} of its norm, {ours.Tolerance:0.0e+0} is allowed ([0] is {ours.Values[0]:g7}, {theirs.Name} {theirs.Values[0]:g7})";
    }
}
