namespace GraphCompiler;

public sealed partial class Dim
{
    // Minima and maxima by whose cases a bound is found; more of them are taken as they are.
    private const int MostCases = 4;

    private static readonly Comparer<Dim> InOrder = Comparer<Dim>.Create((a, b) => Compare(a.terms, b.terms));

    /// <summary>
    /// The smallest or largest of sizes, in one form for equal ones: a number common to all stands outside, the others in order, and none that another always
    /// outdoes.
    /// </summary>
    private static Dim Extremum(bool isMax, IEnumerable<Dim> sizes)
    {
        Dim[] flat = [.. sizes.SelectMany(size => InnerOf(size)).Distinct()];
        List<Dim> left = [];
        foreach (Dim size in flat)
        {
            if (!left.Any(other => Outdoes(other, size)))
            {
                left.RemoveAll(other => Outdoes(size, other));
                left.Add(size);
            }
        }

        if (left is [var only])
        {
            return only;
        }

        long common = left.Min(size => size.terms.Where(t => t.Factors is []).Sum(t => t.Coefficient));
        EquatableArray<Dim> inside = [.. left.Select(size => size - common).Order(InOrder)];
        return new Dim([new Term(1, [new ExtremumAtom(isMax, inside)])]) + common;

        // The largest of sizes and a largest of others, a number away, is the largest of all.
        IEnumerable<Dim> InnerOf(Dim size) => size.terms switch
        {
            [{ Coefficient: 1, Factors: [ExtremumAtom inner] }] when inner.IsMax == isMax => inner.Sizes,
            [{ Coefficient: 1, Factors: [ExtremumAtom inner] }, { Factors: [] } number] when inner.IsMax == isMax => inner.Sizes.Select(s => s + number.Coefficient),
            _ => [size],
        };

        bool Outdoes(Dim other, Dim size) => (isMax ? AtLeast(other, size) : AtLeast(size, other)) == true;
    }

    /// <summary>
    /// Bounds of a dimension with a minimum or maximum among its factors, which is one of its sizes; and at least, or at most, each of them: where it stands by
    /// itself, the best of these bounds holds. Null where there is none, or too many.
    /// </summary>
    private (long? Low, long? High)? ByCases(int most)
    {
        if (terms.SelectMany(t => t.Factors).OfType<ExtremumAtom>().FirstOrDefault() is not { } extremum || most == 0)
        {
            return null;
        }

        (long? Low, long? High)[] cases = [.. extremum.Sizes.Select(size => With(extremum, size)).Select(d => d.ByCases(most - 1) ?? d.OfTerms())];
        Term[] holding = [.. terms.Where(t => t.Factors.Contains(extremum))];
        bool isAlone = holding is [{ Factors.Count: 1 }];
        bool grows = isAlone && holding[0].Coefficient > 0;
        long? low = isAlone && grows == extremum.IsMax ? cases.Max(c => c.Low) : cases.Any(c => c.Low is null) ? null : cases.Min(c => c.Low);
        long? high = isAlone && grows != extremum.IsMax ? cases.Min(c => c.High) : cases.Any(c => c.High is null) ? null : cases.Max(c => c.High);
        return (low, high);
    }

    private Dim With(Atom factor, Dim size) => terms.Aggregate(
        Of(0),
        (sum, term) => sum + term.Factors.Aggregate(Of(term.Coefficient), (product, f) => product * (f == factor ? size : new Dim([new Term(1, [f])]))));

    private sealed record ExtremumAtom(bool IsMax, EquatableArray<Dim> Sizes) : Atom
    {
        public override IEnumerable<string> Symbols => Sizes.SelectMany(d => d.Symbols);

        public override IEnumerable<int> Locals => Sizes.SelectMany(d => d.Locals);

        public override bool IsNonNegative => IsMax ? Sizes.Any(d => AtLeast(d, 0) == true) : Sizes.All(d => AtLeast(d, 0) == true);

        public override long Evaluate(Func<string, long> symbol) => IsMax ? Sizes.Max(d => d.Evaluate(symbol)) : Sizes.Min(d => d.Evaluate(symbol));

        public override Dim Replace(Func<Atom, Dim?> variable) => Extremum(IsMax, Sizes.Select(d => d.Replace(variable)));

        public override string ToString() => $"{(IsMax ? "max" : "min")}({string.Join(", ", Sizes)})";
    }
}
