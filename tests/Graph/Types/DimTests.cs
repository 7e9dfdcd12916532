using CsCheck;
using GraphCompiler.Tests.Options;

namespace GraphCompiler.Tests.Types;

public class DimTests
{
    private static readonly string[] Names = ["M", "N"];

    /// <summary>An expression as a dim, and as a function of the symbols that knows nothing of dims.</summary>
    private sealed record Formula(Dim Dim, Func<long, long, long> Value);

    private static readonly Gen<long> Divisors = Gen.Int[0, 6].Select(i => (long)new[] { -3, -1, 1, 2, 3, 4, 6 }[i]);

    private static readonly Gen<Formula> Leaves = Gen.Frequency(
        (2, Gen.Int[-5, 7].Select(c => new Formula(c, (_, _) => c))),
        (2, Gen.Const(new Formula("M", (m, _) => m))),
        (2, Gen.Const(new Formula("N", (_, n) => n))));

    private static readonly Gen<Formula> Formulas = Gen.Recursive<Formula>((depth, self) => depth > 3 ? Leaves : Gen.Frequency(
        (2, Leaves),
        (2, Gen.Select(self, self, (a, b) => new Formula(a.Dim + b.Dim, (m, n) => a.Value(m, n) + b.Value(m, n)))),
        (1, Gen.Select(self, self, (a, b) => new Formula(a.Dim - b.Dim, (m, n) => a.Value(m, n) - b.Value(m, n)))),
        (1, Gen.Select(self, self, (a, b) => new Formula(a.Dim * b.Dim, (m, n) => a.Value(m, n) * b.Value(m, n)))),
        (1, Gen.Select(self, self, (a, b) => new Formula(Dim.Max(a.Dim, b.Dim), (m, n) => Math.Max(a.Value(m, n), b.Value(m, n))))),
        (1, Gen.Select(self, self, (a, b) => new Formula(Dim.Min(a.Dim, b.Dim), (m, n) => Math.Min(a.Value(m, n), b.Value(m, n))))),
        (2, Gen.Select(self, Divisors, (a, d) => new Formula(a.Dim / d, (m, n) => Floor(a.Value(m, n), d))))));

    private static long Floor(long a, long b) => (long)Math.Floor((double)a / b);

    private static long Evaluate(Dim dim, long m, long n) => dim.Evaluate(name => name == "M" ? m : n);

    [Test]
    public void Arithmetic_agrees_with_integers() => Gen.Select(Formulas, Gen.Long[0, 9], Gen.Long[0, 9])
        .Sample((f, m, n) => Evaluate(f.Dim, m, n) == f.Value(m, n), iter: 2000);

    [Test]
    public void The_laws_of_a_ring_hold_in_canonical_form() => Gen.Select(Formulas, Formulas, Formulas).Sample(
        (a, b, c) => a.Dim + b.Dim == b.Dim + a.Dim
            && a.Dim * b.Dim == b.Dim * a.Dim
            && a.Dim + (b.Dim + c.Dim) == a.Dim + b.Dim + c.Dim
            && a.Dim * (b.Dim + c.Dim) == (a.Dim * b.Dim) + (a.Dim * c.Dim)
            && a.Dim - a.Dim == 0
            && a.Dim * 1 == a.Dim
            && (a.Dim + b.Dim - b.Dim).GetHashCode() == a.Dim.GetHashCode(),
        iter: 500);

    [Test]
    public void What_is_said_of_two_sizes_holds() => Gen.Select(Formulas, Formulas, Gen.Long[0, 9], Gen.Long[0, 9]).Sample(
        (a, b, m, n) => Dim.AtLeast(a.Dim, b.Dim) is not { } atLeast || atLeast == (a.Value(m, n) >= b.Value(m, n))
            && (Dim.Same(a.Dim, b.Dim) is not { } same || same == (a.Value(m, n) == b.Value(m, n))),
        iter: 2000);

    [Test]
    public void Minima_and_maxima_have_one_form() => Gen.Select(Formulas, Formulas, Leaves, Gen.Int[-5, 5]).Sample(
        (a, b, c, number) => Dim.Max(a.Dim, b.Dim) == Dim.Max(b.Dim, a.Dim)
            && Dim.Min(a.Dim, a.Dim) == a.Dim
            && Dim.Max(a.Dim + number, b.Dim + number) == Dim.Max(a.Dim, b.Dim) + number
            && Dim.Min(a.Dim, Dim.Min(b.Dim, c.Dim)).GetHashCode() == Dim.Min(Dim.Min(b.Dim, c.Dim), a.Dim).GetHashCode(),
        iter: 500);

