using System.Collections.Concurrent;

namespace GraphCompiler.Kernels;

/// <summary>A row for each family of operations: an operation's is that of its type, or of the nearest of its bases that has one.</summary>
/// <param name="rows">The rows.</param>
/// <param name="name">Where they stand.</param>
internal sealed class FamilyTable<TRow>(IReadOnlyDictionary<Type, TRow> rows, string name)
    where TRow : class
{
    private readonly ConcurrentDictionary<Type, TRow> known = new();

    public IEnumerable<Type> Families => rows.Keys;

    /// <exception cref="InvalidOperationException">The operation has no row.</exception>
    public TRow Of(Type op) => known.GetOrAdd(op, Find);

    private TRow Find(Type op)
    {
        for (Type? family = op; family is not null; family = family.BaseType)
        {
            if (rows.TryGetValue(family, out TRow? row))
            {
                return row;
            }
        }

        throw new InvalidOperationException($"{op.Name} has no row in {name}: add one for it or its family.");
    }
}
