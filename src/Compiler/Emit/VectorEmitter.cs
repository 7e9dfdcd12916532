using System.Linq.Expressions;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>
/// Emits values of one vector loop, W iterations at once, <paramref name="offset"/> iterations after the loop variable (for unrolled
/// copies). What does not vary is emitted as a scalar and broadcast.
/// </summary>
internal sealed class VectorEmitter(
    EmitContext context,
    ScalarEmitter scalars,
    VectorOperations operations,
    VectorLoop loop,
    int loopLevel,
    long offset)
{
    private readonly Dictionary<Local, ParameterExpression> locals = [];
    private readonly IndexPolynomial position =
        IndexPolynomial.OfAtom(loop.Loop.Variable).Plus(IndexPolynomial.OfConstant(offset));

    // The first lanes, where not all take part: a mask of them, and how many they are.
    private ParameterExpression? mask;
    private ParameterExpression? active;

    public int Lanes => operations.Bits / 8 / loop.LaneSize;

    public VectorLoop Loop => loop;

    public VectorOperations Operations => operations;

    /// <summary>From here on only the first lanes touch memory and count in reductions, as many as counted.</summary>
    public void MaskTo(E count)
    {
        active = context.Keep(count, "lanes");
        mask = context.Keep(operations.FirstLanes(active, loop.MaskLane), "mask");
    }

    /// <summary>All lanes count again.</summary>
    public void Unmask() => (active, mask) = (null, null);

    /// <summary>The new value of a local: a reduction's stays as it was in masked lanes.</summary>
    public E Masked(Local local, E value) =>
        mask is null || !loop.Loop.Reductions.Any(reduction => reduction.Accumulator == local)
            ? value
            : operations.Call("ConditionalSelect", operations.As(mask, VectorOperations.LaneOf(value.Type)), value, Declare(local));

    public void Bind(Local local, ParameterExpression variable) => locals[local] = variable;

    public ParameterExpression Declare(Local local)
    {
        if (!locals.TryGetValue(local, out ParameterExpression? variable))
        {
            variable = context.Declare(VectorOf(local.Type), local.Name);
            locals.Add(local, variable);
        }

        return variable;
    }

    public Type VectorOf(DType type) => operations.VectorOf(LaneOf(type));

    /// <summary>A value as a vector: masks are integers of the lane size.</summary>
    public E Emit(LoopValue value)
    {
        if (!loop.Varies(value))
        {
            return Broadcast(value);
        }

        if (value is Local local && local != loop.Loop.Variable)
        {
            return locals[local];
        }

        if (!context.Sharing.IsKept(value))
        {
            return EmitOnce(value);
        }

        ParameterExpression? variable = context.Sharing.Find(value, vector: true);
        if (variable is null)
        {
            variable = context.Keep(EmitOnce(value), "v");
            context.Sharing.Add(value, vector: true, variable);
        }

        return variable;
    }

    /// <summary>All bits of an address that are 0 where a vector can be written past the cache, or a value that no address has; null if no store may be.</summary>
    public ParameterExpression? Alignment { get; set; }

    public void EmitStore(Store store)
    {
        E value = Emit(store.Value);
        if (!loop.TrySplit(store.Index, out long coefficient, out IndexPolynomial? rest) || !HasVectors(store.Buffer, store.Value.Type, coefficient))
        {
            Scatter(store, value);
            return;
        }

        if (coefficient == 2)
        {
            context.Output.Add(operations.StoreAlternate(scalars.Addresses.Resolve(store.Buffer, rest!.Plus(position.Times(2))), value, mask));
            return;
        }

        context.Output.Add(operations.Store(store.Buffer.Storage, scalars.Addresses.Resolve(store.Buffer, rest!.Plus(position)), value, mask, Alignment));
    }

    /// <summary>A hint: where it is not a plain address, it is left out.</summary>
    public void EmitPrefetch(Prefetch prefetch)
    {
        if (loop.TrySplit(prefetch.Index, out long coefficient, out IndexPolynomial? rest) && coefficient == 1)
        {
            (E address, E index, E displacement) = scalars.Addresses.Resolve(prefetch.Buffer, rest!.Plus(position));
            context.Output.Add(VectorOperations.Prefetch(prefetch.Buffer.Storage, address, index, displacement));
        }
    }

    private Type LaneOf(DType type) => type == DType.Bool ? loop.MaskLane : type.ClrType();

    private E EmitOnce(LoopValue value) => value switch
    {
        Local => operations.Ramp(scalars.Addresses.Sum(position), E.Constant(1L), DType.Int64),
        Load load => EmitLoad(load),
        UnaryValue unary => Apply(ScalarFunction.Of(unary.Function), FunctionForm.Of(unary.Function), Emit(unary.X)),
        BinaryValue { Function: BinaryFunction.ShiftLeft or BinaryFunction.ShiftRight } shift => operations.Call(
            FunctionForm.Of(shift.Function).Vector!,
            Emit(shift.X),
            E.Constant((int)((Literal)shift.Y).Bits)),
        BinaryValue binary => EmitBinary(binary),
        SelectValue select => operations.Call(
            "ConditionalSelect",
            operations.As(Emit(select.Condition), LaneOf(select.Type)),
            Emit(select.X),
            Emit(select.Y)),
        FmaValue fma => operations.Call("FusedMultiplyAdd", Emit(fma.X), Emit(fma.Y), Emit(fma.Z)),
        ConvertValue convert => EmitConvert(convert),
        BitcastValue bitcast => operations.As(Emit(bitcast.X), LaneOf(bitcast.To)),
        RandomBlock block => EmitRandom(block),
        RandomPart part => RandomEmitter.Part(Emit(part.Block), part.Part),
        _ => throw LoopTree.Unknown(value),
    };

    private MethodCallExpression EmitRandom(RandomBlock block)
    {
        _ = loop.TrySplit(block.Index, out long step, out IndexPolynomial? rest);
        E index = operations.Ramp(scalars.Addresses.Sum(rest!.Plus(position.Times(step))), E.Constant(step), block.Type);
        return RandomEmitter.Block([index, .. LoopTree.Arguments(block).Skip(1).Select(Emit)]);
    }

    private E EmitLoad(Load load)
    {
        if (!loop.TrySplit(load.Index, out long coefficient, out IndexPolynomial? rest) || !HasVectors(load.Buffer, load.Type, coefficient))
        {
            return Gather(load);
        }

        return coefficient == 2
            ? operations.LoadAlternate(scalars.Addresses.Resolve(load.Buffer, rest!.Plus(position.Times(2))), LaneOf(load.Type), mask)
            : operations.Load(load.Buffer.Storage, scalars.Addresses.Resolve(load.Buffer, rest!.Plus(position)), LaneOf(load.Type), mask);
    }

    // Whether elements of a buffer so far apart are lanes at once.
    private static bool HasVectors(LoopBuffer buffer, DType type, long distance) =>
        distance == 1 || (distance == 2 && buffer.Storage == type && VectorOperations.CanAlternate(type));

    private E EmitBinary(BinaryValue binary)
    {
        if (binary.Type == DType.Bool && binary.X.Type == DType.Int64 && loop.TrySplitComparison(binary, out long step, out IndexPolynomial? rest))
        {
            return CompareRamp(binary.Function, step, rest!);
        }

        return Combine(binary.Function, binary.X, binary.Y, Emit(binary.X), Emit(binary.Y));
    }

    public E Combine(BinaryFunction function, LoopValue left, LoopValue right, E x, E y) =>
        function is not (BinaryFunction.Maximum or BinaryFunction.Minimum) || !left.Type.IsFloat() ? Apply(ScalarFunction.Of(function), FunctionForm.Of(function), x, y)
        : right is Literal ? Extremum(function, right, y, x)
        : Extremum(function, left, x, y);

    private E Apply(ScalarFunction function, FunctionForm form, params E[] x)
    {
        E result = form.OfVectors(operations, x);
        if (function.Kind != FunctionKind.Comparison)
        {
            return result;
        }

        E holds = operations.As(result, loop.MaskLane);
        return form.IsComplement ? operations.Call("OnesComplement", holds) : holds;
    }

    /// <summary>
    /// IEEE 754's maximum and minimum. x64's own answer their second operand if either is NaN or both are zeros: with a constant first that is right,
    /// but that max(0, −0) is 0, whose sign + 0 sets, and min(−0, x) is −max(0, −x).
    /// </summary>
    private E Extremum(BinaryFunction function, LoopValue bound, E x, E y)
    {
        string name = FunctionForm.Of(function).Vector!;
        double constant = bound is Literal literal ? literal.ToReal() : double.NaN;
        if (double.IsNaN(constant))
        {
            return operations.Call(name, x, y);
        }

        if (constant != 0 || double.IsNegative(constant) == (function == BinaryFunction.Maximum))
        {
            return operations.Call(name + "Native", x, y);
        }

        if (function == BinaryFunction.Maximum)
        {
            return operations.Call("Add", operations.Call("MaxNative", x, y), x);
        }

        Literal zero = Literal.Of(bound.Type, 0);
        return operations.Call("Negate", Extremum(BinaryFunction.Maximum, zero, Broadcast(zero), operations.Call("Negate", y)));
    }

    // The difference of two indices grows by a constant a lane, so a comparison is one of a ramp with zero, in lanes of any size.
    private E CompareRamp(BinaryFunction function, long step, IndexPolynomial rest)
    {
        E start = scalars.Addresses.Sum(rest.Plus(position.Times(step)));
        E ramp;
        if (loop.LaneSize == 4)
        {
            start = E.Call(Methods.Find(typeof(Routines.Lanes), nameof(Routines.Lanes.Clamp32), [typeof(long)]), start);
            ramp = operations.Ramp(start, E.Constant(step), DType.Int32);
        }
        else
        {
            ramp = operations.Ramp(start, E.Constant(step), DType.Int64);
        }

        E zero = Broadcast(loop.LaneSize == 4 ? Literal.Of(0) : Literal.Of(0L));
        return Apply(ScalarFunction.Of(function), FunctionForm.Of(function), ramp, zero);
    }

    private E EmitConvert(ConvertValue convert)
    {
        DType from = convert.X.Type;
        if (from == DType.Int64 && convert.To is DType.Int32 or DType.Float32 or DType.Float64
            && loop.TrySplit(convert.X, out long step, out IndexPolynomial? rest))
        {
            return operations.Ramp(scalars.Addresses.Sum(rest!.Plus(position.Times(step))), E.Constant(step), convert.To);
        }

        E x = Emit(convert.X);
        return (from, convert.To) switch
        {
            _ when from == convert.To => x,
            (DType.Bool, _) => operations.Call("BitwiseAnd", operations.As(x, LaneOf(convert.To)), Broadcast(Literal.Of(convert.To, 1))),
            (_, DType.Bool) => Combine(BinaryFunction.NotEqual, convert.X, convert.X, x, Broadcast(Literal.Of(from, 0))),
            (DType.Float32, DType.Int32) => operations.Call("ConvertToInt32", x),
            (DType.Float64, DType.Int64) => operations.Call("ConvertToInt64", x),
            (DType.Int32, DType.Float32) => operations.Call("ConvertToSingle", x),
            (DType.Int64, DType.Float64) => operations.Call("ConvertToDouble", x),
            _ => throw new CompileException($"{from.Display()} to {convert.To.Display()} has no vector form."),
        };
    }

    // As far out as the value is fixed, but no further than the vector loop, whose preheader runs only if the loop does.
    private E Broadcast(LoopValue value)
    {
        if (value is Literal literal)
        {
            return context.Hoist(loopLevel, (literal.Type, literal.Bits), "c", () => operations.Broadcast(MaskOrSelf(ScalarEmitter.Constant(literal))));
        }

        bool loads = false;
        int level = loopLevel;
        foreach (LoopValue part in LoopTree.Values(value))
        {
            if (part is Load load)
            {
                loads = true;
                if (context.IsConditional || loop.IsStored(load.Buffer))
                {
                    level = context.Depth;
                }
            }
            else if (part is Local local)
            {
                level = Math.Max(level, context.Level(local));
            }
        }

        // An inner loop may run no iteration, and then must not read.
        if (level >= context.Depth || (loads && level > loopLevel))
        {
            return context.ShareAmongCopies(value, () => operations.Broadcast(MaskOrSelf(scalars.Emit(value))));
        }

        return context.Hoist(level, new Identity(value), "b", () => operations.Broadcast(MaskOrSelf(scalars.Emit(value))));
    }

    private E MaskOrSelf(E scalar) => scalar.Type != typeof(bool)
        ? scalar
        : E.Call(Methods.Find(typeof(Routines.Lanes), loop.LaneSize == 4 ? nameof(Routines.Lanes.Mask32) : nameof(Routines.Lanes.Mask64), [typeof(bool)]), scalar);

    private ParameterExpression Gather(Load load)
    {
        ParameterExpression result = context.Declare(VectorOf(load.Type), load.Buffer.Name);
        EachLane([load.Index], (lane, values) =>
            context.Output.Add(VectorOperations.SetLane(result, lane, MaskOrSelf(scalars.Emit(new Load(load.Buffer, values[0]))))));

        // The gathered vector lives in memory, as its address is taken; the copy can live in a register.
        return context.Keep(result, load.Buffer.Name);
    }

    private void Scatter(Store store, E value)
    {
        ParameterExpression source = context.Keep(value, store.Buffer.Name);
        EachLane([store.Index], (lane, values) =>
        {
            E element = VectorOperations.GetLane(source, lane);
            if (store.Value.Type == DType.Bool)
            {
                element = E.NotEqual(element, loop.LaneSize == 4 ? E.Constant(0) : E.Constant(0L));
            }

            var local = new Local("element", store.Value.Type);
            context.Output.Add(E.Assign(scalars.Declare(local), element));
            context.Output.Add(scalars.EmitStore(new Store(store.Buffer, values[0], local)));
        });
    }

    // A small loop over the lanes, with values that are evaluated as scalars for each.
    private void EachLane(LoopValue[] values, Action<E, LoopValue[]> emit)
    {
        var lane = new Local("lane", DType.Int64);
        List<(Local Local, ParameterExpression Source)> elements = [];
        var known = new Dictionary<Local, LoopValue>();
        var here = new BinaryValue(
            BinaryFunction.Add,
            loop.Loop.Variable,
            offset == 0 ? lane : new BinaryValue(BinaryFunction.Add, lane, Literal.Of(offset)));
        LoopTree.Rewriter rewriter = null!;
        rewriter = new LoopTree.Rewriter(value => value is Local local && loop.Varies(local) ? InLane(local) : value);
        LoopValue[] scalar = [.. values.Select(rewriter.Rewrite)];

        LoopValue InLane(Local local)
        {
            if (local == loop.Loop.Variable)
            {
                return here;
            }

            if (!known.TryGetValue(local, out LoopValue? value))
            {
                if (loop.IsVector(local) || loop.Definition(local) is not { } definition)
                {
                    var element = new Local(local.Name, local.Type);
                    elements.Add((element, context.Keep(locals[local], local.Name)));
                    value = element;
                }
                else
                {
                    value = rewriter.Rewrite(definition);
                }

                known.Add(local, value);
            }

            return value;
        }

        ParameterExpression counter = scalars.Declare(lane);
        context.Output.Add(E.Assign(counter, E.Constant(0L)));
        var frame = new LoopFrame([lane, .. elements.Select(element => element.Local)]);
        List<E> body = context.InLoop(frame, () => context.Share(scalar, () =>
        {
            foreach ((Local local, ParameterExpression source) in elements)
            {
                E element = VectorOperations.GetLane(source, counter);
                element = local.Type == DType.Bool ? E.NotEqual(element, loop.LaneSize == 4 ? E.Constant(0) : E.Constant(0L)) : element;
                context.Output.Add(E.Assign(scalars.Declare(local), element));
            }

            emit(counter, scalar);
            context.Output.Add(E.Assign(counter, E.Add(counter, E.Constant(1L))));
        }));
        context.Output.AddRange(frame.Preheader);
        E condition = E.LessThan(counter, E.Constant((long)Lanes));
        context.Output.Add(Structure.While(active is null ? condition : E.AndAlso(condition, E.LessThan(counter, active)), body));
    }

    // Values are keys by identity: their own equality would walk the whole DAG.
    private sealed class Identity(LoopValue value) : IEquatable<Identity>
    {
        private readonly LoopValue value = value;

        public bool Equals(Identity? other) => other is not null && ReferenceEquals(value, other.value);

        public override bool Equals(object? obj) => Equals(obj as Identity);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
    }
}
