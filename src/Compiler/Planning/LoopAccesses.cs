using GraphCompiler.Loops;

namespace GraphCompiler.Planning;

/// <summary>What a kernel's loops read and write, in which order and at which indices.</summary>
internal sealed class LoopAccesses
{
    private readonly Kernel kernel;
    private readonly EquatableArray<Dim> extents;
    private readonly Dim range;
    private readonly List<Access> accesses = [];
    private readonly Dictionary<Local, LoopValue> definitions = [];
    private readonly HashSet<Local> assigned = [];
    private readonly HashSet<LoopBuffer> indexing = [];
    private readonly Dictionary<Local, int> numbers = [];
    private readonly Dictionary<LoopValue, Dim?> known = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LoopBuffer, bool> storedOnce = [];
    private readonly Dictionary<(LoopBuffer Output, LoopBuffer Loaded), bool> precedes = [];

    /// <param name="kernel">The loops.</param>
    /// <param name="extents">The dimension behind each extent.</param>
    /// <param name="range">The size of the parallel range.</param>
    public LoopAccesses(Kernel kernel, EquatableArray<Dim> extents, Dim range)
    {
        (this.kernel, this.extents, this.range) = (kernel, extents, range);
        Visit(kernel.Body, []);
        foreach (Access access in accesses)
        {
            FindLoads(access.Index, []);
        }
    }

    /// <summary>Whether <paramref name="output"/> may lie where the buffers are that are all one memory.</summary>
    public bool MayReplace(LoopBuffer output, IReadOnlyCollection<LoopBuffer> loaded) =>
        !loaded.Any(b => b.Writable || b.Storage.Size() != output.Storage.Size() || indexing.Contains(b)) && StoresOnce(output) && loaded.All(b => Precede(b, output));

    /// <summary>Whether each element of a buffer is stored once, and none read.</summary>
    public bool StoresOnce(LoopBuffer output)
    {
        if (!storedOnce.TryGetValue(output, out bool once))
        {
            once = !accesses.Any(a => !a.IsStore && a.Buffer == output) && (output.IsStoredOnce || (StoresTo(output) is [var only] && IsInjective(only)));
            storedOnce.Add(output, once);
        }

        return once;
    }

    /// <summary>Whether a store puts an element into the place of another buffer that it has in its own.</summary>
    public bool StoresWhereItLoads(Store store) => store.Value is Load load && ToDim(store.Index, []) is { } to && ToDim(load.Index, []) is { } from && from == to;

    /// <summary>Whether every load precedes a store of the element.</summary>
    private bool Precede(LoopBuffer loaded, LoopBuffer output)
    {
        if (!precedes.TryGetValue((output, loaded), out bool all))
        {
            Access[] stores = StoresTo(output);
            all = accesses.Where(a => a.Buffer == loaded).All(load => stores.Any(store => Precedes(load, store)));
            precedes.Add((output, loaded), all);
        }

        return all;
    }

    private Access[] StoresTo(LoopBuffer buffer) => [.. accesses.Where(a => a.IsStore && a.Buffer == buffer)];

    private void Visit(LoopStatement statement, Scope[] path)
    {
        foreach (LoopValue value in LoopTree.Values(statement))
        {
            foreach (Load load in LoopTree.Values(value).OfType<Load>())
            {
                accesses.Add(new Access(load.Buffer, load.Index, IsStore: false, path, accesses.Count));
            }
        }

        switch (statement)
        {
            case Let let:
                definitions.Add(let.Variable, let.Value);
                break;
            case Assign assign:
                assigned.Add(assign.Variable);
                break;
            case Store store:
                accesses.Add(new Access(store.Buffer, store.Index, IsStore: true, path, accesses.Count));
                break;
            case Invoke invoke:
                // A routine reads and writes in an order of its own: nothing that it touches can lie where something else lies.
                foreach (BufferPart part in invoke.Parts)
                {
                    accesses.Add(new Access(part.Buffer, part.Offset, IsStore: false, path, int.MaxValue));
                    indexing.Add(part.Buffer);
                }

                break;
            case CallHost call:
                foreach (LoopBuffer buffer in call.Buffers)
                {
                    accesses.Add(new Access(buffer, Literal.Of(0L), IsStore: false, path, int.MaxValue));
                    indexing.Add(buffer);
                }

                break;
            case Block or For or If or Prefetch or Fail:
                break;
            default:
                throw LoopTree.Unknown(statement);
        }

        int branch = 0;
        foreach (LoopStatement child in LoopTree.Children(statement))
        {
            Visit(child, statement is Block ? path : [.. path, new Scope(statement, branch++)]);
        }
    }

    /// <summary>Emitted code may read what an index depends on later than the loops say.</summary>
    private void FindLoads(LoopValue index, HashSet<Local> seen)
    {
        foreach (LoopValue part in LoopTree.Values(index))
        {
            if (part is Load load)
            {
                indexing.Add(load.Buffer);
            }
            else if (part is Local local && definitions.TryGetValue(local, out LoopValue? definition) && seen.Add(local))
            {
                FindLoads(definition, seen);
            }
        }
    }

