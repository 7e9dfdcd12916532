namespace GraphCompiler.Routines;

/// <summary>
/// How a gamma number moves with its concentration a while the probability P(a, x) of a smaller one stays (implicit reparameterisation: Figurnov, Mohamed
/// and Mnih, 2018): dx/da = −(∂P/∂a)/p(x), with p the density, and how that moves with a at one x. Up to x = a, where all terms have one sign, by the power
/// series of P (DLMF 8.11.4) differentiated term by term; above by the continued fraction of 1 − P (DLMF 8.9.2) with its derivatives; for large a by Cornish and
/// Fisher's expansion of x in normal numbers. Against 40 digits the first is within 10⁻¹² (10⁻¹⁰ for large a) of its size, the second within 10⁻⁹.
/// </summary>
internal static class GammaSlopes
{
    private const double Large = 2000;

    // Both run to a few hundred terms at the largest a; what is far in a tail of the density takes fewer.
    private const int MostTerms = 5000;

    /// <summary>dx/da where x is a gamma number of concentration a: NaN unless both are above 0.</summary>
    /// <param name="a">The concentration.</param>
    /// <param name="x">The number.</param>
    public static double Slope(double a, double x) => Both(a, x).Slope;

    /// <summary>The derivative of <see cref="Slope"/> with respect to a.</summary>
    /// <param name="a">The concentration.</param>
    /// <param name="x">The number.</param>
    public static double Curvature(double a, double x) => Both(a, x).Curvature;

    /// <summary>The gamma number of another concentration whose probability is the same: along the slope, by Runge and Kutta's method.</summary>
    /// <param name="a">The concentration.</param>
    /// <param name="x">The number.</param>
    /// <param name="to">The other concentration, not far away.</param>
    public static double Move(double a, double x, double to)
    {
        int steps = 8 + (int)Math.Min(1000, 200 * Math.Abs(to - a) / a);
        double step = (to - a) / steps;
        for (int i = 0; i < steps; i++, a += step)
        {
            double k1 = Slope(a, x);
            double k2 = Slope(a + (0.5 * step), x + (0.5 * step * k1));
            double k3 = Slope(a + (0.5 * step), x + (0.5 * step * k2));
            double k4 = Slope(a + step, x + (step * k3));
            x += step * (k1 + (2 * k2) + (2 * k3) + k4) / 6;
        }

        return x;
    }

    private static (double Slope, double Curvature) Both(double a, double x) =>
        !(a > 0 && x > 0) || double.IsInfinity(a) || double.IsInfinity(x) ? (double.NaN, double.NaN)
        : a >= Large ? Expansion(a, x)
        : x <= Math.Max(a, 1.5) ? Series(a, x)
        : Fraction(a, x);

    /// <summary>Σ rₙ(ψ(a + n + 1) − log x) with rₙ = xⁿ⁺¹/(a(a + 1)…(a + n)).</summary>
    private static (double Slope, double Curvature) Series(double a, double x)
    {
        double log = VectorMath.Log(x);
        double ratio = x / a;
        double inverses = 1 / a;
        double distance = GammaFunctions.Digamma(a + 1) - log;
        double trigamma = GammaFunctions.Polygamma(1, a + 1);
        (double slope, double curvature) = (0, 0);
        for (int n = 1; n < MostTerms; n++)
        {
            double term = ratio * distance;
            double turn = ratio * (trigamma - (inverses * distance));
            slope += term;
            curvature += turn;
            if (Math.Abs(term) <= 1e-17 * Math.Abs(slope) && Math.Abs(turn) <= 1e-17 * Math.Abs(curvature) && x < a + n)
            {
                break;
            }

            double inverse = 1 / (a + n);
            ratio *= x * inverse;
            inverses += inverse;
            distance += inverse;
            trigamma -= inverse * inverse;
        }

        return (slope, curvature);
    }

