namespace Greeks;

/// <summary>Derivatives by differences: bumping, in the language of banks.</summary>
internal static class Differences
{
    private static readonly double[] Weights = [45, -9, 1];

    /// <summary>The derivative of each result in one parameter, by central differences of the sixth order.</summary>
    public static double[] SixthOrder(Func<double[], double[]> function, double[] at, int parameter)
    {
        double step = Math.Max(Math.Abs(at[parameter]) / 200, 0.002);
        var sum = new double[function(at).Length];
        for (int k = 1; k <= Weights.Length; k++)
        {
            (double[] up, double[] down) = (function(Moved(at, parameter, k * step)), function(Moved(at, parameter, -k * step)));
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += Weights[k - 1] * (up[i] - down[i]) / (60 * step);
            }
        }

        return sum;
    }

    /// <summary>The same parameters but one.</summary>
    public static double[] Moved(double[] at, int parameter, double by)
    {
        double[] moved = [.. at];
        moved[parameter] += by;
        return moved;
    }
}
