namespace GraphCompiler.GradientChecking;

/// <summary>Holds an analytic derivative against a numeric one.</summary>
internal static class Verdicts
{
    public static (GradientVerdict Verdict, double Numeric, double Bar, string? Note) Judge(double analytic, SlopeEstimate slope, GradientCheckOptions options)
    {
        if (!slope.IsFiniteAtPoint)
        {
            return (GradientVerdict.Inconclusive, double.NaN, double.PositiveInfinity, "the value is not finite at this point");
        }

        if (!slope.Left.Exists && !slope.Right.Exists)
        {
            return (GradientVerdict.Inconclusive, double.NaN, double.PositiveInfinity, "the value is not finite on either side");
        }

        if (slope.IsKink || slope.Jumps)
        {
            return AtKink(analytic, slope, options);
        }

        bool central = slope.Left.Exists && slope.Right.Exists;
        SideSlope side = slope.Left.Exists ? slope.Left : slope.Right;
        double numeric = central ? slope.Central : side.Value;
        double bar = central ? slope.Bar : side.Bar;
        string? note = central ? null : "one-sided: the value is not finite on the other side";
        double size = Math.Max(Math.Abs(analytic), Math.Abs(numeric));
        if (double.IsNaN(numeric) || !double.IsFinite(bar))
        {
            return (GradientVerdict.Inconclusive, numeric, bar, "the differences do not converge");
        }

        if (!(Math.Abs(analytic - numeric) <= Tolerance(numeric, options) + (options.BarFactor * bar)))
        {
            // An infinite slope that grows too slowly to be told from a steep finite one.
            return double.IsInfinity(analytic) && bar > options.WidestBar * Math.Abs(numeric)
                ? (GradientVerdict.Inconclusive, numeric, bar, "the differences do not converge")
                : (GradientVerdict.Failed, numeric, bar, note);
        }

        return options.BarFactor * bar > options.AbsoluteTolerance + (options.WidestBar * size)
            ? (GradientVerdict.Inconclusive, numeric, bar, "the error bar is too wide")
            : (GradientVerdict.Passed, numeric, bar, note);
    }

    public static double Tolerance(double reference, GradientCheckOptions options) => options.AbsoluteTolerance + (options.RelativeTolerance * Math.Abs(reference));

    private static (GradientVerdict Verdict, double Numeric, double Bar, string? Note) AtKink(double analytic, SlopeEstimate slope, GradientCheckOptions options)
    {
        SideSlope left = slope.Left.Exists ? slope.Left : slope.Right;
        SideSlope right = slope.Right.Exists ? slope.Right : slope.Left;
        (SideSlope low, SideSlope high) = left.Value <= right.Value ? (left, right) : (right, left);
        double numeric = double.IsFinite(low.Value + high.Value) ? (low.Value + high.Value) / 2 : double.IsFinite(low.Value) ? high.Value : low.Value;
        double bar = low.Bar + high.Bar;
        bool inside = analytic >= low.Value - Slack(low) && analytic <= high.Value + Slack(high);
        string between = low.Value == high.Value ? $"{low.Value:G6}" : $"{low.Value:G6} to {high.Value:G6}";
        string what = slope.Jumps ? "the value jumps here" : "the slope jumps here";
        if (inside && !double.IsFinite(bar))
        {
            return (GradientVerdict.Inconclusive, numeric, bar, "the differences do not converge");
        }

        return (inside ? GradientVerdict.Kink : GradientVerdict.Failed, numeric, bar, $"{what}; beside it slopes are {between}");

        double Slack(SideSlope side) => double.IsInfinity(side.Value) ? 0 : Tolerance(side.Value, options) + (options.BarFactor * side.Bar);
    }
}
