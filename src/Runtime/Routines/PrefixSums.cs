using System.Runtime.Intrinsics;

namespace GraphCompiler.Routines;

/// <summary>
/// The running sums of a line of float32, carried in double. Four elements are summed among themselves before what came before is added, so that
/// only one addition in four elements waits for another.
/// </summary>
internal static class PrefixSums
{
    private const int Lanes = 4;

    /// <summary>Writes the sum of all elements up to each; with <paramref name="reverse"/> other than 0 from each to the end. Never fails.</summary>
    public static unsafe long Run(nint source, nint target, long count, long reverse)
    {
        float* x = (float*)source;
        float* y = (float*)target;

        // Nothing is added as −0, which changes no number, not even −0 itself.
        Vector256<double> nothing = Vector256.Create(-0.0);
        Vector256<double> before = nothing;
        Vector128<double> beforePairs = nothing.GetLower();
        long whole = count - (count % Lanes);
        for (long at = 0; at < whole; at += Lanes)
        {
            long place = reverse == 0 ? at : count - at - Lanes;
            Vector128<float> here = Vector128.Load(x + place);
            here = reverse == 0 ? here : Reversed(here);
            (Vector128<double> low, Vector128<double> high) = Vector128.Widen(here);
            if (Vector256.IsHardwareAccelerated)
            {
                Vector256<double> sums = Vector256.Create(low, high);
                sums += Vector256.ConditionalSelect(From(1), Vector256.Shuffle(sums, Vector256.Create(0L, 0, 1, 2)), nothing);
                sums += Vector256.ConditionalSelect(From(2), Vector256.Shuffle(sums, Vector256.Create(0L, 0, 0, 1)), nothing);
                Vector256<double> results = sums + before;
                before += Vector256.Shuffle(sums, Vector256.Create(3L, 3, 3, 3));
                (low, high) = (results.GetLower(), results.GetUpper());
            }
            else
            {
                // The same sums in pairs.
                (Vector128<double> first, Vector128<double> second) = AddNeighbours(low, high);
                second += first;
                (low, high) = (first + beforePairs, second + beforePairs);
                beforePairs += Vector128.Create(second.GetElement(1));
            }

            Vector128<float> narrow = Vector128.Narrow(low, high);
            (reverse == 0 ? narrow : Reversed(narrow)).Store(y + place);
        }

        double sum = Vector256.IsHardwareAccelerated ? before.ToScalar() : beforePairs.ToScalar();
        for (long at = whole; at < count; at++)
        {
            long place = reverse == 0 ? at : count - at - 1;
            sum += x[place];
            y[place] = (float)sum;
        }

        return 0;
    }

    private static Vector128<float> Reversed(Vector128<float> x) => Vector128.Shuffle(x, Vector128.Create(3, 2, 1, 0));

    /// <summary>To each but the first, what is before it.</summary>
    private static (Vector128<double> Low, Vector128<double> High) AddNeighbours(Vector128<double> low, Vector128<double> high) =>
        (low + Vector128.Create(-0.0, low.ToScalar()), high + Vector128.Create(low.GetElement(1), high.ToScalar()));

    /// <summary>Which lanes are not among the first few.</summary>
    private static Vector256<double> From(long lane) => Vector256.GreaterThanOrEqual(Vector256.Create(0L, 1, 2, 3), Vector256.Create(lane)).AsDouble();
}
