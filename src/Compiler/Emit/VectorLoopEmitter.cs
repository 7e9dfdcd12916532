using System.Linq.Expressions;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>
/// The main part of a vector loop: as many whole vectors as fit; the scalar loop after it continues from there. Reductions keep partial
/// results in lanes, in four independent sets where the body is small, so that the latency of one addition does not set the pace.
/// </summary>
internal sealed class VectorLoopEmitter(
    EmitContext context,
    ScalarEmitter scalars,
    VectorOperations operations,
    Action<LoopStatement, IReadOnlyList<VectorEmitter>> emitBody)
{
    private const int UnrollFactor = 4;
    private const int MostValuesToUnroll = 24;

    /// <summary>Emits it; false if it surely leaves nothing to a remainder loop.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="range">Its variable, and its end.</param>
    /// <param name="alignment">What makes an address one to write past the cache; null if no store is to.</param>
    public bool EmitMainPart(VectorLoop loop, (ParameterExpression Variable, ParameterExpression End) range, ParameterExpression? alignment = null)
    {
        For statement = loop.Loop;
        long? trips = statement is { Begin: Literal first, End: Literal last } ? Math.Max(0, last.Bits - first.Bits) : null;
        int loopLevel = context.Depth;
        VectorEmitter Copy(long offset) => new(context, scalars, operations, loop, loopLevel, offset) { Alignment = alignment };

        VectorEmitter single = Copy(0);
        long lanes = single.Lanes;
        if (statement.IsMasked)
        {
            EmitPass(statement, [.. Enumerable.Range(0, statement.Vectors).Select(i => Copy(i * lanes))], range, lanes);
            return false;
        }

        if (trips < lanes)
        {
            return true;
        }

        int sets = statement.Vectors > 1 ? statement.Vectors : IsWorthUnrolling(statement) ? UnrollFactor : 1;
        sets = trips < sets * lanes ? 1 : sets;
        if (trips == sets * lanes && statement.Reductions.IsEmpty && alignment is null)
        {
            EmitPass(statement, [.. Enumerable.Range(0, sets).Select(i => Copy(i * lanes))], range, lanes);
            return false;
        }

        List<VectorEmitter> copies = [.. Enumerable.Range(0, sets).Select(i => i == 0 ? single : Copy(i * lanes))];
        ParameterExpression[][] partials =
            [.. statement.Reductions.Select(reduction => copies.Select(copy => copy.Declare(reduction.Accumulator)).ToArray())];

        LoopFrame frame = LoopFrame.Of(statement);
        List<E> wide = [];
        if (sets > 1)
        {
            wide.Add(EmitLoop(frame, copies, range, sets * lanes, statement.Body));
        }

        // What an unrolled loop leaves, at most three vectors, uses the first set.
        wide.Add(EmitLoop(frame, [single], range, lanes, statement.Body));

        List<E> guarded =
        [
            .. frame.Preheader,
            .. statement.Reductions.SelectMany((reduction, i) => partials[i].Select(partial => E.Assign(partial, Identity(reduction)))),
            .. wide,
            .. statement.Reductions.SelectMany((reduction, i) => Finish(reduction, partials[i], single)),
        ];
        context.Output.Add(E.IfThen(Fits(range, lanes), Structure.Sequence(guarded)));
        return trips is null || trips % lanes != 0;
    }

    /// <summary>Whether the loop's store may go past the cache: if it is of neighbouring elements.</summary>
    public static bool CanAlign(VectorLoop loop) =>
        loop.Loop.PastCache is not null
        && LoopTree.Statements(loop.Loop.Body).OfType<Store>().Single() is { } store
        && loop.TrySplit(store.Index, out long coefficient, out _) && coefficient == 1;

    /// <summary>
    /// Emits a loop whose store goes past the cache where the loop's condition holds. The serial loop works up to where the store is aligned and, in a second
    /// round, on what whole vectors leave: its code is there once.
    /// </summary>
    /// <param name="loop">The loop.</param>
    /// <param name="range">Its variable, and its end.</param>
    /// <param name="emitSerial">Emits the serial loop over such a range.</param>
    public void EmitAligned(
        VectorLoop loop, (ParameterExpression Variable, ParameterExpression End) range, Action<(ParameterExpression Variable, ParameterExpression End)> emitSerial)
    {
        Store store = LoopTree.Statements(loop.Loop.Body).OfType<Store>().Single();
        E condition = scalars.Emit(loop.Loop.PastCache!);
        ParameterExpression alignment = context.Keep(
            E.Condition(condition, E.Constant((nint)((operations.Bits / 8) - 1)), E.Constant((nint)(-1))), "alignment");
        _ = loop.TrySplit(store.Index, out _, out IndexPolynomial? rest);
        (E address, E index, E displacement) = scalars.Addresses.Resolve(store.Buffer, rest!.Plus(IndexPolynomial.OfAtom(loop.Loop.Variable)));
        E head = E.Call(
            Methods.Find(typeof(Execution.Memory), nameof(Execution.Memory.ElementsToBoundary), [typeof(nint), typeof(long), typeof(int), typeof(nint), typeof(long)], store.Buffer.Type.ClrType()),
            address,
            index,
            displacement,
            alignment,
            E.Subtract(range.End, range.Variable));
        ParameterExpression stop = context.Keep(E.Add(range.Variable, head), "stop");
        ParameterExpression more = context.Keep(E.Constant(true), "more");
        List<E> round = context.Collect(() =>
        {
            emitSerial((range.Variable, stop));
            context.Output.Add(E.Assign(more, E.LessThan(stop, range.End)));
            List<E> main = context.Collect(() =>
            {
                EmitMainPart(loop, range, alignment);
                context.Output.Add(E.Assign(stop, range.End));
            });
            context.Output.Add(E.IfThen(more, Structure.Sequence(main)));
        });
        context.Output.Add(Structure.While(more, round));
    }

    private static BinaryExpression Fits((ParameterExpression Variable, ParameterExpression End) range, long lanes) =>
        E.LessThanOrEqual(range.Variable, E.Subtract(range.End, E.Constant(lanes)));

    // The body once, for loops known to be no longer than that.
    private void EmitPass(For statement, IReadOnlyList<VectorEmitter> copies, (ParameterExpression Variable, ParameterExpression End) range, long lanes)
    {
        LoopFrame frame = LoopFrame.Of(statement);
        List<E> pass = context.Collect(() =>
        {
            for (int i = 0; i < copies.Count && statement.IsMasked; i++)
            {
                E count = E.Subtract(E.Subtract(range.End, range.Variable), E.Constant(i * lanes));
                copies[i].Mask = context.Keep(operations.FirstLanes(count, copies[i].Loop.MaskLane), "mask");
            }

            bool outer = context.IsConditional;
            context.IsConditional = false;
            List<E> body = context.InLoop(frame, () => emitBody(statement.Body, copies));
            context.IsConditional = outer;
            context.Output.AddRange(frame.Preheader);
            context.Output.AddRange(body);
        });
        if (statement.IsMasked)
        {
            context.Output.Add(E.IfThen(E.LessThan(range.Variable, range.End), Structure.Sequence(pass)));
        }
        else
        {
            context.Output.AddRange(pass);
        }
    }

    private E EmitLoop(
        LoopFrame frame,
        IReadOnlyList<VectorEmitter> copies,
        (ParameterExpression Variable, ParameterExpression End) range,
        long step,
        LoopStatement statement)
    {
        bool outer = context.IsConditional;
        context.IsConditional = false;
        List<E> body = context.InLoop(frame, () =>
        {
            emitBody(statement, copies);
        });
        context.IsConditional = outer;

        ParameterExpression limit = context.Declare(typeof(long), "limit");
        frame.Preheader.Add(E.Assign(limit, E.Subtract(range.End, E.Constant(step))));
        body.Add(E.Assign(range.Variable, E.Add(range.Variable, E.Constant(step))));
        return Structure.While(E.LessThanOrEqual(range.Variable, limit), body);
    }

    private IEnumerable<E> Finish(Reduction reduction, ParameterExpression[] partials, VectorEmitter vectors)
    {
        BinaryFunction combine = reduction.Function.Combining();
        for (int width = 1; width < partials.Length; width *= 2)
        {
            for (int i = 0; i + width < partials.Length; i += 2 * width)
            {
                E both = vectors.Combine(combine, reduction.Accumulator, reduction.Accumulator, partials[i], partials[i + width]);
                yield return E.Assign(partials[i], both);
            }
        }

        ParameterExpression accumulator = scalars.Variable(reduction.Accumulator);
        yield return E.Assign(accumulator, ScalarEmitter.Combine(combine, accumulator, operations.Reduce(reduction.Function, partials[0])));
    }

    private E Identity(Reduction reduction) => operations.Broadcast(ScalarEmitter.Constant(reduction.Function.Identity(reduction.Accumulator.Type)));

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