    [Test]
    public void Minima_and_maxima_are_compared_and_printed()
    {
        (Dim m, Dim n) = ("M", "N");
        using (Assert.EnterMultipleScope())
        {
            Assert.That($"{Dim.Max(n, m)}", Is.EqualTo("max(M, N)"));
            Assert.That($"{(2 * Dim.Min(n, 512)) + 1}", Is.EqualTo("2*min(N, 512) + 1"));
            Assert.That($"{Dim.Max(n - 1, 0)}", Is.EqualTo("max(N, 1) - 1"));
            Assert.That(Dim.Max(n, 0), Is.EqualTo(n));
            Assert.That(Dim.Min(3, 5), Is.EqualTo((Dim)3));
            Assert.That(Dim.Max(m, Dim.Max(n, m + 1)), Is.EqualTo(Dim.Max(n, m + 1)));
            Assert.That(Dim.AtLeast(n, Dim.Min(n, m)), Is.True);
            Assert.That(Dim.AtLeast(Dim.Max(n, m), m), Is.True);
            Assert.That(Dim.AtLeast(Dim.Max(n, m), Dim.Min(n, m)), Is.True);
            Assert.That(Dim.AtLeast(Dim.Min(n, 3), 4), Is.False);
            Assert.That(Dim.AtLeast(Dim.Min(n, m), n), Is.Null);
            Assert.That(Dim.Same(Dim.Max(n, 5), 4), Is.False);
            Assert.That(Dim.AtLeast(Dim.Max(n - 4, 0), 0), Is.True);
            Assert.That(Dim.Max(n, m).Substitute(name => name == "N" ? m + 1 : null), Is.EqualTo(m + 1));
            Assert.That(Evaluate(Dim.Min(n, m) * Dim.Max(n, 2) / 3, 4, 7), Is.EqualTo(9));
        }
    }

    [Test]
    public void Whole_multiples_leave_a_floor_quotient() => Gen.Select(Formulas, Formulas, Divisors)
        .Sample((a, b, d) => ((a.Dim * d) + b.Dim) / d == a.Dim + (b.Dim / d), iter: 500);

    [Test]
    public void A_common_factor_of_a_quotient_goes_away()
    {
        Assert.That((Dim)"N" * 2 / 4, Is.EqualTo((Dim)"N" / 2));
        Assert.That((((Dim)"N" * 2) + 1) / 4, Is.EqualTo((Dim)"N" / 2));
        Assert.That(((Dim)"N" + 3) / 2, Is.EqualTo((((Dim)"N" + 1) / 2) + 1));
        Assert.That((Dim)0 / ((Dim)"N" + 1), Is.EqualTo((Dim)0));
        Assert.That((Dim)"N" * "M" / "N", Is.EqualTo((Dim)"M"));
        Assert.That(((Dim)"N" + 1) / ((Dim)"N" + 1), Is.EqualTo((Dim)1));
    }

    [Test]
    public void Comparisons_are_never_wrong() => Gen.Select(Formulas, Formulas).Sample(
        (a, b) =>
        {
            (long, long)[] all = [.. from m in Enumerable.Range(0, 7) from n in Enumerable.Range(0, 7) select ((long)m, (long)n)];
            bool? atLeast = Dim.AtLeast(a.Dim, b.Dim);
            bool? same = Dim.Same(a.Dim, b.Dim);
            return (atLeast is not { } yes || all.All(p => (a.Value(p.Item1, p.Item2) >= b.Value(p.Item1, p.Item2)) == yes))
                && (same is not { } equal || all.All(p => (a.Value(p.Item1, p.Item2) == b.Value(p.Item1, p.Item2)) == equal));
        },
        iter: 1000);

    [TestCase("N", 0, true)]
    [TestCase("N", 1, null)]
    public void A_symbol_is_at_least_zero(string symbol, int bound, bool? expected) => Assert.That(Dim.AtLeast(symbol, bound), Is.EqualTo(expected));

    [Test]
    public void Comparisons_decide_what_they_can()
    {
        Dim n = "N";
        Assert.That(Dim.AtLeast(n + 1, 1), Is.True);
        Assert.That(Dim.AtLeast(n * -1, 1), Is.False);
        Assert.That(Dim.AtLeast((n + 1) / 2, 0), Is.True);
        Assert.That(Dim.AtLeast(n * "M", 0), Is.True);
        Assert.That(Dim.Same(n + 1, n), Is.False);
        Assert.That(Dim.Same(n, "M"), Is.Null);
        Assert.That(Dim.Same(n + 1, 0), Is.False);
        Assert.That(Dim.Same(n, 3), Is.Null);
    }

