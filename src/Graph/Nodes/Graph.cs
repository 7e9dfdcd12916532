using System.Globalization;
using System.Text;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// What some outputs reach from some inputs: closed, in topological order. Prints as text for people, and as DOT or Mermaid for pictures.
/// </summary>
public sealed class Graph
{
    /// <summary>The graph between inputs and outputs.</summary>
    /// <param name="inputs">Inputs made by <see cref="Ops.Input(string, Shape, bool)"/>, each once.</param>
    /// <param name="outputs">At least one node.</param>
    /// <exception cref="GraphException">An output uses an input that is not listed, an input is listed twice or is none, or one is null.</exception>
    public Graph(IReadOnlyList<Node> inputs, IReadOnlyList<Node> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        Node?[] given = [.. inputs];
        HashSet<Node> listed = [];
        for (int i = 0; i < given.Length; i++)
        {
            if (given[i] is not { } input)
            {
                throw new GraphException($"Input {i} is null.");
            }

            if (input.Op is not InputOp)
            {
                throw new GraphException($"Input {i} is {input.Describe()}, which is not an input; list only nodes made by Input.");
            }

            if (!listed.Add(input))
            {
                throw new GraphException($"{input.Describe()} is listed twice.");
            }
        }

        Node?[] asked = [.. outputs];
        for (int i = 0; i < asked.Length; i++)
        {
            if (asked[i] is not { } output)
            {
                throw new GraphException($"Output {i} is null.");
            }

            if (output.LeakedFrom is { } ended)
            {
                throw new GraphException($"Output {i}, {output.Describe()}, was made in the body of {ended.Function} and has no value outside of it; let the body return it.");
            }

            output.RequireSingle($"Output {i},");
        }

        (Inputs, Outputs) = ([.. given!], [.. asked!]);
        Nodes = [.. GraphWalk.TopologicalOrder(Outputs)];
        if (Nodes.FirstOrDefault(n => n.Op is InputOp && !listed.Contains(n)) is { } missing)
        {
            throw new GraphException($"The graph uses {missing.Describe()}, which is not among the inputs; list it.");
        }
    }

    /// <summary>The inputs in the order of the arguments.</summary>
    public NodeList Inputs { get; }

    /// <summary>The outputs.</summary>
    public NodeList Outputs { get; }

    /// <summary>Every node that an output reaches, each after its inputs.</summary>
    public NodeList Nodes { get; }

    /// <summary>A line a node: number, type, operation, inputs.</summary>
    public override string ToString() => GraphPrinter.Print(Nodes, Outputs);

    /// <summary>The graph in Graphviz' DOT language.</summary>
    public string ToDot()
    {
        Dictionary<Node, int> number = GraphWalk.PositionsOf(Nodes);
        var text = new StringBuilder("digraph {\n  node [shape=box];\n");
        foreach (Node node in Nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"  n{number[node]} [label=\"{Label(node)}\"];\n");
            foreach (Node input in node.Inputs)
            {
                text.Append(CultureInfo.InvariantCulture, $"  n{number[input]} -> n{number[node]};\n");
            }
        }

        return text.Append("}\n").ToString();
    }

    /// <summary>The graph in Mermaid's language.</summary>
    public string ToMermaid()
    {
        Dictionary<Node, int> number = GraphWalk.PositionsOf(Nodes);
        var text = new StringBuilder("flowchart TD\n");
        foreach (Node node in Nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"  n{number[node]}[\"{Label(node).Replace("\\n", "<br/>", StringComparison.Ordinal)}\"]\n");
            foreach (Node input in node.Inputs)
            {
                text.Append(CultureInfo.InvariantCulture, $"  n{number[input]} --> n{number[node]}\n");
            }
        }

        return text.ToString();
    }

    private static string Label(Node node) => $"{GraphPrinter.Describe(node)}\\n{string.Join(", ", node.Results)}{(node.Title is { } title ? $"\\n{title}" : string.Empty)}".Replace("\"", "'", StringComparison.Ordinal);
}
