using System.Linq.Expressions;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>
/// Splits an index into what each loop around it fixes. The fixed parts become addresses in front of the loops; what is left inside the
/// innermost loop is an address, the part that changes there, and a constant displacement: one addressing mode.
/// </summary>
internal sealed class AddressEmitter(EmitContext context, ScalarEmitter scalars)
{
    private readonly Dictionary<LoopBuffer, ParameterExpression> bases = [];

    public void SetBase(LoopBuffer buffer, ParameterExpression address) => bases.Add(buffer, address);

    /// <summary>The three arguments that every load and store helper takes.</summary>
    public (E Address, E Index, E Displacement) Resolve(LoopBuffer buffer, IndexPolynomial index)
    {
        int size = buffer.Storage.Size();
        int depth = context.Depth;
        bool fits = index.Constant is > -(1 << 28) and < 1 << 28;
        var groups = new List<IndexTerm>?[depth + 1];
        foreach (IndexTerm term in index.Terms)
        {
            int level = 0;
            foreach (LoopValue atom in term.Atoms)
            {
                level = Math.Max(level, context.Level(atom));
            }

            (groups[level] ??= []).Add(term);
        }

        ParameterExpression address = bases[buffer];
        for (int level = 0; level < depth; level++)
        {
            if (groups[level] is { } terms)
            {
                address = Advance(address, [.. terms], level, buffer);
            }
        }

        E offset = Sum(groups[depth] ?? [], fits ? 0 : index.Constant);
        return (address, offset, E.Constant(fits ? (int)index.Constant * size : 0));
    }

    /// <summary>The address of an element.</summary>
    public E AddressOf(LoopBuffer buffer, E index) => E.Call(
        Methods.Find(typeof(Memory), nameof(Memory.Advance), [typeof(nint), typeof(long)], buffer.Storage.ClrType()), bases[buffer], index);

    /// <summary>A polynomial as an Int64 expression.</summary>
    public E Sum(IReadOnlyList<IndexTerm> terms, long constant)
    {
        E? sum = null;
        foreach (IndexTerm term in terms)
        {
            E? product = null;
            foreach (LoopValue atom in term.Atoms)
            {
                E factor = scalars.Emit(atom);
                product = product is null ? factor : E.Multiply(product, factor);
            }

            // a·x − b·y reads and runs better than a·x + (−b)·y.
            bool negative = sum is not null && term.Coefficient < 0 && term.Coefficient != long.MinValue;
            long coefficient = negative ? -term.Coefficient : term.Coefficient;
            product = coefficient == 1 ? product! : E.Multiply(product!, E.Constant(coefficient));
            sum = sum is null ? product : negative ? E.Subtract(sum, product) : E.Add(sum, product);
        }

        return sum is null ? E.Constant(constant) : constant == 0 ? sum : E.Add(sum, E.Constant(constant));
    }

    public E Sum(IndexPolynomial polynomial) => Sum(polynomial.Terms, polynomial.Constant);

    private ParameterExpression Advance(ParameterExpression address, IndexTerm[] terms, int level, LoopBuffer buffer)
    {
        return context.Hoist(level, new AddressKey(address, terms), buffer.Name, () => E.Call(
            Methods.Find(typeof(Memory), nameof(Memory.Advance), [typeof(nint), typeof(long)], buffer.Storage.ClrType()),
            address,
            Sum(terms, 0)));
    }

    private sealed class AddressKey(ParameterExpression address, IndexTerm[] terms) : IEquatable<AddressKey>
    {
        private readonly ParameterExpression address = address;
        private readonly IndexTerm[] terms = terms;

        public bool Equals(AddressKey? other) =>
            other is not null && address == other.address && terms.Length == other.terms.Length
            && terms.All(term => other.terms.Any(candidate => candidate.Coefficient == term.Coefficient && candidate.HasAtomsOf(term)));

        public override bool Equals(object? obj) => Equals(obj as AddressKey);

        public override int GetHashCode() => HashCode.Combine(address, terms.Length);
    }
}
