using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// An index as a constant plus terms, each a coefficient times atoms: locals, extents, or values that are no sum or product. Written so,
/// the parts that stay fixed in a loop can be told from those that change. Exact, because Int64 arithmetic is a ring modulo 2^64.
/// </summary>
internal sealed record IndexPolynomial(long Constant, ImmutableArray<IndexTerm> Terms)
{
    // Beyond this a product is kept as it was written: multiplying out would cost more than it could hoist.
    private const int MostTerms = 12;

    private static readonly IndexPolynomial Zero = new(0, []);

    public static IndexPolynomial OfConstant(long value) => new(value, []);

    public static IndexPolynomial OfAtom(LoopValue atom) => new(0, [new IndexTerm(1, [atom])]);

    /// <summary>Decomposes an Int64 value; <paramref name="expand"/> may say what a local stands for.</summary>
    public static IndexPolynomial Of(LoopValue value, Func<Local, IndexPolynomial?>? expand = null)
    {
        switch (value)
        {
            case Literal literal:
                return OfConstant(literal.Bits);
            case Local local when expand?.Invoke(local) is { } expansion:
                return expansion;
            case UnaryValue { Function: UnaryFunction.Negate } negate:
                return Of(negate.X, expand).Times(-1);
            case BinaryValue { Function: BinaryFunction.Add } add:
                return Of(add.X, expand).Plus(Of(add.Y, expand));
            case BinaryValue { Function: BinaryFunction.Subtract } subtract:
                return Of(subtract.X, expand).Plus(Of(subtract.Y, expand).Times(-1));
            case BinaryValue { Function: BinaryFunction.ShiftLeft, Y: Literal count } shift when shift.HasLiteralCount:
                return Of(shift.X, expand).Times(unchecked(1L << (int)count.Bits));
            case BinaryValue { Function: BinaryFunction.Multiply } multiply:
                IndexPolynomial x = Of(multiply.X, expand);
                IndexPolynomial y = Of(multiply.Y, expand);
                return (x.Terms.Length + 1) * (y.Terms.Length + 1) <= MostTerms ? x.Times(y) : OfAtom(value);
            case ConvertValue { To: DType.Int64, X.Type: DType.Int64 } same:
                return Of(same.X, expand);
            default:
                return OfAtom(value);
        }
    }

    public IndexPolynomial Plus(IndexPolynomial other)
    {
        if (other.Terms.IsEmpty)
        {
            return other.Constant == 0 ? this : this with { Constant = unchecked(Constant + other.Constant) };
        }

        if (Terms.IsEmpty)
        {
            return Constant == 0 ? other : other with { Constant = unchecked(Constant + other.Constant) };
        }

        List<IndexTerm> terms = [.. Terms];
        foreach (IndexTerm term in other.Terms)
        {
            int same = terms.FindIndex(candidate => candidate.HasAtomsOf(term));
            if (same < 0)
            {
                terms.Add(term);
            }
            else
            {
                terms[same] = terms[same] with { Coefficient = unchecked(terms[same].Coefficient + term.Coefficient) };
            }
        }

        return new(unchecked(Constant + other.Constant), [.. terms.Where(term => term.Coefficient != 0)]);
    }

    public IndexPolynomial Minus(IndexPolynomial other) => Plus(other.Times(-1));

    public IndexPolynomial Times(long factor) => factor == 0
        ? Zero
        : new(unchecked(Constant * factor), [.. Terms.Select(term => term with { Coefficient = unchecked(term.Coefficient * factor) }).Where(term => term.Coefficient != 0)]);

    public IndexPolynomial Times(IndexPolynomial other)
    {
        IndexPolynomial result = Times(other.Constant);
        foreach (IndexTerm term in other.Terms)
        {
            result = result.Plus(new(
                0,
                [
                    .. Terms.Select(mine => new IndexTerm(unchecked(mine.Coefficient * term.Coefficient), [.. mine.Atoms, .. term.Atoms])),
                    term with { Coefficient = unchecked(term.Coefficient * Constant) },
                ]));
        }

        return new(result.Constant, [.. result.Terms.Where(term => term.Coefficient != 0)]);
    }

    /// <summary>
    /// Splits off what grows with a local: index = Coefficient · local + the rest. False if it does not grow in proportion to a constant.
    /// </summary>
    public bool TrySplit(Local variable, Func<LoopValue, bool> varies, out long coefficient, [NotNullWhen(true)] out IndexPolynomial? rest)
    {
        coefficient = 0;
        rest = null;
        var fixedTerms = ImmutableArray.CreateBuilder<IndexTerm>();
        foreach (IndexTerm term in Terms)
        {
            if (term.Atoms is [Local only] && only == variable)
            {
                coefficient = unchecked(coefficient + term.Coefficient);
            }
            else if (term.Atoms.Any(varies))
            {
                return false;
            }
            else
            {
                fixedTerms.Add(term);
            }
        }

        rest = new(Constant, fixedTerms.ToImmutable());
        return true;
    }
}

/// <summary>A coefficient times atoms.</summary>
internal sealed record IndexTerm(long Coefficient, ImmutableArray<LoopValue> Atoms)
{
    /// <summary>Whether two terms differ at most in their coefficients; the order of atoms does not matter.</summary>
    public bool HasAtomsOf(IndexTerm other)
    {
        if (Atoms.Length != other.Atoms.Length)
        {
            return false;
        }

        if (Atoms.Length == 1)
        {
            return AreSame(Atoms[0], other.Atoms[0]);
        }

        List<LoopValue> left = [.. other.Atoms];
        foreach (LoopValue atom in Atoms)
        {
            int same = left.FindIndex(candidate => AreSame(atom, candidate));
            if (same < 0)
            {
                return false;
            }

            left.RemoveAt(same);
        }

        return true;
    }

    // Deep equality of records would walk whole DAGs; identity is enough for atoms that are neither locals nor extents.
    private static bool AreSame(LoopValue x, LoopValue y) => ReferenceEquals(x, y) || (x is Extent a && y is Extent b && a.Slot == b.Slot);
}
