using System.Globalization;

namespace GraphCompiler;

/// <summary>
/// The size of an axis: a constant, a symbol such as <c>"N"</c>, or a polynomial of symbols with integer coefficients, floor division, minimum and maximum.
/// Held in a canonical form, so that equal sizes compare equal. A symbol stands for any integer of at least 0 and is given its value by the
/// arguments of a call.
/// </summary>
public sealed partial class Dim : IEquatable<Dim>
{
    /// <summary>What a symbol counts as where only its order of magnitude matters.</summary>
    internal const long NominalSize = 64;

    private const long MostNominal = 1L << 48;

    // Sizes that are made again and again; which of several equal ones is kept does not matter.
    private const int SmallSizes = 1024;
    private static readonly Dim?[] Small = new Dim?[SmallSizes];

    private readonly EquatableArray<Term> terms;
    private string? text;

    private Dim(EquatableArray<Term> terms)
    {
        this.terms = terms;
        Constant = terms switch
        {
            [] => 0,
            [{ Factors: [] } number] => number.Coefficient,
            _ => null,
        };
    }

    /// <summary>The value, if the dimension holds no symbol.</summary>
    public long? Constant { get; }

    /// <summary>Whether the dimension is a number.</summary>
    public bool IsConstant => Constant is not null;

    /// <summary>The name, if the dimension is one symbol alone.</summary>
    public string? Symbol => terms is [{ Coefficient: 1, Factors: [SymbolAtom symbol] }] ? symbol.Name : null;

    /// <summary>A constant size.</summary>
    /// <param name="value">The size.</param>
    public static implicit operator Dim(int value) => Of(value);

    /// <summary>A constant size.</summary>
    /// <param name="value">The size.</param>
    public static implicit operator Dim(long value) => Of(value);

    /// <summary>A constant size.</summary>
    /// <param name="value">The size.</param>
    public static implicit operator Dim(nint value) => Of(value);

    /// <summary>A symbol: any size of at least 0.</summary>
    /// <param name="symbol">The symbol's name: letters, digits and underscores, not starting with a digit.</param>
    public static implicit operator Dim(string symbol) => OfSymbol(symbol);

    /// <summary>A constant size.</summary>
    /// <param name="value">The size.</param>
    public static Dim Of(long value) => value is >= 0 and < SmallSizes ? Small[value] ??= OfNumber(value) : OfNumber(value);

    /// <summary>A symbol: any size of at least 0.</summary>
    /// <param name="name">The symbol's name: letters, digits and underscores, not starting with a digit.</param>
    /// <exception cref="ShapeException">The name is not an identifier.</exception>
    public static Dim OfSymbol(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsIdentifier(name)
            ? Named(name)
            : throw new ShapeException($"'{name}' cannot name a dimension: use letters, digits and underscores, not starting with a digit; Dim.Named takes any name.");
    }

    /// <summary>A symbol of any name, as files have them: <c>Dim.Named("batch size")</c>. Names that are no identifiers are printed in quotes.</summary>
    /// <param name="name">The symbol's name; equal names are one symbol.</param>
    public static Dim Named(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new Dim([new Term(1, [new SymbolAtom(name)])]);
    }

    /// <summary>A variable of the compiler's own, at least 0: never the symbol of a user, whatever its name.</summary>
    internal static Dim OfLocal(int number) => new([new Term(1, [new LocalAtom(number)])]);

    /// <summary>The sum of two sizes.</summary>
    /// <exception cref="SizeException">A number in it does not fit into 64 bits.</exception>
    public static Dim operator +(Dim left, Dim right) => left.Constant == 0 ? right : right.Constant == 0 ? left : Fitting(left, "+", right, Sum);

    /// <summary>Text and a dimension: text. A sum with a symbol is written with a dimension on both sides, <c>Dim.OfSymbol("N") + size</c>.</summary>
    public static DimText operator +(string? left, Dim? right) => new($"{left}{right}");

    /// <summary>A dimension and text: text.</summary>
    public static DimText operator +(Dim? left, string? right) => new($"{left}{right}");

    /// <summary>The difference of two sizes.</summary>
    public static Dim operator -(Dim left, Dim right) => left + (right * -1);

    /// <summary>The product of two sizes.</summary>
    /// <exception cref="SizeException">A number in it does not fit into 64 bits.</exception>
    public static Dim operator *(Dim left, Dim right) => left.Constant == 1 ? right : right.Constant == 1 ? left : Fitting(left, "*", right, Product);

