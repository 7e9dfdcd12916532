namespace GraphCompiler.Loops;

/// <summary>Keeps small buffers in variables, an element each, where every access says in numbers which element it means.</summary>
internal static class ScalarReplacement
{
    /// <summary>The buffers that may lie in variables.</summary>
    /// <param name="statement">All that uses them.</param>
    /// <param name="candidates">Which are asked for.</param>
    /// <param name="most">The most elements that such a buffer has.</param>
    public static HashSet<LoopBuffer> Find(LoopStatement statement, IEnumerable<LoopBuffer> candidates, int most)
    {
        HashSet<LoopBuffer> found = [.. candidates.Where(b => b.Length is Literal { Bits: var length } && length <= most && b.Storage.Row().ComputedAs == b.Storage)];
        Visit(statement, isSerial: true);
        return found;

        void Visit(LoopStatement part, bool isSerial)
        {
            foreach (Load load in LoopTree.Values(part).SelectMany(LoopTree.Values).OfType<Load>())
            {
                Check(load.Buffer, load.Index);
            }

            switch (part)
            {
                case Store store when isSerial:
                    Check(store.Buffer, store.Index);
                    break;
                case Store store:
                    // Iterations that are independent of each other have no variable in common.
                    found.Remove(store.Buffer);
                    break;
                case Prefetch prefetch:
                    found.Remove(prefetch.Buffer);
                    break;
                case Invoke invoke:
                    found.ExceptWith(invoke.Parts.Select(p => p.Buffer));
                    break;
                case CallHost call:
                    found.ExceptWith(call.Buffers);
                    break;
            }

            foreach (LoopStatement child in LoopTree.Children(part))
            {
                Visit(child, isSerial && part is not For { Kind: not LoopKind.Serial });
            }
        }

        void Check(LoopBuffer buffer, LoopValue index)
        {
            if (index is not Literal { Bits: >= 0 } literal || (buffer.Length is Literal { Bits: var length } && literal.Bits >= length))
            {
                found.Remove(buffer);
            }
        }
    }

    /// <summary>The statement with variables in place of buffers.</summary>
    public static LoopStatement Run(LoopStatement statement, IReadOnlyDictionary<LoopBuffer, Local[]> variables)
    {
        var rewriter = new LoopTree.Rewriter(value => value is Load { Index: Literal index } load && variables.TryGetValue(load.Buffer, out Local[]? elements) ? elements[index.Bits] : value);
        return Stores(rewriter.Rewrite(statement));

        LoopStatement Stores(LoopStatement part) => part is Store { Index: Literal index } store && variables.TryGetValue(store.Buffer, out Local[]? elements)
            ? new Assign(elements[index.Bits], store.Value)
            : LoopTree.WithChildren(part, Stores);
    }
}
