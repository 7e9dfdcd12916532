using System.Numerics.Tensors;

namespace GraphCompiler.Learning.Training;

/// <summary>Parts that are added.</summary>
/// <param name="value">The metric, from the sums.</param>
/// <param name="isTable">Whether the first part is a table.</param>
internal sealed class SummedTotal(Func<double[][], double> value, bool isTable = false) : MetricTotal
{
    private double[][] sums = [];
    private bool isKept;

    public override double Value => sums.Length == 0 ? double.NaN : value(sums);

    public override IReadOnlyList<double>? Table => isTable ? sums.Length == 0 ? [] : sums[0] : null;

    internal override double[][]? Sums
    {
        get => sums;
        set => (sums, isKept) = (value!, true);
    }

    private protected override void Join(ReadOnlySpan<double[]> parts)
    {
        if (isKept && !sums.Select(s => s.Length).SequenceEqual(parts.ToArray().Select(p => p.Length)))
        {
            // What was kept was of another metric.
            sums = [];
        }

        isKept = false;
        if (sums.Length == 0)
        {
            sums = new double[parts.Length][];
            for (int i = 0; i < parts.Length; i++)
            {
                sums[i] = [.. parts[i]];
            }

            return;
        }

        Totals.RequireParts(parts, sums.Length);
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length != sums[i].Length)
            {
                throw new ArgumentException($"Part {i} has {parts[i].Length} numbers, and had {sums[i].Length} in batches before.", nameof(parts));
            }
        }

        for (int i = 0; i < parts.Length; i++)
        {
            TensorPrimitives.Add(sums[i], parts[i], sums[i]);
        }
    }
}

/// <summary>
/// 1 − Σ(y − ŷ)²/Σ(y − ȳ)²: of each batch the number, the mean and the squares about it, which are put together without loss (Chan, Golub and LeVeque, 1983), and the squared errors.
/// </summary>
internal sealed class DeterminationTotal : MetricTotal
{
    private double count;
    private double mean;
    private double squares;
    private double errors;

    public override double Value => count == 0 ? double.NaN : 1 - (errors / squares);

    internal override double[][]? Sums
    {
        get => [[count, mean, squares, errors]];
        set => (count, mean, squares, errors) = value is [[var n, var m, var s, var e]] ? (n, m, s, e) : default;
    }

    private protected override void Join(ReadOnlySpan<double[]> parts)
    {
        Totals.RequireParts(parts, 4);
        (double n, double m, double s) = (parts[0][0], parts[1][0], parts[2][0]);
        if (n == 0)
        {
            return;
        }

        double all = count + n;
        double apart = m - mean;
        squares += s + (apart * apart * count * n / all);
        mean += apart * n / all;
        count = all;
        errors += parts[3][0];
    }
}

/// <summary>The area under the curve of true over false positives: all scores are kept, and equal ones count half (Hanley and McNeil, 1982).</summary>
internal sealed class AreaTotal : MetricTotal
{
    private readonly List<(double Score, bool IsPositive)> scores = [];

    public override double Value
    {
        get
        {
            (double Score, bool IsPositive)[] sorted = [.. scores.OrderBy(s => s.Score)];
            double positives = sorted.Count(s => s.IsPositive);
            double negatives = sorted.Length - positives;
            double below = 0;
            double pairs = 0;
            for (int i = 0; i < sorted.Length;)
            {
                double positive = 0;
                double negative = 0;
                int first = i;
                for (; i < sorted.Length && sorted[i].Score.Equals(sorted[first].Score); i++)
                {
                    positive += sorted[i].IsPositive ? 1 : 0;
                    negative += sorted[i].IsPositive ? 0 : 1;
                }

                pairs += positive * (below + (negative / 2));
                below += negative;
            }

            return sorted.Length > 0 && double.IsNaN(sorted[0].Score) ? double.NaN : pairs / (positives * negatives);
        }
    }

    private protected override void Join(ReadOnlySpan<double[]> parts)
    {
        Totals.RequireParts(parts, 2);
        if (parts[0].Length != parts[1].Length)
        {
            throw new ArgumentException($"There are {parts[0].Length} scores and {parts[1].Length} targets; one for each is needed.", nameof(parts));
        }

        for (int i = 0; i < parts[0].Length; i++)
        {
            scores.Add((parts[0][i], parts[1][i] > 0.5));
        }
    }
}

internal static class Totals
{
    public static void RequireParts(ReadOnlySpan<double[]> parts, int count)
    {
        if (parts.Length != count)
        {
            throw new ArgumentException($"The metric has {count} parts, and {parts.Length} were given.", nameof(parts));
        }
    }
}
