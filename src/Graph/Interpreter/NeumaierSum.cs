namespace GraphCompiler;

/// <summary>A sum in double whose error does not grow with its terms (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974).</summary>
/// <param name="first">What it begins with.</param>
internal struct NeumaierSum(double first)
{
    private double sum = first;
    private double lost;

    /// <summary>The sum so far. What infinities lose is NaN, and says nothing; where nothing is lost, −0 stays.</summary>
    public readonly double Value => Math.Abs(lost) > 0 ? sum + lost : sum;

    public void Add(double term)
    {
        double next = sum + term;
        lost += Math.Abs(sum) >= Math.Abs(term) ? sum - next + term : term - next + sum;
        sum = next;
    }
}
