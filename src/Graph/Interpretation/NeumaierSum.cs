namespace GraphCompiler.Interpretation;

/// <summary>A sum in double whose error does not grow with its terms (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974).</summary>
/// <param name="first">What it begins with.</param>
internal struct NeumaierSum(double first)
{
    private double sum = first;
    private double lost;

    /// <summary>The sum so far, with the sign of a zero. What infinities lose is no number, and says nothing.</summary>
    public readonly double Value => lost != 0 && double.IsFinite(lost) ? sum + lost : sum;

    public void Add(double term)
    {
        double next = sum + term;
        lost += Math.Abs(sum) >= Math.Abs(term) ? sum - next + term : term - next + sum;
        sum = next;
    }
}
