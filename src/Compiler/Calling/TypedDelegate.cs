using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Numerics.Tensors;
using System.Reflection;
using System.Runtime.CompilerServices;
using GraphCompiler.Emit;
using static GraphCompiler.Types.TypeNames;

namespace GraphCompiler.Calling;

/// <summary>
/// Makes a delegate of the caller's type that calls a compiled graph: each parameter becomes a <see cref="SpanArgument"/>, the rest is one call. Where there are many of
/// them, or ones that are arguments and destinations themselves, and where code cannot be generated, they become arguments and destinations of Run.
/// </summary>
internal static class TypedDelegate
{
    [UnconditionalSuppressMessage("Trimming", "IL2090", Justification = "Delegates keep their Invoke.")]
    public static TDelegate Create<TDelegate>(CompiledGraph graph)
        where TDelegate : Delegate
    {
        MethodInfo invoke = typeof(TDelegate).GetMethod("Invoke") ?? throw new CompileException($"{Display(typeof(TDelegate))} is no delegate type that can be called.");
        ParameterInfo[] all = invoke.GetParameters();
        bool isCancellable = all is [.., var last] && last.ParameterType == typeof(CancellationToken);
        ParameterInfo[] parameters = isCancellable ? all[..^1] : all;
        int inputs = graph.Graph.Inputs.Count;
        int outputs = graph.Graph.Outputs.Count;
        bool returns = invoke.ReturnType != typeof(void);
        int expected = returns ? inputs : inputs + outputs;
        if (parameters.Length != expected && !(outputs == 0 && parameters.Length == inputs))
        {
            throw new CompileException(
                $"{Display(typeof(TDelegate))} has {InvariantText.Count(all.Length, "parameter")}; for {InvariantText.Count(inputs, "input")} and {InvariantText.Count(outputs, "output")} it needs {inputs} and a result, or {inputs + outputs} and none; a CancellationToken may come after them.");
        }

        ParameterExpression[] variables = [.. parameters.Select(p => Expression.Parameter(p.ParameterType, p.Name))];
        Conversion?[] conversions =
        [
            .. variables.Select((v, i) => i < inputs ? Input(graph.Graph.Inputs[i], v) : Destination(graph.Graph.Outputs[i - inputs], i - inputs, v)),
        ];
        bool isFew = RuntimeFeature.IsDynamicCodeSupported && variables.Length <= TypedCall.MaximumArguments && !conversions.Contains(null);
        ParameterExpression? token = isCancellable ? Expression.Parameter(typeof(CancellationToken), all[^1].Name) : null;
        Expression cancellation = token ?? (Expression)Expression.Default(typeof(CancellationToken));
        ParameterExpression results = Expression.Variable(typeof(RunResults), "results");
        Expression value = returns ? Returned(graph, invoke.ReturnType, results) : Expression.Empty();
        Expression call = isFew ? CallOfFew(graph, returns, variables, conversions!, cancellation) : CallOfMany(graph, returns, variables, cancellation);
        Expression[] kept = [.. conversions.Zip(variables).Where(c => isFew && c.First!.KeepAlive is not null).Select(c => Expression.Call(c.First!.KeepAlive!, c.Second))];
        Expression body = Expression.Block(invoke.ReturnType, [results], [Expression.Assign(results, call), .. kept, value]);
        Expression<TDelegate> lambda = Expression.Lambda<TDelegate>(body, token is null ? variables : [.. variables, token]);
        return CodeGeneration.TryCompileFast(lambda) ?? lambda.Compile();
    }

    private static MethodCallExpression CallOfFew(CompiledGraph graph, bool returns, ParameterExpression[] variables, Conversion[] conversions, Expression cancellation)
    {
        // Nothing is built at the first call that can be built now.
        var target = new TypedCall(graph, returns);
        MethodInfo method = typeof(TypedCall).GetMethod(TypedCall.MethodFor(variables.Length))!;
        var arguments = new Expression[method.GetParameters().Length];
        arguments[^1] = cancellation;
        for (int i = 0; i < arguments.Length - 1; i++)
        {
            arguments[i] = i < variables.Length ? Expression.Call(conversions[i].Method, variables[i])
                : Expression.Call(Methods.Find(typeof(SpanArgument), nameof(SpanArgument.None), []));
        }

        return Expression.Call(Expression.Constant(target), method, arguments);
    }

