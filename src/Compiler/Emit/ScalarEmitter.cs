using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Numerics;
using System.Reflection;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>Emits values one element at a time.</summary>
internal sealed class ScalarEmitter
{
    private readonly EmitContext context;
    private readonly Dictionary<Local, ParameterExpression> locals = [];
    private readonly Dictionary<int, ParameterExpression> extents = [];
    private readonly Dictionary<LoopBuffer, (int Ordinal, E Length)>? checks;
    private readonly bool isChecked;

    public ScalarEmitter(EmitContext context, bool isChecked)
    {
        this.context = context;
        this.isChecked = isChecked;
        checks = isChecked ? [] : null;
        Addresses = new AddressEmitter(context, this);
    }

    public AddressEmitter Addresses { get; }

    public void SetExtent(int slot, ParameterExpression variable) => extents.Add(slot, variable);

    public void SetCheck(LoopBuffer buffer, int ordinal, E length) => checks!.Add(buffer, (ordinal, length));

    public ParameterExpression Declare(Local local)
    {
        if (!locals.TryGetValue(local, out ParameterExpression? variable))
        {
            variable = context.Declare(local.Type.ClrType(), local.Name);
            locals.Add(local, variable);
        }

        return variable;
    }

    public ParameterExpression Variable(Local local) => locals[local];

    public E Emit(LoopValue value)
    {
        if (!context.Sharing.IsKept(value))
        {
            return EmitOnce(value);
        }

        ParameterExpression? variable = context.Sharing.Find(value, vector: false);
        if (variable is null)
        {
            variable = context.Keep(EmitOnce(value), "t");
            context.Sharing.Add(value, vector: false, variable);
        }

        return variable;
    }

    public E EmitStore(Store store)
    {
        E value = Emit(store.Value);
        (E address, E index, E displacement) = Resolve(store.Buffer, store.Index);
        Type[] types = [typeof(nint), typeof(long), typeof(int), value.Type];
        MethodInfo method = store.Buffer.Storage switch
        {
            DType.Float32 or DType.Float64 or DType.Int32 or DType.Int64 => Methods.Find(typeof(Memory), nameof(Memory.Store), types, value.Type),
            DType.Bool => Methods.Find(typeof(Memory), nameof(Memory.StoreBool), types),
            _ => throw DTypes.Unexpected(store.Buffer.Storage),
        };
        return E.Call(method, address, index, displacement, value);
    }

    /// <summary>A routine's call.</summary>
    public E EmitInvoke(Invoke invoke)
    {
        IEnumerable<E> addresses = invoke.Parts.Select(part =>
        {
            E offset = Emit(part.Offset);
            return Addresses.AddressOf(part.Buffer, checks is null ? offset : E.Call(
                Methods.Find(typeof(Memory), nameof(Memory.CheckPart), [typeof(long), typeof(long), typeof(long), typeof(int)]),
                offset,
                Emit(part.Count),
                checks[part.Buffer].Length,
                E.Constant(checks[part.Buffer].Ordinal)));
        });
        return E.Call(invoke.Routine.Method, [.. addresses, .. invoke.Sizes.Select(Emit)]);
    }

    public static E Constant(Literal literal) => literal.Type switch
    {
        DType.Float32 => E.Constant(literal.AsSingle),
        DType.Float64 => E.Constant(literal.AsDouble),
        DType.Int32 => E.Constant((int)literal.Bits),
        DType.Int64 => E.Constant(literal.Bits),
        DType.Bool => E.Constant(literal.Bits != 0),
        _ => throw DTypes.Unexpected(literal.Type),
    };

    private E EmitOnce(LoopValue value) => value switch
    {
        Literal literal => Constant(literal),
        Local local => locals[local],
        Extent extent => extents[extent.Slot],
        Load load => EmitLoad(load),
        UnaryValue unary => FunctionForm.Of(unary.Function).OfNumbers(Emit(unary.X)),
        BinaryValue binary => EmitBinary(binary),
        SelectValue select => E.Condition(Emit(select.Condition), Emit(select.X), Emit(select.Y)),
        FmaValue fma => Call(MathOf(fma.Type), nameof(MathF.FusedMultiplyAdd), Emit(fma.X), Emit(fma.Y), Emit(fma.Z)),
        ConvertValue convert => EmitConvert(convert, Emit(convert.X)),
        BitcastValue bitcast => EmitBitcast(bitcast, Emit(bitcast.X)),
        RandomBlock block => RandomEmitter.Block([.. LoopTree.Arguments(block).Select(Emit)]),
        RandomPart part => RandomEmitter.Part(Emit(part.Block), part.Part),
        _ => throw LoopTree.Unknown(value),
    };

