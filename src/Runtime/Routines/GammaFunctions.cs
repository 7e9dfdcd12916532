namespace GraphCompiler.Routines;

/// <summary>
/// The logarithm of |Γ| and its derivatives, a number at a time: they branch too much for lanes. Below 8 and 2 polynomials that hold the zeros as
/// factors (Chebyshev interpolations in 50 digits), above Stirling's series and its derivative (DLMF 5.11.1, 5.11.2), for negative x the
/// reflection formulas (DLMF 5.5.3, 5.5.4, 5.15.6).
/// </summary>
internal static class GammaFunctions
{
    /// <summary>The largest n whose factorial is a double.</summary>
    public const int MostOrder = 170;

    private const double LogPi = 1.1447298858494002;

    /// <summary>log |Γ(x)|: +∞ at 0 and the negative integers.</summary>
    public static double LogGamma(double x)
    {
        if (!double.IsFinite(x))
        {
            return Math.Abs(x);
        }

        if (x > 0)
        {
            return LogGammaOfPositive(x);
        }

        double sine = Math.Abs(SinPi(x));
        return sine == 0 ? double.PositiveInfinity : LogPi - VectorMath.Log(sine) - LogGammaOfPositive(1 - x);
    }

    /// <summary>log Γ(1 + x) for x above 0, to the last digits where x is small.</summary>
    public static double LogGammaOfNext(double x) => x < 0.5 ? x * (x - 1) * NearOne(x - 0.125) : LogGammaOfPositive(1 + x);

    /// <summary>ψ(x), the slope of log Γ: ∓∞ at ±0, NaN at the negative integers.</summary>
    public static double Digamma(double x)
    {
        switch (x)
        {
            case 0:
                return double.CopySign(double.PositiveInfinity, -x);
            case < 0:
                double r = x - Math.Round(x);
                return r == 0 || double.IsInfinity(x) ? double.NaN : DigammaOfPositive(1 - x) - (Math.PI * CotPi(r));
            default:
                return DigammaOfPositive(x);
        }
    }

    /// <summary>The n-th derivative of ψ: ±∞ at 0 and the negative integers, NaN where n is too large for n!, or no order.</summary>
    /// <param name="order">n, a whole number from 0 to <see cref="MostOrder"/>.</param>
    /// <param name="x">Where.</param>
    public static double Polygamma(double order, double x)
    {
        int n = (int)order;
        if (n != order || n is < 0 or > MostOrder)
        {
            return double.NaN;
        }

        if (n == 0)
        {
            return Digamma(x);
        }

        double sign = n % 2 == 0 ? -1 : 1;
        if (x > 0)
        {
            return sign * FactorialTimesZeta(n, x);
        }

        double rest = x - Math.Round(x);
        return rest == 0 ? sign * double.PositiveInfinity
            : double.IsNaN(rest) ? double.NaN
            : -FactorialTimesZeta(n, 1 - x) - DerivativeOfPiCotPi(n, rest);
    }

    // Adding 0 makes 0 of −0.
    private static double LogGammaOfPositive(double x)
    {
        switch (x)
        {
            // Γ(x) = Γ(1 + x)/x, with 1 + x never formed.
            case < 0.5:
                return (x * (x - 1) * NearOne(x - 0.125)) - VectorMath.Log(x);
            case < 0.75:
                return (x * (x - 1) * NearTwo(x - 1.25)) - VectorMath.Log(x);
            case < 1.5:
                return ((x - 1) * (x - 2) * NearOne(x - 1.125)) + 0.0;
            case < 3:
                return ((x - 1) * (x - 2) * NearTwo(x - 2.25)) + 0.0;
            case < 8:
                return (x - 1) * (x - 2) * Polynomial(
                    x - 5.5, 1.0128398898674235e-19, -5.746270993144887e-19, -6.925738196507077e-19, 3.8850290730121046e-18, 4.6208634962491275e-17,
                    -2.6357938725256884e-16, 8.299177606894884e-16, -4.7858125598076685e-15, 3.197658968447418e-14, -1.8495011291792303e-13,
                    1.0550387967391185e-12, -6.1490372712381436e-12, 3.605208959751937e-11, -2.1216681368615065e-10, 1.2562727407126205e-09,
                    -7.494702952771317e-09, 4.511798324229238e-08, -2.746636573571503e-07, 1.695914420193535e-06, -1.066656462600141e-05,
                    6.87871159576227e-05, -0.00045975358502452885, 0.0032484062986839076, -0.02534762267891006, 0.25128977572182326);
            default:
                double inverse = 1 / x;
                double series = inverse * Polynomial(
                    inverse * inverse, -3617.0 / 122400, 1.0 / 156, -691.0 / 360360, 1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12);
                return Math.FusedMultiplyAdd(x - 0.5, VectorMath.Log(x) - 1, 0.4189385332046727 + series);
        }
    }

    /// <summary>log Γ(x)/((x − 1)·(x − 2)) at x = 1.125 + t, for x from 0.75 to 1.5.</summary>
    private static double NearOne(double t) => Polynomial(
        t, -0.004372215532535698, 0.00515640819523095, -0.0030214033032211814, 0.0035991346829976107, -0.005220594601931815, 0.006245109392568948,
        -0.007348979298309202, 0.00887191376318011, -0.010783664738965418, 0.013171459636931773, -0.016209021404916608, 0.020132810476511914,
        -0.025296547845796304, 0.03226388781491976, -0.04199485600627477, 0.05628216876170228, -0.07892681966463332, 0.11960320844259179,
        -0.21115323425817586, 0.5487833977237905);

