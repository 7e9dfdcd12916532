using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Numerics.Tensors;
using System.Reflection;
using System.Runtime.CompilerServices;
using GraphCompiler.Emit;
using static GraphCompiler.Types.TypeNames;

namespace GraphCompiler.Calling;

/// <summary>
/// Makes a delegate of the caller's type that calls a compiled graph: each parameter becomes a <see cref="SpanArgument"/>, the rest is one call. Where code
/// cannot be generated the delegate is interpreted, and its parameters become arguments and destinations of Run.
/// </summary>
internal static class TypedDelegate
{
    [UnconditionalSuppressMessage("Trimming", "IL2090", Justification = "Delegates keep their Invoke.")]
    public static TDelegate Create<TDelegate>(CompiledGraph graph)
        where TDelegate : Delegate
    {
        MethodInfo invoke = typeof(TDelegate).GetMethod("Invoke") ?? throw new CompileException($"{Display(typeof(TDelegate))} is no delegate type that can be called.");
        ParameterInfo[] parameters = invoke.GetParameters();
        int inputs = graph.Graph.Inputs.Count;
        int outputs = graph.Graph.Outputs.Count;
        bool returns = invoke.ReturnType != typeof(void);
        int expected = returns ? inputs : inputs + outputs;
        if (parameters.Length != expected && !(outputs == 0 && parameters.Length == inputs))
        {
            throw new CompileException(
                $"{Display(typeof(TDelegate))} has {InvariantText.Count(parameters.Length, "parameter")}; for {InvariantText.Count(inputs, "input")} and {InvariantText.Count(outputs, "output")} it needs {inputs} and a result, or {inputs + outputs} and none.");
        }

        if (parameters.Length > TypedCall.MaximumArguments)
        {
            throw new CompileException($"{Display(typeof(TDelegate))} has {parameters.Length} parameters; typed delegates have at most {TypedCall.MaximumArguments}. Use Run.");
        }

        ParameterExpression[] variables = [.. parameters.Select(p => Expression.Parameter(p.ParameterType, p.Name))];
        Conversion[] conversions =
        [
            .. variables.Select((v, i) => i < inputs ? Input(graph.Graph.Inputs[i], v) : Destination(graph.Graph.Outputs[i - inputs], i - inputs, v)),
        ];
        bool isInterpreted = !RuntimeFeature.IsDynamicCodeSupported;
        Expression call = isInterpreted ? InterpretedCall(graph, returns, variables) : Call(graph, returns, variables, conversions);
        Expression[] kept = [.. conversions.Zip(variables).Where(c => c.First.KeepAlive is not null && !isInterpreted).Select(c => Expression.Call(c.First.KeepAlive!, c.Second))];
        Expression body = returns ? Returned(graph, invoke.ReturnType, call, kept) : Expression.Block(typeof(void), [call, .. kept, Expression.Empty()]);
        Expression<TDelegate> lambda = Expression.Lambda<TDelegate>(body, variables);
        return CodeGeneration.TryCompileFast(lambda) ?? lambda.Compile();
    }

    private static MethodCallExpression Call(CompiledGraph graph, bool returns, ParameterExpression[] variables, Conversion[] conversions)
    {
        // Nothing is built at the first call that can be built now.
        var target = new TypedCall(graph, returns);
        MethodInfo method = typeof(TypedCall).GetMethod(TypedCall.MethodFor(variables.Length))!;
        var arguments = new Expression[method.GetParameters().Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = i < variables.Length ? Expression.Call(conversions[i].Method, variables[i])
                : Expression.Call(Methods.Find(typeof(SpanArgument), nameof(SpanArgument.None), []));
        }

        return Expression.Call(Expression.Constant(target), method, arguments);
    }

