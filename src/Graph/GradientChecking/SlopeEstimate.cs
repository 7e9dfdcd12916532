namespace GraphCompiler.GradientChecking;

/// <summary>The slope on one side of a point: a number with a bar, an infinity, or nothing where the function is not finite.</summary>
internal readonly record struct SideSlope(double Value, double Bar, bool IsConfirmed = false)
{
    public static SideSlope None => new(double.NaN, double.PositiveInfinity);

    public bool Exists => !double.IsNaN(Value);
}

/// <summary>The numeric derivative of a function of one variable at 0: a central value with an error bar, and the slopes of both sides.</summary>
internal sealed class SlopeEstimate
{
    // Steps that already lie outside of where the function is finite are skipped, up to this many.
    private const int MostSkipped = 48;
    private const int FewLevels = 4;
    private const int MoreLevels = 8;
    private const int ManyLevels = 18;

    // How many levels below the first finite step an estimate is confirmed: as far as rounding leaves something to see.
    private const int Deep = 20;
    private const double RoundOff = 4 * 2.220446049250313e-16;

    private readonly Line line;
    private readonly double[] cotangent;
    private readonly double origin;

    private SlopeEstimate(Line line, double[] outputs, double[] cotangent)
    {
        this.line = line;
        this.cotangent = cotangent;
        origin = Line.Project(outputs, cotangent).Value;
    }

    /// <summary>The central derivative; NaN where one side has no values.</summary>
    public double Central { get; private set; } = double.NaN;

    public double Bar { get; private set; } = double.PositiveInfinity;

    public SideSlope Left { get; private set; } = SideSlope.None;

    public SideSlope Right { get; private set; } = SideSlope.None;

    /// <summary>Whether the value itself jumps at the point.</summary>
    public bool Jumps { get; private set; }

    /// <summary>Whether the slopes of the two sides differ by more than their bars and a tolerance, or a side's slope is infinite.</summary>
    public bool IsKink { get; private set; }

    public bool IsFiniteAtPoint => double.IsFinite(origin);

    /// <summary>Differences along a line; few where they converge at once, many where they do not.</summary>
    /// <param name="line">The line.</param>
    /// <param name="outputs">The outputs at the point.</param>
    /// <param name="cotangent">The weights of the outputs.</param>
    /// <param name="tolerance">What slopes of a given size may differ by and still count as one.</param>
    public static SlopeEstimate Of(Line line, double[] outputs, double[] cotangent, Func<double, double> tolerance)
    {
        var estimate = new SlopeEstimate(line, outputs, cotangent);
        if (estimate.IsFiniteAtPoint)
        {
            estimate.Estimate(tolerance);
        }

        return estimate;
    }

    private void Estimate(Func<double, double> tolerance)
    {
        int above = FirstFinite(1);
        int below = FirstFinite(-1);
        int start = Math.Max(above, below);
        bool both = start < MostSkipped;
        if (both)
        {
            (Central, Bar, bool settled) = CentralDifferences(start, FewLevels, start + Deep);
            if (settled)
            {
                (Right, bool up) = Side(start, FewLevels, start + Deep, 1);
                (Left, bool down) = Side(start, FewLevels, start + Deep, -1);
                Jumps = up || down;
                IsKink = SlopesDiffer(tolerance);
                if (!IsKink && !Jumps)
                {
                    return;
                }
            }
            else
            {
                (Central, Bar) = Converge(from => CentralDifferences(from, MoreLevels, start + Deep), start);
            }
        }

        (Right, bool jumpsAbove) = Closely(above, 1);
        (Left, bool jumpsBelow) = Closely(below, -1);
        Jumps = jumpsAbove || jumpsBelow;
        IsKink = SlopesDiffer(tolerance);
        PreferSides();
    }

    /// <summary>Where the curvature jumps, central differences converge slowly and those of each side at once: if the sides agree, they know better.</summary>
    private void PreferSides()
    {
        double bar = (Left.Bar + Right.Bar + Math.Abs(Left.Value - Right.Value)) / 2;
        if (!IsKink && !Jumps && bar < Bar)
        {
            (Central, Bar) = ((Left.Value + Right.Value) / 2, bar);
        }
    }

    /// <summary>
    /// Starts at ever smaller steps until the estimate is confirmed, for at larger ones a kink nearby may be met. One that never is has a bar as
    /// wide as what contradicts it.
    /// </summary>
    private static (double Value, double Bar) Converge(Func<int, (double Value, double Bar, bool Settled)> estimate, int start)
    {
        (double Value, double Bar) best = (double.NaN, double.PositiveInfinity);
        double former = double.NaN;
        for (int from = start; from < start + Deep; from += 4)
        {
            (double value, double bar, bool settled) = estimate(from);
            if (settled)
            {
                return (value, bar);
            }

            double change = Math.Abs(value - former);
            best = (value, double.IsNaN(change) ? double.PositiveInfinity : Math.Max(bar, change));
            former = value;
        }

        return best;
    }