    /// <summary>x(C·(log x − ψ(a)) + C′), where eˣx⁻ᵃΓ(a, x) = C = 1/(x + 1 − a − 1(1 − a)/(x + 3 − a − 2(2 − a)/(x + 5 − a − …))).</summary>
    private static (double Slope, double Curvature) Fraction(double a, double x)
    {
        double distance = VectorMath.Log(x) - GammaFunctions.Digamma(a);
        double trigamma = GammaFunctions.Polygamma(1, a);
        double b = x + 1 - a;
        var (above, aboveBefore) = (new Dual(1, 0, 0), new Dual(0, 0, 0));
        var (below, belowBefore) = (new Dual(b, -1, 0), new Dual(1, 0, 0));
        (double slope, double curvature) = (0, 0);
        for (int n = 1; n < MostTerms; n++)
        {
            b += 2;
            double c = -n * (n - a);
            Dual nextBelow = Dual.Next(below, belowBefore, b, c, n);
            double scale = 1 / nextBelow.Value;
            (above, aboveBefore) = (Dual.Next(above, aboveBefore, b, c, n).Times(scale), above.Times(scale));
            (below, belowBefore) = (nextBelow.Times(scale), below.Times(scale));

            // The denominator is 1 now.
            double value = above.Value;
            double first = above.First - (value * below.First);
            double second = above.Second - (value * below.Second) - (2 * first * below.First);
            (double lastSlope, double lastCurvature) = (slope, curvature);
            slope = x * ((value * distance) + first);
            curvature = x * ((first * distance) - (value * trigamma) + second);
            if (Math.Abs(slope - lastSlope) <= 1e-15 * Math.Abs(slope) && Math.Abs(curvature - lastCurvature) <= 1e-13 * Math.Abs(curvature))
            {
                break;
            }
        }

        return (slope, curvature);
    }

    /// <summary>
    /// x = a + Σ Pₖ(y)·a^((1 − k)/2), the quantile of Φ(y) (Johnson, Kotz and Balakrishnan, "Continuous univariate distributions", 1994): y from x by Newton's
    /// method, then derivatives at that y.
    /// </summary>
    private static (double Slope, double Curvature) Expansion(double a, double x)
    {
        double s = 1 / Math.Sqrt(a);
        double y = (x - a) * s;
        double slopeInY = 0;
        for (int i = 0; i < 6; i++)
        {
            double place = a;
            slopeInY = 0;
            double power = 1 / s;
            for (int k = 0; k < 6; k++, power *= s)
            {
                (double p, double d) = Polynomial(k, y);
                place += p * power;
                slopeInY += d * power;
            }

            y -= (place - x) / slopeInY;
        }

        (double slope, double second, double mixed) = (1, 0, 0);
        double factor = s;
        for (int k = 0; k < 6; k++, factor *= s)
        {
            (double p, double d) = Polynomial(k, y);
            double exponent = (1 - k) * 0.5;
            slope += p * exponent * factor;
            second += p * exponent * (exponent - 1) * factor / a;
            mixed += d * exponent * factor;
        }

        return (slope, second - (mixed * slope / slopeInY));
    }

    /// <summary>Pₖ and its derivative.</summary>
    private static (double Value, double Slope) Polynomial(int k, double y)
    {
        double q = y * y;
        return k switch
        {
            0 => (y, 1),
            1 => ((q - 1) / 3, 2 * y / 3),
            2 => (y * (q - 7) / 36, ((3 * q) - 7) / 36),
            3 => (-((((3 * q) + 7) * q) - 16) / 810, -y * ((12 * q) + 14) / 810),
            4 => (y * ((((9 * q) + 256) * q) - 433) / 38880, ((((45 * q) + 768) * q) - 433) / 38880),
            _ => ((((((12 * q) - 243) * q) - 923) * q + 1472) / 204120, y * ((((72 * q) - 972) * q) - 1846) / 204120),
        };
    }

    /// <summary>A number with its first two derivatives with respect to a.</summary>
    private readonly record struct Dual(double Value, double First, double Second)
    {
        public Dual Times(double factor) => new(Value * factor, First * factor, Second * factor);

        /// <summary>b·last + c·before, where the derivatives of b and c are −1 and n.</summary>
        public static Dual Next(Dual last, Dual before, double b, double c, int n) => new(
            (b * last.Value) + (c * before.Value),
            (b * last.First) - last.Value + (c * before.First) + (n * before.Value),
            (b * last.Second) - (2 * last.First) + (c * before.Second) + (2 * n * before.First));
    }
}
