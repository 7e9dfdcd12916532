namespace GraphCompiler.Learning.Training;

/// <summary>
/// The mean and the variance of losses, of the last ones above all (Finch, "Incremental calculation of weighted mean and variance", 2009): of the first steps as of equal weight, then with a
/// weight that falls to a half in 34 steps.
/// </summary>
/// <param name="Count">How many losses were taken in.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Variance">Their variance.</param>
internal readonly record struct LossTrend(long Count, double Mean, double Variance)
{
    /// <summary>By how many deviations a loss is a spike.</summary>
    public const double Spike = 6;

    private const int Least = 10;
    private const double Share = 0.02;

    /// <summary>By how many deviations a loss is above the mean; 0 while there is too little to say.</summary>
    public double DeviationsOf(double loss) => Count < Least || Variance == 0 ? 0 : (loss - Mean) / Math.Sqrt(Variance);

    /// <summary>What it is with another loss.</summary>
    public LossTrend With(double loss)
    {
        double share = Math.Max(1 / (Count + 1.0), Share);
        double apart = loss - Mean;
        return new(Count + 1, Mean + (share * apart), (1 - share) * (Variance + (share * apart * apart)));
    }
}