    private static MethodCallExpression InterpretedCall(CompiledGraph graph, bool returns, ParameterExpression[] variables)
    {
        if (variables.FirstOrDefault(v => v.Type.IsByRefLike) is { } span)
        {
            throw new CompileException(
                $"The parameter '{span.Name}' is {Display(span.Type)}, which delegates cannot have where dynamic code is switched off: use arrays, tensors or memory, or Run.");
        }

        int inputs = graph.Graph.Inputs.Count;
        Expression arguments = Expression.Constant(Array.Empty<Argument>());
        foreach (ParameterExpression variable in variables.Take(inputs))
        {
            Expression argument = Expression.Call(Methods.Find(typeof(Argument), "op_Implicit", [variable.Type]), variable);
            arguments = Expression.Call(((Func<Argument[], Argument, Argument[]>)Append).Method, arguments, argument);
        }

        Expression destinations = Expression.Constant(Array.Empty<Destination>());
        foreach (ParameterExpression variable in variables.Skip(inputs))
        {
            Expression destination = Expression.Call(Methods.Find(typeof(Destination), "op_Implicit", [variable.Type]), variable);
            destinations = Expression.Call(((Func<Destination[], Destination, Destination[]>)Append).Method, destinations, destination);
        }

        Func<CompiledGraph, Argument[], Destination[], Results?> run = returns ? Run : RunInto;
        return Expression.Call(run.Method, Expression.Constant(graph), arguments, destinations);
    }

    private static T[] Append<T>(T[] items, T item) => [.. items, item];

    private static Results? Run(CompiledGraph graph, Argument[] arguments, Destination[] destinations) => graph.Run(arguments);

    private static Results? RunInto(CompiledGraph graph, Argument[] arguments, Destination[] destinations)
    {
        graph.Run(arguments, destinations);
        return null;
    }

    private static Conversion Input(Node input, ParameterExpression variable)
    {
        if (ConversionOf(input.DType, variable.Type, writable: false) is not { } conversion || (variable.Type == input.DType.ClrType() && input.Rank != 0))
        {
            string type = Display(input.DType.ClrType());
            throw new CompileException(
                $"The parameter '{variable.Name}' is {Display(variable.Type)}; {input.Describe()} takes {type}[], Tensor<{type}>, Memory<{type}>, ReadOnlyMemory<{type}> or ReadOnlySpan<{type}>{(input.Rank == 0 ? $", or {type}" : string.Empty)}.");
        }

        return conversion;
    }

    private static Conversion Destination(Node output, int index, ParameterExpression variable)
    {
        if (ConversionOf(output.DType, variable.Type, writable: true) is not { } conversion)
        {
            string type = Display(output.DType.ClrType());
            throw new CompileException(
                $"The parameter '{variable.Name}' is {Display(variable.Type)}; output {index}, {output.Describe()}, is written to {type}[], Tensor<{type}>, Memory<{type}> or Span<{type}>.");
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

    private static BlockExpression Returned(CompiledGraph graph, Type type, Expression call, Expression[] kept)
    {
        NodeList outputs = graph.Graph.Outputs;
        bool isTuple = type.IsGenericType && type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal);
        Type[] parts = isTuple ? type.GenericTypeArguments : [type];
        if (parts.Length != outputs.Count)
        {
            throw new CompileException($"The delegate returns {Display(type)}, {InvariantText.Count(parts.Length, "value")}; the graph has {InvariantText.Count(outputs.Count, "output")}.");
        }

        ParameterExpression results = Expression.Variable(typeof(Results), "results");
        Expression[] values = [.. parts.Select((part, i) => Value(outputs[i], i, part, results))];
        Expression value = isTuple ? Expression.Call(TupleOf(type, parts), values) : values[0];
        return Expression.Block(type, [results], [Expression.Assign(results, call), .. kept, value]);
    }

    private static MethodInfo TupleOf(Type type, Type[] parts)
    {
        MethodInfo create = Methods.Find(typeof(ValueTuple), nameof(ValueTuple.Create), parts, parts);
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

    private static T[] ArrayOf<T>(Results results, int index)
        where T : unmanaged => results.GetArray<T>(index);

    private static Tensor<T> TensorOf<T>(Results results, int index)
        where T : unmanaged => results.Get<T>(index);

    private static T ScalarOf<T>(Results results, int index)
        where T : unmanaged => results.Scalar<T>(index);


    /// <summary>How a parameter becomes an argument.</summary>
    /// <param name="Method">What makes a <see cref="SpanArgument"/> of it.</param>
    /// <param name="KeepAlive">Of memory: the call sees a span of it; what owns it, which may free it when nobody refers to it, is known to the parameter alone.</param>
    private sealed record Conversion(MethodInfo Method, MethodInfo? KeepAlive);
}
