using System.Buffers;

namespace GraphCompiler.Planning;

/// <summary>The values of many dimensions for values of their symbols: each sum, product, quotient, minimum and maximum is computed once, and nothing is allocated.</summary>
internal sealed class SizeProgram
{
    private const int ValuesOnStack = 256;

    private readonly Dim[] dims;
    private readonly string[] symbols;
    private readonly List<Step> steps = [];
    private readonly Dictionary<Step, int> known = [];
    private readonly int[] results;

    /// <param name="dims">The dimensions.</param>
    /// <param name="symbols">The symbols in the order of their values.</param>
    public SizeProgram(IEnumerable<Dim> dims, string[] symbols)
    {
        this.dims = [.. dims];
        this.symbols = symbols;
        Dictionary<string, int> positions = symbols.Select((s, i) => (s, i)).ToDictionary(p => p.s, p => p.i, StringComparer.Ordinal);
        results =
        [
            .. this.dims.Select(dim => dim.Fold(
                number => Place(new Step(Kind.Number, number, 0)),
                name => Place(new Step(Kind.Symbol, positions.GetValueOrDefault(name, -1), 0)),
                (x, y) => Place(new Step(Kind.Sum, x, y)),
                (x, y) => Place(new Step(Kind.Product, x, y)),
                (x, y) => Place(new Step(Kind.Quotient, x, y)),
                (x, y) => Place(new Step(Kind.Least, x, y)),
                (x, y) => Place(new Step(Kind.Largest, x, y)))),
        ];
    }

    private enum Kind
    {
        Number,
        Symbol,
        Sum,
        Product,
        Quotient,
        Least,
        Largest,
    }

    /// <summary>How many dimensions there are.</summary>
    public int Count => dims.Length;

    /// <summary>Computes all dimensions.</summary>
    /// <exception cref="BindingException">A dimension divides by one that is 0.</exception>
    /// <exception cref="OverflowException">A value does not fit into 64 bits.</exception>
    public void Evaluate(ReadOnlySpan<long> values, Span<long> sizes)
    {
        long[]? rented = steps.Count <= ValuesOnStack ? null : ArrayPool<long>.Shared.Rent(steps.Count);
        try
        {
            Span<long> own = rented ?? stackalloc long[ValuesOnStack];
            for (int i = 0; i < steps.Count; i++)
            {
                Step step = steps[i];
                (int x, int y) = step.Kind is Kind.Number ? default : ((int)step.X, (int)step.Y);
                own[i] = step.Kind switch
                {
                    Kind.Number => step.X,
                    Kind.Symbol => values[x],
                    Kind.Sum => checked(own[x] + own[y]),
                    Kind.Product => checked(own[x] * own[y]),
                    Kind.Least => Math.Min(own[x], own[y]),
                    Kind.Largest => Math.Max(own[x], own[y]),
                    _ => Floor(own[x], own[y]),
                };
            }

            for (int i = 0; i < results.Length; i++)
            {
                sizes[i] = own[results[i]];
            }
        }
        catch (DivideByZeroException)
        {
            Name(values.ToArray());
            throw;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<long>.Shared.Return(rented);
            }
        }
    }

    /// <summary>Says which dimension it is that divides by 0. A method of its own: what holds a closure allocates it whenever it is entered.</summary>
    private void Name(long[] values) => Array.ForEach(dims, dim => dim.Evaluate(name => values[Array.IndexOf(symbols, name)]));

    private static long Floor(long x, long y)
    {
        (long quotient, long rest) = Math.DivRem(x, y);
        return rest != 0 && (rest < 0) != (y < 0) ? quotient - 1 : quotient;
    }

    private int Place(Step step)
    {
        if (!known.TryGetValue(step, out int at))
        {
            at = steps.Count;
            steps.Add(step);
            known.Add(step, at);
        }

        return at;
    }

    /// <summary>A number, the position of a symbol, or arithmetic on the values of two earlier steps.</summary>
    private sealed record Step(Kind Kind, long X, long Y);
}
