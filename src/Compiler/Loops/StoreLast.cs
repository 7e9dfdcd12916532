using System.Collections.Immutable;

namespace GraphCompiler.Loops;

/// <summary>
/// Computes all values of a block before it stores the first, where the block only computes and stores: what is stored may then lie where
/// something was that another value of the block needs.
/// </summary>
internal static class StoreLast
{
    public static Kernel Run(Kernel kernel) => kernel with { Body = Rewrite(kernel.Body) };

    private static LoopStatement Rewrite(LoopStatement statement) =>
        LoopTree.WithChildren(statement, Rewrite) is var rewritten && rewritten is Block block ? Reorder(block) : rewritten;

    private static Block Reorder(Block block)
    {
        ImmutableArray<LoopStatement> statements = block.Statements;
        Store[] stores = [.. statements.OfType<Store>()];
        int first = statements.IndexOf(stores.FirstOrDefault()!);
        HashSet<LoopBuffer> written = [.. stores.Select(s => s.Buffer)];
        bool onlyComputes = statements.Skip(Math.Max(0, first)).All(s => s is Store or Let or Assign && !LoopTree.Values(s).SelectMany(LoopTree.Values).Any(v => v is Load load && written.Contains(load.Buffer)));
        if (stores.Length < 2 || written.Count < stores.Length || !onlyComputes)
        {
            return block;
        }

        List<LoopStatement> result = [.. statements.Take(first)];
        List<Store> last = [];
        foreach (LoopStatement statement in statements.Skip(first))
        {
            if (statement is Store store)
            {
                var value = new Local("stored", store.Value.Type);
                result.Add(new Let(value, store.Value));
                last.Add(store with { Value = value });
            }
            else
            {
                result.Add(statement);
            }
        }

        return new Block([.. result, .. last]);
    }
}