    private MethodCallExpression EmitLoad(Load load)
    {
        (E address, E index, E displacement) = Resolve(load.Buffer, load.Index);
        Type[] types = [typeof(nint), typeof(long), typeof(int)];
        MethodInfo method = load.Buffer.Storage switch
        {
            DType.Float32 or DType.Float64 or DType.Int32 or DType.Int64 => Methods.Find(typeof(Memory), nameof(Memory.Load), types, load.Type.ClrType()),
            DType.Bool => Methods.Find(typeof(Memory), nameof(Memory.LoadBool), types),
            _ => throw DTypes.Unexpected(load.Buffer.Storage),
        };
        return E.Call(method, address, index, displacement);
    }

    private (E Address, E Index, E Displacement) Resolve(LoopBuffer buffer, LoopValue index)
    {
        (E address, E offset, E displacement) = Addresses.Resolve(buffer, isChecked ? IndexPolynomial.OfConstant(0) : IndexPolynomial.Of(index));
        if (isChecked)
        {
            (int ordinal, E length) = checks![buffer];
            offset = Call(typeof(Memory), nameof(Memory.CheckIndex), Emit(index), length, E.Constant(ordinal));
        }

        return (address, offset, displacement);
    }

    private E EmitBinary(BinaryValue binary)
    {
        E x = Emit(binary.X);
        if (binary.Function == BinaryFunction.Divide && binary.Y is Literal { Bits: > 0 } divisor && binary.Type.IsInteger() && BitOperations.IsPow2(divisor.Bits))
        {
            return E.RightShift(x, E.Constant(BitOperations.Log2((ulong)divisor.Bits)));
        }

        if (binary.Function is BinaryFunction.ShiftLeft or BinaryFunction.ShiftRight && binary.HasLiteralCount)
        {
            E count = E.Constant((int)((Literal)binary.Y).Bits);
            return binary.Function == BinaryFunction.ShiftLeft ? E.LeftShift(x, count) : E.RightShift(x, count);
        }

        return Combine(binary.Function, x, Emit(binary.Y));
    }

    // The JIT of .NET 10 takes 0 for the smaller of 0 and a constant −0.
    public static E Combine(BinaryFunction function, E x, E y) => function == BinaryFunction.Minimum && (IsMinusZero(x) || IsMinusZero(y))
        ? E.Negate(Combine(BinaryFunction.Maximum, E.Negate(x), E.Negate(y)))
        : FunctionForm.Of(function).OfNumbers(x, y);

    private static bool IsMinusZero(E x) => x is ConstantExpression { Value: -0f or -0.0 } constant && double.IsNegative(Convert.ToDouble(constant.Value, null));

    private static E EmitConvert(ConvertValue convert, E x)
    {
        DType from = convert.X.Type;
        return (from, convert.To) switch
        {
            _ when from == convert.To => x,
            (_, DType.Bool) => E.NotEqual(x, E.Constant(Convert.ChangeType(0, x.Type, null), x.Type)),
            (DType.Bool, DType.Float32) => Call(typeof(ScalarMath), nameof(ScalarMath.ToSingle), x),
            (DType.Bool, DType.Float64) => Call(typeof(ScalarMath), nameof(ScalarMath.ToDouble), x),
            (DType.Bool or DType.Float32 or DType.Float64, DType.Int32) => Call(typeof(ScalarMath), nameof(ScalarMath.ToInt32), x),
            (DType.Bool or DType.Float32 or DType.Float64, DType.Int64) => Call(typeof(ScalarMath), nameof(ScalarMath.ToInt64), x),
            (DType.Int32 or DType.Int64, DType.Int32 or DType.Int64) or (_, DType.Float32 or DType.Float64) => E.Convert(x, convert.To.ClrType()),
            _ => throw DTypes.Unexpected(convert.To),
        };
    }

    private static E EmitBitcast(BitcastValue bitcast, E x) => (bitcast.X.Type, bitcast.To) switch
    {
        (DType.Float32, DType.Int32) => Call(typeof(BitConverter), nameof(BitConverter.SingleToInt32Bits), x),
        (DType.Int32, DType.Float32) => Call(typeof(BitConverter), nameof(BitConverter.Int32BitsToSingle), x),
        (DType.Float64, DType.Int64) => Call(typeof(BitConverter), nameof(BitConverter.DoubleToInt64Bits), x),
        (DType.Int64, DType.Float64) => Call(typeof(BitConverter), nameof(BitConverter.Int64BitsToDouble), x),
        _ when bitcast.X.Type == bitcast.To => x,
        _ => throw DTypes.Unexpected(bitcast.To),
    };

    [return: DynamicallyAccessedMembers(Methods.Kept)]
    private static Type MathOf(DType type) => type switch
    {
        DType.Float32 => typeof(MathF),
        DType.Float64 => typeof(Math),
        _ => throw DTypes.Unexpected(type),
    };

    private static MethodCallExpression Call([DynamicallyAccessedMembers(Methods.Kept)] Type owner, string name, params E[] arguments) =>
        E.Call(Methods.Find(owner, name, [.. arguments.Select(argument => argument.Type)]), arguments);
}