    /// <summary>
    /// Whether a store writes what the load reads, after it and in the same iteration of the loops around both. A loop around the load alone may
    /// stand for one around the store with the same bounds: it runs to its end first.
    /// </summary>
    private bool Precedes(Access load, Access store)
    {
        if (load.Order > store.Order)
        {
            return false;
        }

        int common = 0;
        while (common < Math.Min(load.Path.Length, store.Path.Length) && load.Path[common].IsSame(store.Path[common]))
        {
            common++;
        }

        Dictionary<Local, Local> standsFor = [];
        for (int i = common; i < store.Path.Length; i++)
        {
            if (store.Path[i].Statement is not For target || i >= load.Path.Length || load.Path[i].Statement is not For source || !HaveSameBounds(source, target))
            {
                return false;
            }

            standsFor.Add(source.Variable, target.Variable);
        }

        return ToDim(store.Index, []) is { } to && ToDim(load.Index, standsFor) is { } from && from == to;
    }

    private bool HaveSameBounds(For x, For y) =>
        x.Step == y.Step
        && ToDim(x.Begin, []) is { } begin && ToDim(y.Begin, []) is { } otherBegin && begin == otherBegin
        && ToDim(x.End, []) is { } end && ToDim(y.End, []) is { } otherEnd && end == otherEnd;

    /// <summary>Whether a store writes another element in every iteration of the loops around it: each loop steps over all that the inner ones reach.</summary>
    private bool IsInjective(Access store)
    {
        if (ToDim(store.Index, []) is not { } index)
        {
            return false;
        }

        Dim reach = 1;
        HashSet<int> variables = [];
        foreach (For loop in store.Path.Reverse().Select(s => s.Statement).OfType<For>())
        {
            if (SizeOf(loop) is not { } size)
            {
                return false;
            }

            int variable = NumberOf(loop.Variable);
            variables.Add(variable);
            if (size.Constant is 0 or 1)
            {
                continue;
            }

            Dim At(int value) => index.SubstituteLocal(l => l == variable ? value : null);
            Dim stride = At(1) - At(0);
            if (stride != At(2) - At(1) || stride.Locals.Any() || Dim.AtLeast(stride, reach) is not true)
            {
                return false;
            }

            reach = stride * size;
        }

        return index.Locals.All(variables.Contains);
    }

    private Dim? SizeOf(For loop)
    {
        if (loop.Begin == kernel.Begin && loop.End == kernel.End)
        {
            return range;
        }

        return ToDim(loop.Begin, []) is { } begin && ToDim(loop.End, []) is { } end && end - begin is var size && !size.Locals.Any() ? size : null;
    }

    /// <summary>An index as a dimension, whose form is canonical: locals become variables of its own kind. Null if it is no polynomial, or changes on the way.</summary>
    private Dim? ToDim(LoopValue value, Dictionary<Local, Local> standsFor)
    {
        if (standsFor.Count == 0 && known.TryGetValue(value, out Dim? result))
        {
            return result;
        }

        result = value switch
        {
            Literal literal => literal.Bits,
            Extent extent => extents[extent.Slot],
            Local local when assigned.Contains(local) => null,
            Local local when standsFor.TryGetValue(local, out Local? other) => Dim.OfLocal(NumberOf(other)),
            Local local when definitions.TryGetValue(local, out LoopValue? definition) => ToDim(definition, standsFor) ?? Dim.OfLocal(NumberOf(local)),
            Local local => Dim.OfLocal(NumberOf(local)),
            BinaryValue { Function: BinaryFunction.Add } add => Combine(add, (x, y) => x + y),
            BinaryValue { Function: BinaryFunction.Subtract } subtract => Combine(subtract, (x, y) => x - y),
            BinaryValue { Function: BinaryFunction.Multiply } multiply => Combine(multiply, (x, y) => x * y),
            _ => null,
        };
        if (standsFor.Count == 0)
        {
            known[value] = result;
        }

        return result;

        Dim? Combine(BinaryValue binary, Func<Dim, Dim, Dim> combine) =>
            ToDim(binary.X, standsFor) is { } x && ToDim(binary.Y, standsFor) is { } y ? combine(x, y) : null;
    }

    private int NumberOf(Local local)
    {
        if (!numbers.TryGetValue(local, out int number))
        {
            numbers[local] = number = numbers.Count;
        }

        return number;
    }

    /// <summary>A loop or a branch around an access.</summary>
    private sealed record Scope(LoopStatement Statement, int Branch)
    {
        public bool IsSame(Scope other) => ReferenceEquals(Statement, other.Statement) && Branch == other.Branch;
    }

    private sealed record Access(LoopBuffer Buffer, LoopValue Index, bool IsStore, Scope[] Path, int Order);
}