    /// <summary>The same at x = 2.25 + t, for x from 1.5 to 3.</summary>
    private static double NearTwo(double t) => Polynomial(
        t, -7.778542462168573e-09, 1.8293169142788216e-08, -2.1235115400925673e-08, 5.039405496189024e-08, -1.4611285163598748e-07,
        3.4807217207331336e-07, -8.149695479951949e-07, 1.9579409029934408e-06, -4.734869806060007e-06, 1.15027163735972e-05,
        -2.8149240685518124e-05, 6.952268047462801e-05, -0.0001737093218804691, 0.00044065674192592856, -0.0011409865898209122,
        0.0030411186574735554, -0.008464024993578421, 0.025268354959295955, -0.08588084755126099, 0.3995894876556691);

    private static double DigammaOfPositive(double x)
    {
        if (x < 1)
        {
            // At 1 + x, which is not formed.
            return NearRoot(x - 0.46163214496836225, x - 0.5) - (1 / x);
        }

        if (x >= 10)
        {
            double inverse = 1 / x;
            double series = inverse * inverse * Polynomial(
                inverse * inverse, 1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12);
            return double.IsInfinity(x) ? x : VectorMath.Log(x) - (0.5 * inverse) - series;
        }

        double sum = 0;
        while (x > 2)
        {
            x--;
            sum += 1 / x;
        }

        return sum + NearRoot(x - 1.4616321449683622, x - 1.5);
    }

    /// <summary>ψ over the distance from its root, times that distance; the root is a double and 9.55e-17.</summary>
    private static double NearRoot(double distance, double t) => (distance - 9.549995429965697e-17) * Polynomial(
        t, -0.00017312261802727394, 0.00025968482126430747, -0.00015148586836773365, 0.0002272331660987376, -0.0004821990530566789,
        0.0007233266279287554, -0.0010376374098418604, 0.0015566317474486838, -0.002345267632540769, 0.003519006401502276, -0.005279964873257405,
        0.007926944646403797, -0.011908218001568644, 0.0179072524394512, -0.02697579675613825, 0.04076083381242074, -0.061922133273064534,
        0.09498872445494122, -0.14840492305390884, 0.2405424842407742, -0.4236274212814605, 0.951055876031833);

    /// <summary>n!·ζ(n + 1, x) = n!·Σ (x + k)^−(n+1), by Euler and Maclaurin's formula (DLMF 25.11.5) once x + k is large.</summary>
    private static double FactorialTimesZeta(int n, double x)
    {
        double factorial = 1;
        for (int i = 2; i <= n; i++)
        {
            factorial *= i;
        }

        double sum = 0;
        double large = 12 + n;
        for (; x < large; x++)
        {
            sum += Math.Pow(x, -(n + 1));
        }

        // B₂ⱼ/(2j)! of the correction terms.
        ReadOnlySpan<double> coefficients =
        [
            1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000, 1.0 / 74724249600, -3617.0 / 10670622842880000,
        ];
        double inverse = 1 / x;
        double power = Math.Pow(x, -n);
        double tail = (power / n) + (0.5 * power * inverse);
        double rising = (n + 1) * power * inverse * inverse;
        for (int j = 0; j < coefficients.Length; j++)
        {
            tail += coefficients[j] * rising;
            rising *= (n + (2 * j) + 2) * (n + (2 * j) + 3) * inverse * inverse;
        }

        return factorial * (sum + tail);
    }

    /// <summary>
    /// The n-th derivative of π·cot πx: a polynomial in c = cot πx, as the derivative of c is −π(1 + c²).
    /// </summary>
    private static double DerivativeOfPiCotPi(int n, double x)
    {
        double cotangent = CotPi(x);
        Span<double> polynomial = stackalloc double[n + 2];
        polynomial.Clear();
        polynomial[1] = 1;
        double scale = Math.PI;
        for (int k = 1; k <= n; k++)
        {
            scale *= -Math.PI;
            double slope = 0;
            double twoBelow = 0;
            for (int i = 0; i <= k + 1; i++)
            {
                // The coefficient of cⁱ in P′·(1 + c²).
                double here = i < k + 1 ? (i + 1) * polynomial[i + 1] : 0;
                polynomial[i] = here + twoBelow;
                (twoBelow, slope) = (slope, here);
            }
        }

        double sum = 0;
        for (int i = n + 1; i >= 0; i--)
        {
            sum = Math.FusedMultiplyAdd(sum, cotangent, polynomial[i]);
        }

        return scale * sum;
    }

    /// <summary>cot πx for |x| up to ½, where it is exactly 0.</summary>
    private static double CotPi(double x) => Math.Abs(x) < 0.25
        ? 1 / VectorMath.Apply<Functions.Tan>(Math.PI * x)
        : VectorMath.Apply<Functions.Tan>(Math.PI * (Math.CopySign(0.5, x) - x));

    /// <summary>sin πx, from the exact distance to the nearest integer.</summary>
    private static double SinPi(double x) => VectorMath.Apply<Functions.Sin>(Math.PI * (x - Math.Round(x)));

    public static double Polynomial(double x, params ReadOnlySpan<double> coefficients)
    {
        double sum = coefficients[0];
        for (int i = 1; i < coefficients.Length; i++)
        {
            sum = Math.FusedMultiplyAdd(sum, x, coefficients[i]);
        }

        return sum;
    }
}
