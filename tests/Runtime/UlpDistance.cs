namespace GraphCompiler.Tests;

/// <summary>How far a result is from the truth, in units of the last place of a number as large as the truth.</summary>
internal static class UlpDistance
{
    public static double Of(float result, double truth)
    {
        if (double.IsNaN(truth))
        {
            return float.IsNaN(result) ? 0 : double.PositiveInfinity;
        }

        if (float.IsInfinity((float)truth))
        {
            return result == (float)truth ? 0 : double.PositiveInfinity;
        }

        // The exponent field of the truth as a float, at least that of the smallest normal.
        var exponent = Math.Max((int)((BitConverter.DoubleToInt64Bits(truth) >> 52) & 0x7FF) - 1023, -126);
        var ulp = BitConverter.Int64BitsToDouble((long)(exponent - 23 + 1023) << 52);
        var distance = Math.Abs(result - truth) / ulp;
        return double.IsNaN(distance) ? double.PositiveInfinity : distance;
    }

    /// <summary>The truth is <paramref name="nearest"/> and <paramref name="excess"/> ulp.</summary>
    public static double Of(double result, double nearest, double excess)
    {
        if (double.IsNaN(result) || double.IsInfinity(result))
        {
            return double.PositiveInfinity;
        }

        var ulp = Math.BitIncrement(Math.Abs(nearest)) - Math.Abs(nearest);
        return Math.Abs(((result - nearest) / ulp) - excess);
    }
}
