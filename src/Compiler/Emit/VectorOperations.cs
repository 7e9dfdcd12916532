using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.Intrinsics;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>Calls of the static vector methods of one width. Nodes of operators and instance members are out: FEC compiles them wrongly.</summary>
internal sealed class VectorOperations
{
    private static readonly ConcurrentDictionary<Type, Type> LaneTypes = new();

    private readonly Dictionary<Type, Type> vectors = [];

    [DynamicallyAccessedMembers(Methods.Kept)]
    private readonly Type container;

    [DynamicallyAccessedMembers(Methods.Kept)]
    private readonly Type vectorDefinition;

    public VectorOperations(VectorWidth width)
    {
        Bits = width.Bits();

        // One by one: the trimmer does not see through tuples.
        container = width switch
        {
            VectorWidth.Bits128 => typeof(Vector128),
            VectorWidth.Bits256 => typeof(Vector256),
            _ => typeof(Vector512),
        };
        vectorDefinition = width switch
        {
            VectorWidth.Bits128 => typeof(Vector128<>),
            VectorWidth.Bits256 => typeof(Vector256<>),
            _ => typeof(Vector512<>),
        };
    }

    public int Bits { get; }

    // Reflection is slow, and asked for every operation.
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The type parameter of vectors asks for no members to be kept.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "The emitter runs only where code can be generated.")]
    [UnconditionalSuppressMessage("Trimming", "IL2063", Justification = "Methods of the vectors' definition are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2068", Justification = "Methods of the vectors' definition are kept.")]
    [return: DynamicallyAccessedMembers(Methods.Kept)]
    public Type VectorOf(Type lane)
    {
        if (!vectors.TryGetValue(lane, out Type? vector))
        {
            vector = vectorDefinition.MakeGenericType(lane);
            vectors.Add(lane, vector);
        }

        return vector;
    }

    /// <summary>A call of a Vector128/256/512 method on vectors of one lane type: generic in the lane type, or an overload for it.</summary>
    public E Call(string name, params E[] arguments)
    {
        Type[] types = [.. arguments.Select(argument => argument.Type)];
        Type lane = LaneOf(types[0]);
        MethodInfo method = OperatorOf(name) is { } symbol ? Methods.Find(VectorOf(lane), symbol, types)
            : IsOverloaded(name) ? Methods.Find(container, name, types)
            : Methods.Find(container, name, types, lane);
        return E.Call(method, arguments);
    }

    public E Broadcast(E scalar) => E.Call(Methods.Find(container, "Create", [scalar.Type], scalar.Type), scalar);

    /// <summary>The same bits as lanes of another type.</summary>
    public E As(E vector, Type lane)
    {
        Type from = LaneOf(vector.Type);
        return from == lane ? vector : E.Call(Methods.Find(container, "As", [vector.Type], from, lane), vector);
    }

    /// <summary>Elements as lanes of what they are computed with; zeros in the lanes outside the mask, if there is one.</summary>
    /// <param name="storage">What memory holds.</param>
    /// <param name="at">Where the first one lies.</param>
    /// <param name="lane">The lanes; a bool is a mask.</param>
    /// <param name="mask">Which lanes are read. Null: all.</param>
    public E Load(DType storage, (E Address, E Index, E Displacement) at, Type lane, E? mask)
    {
        E[] arguments = [at.Address, at.Index, at.Displacement, .. Given(mask)];
        Type[] types = [.. arguments.Select(a => a.Type)];
        string form = $"{Bits}{(mask is null ? lane : LaneOf(mask.Type)).Name}";
        MethodInfo method = storage switch
        {
            DType.Float32 or DType.Float64 or DType.Int32 or DType.Int64 => mask is null
                ? Methods.Find(typeof(Memory), $"Load{Bits}", types, lane)
                : Methods.Find(typeof(MaskedMemory), $"Load{form}", types),
            DType.Bool => Methods.Find(typeof(Masks), $"LoadMask{form}", types),
            _ => throw DTypes.Unexpected(storage),
        };
        return As(E.Call(method, arguments), lane);
    }

    /// <summary>Writes lanes as elements.</summary>
    /// <param name="storage">What memory holds.</param>
    /// <param name="at">Where the first one lies.</param>
    /// <param name="value">The lanes; of bools a mask.</param>
    /// <param name="mask">Which lanes are written. Null: all.</param>
    /// <param name="alignment">All are written past the cache where the address has none of these bits. Null: nowhere.</param>
    public E Store(DType storage, (E Address, E Index, E Displacement) at, E value, E? mask, E? alignment)
    {
        Type lane = LaneOf((mask ?? value).Type);
        E[] arguments = [at.Address, at.Index, at.Displacement, .. Given(mask), As(value, lane), .. Given(mask is null ? alignment : null)];
        Type[] types = [.. arguments.Select(a => a.Type)];
        MethodInfo method = storage switch
        {
            DType.Float32 or DType.Float64 or DType.Int32 or DType.Int64 => mask is not null
                ? Methods.Find(typeof(MaskedMemory), $"Store{Bits}{lane.Name}", types)
                : Methods.Find(typeof(Memory), alignment is null ? $"Store{Bits}" : $"StorePastCache{Bits}", types, lane),
            DType.Bool => Methods.Find(typeof(Masks), $"StoreMask{Bits}{lane.Name}", types),
            _ => throw DTypes.Unexpected(storage),
        };
        return E.Call(method, arguments);
    }

    /// <summary>Whether every second element can be read and written as a vector.</summary>
    public static bool CanAlternate(DType storage) => storage is DType.Float32 or DType.Int32;

    /// <summary>Every second element as lanes, which must hold what memory does; zeros in the lanes outside the mask, if there is one.</summary>
    public E LoadAlternate((E Address, E Index, E Displacement) at, Type lane, E? mask)
    {
        E[] arguments = [at.Address, at.Index, at.Displacement, .. Given(mask)];
        return As(E.Call(Methods.Find(typeof(AlternateMemory), $"Load{Bits}", [.. arguments.Select(a => a.Type)]), arguments), lane);
    }

    /// <summary>Writes lanes as every second element.</summary>
    public E StoreAlternate((E Address, E Index, E Displacement) at, E value, E? mask)
    {
        E[] arguments = [at.Address, at.Index, at.Displacement, .. Given(mask), As(value, typeof(int))];
        return E.Call(Methods.Find(typeof(AlternateMemory), $"Store{Bits}", [.. arguments.Select(a => a.Type)]), arguments);
    }

    private static E[] Given(E? argument) => argument is null ? [] : [argument];

    public static E Prefetch(DType storage, E address, E index, E displacement) =>
        E.Call(
            Methods.Find(typeof(Memory), nameof(Memory.Prefetch), [typeof(nint), typeof(long), typeof(int)], storage.ClrType()),
            address,
            index,
            displacement);

    /// <summary>A mask of the first lanes, as many as counted.</summary>
    public E FirstLanes(E count, Type maskLane) => E.Call(Methods.Find(typeof(MaskedMemory), $"First{Bits}{maskLane.Name}", [typeof(long)]), count);

    /// <summary>start, start + step, … as lanes of a dtype.</summary>
    public E Ramp(E start, E step, DType type) =>
        E.Call(Methods.Find(typeof(Lanes), $"Ramp{Bits}{type}", [typeof(long), typeof(long)]), start, step);

    /// <summary>The lanes of a vector combined into one scalar.</summary>
    public E Reduce(Loops.BinaryFunction function, E vector) =>
        E.Call(Methods.Find(typeof(Lanes), $"{function}{Bits}", [vector.Type], LaneOf(vector.Type)), vector);

    public static E SetLane(ParameterExpression vector, E lane, E value) =>
        E.Call(Methods.Find(typeof(Lanes), nameof(Lanes.Set), [vector.Type.MakeByRefType(), typeof(long), value.Type], vector.Type, value.Type), vector, lane, value);

    public static E GetLane(ParameterExpression vector, E lane) =>
        E.Call(
            Methods.Find(typeof(Lanes), nameof(Lanes.Get), [vector.Type.MakeByRefType(), typeof(long)], vector.Type, LaneOf(vector.Type)),
            vector,
            lane);

    public static Type LaneOf(Type vector) => LaneTypes.GetOrAdd(vector, type => type.GetGenericArguments()[0]);

    /// <summary>The operator that a method does nothing but call: the JIT takes a tenth of the time if it is called at once.</summary>
    private static string? OperatorOf(string name) => name switch
    {
        "Add" => "op_Addition",
        "Subtract" => "op_Subtraction",
        "Multiply" => "op_Multiply",
        "Divide" => "op_Division",
        "BitwiseAnd" => "op_BitwiseAnd",
        "BitwiseOr" => "op_BitwiseOr",
        "Xor" => "op_ExclusiveOr",
        "Negate" => "op_UnaryNegation",
        "OnesComplement" => "op_OnesComplement",
        "ShiftLeft" => "op_LeftShift",
        "ShiftRightArithmetic" => "op_RightShift",
        _ => null,
    };

    private static bool IsOverloaded(string name) =>
        name is "FusedMultiplyAdd" or "Floor" or "Round"
            or "ConvertToInt32" or "ConvertToSingle" or "ConvertToInt64" or "ConvertToDouble";
}