    private static BlockExpression CallOfMany(CompiledGraph graph, bool returns, ParameterExpression[] variables, Expression cancellation)
    {
        if (variables.FirstOrDefault(v => v.Type.IsByRefLike) is { } span)
        {
            throw new CompileException(RuntimeFeature.IsDynamicCodeSupported
                ? $"The parameter '{span.Name}' is {Display(span.Type)}, which delegates take that have at most {TypedCall.MaximumArguments} parameters, none of them an Argument or Destination: use arrays, tensors or memory."
                : $"The parameter '{span.Name}' is {Display(span.Type)}, which delegates cannot have where dynamic code is switched off: use arrays, tensors or memory, or Run.");
        }

        int inputs = graph.Graph.Inputs.Count;
        var target = new ManyCall(graph, returns);
        Func<ManyCall.Lists> begin = target.Begin;
        Func<ManyCall.Lists, CancellationToken, RunResults?> run = target.Run;
        Action<ManyCall.Lists, int, Argument> give = Give;
        Action<ManyCall.Lists, int, Destination> take = Take;
        ParameterExpression lists = Expression.Variable(typeof(ManyCall.Lists), "lists");
        List<Expression> body = [Expression.Assign(lists, Expression.Call(Expression.Constant(target), begin.Method))];
        for (int i = 0; i < variables.Length; i++)
        {
            Type given = variables[i].Type;
            body.Add(i < inputs
                ? Expression.Call(give.Method, lists, Expression.Constant(i), given == typeof(Argument) ? variables[i] : Expression.Call(Methods.Find(typeof(Argument), "op_Implicit", [given]), variables[i]))
                : Expression.Call(take.Method, lists, Expression.Constant(i - inputs), given == typeof(Destination) ? variables[i] : Expression.Call(Methods.Find(typeof(Destination), "op_Implicit", [given]), variables[i])));
        }

        body.Add(Expression.Call(Expression.Constant(target), run.Method, lists, cancellation));
        return Expression.Block(typeof(RunResults), [lists], body);
    }

    private static void Give(ManyCall.Lists lists, int index, Argument argument) => lists.Arguments[index] = argument;

    private static void Take(ManyCall.Lists lists, int index, Destination destination) => lists.Destinations[index] = destination;

    /// <summary>How an input is given; null where it is an argument already.</summary>
    private static Conversion? Input(Node input, ParameterExpression variable)
    {
        if (variable.Type == typeof(Argument))
        {
            return null;
        }

        if (ConversionOf(input.DType, variable.Type, writable: false) is not { } conversion || (variable.Type == input.DType.ClrType() && input.Rank != 0))
        {
            string type = Display(input.DType.ClrType());
            throw new CompileException(
                $"The parameter '{variable.Name}' is {Display(variable.Type)}; {input.Describe()} takes {type}[], {type}[,], {type}[,,], Tensor<{type}>, Memory<{type}>, ReadOnlyMemory<{type}>, ReadOnlySpan<{type}> or Argument{(input.Rank == 0 ? $", or {type}" : string.Empty)}.");
        }

        return conversion;
    }

    /// <summary>How an output is taken; null where it is a destination already.</summary>
    private static Conversion? Destination(Node output, int index, ParameterExpression variable)
    {
        if (variable.Type == typeof(Destination))
        {
            return null;
        }

        if (ConversionOf(output.DType, variable.Type, writable: true) is not { } conversion)
        {
            string type = Display(output.DType.ClrType());
            throw new CompileException(
                $"The parameter '{variable.Name}' is {Display(variable.Type)}; output {index}, {output.Describe()}, is written to {type}[], {type}[,], {type}[,,], Tensor<{type}>, Memory<{type}>, Span<{type}> or Destination.");
        }

        return conversion;
    }

    private static Conversion? ConversionOf(DType dtype, Type type, bool writable) => dtype switch
    {
        DType.Float32 => ConversionOf<float>(type, writable),
        DType.Float64 => ConversionOf<double>(type, writable),
        DType.Int32 => ConversionOf<int>(type, writable),
        DType.Int64 => ConversionOf<long>(type, writable),
        DType.Bool => ConversionOf<bool>(type, writable),
        _ => throw DTypes.Unexpected(dtype),
    };

    private static Conversion? ConversionOf<T>(Type type, bool writable)
        where T : unmanaged
    {
        Delegate? conversion = type == typeof(T[]) ? SpanArgument.FromArray<T>
            : type == typeof(T[,]) || type == typeof(T[,,]) ? SpanArgument.FromMultiDimensional<T>
            : type == typeof(Memory<T>) ? SpanArgument.FromMemory<T>
            : type == typeof(Tensor<T>) ? (writable ? SpanArgument.FromWritableTensor<T> : SpanArgument.FromTensor<T>)
            : writable ? (type == typeof(Span<T>) ? SpanArgument.FromWritableSpan<T> : null)
            : type == typeof(ReadOnlyMemory<T>) ? SpanArgument.FromReadOnlyMemory<T>
            : type == typeof(ReadOnlySpan<T>) ? SpanArgument.FromSpan<T>
            : type == typeof(T) ? SpanArgument.FromScalar<T>
            : null;
        Delegate? keepAlive = type == typeof(Memory<T>) ? SpanArgument.KeepAlive<T>
            : type == typeof(ReadOnlyMemory<T>) ? SpanArgument.KeepReadOnlyAlive<T>
            : null;
        return conversion is null ? null : new Conversion(conversion.Method, keepAlive?.Method);
    }