    /// <summary>What takes a symbol's place is a size, too: at least 0.</summary>
    [Test]
    public void Substitution_commutes_with_evaluation() => Gen.Select(Formulas, Formulas, Gen.Long[0, 9], Gen.Long[0, 9]).Where((_, g, m, n) => g.Value(m, n) >= 0).Sample(
        (f, g, m, n) => Evaluate(f.Dim.Substitute(name => name == "M" ? g.Dim : null), m, n) == f.Value(g.Value(m, n), n),
        iter: 1000);

    [Test]
    public void Folding_rebuilds_the_value() => Gen.Select(Formulas, Gen.Long[0, 9], Gen.Long[0, 9]).Sample(
        (f, m, n) => f.Dim.Fold(c => c, s => s == "M" ? m : n, (a, b) => a + b, (a, b) => a * b, Floor, Math.Min, Math.Max) == f.Value(m, n),
        iter: 500);

    [Test]
    public void Equality_and_text_know_no_culture([ValueSource(typeof(TestCulture), nameof(TestCulture.Names))] string culture)
    {
        static Dim Size() => (((Dim)"N" * -3) - 1) / ((Dim)"M" - 2);
        Dim there = TestCulture.Under(TestCulture.Of(culture), () =>
        {
            Dim size = Size();
            Assert.That($"{size}", Is.EqualTo("((-3*N - 1) / (M - 2))"));
            return size;
        });
        Assert.That(there, Is.EqualTo(Size()));
        Assert.That(there.GetHashCode(), Is.EqualTo(Size().GetHashCode()));
        Assert.That(there + Size(), Is.EqualTo(Size() * 2));
        Assert.That(there - Size(), Is.EqualTo((Dim)0));
    }

    [Test]
    public void Prints_as_a_polynomial()
    {
        Dim n = "N";
        Assert.That($"{n}", Is.EqualTo("N"));
        Assert.That($"{(n * 2) + 1}", Is.EqualTo("2*N + 1"));
        Assert.That($"{n - 1}", Is.EqualTo("N + -1".Replace("+ -", "- ", StringComparison.Ordinal)));
        Assert.That($"{(n * n) - (n * "M" * 3) - "M"}", Is.EqualTo("-3*M*N + N*N - M"));
        Assert.That($"{(n + 3) / 2}", Is.EqualTo("((N + 1) / 2) + 1"));
        Assert.That($"{n - n}", Is.EqualTo("0"));
    }

    [Test]
    public void Knows_its_symbol_and_constant()
    {
        Assert.That(((Dim)"N").Symbol, Is.EqualTo("N"));
        Assert.That(((Dim)"N" * 2).Symbol, Is.Null);
        Assert.That(((Dim)7).Constant, Is.EqualTo(7));
        Assert.That(((Dim)"N").Constant, Is.Null);
        Assert.That((((Dim)"N" * "M") + ((Dim)"N" / 2)).Symbols, Is.EquivalentTo(Names));
    }

    [TestCase("")]
    [TestCase("2N")]
    [TestCase("a b")]
    public void A_symbol_is_an_identifier(string name) =>
        Assert.That(() => Dim.OfSymbol(name), Throws.TypeOf<ShapeException>().With.Message.Contains("letters, digits and underscores"));

    [Test]
    public void Division_by_zero_is_an_error()
    {
        Assert.That(() => (Dim)"N" / 0, Throws.TypeOf<ShapeException>().With.Message.Contains("divided by zero"));
        Assert.That(() => ((Dim)4 / "N").Evaluate(_ => 0), Throws.TypeOf<BindingException>().With.Message.Contains("divides by N"));
    }

    /// <summary>Whatever the symbols, an order of magnitude is no error.</summary>
    [Test]
    public void Counts_as_a_nominal_size()
    {
        Dim n = "N";
        using (Assert.EnterMultipleScope())
        {
            Assert.That(((n * 2) + 1).Nominal, Is.EqualTo(129));
            Assert.That(((n + 1) / 2).Nominal, Is.EqualTo(32));
            Assert.That((n - 100).Nominal, Is.Zero);
            Assert.That((n / (n - 64)).Nominal, Is.Zero);
            Assert.That((n + long.MaxValue).Nominal, Is.EqualTo((n * n * n * n * n * n * n * n * n * n * n * n).Nominal).And.Positive);
        }
    }
}
