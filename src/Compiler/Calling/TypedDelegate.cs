using System.Linq.Expressions;
using System.Numerics.Tensors;
using System.Reflection;
using FastExpressionCompiler;
using GraphCompiler.Execution;
using static GraphCompiler.Execution.TypeNames;

namespace GraphCompiler.Calling;

/// <summary>Makes a delegate of the caller's type that calls a compiled graph: each parameter becomes a <see cref="SpanArgument"/>, the rest is one call.</summary>
internal static class TypedDelegate
{
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
                $"{Display(typeof(TDelegate))} has {Count(parameters.Length, "parameter")}; for {Count(inputs, "input")} and {Count(outputs, "output")} it needs {inputs} and a result, or {inputs + outputs} and none.");
        }

        if (parameters.Length > TypedCall.MaximumArguments)
        {
            throw new CompileException($"{Display(typeof(TDelegate))} has {parameters.Length} parameters; typed delegates have at most {TypedCall.MaximumArguments}. Use Run.");
        }

        ParameterExpression[] variables = [.. parameters.Select(p => Expression.Parameter(p.ParameterType, p.Name))];

        // Nothing is built at the first call that can be built now.
        var target = new TypedCall(graph, returns);
        MethodInfo method = typeof(TypedCall).GetMethod(TypedCall.MethodFor(variables.Length))!;
        var arguments = new Expression[method.GetParameters().Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = i >= variables.Length ? Expression.Call(typeof(SpanArgument), nameof(SpanArgument.None), null)
                : i < inputs ? Input(graph.Graph.Inputs[i], variables[i])
                : Destination(graph.Graph.Outputs[i - inputs], i - inputs, variables[i]);
        }

        Expression call = Expression.Call(Expression.Constant(target), method, arguments);
        Expression[] kept = [.. variables.Where(v => IsMemory(v.Type)).Select(KeepAlive)];
        Expression body = returns ? Returned(graph, invoke.ReturnType, call, kept) : Expression.Block(typeof(void), [call, .. kept, Expression.Empty()]);
        Expression<TDelegate> lambda = Expression.Lambda<TDelegate>(body, variables);
        return lambda.CompileFast(true) ?? lambda.Compile();
    }

    private static MethodCallExpression Input(Node input, ParameterExpression variable)
    {
        (string method, Type element)? conversion = Conversion(variable.Type, writable: false);
        if (conversion is not { } found || found.element != input.DType.ClrType() || (found.method == nameof(SpanArgument.FromScalar) && input.Rank != 0))
        {
            string type = Display(input.DType.ClrType());
            throw new CompileException(
                $"The parameter '{variable.Name}' is {Display(variable.Type)}; {input.Describe()} takes {type}[], Tensor<{type}>, Memory<{type}>, ReadOnlyMemory<{type}> or ReadOnlySpan<{type}>{(input.Rank == 0 ? $", or {type}" : string.Empty)}.");
        }

        return Expression.Call(typeof(SpanArgument).GetMethod(found.method)!.MakeGenericMethod(found.element), variable);
    }

    private static MethodCallExpression Destination(Node output, int index, ParameterExpression variable)
    {
        (string method, Type element)? conversion = Conversion(variable.Type, writable: true);
        if (conversion is not { } found || found.element != output.DType.ClrType())
        {
            string type = Display(output.DType.ClrType());
            throw new CompileException(
                $"The parameter '{variable.Name}' is {Display(variable.Type)}; output {index}, {output.Describe()}, is written to {type}[], Tensor<{type}>, Memory<{type}> or Span<{type}>.");
        }

        return Expression.Call(typeof(SpanArgument).GetMethod(found.method)!.MakeGenericMethod(found.element), variable);
    }

    private static (string Method, Type Element)? Conversion(Type type, bool writable)
    {
        if (type.IsSZArray && DTypes.TryOf(type.GetElementType()!) is not null)
        {
            return (nameof(SpanArgument.FromArray), type.GetElementType()!);
        }

        if (!writable && DTypes.TryOf(type) is not null)
        {
            return (nameof(SpanArgument.FromScalar), type);
        }

        if (!type.IsGenericType || DTypes.TryOf(type.GenericTypeArguments[0]) is null)
        {
            return null;
        }

        Type definition = type.GetGenericTypeDefinition();
        string? method = definition == typeof(Tensor<>) ? (writable ? nameof(SpanArgument.FromWritableTensor) : nameof(SpanArgument.FromTensor))
            : definition == typeof(Memory<>) ? nameof(SpanArgument.FromMemory)
            : writable ? (definition == typeof(Span<>) ? nameof(SpanArgument.FromWritableSpan) : null)
            : definition == typeof(ReadOnlyMemory<>) ? nameof(SpanArgument.FromReadOnlyMemory)
            : definition == typeof(ReadOnlySpan<>) ? nameof(SpanArgument.FromSpan)
            : null;
        return method is null ? null : (method, type.GenericTypeArguments[0]);
    }

    private static bool IsMemory(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() is var definition && (definition == typeof(Memory<>) || definition == typeof(ReadOnlyMemory<>));

    /// <summary>The call sees a span of memory; what owns it, which may free it when nobody refers to it, is known to the delegate's parameter alone.</summary>
    private static MethodCallExpression KeepAlive(ParameterExpression memory)
    {
        string method = memory.Type.GetGenericTypeDefinition() == typeof(Memory<>) ? nameof(SpanArgument.KeepAlive) : nameof(SpanArgument.KeepReadOnlyAlive);
        return Expression.Call(typeof(SpanArgument).GetMethod(method)!.MakeGenericMethod(memory.Type.GenericTypeArguments[0]), memory);
    }

    private static BlockExpression Returned(CompiledGraph graph, Type type, Expression call, Expression[] kept)
    {
        IReadOnlyList<Node> outputs = graph.Graph.Outputs;
        bool isTuple = type.IsGenericType && type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal);
        Type[] parts = isTuple ? type.GenericTypeArguments : [type];
        if (parts.Length != outputs.Count)
        {
            throw new CompileException($"The delegate returns {Display(type)}, {parts.Length} values; the graph has {outputs.Count} outputs.");
        }

        ParameterExpression results = Expression.Variable(typeof(Results), "results");
        Expression[] values = [.. parts.Select((part, i) => Value(outputs[i], i, part, results))];
        Expression value = isTuple ? Expression.New(type.GetConstructor(parts)!, values) : values[0];
        return Expression.Block(type, [results], [Expression.Assign(results, call), .. kept, value]);
    }

    private static MethodCallExpression Value(Node output, int index, Type type, Expression results)
    {
        Type element = output.DType.ClrType();
        string? method = type == element.MakeArrayType() ? nameof(Results.GetArray)
            : type == typeof(Tensor<>).MakeGenericType(element) ? nameof(Results.Get)
            : type == element && output.Shape.ElementCount == Dim.Of(1) ? nameof(Results.Scalar)
            : null;
        string name = Display(output.DType.ClrType());
        return method is not null
            ? Expression.Call(results, typeof(Results).GetMethod(method)!.MakeGenericMethod(element), Expression.Constant(index))
            : throw new CompileException(
                $"The delegate returns {Display(type)} for output {index}, {output.Describe()}, which comes as {(output.Shape.ElementCount == Dim.Of(1) ? $"{name}, {name}[]" : $"{name}[]")} or Tensor<{name}>.");
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? string.Empty : "s")}";
}
