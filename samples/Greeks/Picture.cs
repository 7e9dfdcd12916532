using Charts;

namespace Greeks;

/// <summary>Delta and gamma over the spot: lines of the formula, points of the simulation.</summary>
internal static class Picture
{
    private const double GammaScale = 100;

    /// <summary>Saves the picture; tells what was saved, and where.</summary>
    public static string Save(Study study, double[] parameters, string path)
    {
        double[] spots = [.. Enumerable.Range(25, 76).Select(s => 2.0 * s)];
        double[] drawn = [.. spots.Where(s => s % 10 == 0)];
        double[][] exact = [.. spots.Select(s => study.Exact([s, .. parameters[1..]]))];
        (double Mean, double Error)[][] estimates = [.. drawn.Select(s => study.Estimate([s, .. parameters[1..]], calls: 2))];
        int gamma = parameters.Length + 1;
        return new Curves("spot", $"delta, {GammaScale} · gamma")
            .Line("delta", spots, exact.Select(e => e[1]))
            .Points("delta by paths", drawn, estimates.Select(e => e[1].Mean), like: "delta")
            .Line("gamma", spots, exact.Select(e => GammaScale * e[gamma]))
            .Points("gamma by paths", drawn, estimates.Select(e => GammaScale * e[gamma].Mean), like: "gamma")
            .Save(path);
    }
}
