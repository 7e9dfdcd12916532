using System.Globalization;
using System.Reflection;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>A node as the C# that makes it.</summary>
internal static class NodeAsCode
{
    public static string Print(Node node, IReadOnlyDictionary<Node, string> names)
    {
        string inputs = string.Join(", ", node.Inputs.Select(i => names[i]));
        return node.Op switch
        {
            InputOp input => $"Placeholder(new NodeType(DType.{input.Type.DType}, {Of(input.Type.Shape)}), \"{input.InputName}\", requiresGrad: {(node.RequiresGrad ? "true" : "false")})",
            ConstantOp constant => $"Constant({constant.Data}, {node.DType})",
            ParameterOp parameter => $"Parameter(\"{parameter.ParameterName}\", {Values(node)})",
            CallOp call => $"Call(\"{call.Name}\", [{inputs}], …)",
            NamedOp named => $"{named.Name}({string.Join(", ", [inputs, .. named.Attributes.Select(a => $"{char.ToLowerInvariant(a.Name[0])}{a.Name[1..]}: {Of(a.Value)}")])})",
            LoopOp or BranchOp or CheckpointOp => $"{node.Op.Name}([{inputs}], …)",
            AddOp => Infix("+"),
            SubOp => Infix("-"),
            MulOp => Infix("*"),
            DivOp => Infix("/"),
            (UnaryOp and not PolygammaOp) or (BinaryOp and not GammaSlopeOp) or MatMulOp => $"{node.Op.Name}({inputs})",
            _ => $"Node.Create(new {node.Op.GetType().Name}({string.Join(", ", Attributes(node.Op))}), {inputs})",
        };

        string Infix(string sign) => $"{names[node.Inputs[0]]} {sign} {names[node.Inputs[1]]}";
    }

    private static string Values(Node parameter)
    {
        TensorValue value = ((Parameter)parameter).Snapshot();
        string numbers = string.Join(", ", value.Reals.Select(v => v.ToString("R", CultureInfo.InvariantCulture) + (value.DType == DType.Float32 ? "f" : string.Empty)));
        return $"Tensor.Create([{numbers}], [{string.Join(", ", value.Shape)}])";
    }

    // The attributes of a record are the parameters of its constructor.
    private static IEnumerable<string> Attributes(Op op) =>
        op.GetType().GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .OrderByDescending(c => c.GetParameters().Length)
            .First(c => c.GetParameters() is not [{ } only] || only.ParameterType != op.GetType())
            .GetParameters()
            .Select(p => Of(op.GetType().GetProperty(p.Name!)?.GetValue(op)));

    private static string Of(object? value) => value switch
    {
        null => "null",
        bool on => on ? "true" : "false",
        DType type => $"DType.{type}",
        Shape shape => $"[{string.Join(", ", shape.Select(Of))}]",
        Dim dim => dim.Constant is { } size ? size.ToString(CultureInfo.InvariantCulture) : dim.Symbol is { } symbol ? $"\"{symbol}\"" : $"\"{dim}\"",
        System.Collections.IEnumerable list when value is not string => $"[{string.Join(", ", list.Cast<object?>().Select(Of))}]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