    private (double Value, double Bar, bool Settled) CentralDifferences(int start, int levels, int deep)
    {
        var table = new Richardson(4);
        double noise = 0;
        for (int k = start; k < start + levels; k++)
        {
            (double value, noise) = Quotient(k, 1, k, -1);
            if (!double.IsFinite(value))
            {
                break;
            }

            table.Add(value, noise);
        }

        bool converged = table.Bar <= (1e-9 * Math.Abs(table.Value)) + (16 * noise);
        (double Value, double Noise) later = Quotient(deep, 1, deep, -1);
        return (table.Value, Widened(table, later), converged && IsConfirmed(table, Quotient(start, 1, start, -1).Value, later));
    }

    /// <summary>The bar, or what the quotient at a much smaller step differs by beyond rounding: so far the value may be wrong, though it is confirmed.</summary>
    private static double Widened(Richardson table, (double Value, double Noise) later)
    {
        double beyond = Math.Abs(later.Value - table.Value) - (16 * later.Noise);
        return beyond > table.Bar ? beyond : table.Bar;
    }

    /// <summary>A quotient at a much smaller step must be as much closer to the value: at large ones a wave may be met in step, or a kink crossed.</summary>
    private static bool IsConfirmed(Richardson table, double first, (double Value, double Noise) later) =>
        Math.Abs(later.Value - table.Value) <= (Math.Abs(first - table.Value) / 64) + (1e-6 * Math.Abs(table.Value)) + (10 * table.Bar) + (16 * later.Noise);

    private (SideSlope Slope, bool Jumps) Closely(int start, int side)
    {
        if (start >= MostSkipped)
        {
            return (SideSlope.None, false);
        }

        if (Diverges(start, side) is { } infinity)
        {
            return (new SideSlope(infinity, 0), false);
        }

        bool jumps = false;
        (double value, double bar) = Converge(
            from =>
            {
                (SideSlope slope, jumps) = Side(from, MoreLevels, start + Deep, side);
                return (slope.Value, slope.Bar, slope.IsConfirmed);
            },
            start);
        return (new SideSlope(value, bar), jumps);
    }

    /// <summary>The slope just beside the point, from secants that do not touch it, so that a jump at the point leaves it alone.</summary>
    private (SideSlope Slope, bool Jumps) Side(int start, int levels, int deep, int side)
    {
        var slopes = new Richardson(2);
        var limit = new Richardson(2);
        double size = Math.Abs(origin);
        for (int k = start; k < start + levels; k++)
        {
            (double value, double noise) = Quotient(k, side, k + 1, side);
            if (!double.IsFinite(value))
            {
                break;
            }

            (_, double far, double magnitude) = Value(k, side);
            slopes.Add(value, noise);
            limit.Add(far, RoundOff * magnitude);
            size = Math.Max(size, magnitude);
        }

        double gap = Math.Abs(limit.Value - origin);
        bool jumps = gap > (10 * limit.Bar) + (1e-9 * size) && Math.Abs(Value(deep, side).Value - origin) > gap / 2;
        (double Value, double Noise) later = Quotient(deep, side, deep + 1, side);
        bool confirmed = IsConfirmed(slopes, Quotient(start, side, start + 1, side).Value, later);
        return (new SideSlope(slopes.Value, Widened(slopes, later), confirmed), jumps);
    }

    private bool SlopesDiffer(Func<double, double> tolerance)
    {
        if (double.IsInfinity(Left.Value) || double.IsInfinity(Right.Value))
        {
            return true;
        }

        double size = Math.Max(Math.Abs(Left.Value), Math.Abs(Right.Value));
        return Left.Exists && Right.Exists && Math.Abs(Left.Value - Right.Value) > tolerance(size) + (4 * (Left.Bar + Right.Bar));
    }

    /// <summary>The infinity that secants grow to by a power of the step, or null.</summary>
    private double? Diverges(int start, int side)
    {
        (double former, _) = Quotient(start + ManyLevels - 7, side, start + ManyLevels - 6, side);
        for (int k = start + ManyLevels - 6; k < start + ManyLevels; k++)
        {
            (double secant, double noise) = Quotient(k, side, k + 1, side);
            if (!(secant / former > 1.04) || Math.Abs(secant) < 16 * noise)
            {
                return null;
            }

            former = secant;
        }

        return former > 0 ? double.PositiveInfinity : double.NegativeInfinity;
    }

    private int FirstFinite(int side)
    {
        int level = 0;
        while (level < MostSkipped && !double.IsFinite(Value(level, side).Value))
        {
            level++;
        }

        return level;
    }

    /// <summary>The slope between two points of the line, and how much rounding may have changed it.</summary>
    private (double Value, double Noise) Quotient(int level, int side, int otherLevel, int otherSide)
    {
        (double step, double value, double magnitude) = Value(level, side);
        (double other, double otherValue, double otherMagnitude) = Value(otherLevel, otherSide);
        double distance = step - other;
        return ((value - otherValue) / distance, RoundOff * Math.Max(magnitude, otherMagnitude) / Math.Abs(distance));
    }

    private (double Step, double Value, double Magnitude) Value(int level, int side)
    {
        (double step, double[] outputs) = line.At(level, side);
        (double value, double magnitude) = Line.Project(outputs, cotangent);
        return (step, value, magnitude);
    }
}
