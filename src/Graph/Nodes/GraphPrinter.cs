using System.Globalization;
using System.Text;
using GraphCompiler.Operations;

namespace GraphCompiler.Nodes;

/// <summary>Graphs as text: a line a node with its number, type, operation and inputs.</summary>
internal static class GraphPrinter
{
    /// <param name="nodes">What to print, each after its inputs.</param>
    /// <param name="outputs">What is returned.</param>
    /// <param name="gradients">Whether to say which nodes require gradients.</param>
    public static string Print(IReadOnlyList<Node> nodes, IReadOnlyList<Node> outputs, bool gradients = true)
    {
        Dictionary<Node, int> number = GraphWalk.PositionsOf(nodes);
        var text = new StringBuilder();
        foreach (Node node in nodes)
        {
            string name = node.Title is not { } title ? string.Empty : $"  # {(node.Scope is null ? title : $"{node.Scope}/{title}")}";
            string origin = node.Origin is null ? string.Empty : $"  @ {node.Origin}";
            string inputs = string.Join(", ", node.Inputs.Select(i => $"%{number[i]}"));
            text.Append(CultureInfo.InvariantCulture, $"%{number[node]} : {string.Join(", ", node.Results)} = {Describe(node)}({inputs}){(gradients && node.RequiresGrad ? " grad" : string.Empty)}{name}{origin}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"return {string.Join(", ", outputs.Select(o => $"%{number[o]}"))}\n").ToString();
    }

    /// <summary>The operation with its attributes.</summary>
    public static string Describe(Node node)
    {
        Op op = node.Op;
        switch (op)
        {
            case InputOp or ParameterOp:
                return $"{op.Name} '{node.Title}'";
            case RandomStreamOp stream:
                return $"RandomStream {stream.Number}";
            case ConstantOp constant:
                return $"Constant {constant.Data}";
            case CallOp call:
                return call.Name;
        }

        // A record prints as `NameOp { Attribute = value }`.
        string text = InvariantText.Of(op.ToString);
        string attributes = text[(text.IndexOf('{', StringComparison.Ordinal) + 1)..text.LastIndexOf('}')].Trim();
        return attributes.Length == 0 ? op.Name : $"{op.Name}[{attributes}]";
    }
}
