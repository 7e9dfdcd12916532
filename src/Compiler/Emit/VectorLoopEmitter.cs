using System.Linq.Expressions;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>
/// A vector loop: as many whole vectors as fit, and a last one for the rest, whose lanes beyond the end neither read nor write nor count. Reductions keep
/// partial results in lanes, in four independent sets where the body is small, so that the latency of one addition does not set the pace. Long sums are
/// made in blocks, each of at most <see cref="LongSum.MostTerms"/> vectors a set, which are added to a total.
/// </summary>
internal sealed class VectorLoopEmitter(
    EmitContext context,
    ScalarEmitter scalars,
    VectorWidth width,
    Action<LoopStatement, IReadOnlyList<VectorEmitter>> emitBody)
{
    private const int UnrollFactor = 4;
    private const int MostValuesToUnroll = 24;

    private readonly Dictionary<VectorWidth, VectorOperations> operationsOf = [];

    /// <summary>Emits a loop; false if it is one for scalars, as it surely runs once at most.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="range">Its variable, and its end.</param>
    public bool TryEmit(VectorLoop loop, (ParameterExpression Variable, ParameterExpression End) range)
    {
        For statement = loop.Loop;
        long? trips = statement is { Begin: Literal first, End: Literal last } ? Math.Max(0, last.Bits - first.Bits) : null;
        VectorOperations operations = Operations(WidthOf(loop, trips));
        int loopLevel = context.Depth;
        VectorEmitter Copy(long offset) => new(context, scalars, operations, loop, loopLevel, offset);

        VectorEmitter single = Copy(0);
        if (statement.IsMasked)
        {
            EmitMasked(statement, [.. Enumerable.Range(0, statement.Vectors).Select(i => Copy(i * single.Lanes))], range);
        }
        else if (trips <= 1)
        {
            return false;
        }
        else if (CanAlign(loop))
        {
            EmitAligned(loop, single, range);
        }
        else
        {
            EmitWhole(loop, single, Copy, range, trips);
        }

        return true;
    }

    private VectorOperations Operations(VectorWidth width)
    {
        if (!operationsOf.TryGetValue(width, out VectorOperations? operations))
        {
            operations = new VectorOperations(width);
            operationsOf.Add(width, operations);
        }

        return operations;
    }

    // The narrowest vectors that hold all of a short loop: they are cheaper to add up, and often need no mask.
    private VectorWidth WidthOf(VectorLoop loop, long? trips)
    {
        VectorWidth narrowest = width;
        while (narrowest.Half() is { } half && trips <= half.Bits() / 8 / loop.LaneSize)
        {
            narrowest = half;
        }

        return loop.Loop.IsMasked ? width : narrowest;
    }

    private void EmitWhole(
        VectorLoop loop, VectorEmitter single, Func<long, VectorEmitter> copy, (ParameterExpression Variable, ParameterExpression End) range, long? trips)
    {
        For statement = loop.Loop;
        long lanes = single.Lanes;
        int sets = statement.Vectors > 1 ? statement.Vectors : IsWorthUnrolling(statement) ? UnrollFactor : 1;
        sets = trips < sets * lanes ? 1 : sets;
        VectorEmitter[] copies = [.. Enumerable.Range(0, sets).Select(i => i == 0 ? single : copy(i * lanes))];
        ParameterExpression[][] partials = [.. statement.Reductions.Select(reduction => copies.Select(c => c.Declare(reduction.Accumulator)).ToArray())];
        bool isWhole = trips % lanes == 0;
        LoopFrame frame = LoopFrame.Of(statement);
        long most = LongSum.MostTerms * sets * lanes;
        bool inBlocks = statement.Reductions.Any(r => r.Lost is not null) && !(trips <= most);
        List<E> parts = [];
        if (trips == sets * lanes)
        {
            parts.AddRange(EmitBody(frame, copies, statement.Body));
        }
        else
        {
            List<E> afterBlock = [];
            if (inBlocks)
            {
                ParameterExpression stop = context.Declare(typeof(long), "stop");
                E[] next = [.. Start(), E.Assign(stop, E.Add(range.Variable, E.Constant(most)))];
                parts.Add(next[^1]);
                afterBlock.Add(E.IfThen(E.Equal(range.Variable, stop), Structure.Sequence([.. Finish(), .. next])));
            }

            if (sets > 1)
            {
                parts.Add(EmitLoop(frame, copies, range, statement.Body, afterBlock));
            }

            // What an unrolled loop leaves has one body, of the first set: unmasked where that is surely enough.
            if (isWhole || (sets == 1 && !(trips < lanes)))
            {
                parts.Add(EmitLoop(frame, [single], range, statement.Body, sets == 1 ? afterBlock : []));
            }

            if (!isWhole)
            {
                List<E> rest = EmitRest(frame, single, range, statement.Body);
                parts.Add(sets > 1 ? Structure.While(E.LessThan(range.Variable, range.End), rest)
                    : trips is null ? E.IfThen(E.LessThan(range.Variable, range.End), Structure.Sequence(rest))
                    : Structure.Sequence(rest));
            }
        }

        List<E> guarded = [.. frame.Preheader, .. Start(), .. parts, .. Finish()];
        if (trips is null)
        {
            context.Output.Add(E.IfThen(E.LessThan(range.Variable, range.End), Structure.Sequence(guarded)));
        }
        else
        {
            context.Output.AddRange(guarded);
        }

        IEnumerable<E> Start() => statement.Reductions.SelectMany((reduction, i) => partials[i].Select(partial => E.Assign(partial, Identity(single, reduction))));
        IEnumerable<E> Finish() => statement.Reductions.SelectMany((reduction, i) => this.Finish(reduction, partials[i], single));
    }

    // Whether the loop's store may go past the cache: if it is of neighbouring elements.
    private static bool CanAlign(VectorLoop loop) =>
        loop.Loop.PastCache is not null
        && LoopTree.Statements(loop.Loop.Body).OfType<Store>().Single() is { } store
        && loop.TrySplit(store.Index, out long coefficient, out _) && coefficient == 1;

    // Where the condition of the loop holds, its store goes past the cache. A masked vector works up to where the store is aligned and, in a second round,
    // on what whole vectors leave: its code is there once.
    private void EmitAligned(VectorLoop loop, VectorEmitter single, (ParameterExpression Variable, ParameterExpression End) range)
    {
        Store store = LoopTree.Statements(loop.Loop.Body).OfType<Store>().Single();
        LoopFrame frame = LoopFrame.Of(loop.Loop);
        List<E> rounds = context.Collect(() =>
        {
            E condition = scalars.Emit(loop.Loop.PastCache!);
            ParameterExpression alignment = context.Keep(
                E.Condition(condition, E.Constant((nint)((width.Bits() / 8) - 1)), E.Constant((nint)(-1))), "alignment");
            _ = loop.TrySplit(store.Index, out _, out IndexPolynomial? rest);
            (E address, E index, E displacement) = scalars.Addresses.Resolve(store.Buffer, rest!.Plus(IndexPolynomial.OfAtom(loop.Loop.Variable)));
            E head = E.Call(
                Methods.Find(typeof(Routines.Memory), nameof(Routines.Memory.ElementsToBoundary), [typeof(nint), typeof(long), typeof(int), typeof(nint), typeof(long)], store.Buffer.Storage.ClrType()),
                address,
                index,
                displacement,
                alignment,
                E.Subtract(range.End, range.Variable));
            ParameterExpression stop = context.Keep(E.Add(range.Variable, head), "stop");
            ParameterExpression more = context.Keep(E.Constant(true), "more");
            List<E> masked = EmitRest(frame, single, (range.Variable, stop), loop.Loop.Body);
            single.Alignment = alignment;
            E main = EmitLoop(frame, [single], range, loop.Loop.Body, []);
            context.Output.Add(Structure.While(more,
            [
                E.IfThen(E.LessThan(range.Variable, stop), Structure.Sequence(masked)),
                E.Assign(more, E.LessThan(stop, range.End)),
                E.IfThen(more, Structure.Sequence([E.Assign(range.Variable, stop), main, E.Assign(stop, range.End)])),
            ]));
        });
        context.Output.Add(E.IfThen(E.LessThan(range.Variable, range.End), Structure.Sequence([.. frame.Preheader, .. rounds])));
    }

    // The body once, for loops known to be no longer than that.
    private void EmitMasked(For statement, VectorEmitter[] copies, (ParameterExpression Variable, ParameterExpression End) range)
    {
        LoopFrame frame = LoopFrame.Of(statement);
        List<E> pass = context.Collect(() =>
        {
            for (int i = 0; i < copies.Length; i++)
            {
                copies[i].MaskTo(E.Subtract(E.Subtract(range.End, range.Variable), E.Constant(i * (long)copies[i].Lanes)));
            }

            List<E> body = EmitBody(frame, copies, statement.Body);
            context.Output.AddRange(frame.Preheader);
            context.Output.AddRange(body);
        });
        context.Output.Add(E.IfThen(E.LessThan(range.Variable, range.End), Structure.Sequence(pass)));
    }

    private List<E> EmitBody(LoopFrame frame, VectorEmitter[] copies, LoopStatement statement)
    {
        bool outer = context.IsConditional;
        context.IsConditional = false;
        List<E> body = context.InLoop(frame, () => emitBody(statement, copies));
        context.IsConditional = outer;
        return body;
    }

    private E EmitLoop(
        LoopFrame frame, VectorEmitter[] copies, (ParameterExpression Variable, ParameterExpression End) range, LoopStatement statement, IEnumerable<E> after)
    {
        List<E> body = EmitBody(frame, copies, statement);
        E step = E.Constant(copies.Length * (long)copies[0].Lanes);
        ParameterExpression limit = context.Declare(typeof(long), "limit");
        frame.Preheader.Add(E.Assign(limit, E.Subtract(range.End, step)));
        body.Add(E.Assign(range.Variable, E.Add(range.Variable, step)));
        return Structure.While(E.LessThanOrEqual(range.Variable, limit), [.. body, .. after]);
    }

    // One vector from the variable on, but for the lanes beyond the end.
    private List<E> EmitRest(
        LoopFrame frame, VectorEmitter vector, (ParameterExpression Variable, ParameterExpression End) range, LoopStatement statement)
    {
        List<E> mask = context.Collect(() => vector.MaskTo(E.Subtract(range.End, range.Variable)));
        List<E> body = EmitBody(frame, [vector], statement);
        vector.Unmask();
        return [.. mask, .. body, E.Assign(range.Variable, E.Add(range.Variable, E.Constant((long)vector.Lanes)))];
    }

    private List<E> Finish(Reduction reduction, ParameterExpression[] partials, VectorEmitter vectors)
    {
        List<E> statements = [];
        for (int width = 1; width < partials.Length; width *= 2)
        {
            for (int i = 0; i + width < partials.Length; i += 2 * width)
            {
                E both = vectors.Combine(reduction.Function, reduction.Accumulator, reduction.Accumulator, partials[i], partials[i + width]);
                statements.Add(E.Assign(partials[i], both));
            }
        }

        E lanes = vectors.Operations.Reduce(reduction.Function, partials[0]);
        if (reduction.Lost is { } lost)
        {
            var all = new Local("lanes", reduction.Accumulator.Type);
            statements.Add(E.Assign(scalars.Declare(all), lanes));
            statements.AddRange(context.Collect(() => emitBody(LongSum.Add(reduction.Accumulator, lost, all), [])));
        }
        else
        {
            ParameterExpression accumulator = scalars.Variable(reduction.Accumulator);
            statements.Add(E.Assign(accumulator, ScalarEmitter.Combine(reduction.Function, accumulator, lanes)));
        }

        return statements;
    }

    private static E Identity(VectorEmitter vectors, Reduction reduction) =>
        vectors.Operations.Broadcast(ScalarEmitter.Constant(ScalarFunction.Of(reduction.Function).IdentityOf(reduction.Accumulator.Type)));

    private static bool IsWorthUnrolling(For loop)
    {
        if (loop.Reductions.IsEmpty || LoopTree.Statements(loop.Body).Any(statement => statement is For or If))
        {
            return false;
        }

        var values = new HashSet<LoopValue>(ReferenceEqualityComparer.Instance);
        foreach (LoopStatement statement in LoopTree.Statements(loop.Body))
        {
            // A result that is added to what is there counts as if it were written over it: its kernel must add up in the same order.
            IEnumerable<LoopValue> roots = statement is Store { Value: BinaryValue { Function: BinaryFunction.Add, X: Load old, Y: var added } } store
                && old.Buffer == store.Buffer && old.Index == store.Index
                    ? [store.Index, added]
                    : LoopTree.Values(statement);
            foreach (LoopValue root in roots)
            {
                values.UnionWith(LoopTree.Values(root));
            }
        }

        return values.Count <= MostValuesToUnroll;
    }
}
