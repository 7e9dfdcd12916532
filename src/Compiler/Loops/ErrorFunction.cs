namespace GraphCompiler.Loops;

/// <summary>The error function to nearly full double precision, slowly: .NET has none.</summary>
internal static class ErrorFunction
{
    /// <summary>
    /// erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)) (DLMF 7.6.2), whose terms share one sign; beyond 6 it is ±1 in double.
    /// </summary>
    public static double Evaluate(double x)
    {
        if (double.IsNaN(x))
        {
            return x;
        }

        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }

        double term = x;
        double sum = x;
        for (int n = 1; term != 0 && Math.Abs(term) > Math.Abs(sum) * 1e-18; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
