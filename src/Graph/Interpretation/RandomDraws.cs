using GraphCompiler.Operations;

namespace GraphCompiler.Interpretation;

/// <summary>
/// The draws of one call of a graph, or of several that are to see the same numbers: from each generator one counter, taken when the first of its streams
/// is asked for.
/// </summary>
/// <param name="take">Takes the block of a call from a generator; null for the generator's next.</param>
/// <param name="holds">
/// Whether what is drawn once stays where parameters move, as far as it can: then numbers that are accepted or refused move along the curves on which their
/// probabilities stay, which are what gradients follow. Drawn anew they would jump, or move otherwise.
/// </param>
internal sealed class RandomDraws(Func<Generator, PhiloxBlock>? take = null, bool holds = false)
{
    private readonly Dictionary<Generator, PhiloxBlock> calls = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(EquatableArray<int> Stream, long Index), (double Concentration, double Number)> held = [];

    /// <summary>A stream's words.</summary>
    public TensorValue ValueOf(RandomStreamOp stream)
    {
        if (!calls.TryGetValue(stream.Generator, out PhiloxBlock call))
        {
            calls.Add(stream.Generator, call = take is null ? stream.Generator.NextCall() : take(stream.Generator));
        }

        Span<int> words = stackalloc int[RandomStream.Words];
        RandomStream.Write(words, call, stream.Number);
        return TensorValue.OfIntegers(DType.Int32, [words.Length], [.. words.ToArray().Select(w => (long)w)]);
    }

    /// <summary>A gamma number of rate 1.</summary>
    public double Gamma(double concentration, int[] words, long index, bool isFloat)
    {
        (EquatableArray<int>, long) key = (words.ToEquatableArray(), index);
        if (holds && held.TryGetValue(key, out (double Concentration, double Number) first))
        {
            return GammaSlopes.Move(first.Concentration, first.Number, concentration);
        }

        double number = GammaDraws.Draw(concentration, words, index, isFloat);
        if (holds)
        {
            held.Add(key, (concentration, number));
        }

        return number;
    }
}
