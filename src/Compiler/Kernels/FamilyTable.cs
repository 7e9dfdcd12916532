using System.Collections.Concurrent;

namespace GraphCompiler.Kernels;

/// <summary>Rows for families of operations: an operation's is that of its type, or of the nearest of its bases that has one.</summary>
/// <param name="name">Where the table stands.</param>
/// <param name="rows">The rows, each with the families that it is for.</param>
internal sealed class FamilyTable<TRow>(string name, params (TRow Row, Type[] Families)[] rows)
    where TRow : class
{
    private readonly ConcurrentDictionary<Type, TRow> known = new();

    public IEnumerable<Type> Families => rows.SelectMany(r => r.Families);

    /// <exception cref="InvalidOperationException">The operation has no row.</exception>
    public TRow Of(Type op) => known.TryGetValue(op, out TRow? row) ? row : known.GetOrAdd(op, Find);

    private TRow Find(Type op)
    {
        for (Type? family = op; family is not null; family = family.BaseType)
        {
            foreach ((TRow row, Type[] families) in rows)
            {
                if (families.Contains(family))
                {
                    return row;
                }
            }
        }

        throw new InvalidOperationException($"{op.Name} has no row in {name}: add one for it or its family.");
    }
}