    /// <summary>What a delegate returns of the outputs: all of them as they are, one, or a tuple, whose eighth part holds the rest.</summary>
    private static Expression Returned(CompiledGraph graph, Type type, ParameterExpression results)
    {
        if (type == typeof(RunResults))
        {
            return results;
        }

        NodeList outputs = graph.Graph.Outputs;
        Type[] parts = [.. Parts(type)];
        if (parts.Length != outputs.Count)
        {
            throw new CompileException($"The delegate returns {Display(type)}, {InvariantText.Count(parts.Length, "value")}; the graph has {InvariantText.Count(outputs.Count, "output")}.");
        }

        return Whole(type, [.. parts.Select((part, i) => Value(outputs[i], i, part, results))]);
    }

    private static IEnumerable<Type> Parts(Type type) =>
        !IsTuple(type) ? [type] : [.. type.GenericTypeArguments.Take(7), .. type.GenericTypeArguments.Skip(7).SelectMany(Parts)];

    private static bool IsTuple(Type type) => type.IsGenericType && type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal);

    private static Expression Whole(Type type, Expression[] values) =>
        !IsTuple(type) ? values[0]
        : type.GenericTypeArguments is [.. { Length: 7 } first, var rest] ? Expression.Call(TupleOf(type, nameof(Longer), [.. first, rest]), [.. values[..7], Whole(rest, values[7..])])
        : Expression.Call(TupleOf(type, nameof(ValueTuple.Create), type.GenericTypeArguments), values);

    private static ValueTuple<T1, T2, T3, T4, T5, T6, T7, TRest> Longer<T1, T2, T3, T4, T5, T6, T7, TRest>(T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, TRest rest)
        where TRest : struct => new(a, b, c, d, e, f, g, rest);

    private static MethodInfo TupleOf(Type type, string name, Type[] parts)
    {
        MethodInfo create = name == nameof(Longer) ? Methods.Find(typeof(TypedDelegate), name, parts, parts) : Methods.Find(typeof(ValueTuple), name, parts, parts);
        try
        {
            return RuntimeFeature.IsDynamicCodeSupported || create.Invoke(null, new object?[parts.Length]) is not null ? create : throw new NotSupportedException();
        }
        catch (NotSupportedException)
        {
            throw new CompileException($"The delegate returns {Display(type)}, and Native AOT left no code that makes one: use Run.");
        }
    }

    private static MethodCallExpression Value(Node output, int index, Type type, Expression results)
    {
        bool isOne = output.Shape.ElementCount == Dim.Of(1);
        MethodInfo? reader = output.DType switch
        {
            DType.Float32 => Reader<float>(type, isOne),
            DType.Float64 => Reader<double>(type, isOne),
            DType.Int32 => Reader<int>(type, isOne),
            DType.Int64 => Reader<long>(type, isOne),
            DType.Bool => Reader<bool>(type, isOne),
            _ => throw DTypes.Unexpected(output.DType),
        };
        string name = Display(output.DType.ClrType());
        return reader is not null
            ? Expression.Call(reader, results, Expression.Constant(index))
            : throw new CompileException(
                $"The delegate returns {Display(type)} for output {index}, {output.Describe()}, which comes as {(isOne ? $"{name}, {name}[]" : $"{name}[]")} or Tensor<{name}>.");
    }

    private static MethodInfo? Reader<T>(Type type, bool isOne)
        where T : unmanaged
    {
        Delegate? reader = type == typeof(T[]) ? ArrayOf<T>
            : type == typeof(Tensor<T>) ? TensorOf<T>
            : type == typeof(T) && isOne ? ScalarOf<T>
            : null;
        return reader?.Method;
    }

    private static T[] ArrayOf<T>(RunResults results, int index)
        where T : unmanaged => results.GetArray<T>(index);

    private static Tensor<T> TensorOf<T>(RunResults results, int index)
        where T : unmanaged => results.Get<T>(index);

    private static T ScalarOf<T>(RunResults results, int index)
        where T : unmanaged => results.Scalar<T>(index);

    /// <summary>How a parameter becomes an argument.</summary>
    /// <param name="Method">What makes a <see cref="SpanArgument"/> of it.</param>
    /// <param name="KeepAlive">Of memory: the call sees a span of it; what owns it, which may free it when nobody refers to it, is known to the parameter alone.</param>
    private sealed record Conversion(MethodInfo Method, MethodInfo? KeepAlive);
}