    /// <summary>The quotient rounded toward negative infinity.</summary>
    /// <exception cref="ShapeException">The divisor is zero.</exception>
    public static Dim operator /(Dim left, Dim right) => Fitting(left, "/", right, FloorDivide);

    /// <summary>The smaller of two sizes.</summary>
    /// <param name="left">A size.</param>
    /// <param name="right">Another.</param>
    public static Dim Min(Dim left, Dim right) => Fitting(left, "min", right, (l, r) => Extremum(isMax: false, [l, r]));

    /// <summary>The larger of two sizes.</summary>
    /// <param name="left">A size.</param>
    /// <param name="right">Another.</param>
    public static Dim Max(Dim left, Dim right) => Fitting(left, "max", right, (l, r) => Extremum(isMax: true, [l, r]));

    /// <summary>Whether the two are the same for every value of their symbols.</summary>
    public static bool operator ==(Dim? left, Dim? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether the two differ as polynomials; for some values of their symbols they may still agree.</summary>
    public static bool operator !=(Dim? left, Dim? right) => !(left == right);

    /// <inheritdoc/>
    public bool Equals(Dim? other) =>
        ReferenceEquals(this, other) || (other is not null && terms == other.terms);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Dim other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => terms.GetHashCode();

    /// <summary>The dimension as text, such as <c>N</c>, <c>64</c> or <c>2*N + 1</c>.</summary>
    public override string ToString() =>
        text ??= terms is [] ? "0" : string.Join(" + ", terms).Replace("+ -", "- ", StringComparison.Ordinal);

    /// <summary>The names of the symbols in the dimension.</summary>
    internal IEnumerable<string> Symbols => IsConstant ? [] : terms.SelectMany(t => t.Factors).SelectMany(f => f.Symbols).Distinct();

    /// <summary>The compiler's own variables in the dimension.</summary>
    internal IEnumerable<int> Locals => IsConstant ? [] : terms.SelectMany(t => t.Factors).SelectMany(f => f.Locals).Distinct();

    /// <summary>The name of a symbol as messages have it: in quotes unless it is an identifier, as C# writes text on one line.</summary>
    internal static string Display(string symbol) => IsIdentifier(symbol) ? symbol : $"\"{string.Concat(symbol.Select(Escaped))}\"";

    /// <summary>Whether left ≥ right for every value of the symbols (true), for none (false), or it depends (null).</summary>
    internal static bool? AtLeast(Dim left, Dim right)
    {
        (long? low, long? high) = (left - right).Range();
        return low >= 0 ? true : high < 0 ? false : null;
    }

    /// <summary>Whether left = right for every value of the symbols (true), for none (false), or it depends (null).</summary>
    internal static bool? Same(Dim left, Dim right)
    {
        if (left == right)
        {
            return true;
        }

        Dim difference = left - right;
        (long? low, long? high) = difference.Range();
        return low > 0 || high < 0 || !difference.MayVanish() ? false : null;
    }

    /// <summary>What must be 0 for two symbolic sizes to be the same, if they are so only where there is nothing, as 4·N and 3·N are where N is 0; else null.</summary>
    internal static Dim? SameOnlyWithout(Dim left, Dim right)
    {
        if (left.IsConstant || right.IsConstant || left == right)
        {
            return null;
        }

        Dim difference = left - right;
        return !difference.terms.All(t => t.Factors.All(f => f is SymbolAtom)) ? null
            : difference.Range() switch
            {
                (0, _) => difference,
                (_, 0) => difference * -1,
                _ => null,
            };
    }

    /// <summary>The value when every symbol has one.</summary>
    internal long Evaluate(Func<string, long> symbol)
    {
        long sum = 0;
        foreach (Term term in terms)
        {
            long product = term.Coefficient;
            foreach (Atom factor in term.Factors)
            {
                product = checked(product * factor.Evaluate(symbol));
            }

            sum = checked(sum + product);
        }

        return sum;
    }

    /// <summary>What the dimension counts as where only its order of magnitude matters: not below 0, and not above what could be addressed.</summary>
    internal long Nominal => (long)Math.Clamp(
        Constant ?? Fold<double>(number => number, _ => NominalSize, (x, y) => x + y, (x, y) => x * y, (x, y) => y == 0 ? 0 : Math.Floor(x / y), Math.Min, Math.Max),
        0,
        MostNominal);

    /// <summary>The dimension with symbols replaced by dimensions.</summary>
    internal Dim Substitute(Func<string, Dim?> symbol) => Replace(atom => atom is SymbolAtom s ? symbol(s.Name) : null);

    /// <summary>The dimension with variables of the compiler's own replaced by dimensions.</summary>
    internal Dim SubstituteLocal(Func<int, Dim?> local) => Replace(atom => atom is LocalAtom l ? local(l.Number) : null);

    private Dim Replace(Func<Atom, Dim?> variable) => terms.Aggregate(
        Of(0),
        (sum, term) => sum + term.Factors.Aggregate(Of(term.Coefficient), (product, factor) => product * factor.Replace(variable)));

    private static string Escaped(char c) => c switch
    {
        '\\' => @"\\",
        '"' => "\\\"",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        _ when char.IsControl(c) || c is '\u2028' or '\u2029' => $@"\u{(int)c:x4}",
        _ => $"{c}",
    };

    private static bool IsIdentifier(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsLetterOrDigit(c) || c == '_');

    /// <summary>What to build from the dimension: sums and products of numbers, symbols, floor quotients, minima and maxima.</summary>
    internal T Fold<T>(Func<long, T> constant, Func<string, T> symbol, Func<T, T, T> add, Func<T, T, T> multiply, Func<T, T, T> floorDivide, Func<T, T, T> min, Func<T, T, T> max)
    {
        if (terms is [])
        {
            return constant(0);
        }

        T sum = OfTerm(terms[0]);
        for (int i = 1; i < terms.Count; i++)
        {
            sum = add(sum, OfTerm(terms[i]));
        }

        return sum;

        T OfTerm(Term term)
        {
            bool hasNumber = term.Coefficient != 1 || term.Factors is [];
            T product = hasNumber ? constant(term.Coefficient) : OfAtom(term.Factors[0]);
            for (int i = hasNumber ? 0 : 1; i < term.Factors.Count; i++)
            {
                product = multiply(product, OfAtom(term.Factors[i]));
            }

            return product;
        }

        T OfAtom(Atom atom) => atom switch
        {
            SymbolAtom s => symbol(s.Name),
            FloorDivideAtom q => floorDivide(Part(q.Numerator), Part(q.Denominator)),
            ExtremumAtom e => e.Sizes.Select(Part).Aggregate(e.IsMax ? max : min),
            _ => throw new InvalidOperationException($"The dimension {atom} has no value outside of its loop."),
        };

        T Part(Dim part) => part.Fold(constant, symbol, add, multiply, floorDivide, min, max);
    }

    private static Dim Fitting(Dim left, string sign, Dim right, Func<Dim, Dim, Dim> make)
    {
        try
        {
            return make(left, right);
        }
        catch (OverflowException e)
        {
            throw new SizeException($"The dimension ({left}) {sign} ({right}) does not fit into 64 bits.", e);
        }
    }

    private static Dim OfNumber(long value) => new(value == 0 ? [] : [new Term(value, [])]);

    private static Dim Sum(Dim left, Dim right) => left.Constant is { } l && right.Constant is { } r ? Of(checked(l + r)) : Collect(left.terms.Concat(right.terms));

    private static Dim Product(Dim left, Dim right) => left.Constant is { } l && right.Constant is { } r ? Of(checked(l * r)) : ProductOfTerms(left, right);

    private static Dim ProductOfTerms(Dim left, Dim right) => Collect(
        from a in left.terms
        from b in right.terms
        select new Term(checked(a.Coefficient * b.Coefficient), [.. a.Factors.Concat(b.Factors).Order()]));

    private static Dim Collect(IEnumerable<Term> terms)
    {
        // Those of the same factors stand together then.
        List<Term> sums = [];
        foreach (Term term in terms.Order())
        {
            if (sums is [.., var last] && last.Factors == term.Factors)
            {
                sums[^1] = last with { Coefficient = checked(last.Coefficient + term.Coefficient) };
            }
            else
            {
                sums.Add(term);
            }
        }

        return new([.. sums.Where(t => t.Coefficient != 0)]);
    }

    private static Dim FloorDivide(Dim numerator, Dim denominator)
    {
        if (denominator.Constant == 0)
        {
            throw new ShapeException($"The dimension {numerator} cannot be divided by zero.");
        }

        if (numerator.Constant is { } n && denominator.Constant is { } d)
        {
            return Of(Floor(n, d));
        }

        if (numerator.terms is [])
        {
            return numerator;
        }

        if (denominator.Constant is { } number)
        {
            return FloorDivideBy(number < 0 ? numerator * -1 : numerator, Math.Abs(number));
        }

        if (denominator.terms is not [var divisor])
        {
            return numerator == denominator ? 1 : new Dim([new Term(1, [new FloorDivideAtom(numerator, denominator)])]);
        }

        // Terms that the divisor divides leave the floor: floor((d·q + r) / d) = q + floor(r / d).
        Dim quotient = Of(0);
        Dim rest = Of(0);
        foreach (Term term in numerator.terms)
        {
            if (term.Divide(divisor) is { } part)
            {
                quotient += new Dim([part]);
            }
            else
            {
                rest += new Dim([term]);
            }
        }

        if (rest.terms is [])
        {
            return quotient;
        }

        return quotient + new Dim([new Term(1, [new FloorDivideAtom(rest, denominator)])]);
    }

    /// <summary>
    /// The quotient by a positive number, in one form for equal quotients: whole multiples leave the floor, floor((d·q + r) / d) = q + floor(r / d),
    /// so that the coefficients inside are in [0, d); and a common divisor g goes away, floor((g·a + c) / (g·d)) = floor((a + floor(c / g)) / d).
    /// </summary>
    private static Dim FloorDivideBy(Dim numerator, long divisor)
    {
        Dim quotient = Collect(numerator.terms.Select(t => t with { Coefficient = Floor(t.Coefficient, divisor) }));
        Dim rest = numerator - (quotient * divisor);
        if (rest.IsConstant)
        {
            return quotient;
        }

        long common = rest.terms.Where(t => t.Factors is not []).Aggregate(divisor, (g, t) => Gcd(g, t.Coefficient));
        if (common > 1)
        {
            Dim reduced = Collect(rest.terms.Select(t => t with { Coefficient = Floor(t.Coefficient, common) }));
            return quotient + FloorDivideBy(reduced, divisor / common);
        }

        return quotient + new Dim([new Term(1, [new FloorDivideAtom(rest, Of(divisor))])]);
    }

    private static long Floor(long n, long d) => (n / d) - (n % d != 0 && n < 0 != d < 0 ? 1 : 0);

    private static long Gcd(long a, long b) => b == 0 ? Math.Abs(a) : Gcd(b, a % b);

    /// <summary>Whether whole numbers could add up to 0: what divides all other terms divides the number.</summary>
    private bool MayVanish()
    {
        long number = terms.Where(t => t.Factors is []).Sum(t => t.Coefficient);
        long common = terms.Where(t => t.Factors is not []).Aggregate(0L, (g, t) => Gcd(g, t.Coefficient));
        return common == 0 ? number == 0 : number % common == 0;
    }

    /// <summary>Bounds that follow from symbols being at least 0; null where there is none.</summary>
    private (long? Low, long? High) Range() => ByCases(MostCases) ?? OfTerms();

    /// <summary>Bounds of each term by itself.</summary>
    private (long? Low, long? High) OfTerms()
    {
        long? low = 0;
        long? high = 0;
        foreach (Term term in terms)
        {
            if (term.Factors is [])
            {
                low += term.Coefficient;
                high += term.Coefficient;
                continue;
            }

            bool nonNegative = term.Factors.All(f => f.IsNonNegative);
            low = nonNegative && term.Coefficient > 0 ? low : null;
            high = nonNegative && term.Coefficient < 0 ? high : null;
        }

        return (low, high);
    }

    /// <summary>The first difference of two lists decides; of two that begin alike, the shorter is first.</summary>
    private static int Compare<T>(EquatableArray<T> left, EquatableArray<T> right) => left.AsSpan().SequenceCompareTo(right.AsSpan());

    private abstract record Atom : IComparable<Atom>
    {
        public abstract IEnumerable<string> Symbols { get; }

        public abstract IEnumerable<int> Locals { get; }

        public abstract bool IsNonNegative { get; }

        public abstract long Evaluate(Func<string, long> symbol);

        public abstract Dim Replace(Func<Atom, Dim?> variable);

        /// <summary>Quotients, then minima and maxima, variables of the compiler's own, and symbols.</summary>
        public int CompareTo(Atom? other) => (this, other) switch
        {
            (ExtremumAtom a, ExtremumAtom b) => a.IsMax != b.IsMax ? a.IsMax.CompareTo(b.IsMax) : a.Sizes.AsSpan().SequenceCompareTo(b.Sizes.AsSpan(), InOrder),
            (SymbolAtom a, SymbolAtom b) => string.CompareOrdinal(a.Name, b.Name),
            (LocalAtom a, LocalAtom b) => a.Number.CompareTo(b.Number),
            (FloorDivideAtom a, FloorDivideAtom b) => Compare(a.Numerator.terms, b.Numerator.terms) is not 0 and var order
                ? order
                : Compare(a.Denominator.terms, b.Denominator.terms),
            (FloorDivideAtom, not null) or (ExtremumAtom, LocalAtom or SymbolAtom) or (LocalAtom, SymbolAtom) => -1,
            _ => 1,
        };
    }

    private sealed record SymbolAtom(string Name) : Atom
    {
        public override IEnumerable<string> Symbols => [Name];

        public override IEnumerable<int> Locals => [];

        public override bool IsNonNegative => true;

        public override long Evaluate(Func<string, long> symbol) => symbol(Name);

        public override Dim Replace(Func<Atom, Dim?> variable) => variable(this) ?? Named(Name);

        public override string ToString() => Display(Name);
    }

    private sealed record LocalAtom(int Number) : Atom
    {
        public override IEnumerable<string> Symbols => [];

        public override IEnumerable<int> Locals => [Number];

        public override bool IsNonNegative => true;

        public override long Evaluate(Func<string, long> symbol) => throw new InvalidOperationException("A variable of a loop has no value outside of it.");

        public override Dim Replace(Func<Atom, Dim?> variable) => variable(this) ?? OfLocal(Number);

        public override string ToString() => $"%{Number}";
    }

    private sealed record FloorDivideAtom(Dim Numerator, Dim Denominator) : Atom
    {
        public override IEnumerable<string> Symbols => Numerator.Symbols.Concat(Denominator.Symbols);

        public override IEnumerable<int> Locals => Numerator.Locals.Concat(Denominator.Locals);

        public override bool IsNonNegative => AtLeast(Numerator, 0) == true && AtLeast(Denominator, 0) == true;

        public override long Evaluate(Func<string, long> symbol)
        {
            long denominator = Denominator.Evaluate(symbol);
            return denominator == 0
                ? throw new BindingException($"The dimension {this} divides by {Denominator}, which is 0 for these arguments.")
                : Floor(Numerator.Evaluate(symbol), denominator);
        }

        public override Dim Replace(Func<Atom, Dim?> variable) => FloorDivide(Numerator.Replace(variable), Denominator.Replace(variable));

        public override string ToString() => $"({Within(Numerator)} / {Within(Denominator)})";

        /// <summary>In parentheses unless it is a number or a symbol.</summary>
        private static string Within(Dim dim) => dim.Constant >= 0 || dim.Symbol is not null ? $"{dim}" : $"({dim})";
    }

    private sealed record Term(long Coefficient, EquatableArray<Atom> Factors) : IComparable<Term>
    {
        /// <summary>The quotient, if there is no remainder.</summary>
        public Term? Divide(Term divisor)
        {
            List<Atom> left = [.. Factors];
            return Coefficient % divisor.Coefficient == 0 && divisor.Factors.All(left.Remove)
                ? new Term(Coefficient / divisor.Coefficient, [.. left])
                : null;
        }

        /// <summary>More factors first.</summary>
        public int CompareTo(Term? other)
        {
            if (other is null)
            {
                return 1;
            }

            int order = other.Factors.Count.CompareTo(Factors.Count);
            order = order != 0 ? order : Compare(Factors, other.Factors);
            return order != 0 ? order : Coefficient.CompareTo(other.Coefficient);
        }

        public override string ToString()
        {
            string number = Coefficient.ToString(CultureInfo.InvariantCulture);
            string product = string.Join("*", Factors);
            return Factors is [] ? number : Coefficient == 1 ? product : Coefficient == -1 ? $"-{product}" : $"{number}*{product}";
        }
    }
}
