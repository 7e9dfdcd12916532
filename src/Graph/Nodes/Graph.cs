using System.Globalization;
using System.Text;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// What some outputs reach from some inputs: closed, in topological order. Prints as text for people, and as DOT or Mermaid for pictures.
/// </summary>
public sealed class Graph
{
    private readonly Node[] inputs;
    private readonly Node[] outputs;
    private readonly List<Node> nodes;

    /// <summary>The graph between inputs and outputs.</summary>
    /// <param name="inputs">Inputs made by <see cref="Ops.Input(string, Shape, bool)"/>, each once.</param>
    /// <param name="outputs">At least one node.</param>
    /// <exception cref="GraphException">An output uses an input that is not listed, an input is listed twice or is none, or one is null.</exception>
    public Graph(IReadOnlyList<Node> inputs, IReadOnlyList<Node> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        this.inputs = [.. inputs];
        this.outputs = [.. outputs];
        HashSet<Node> listed = [];
        for (int i = 0; i < this.inputs.Length; i++)
        {
            if (this.inputs[i] is null)
            {
                throw new GraphException($"Input {i} is null.");
            }

            if (this.inputs[i].Op is not InputOp)
            {
                throw new GraphException($"Input {i} is {this.inputs[i].Describe()}, which is not an input; list only nodes made by Input.");
            }

            if (!listed.Add(this.inputs[i]))
            {
                throw new GraphException($"{this.inputs[i].Describe()} is listed twice.");
            }
        }

        for (int i = 0; i < this.outputs.Length; i++)
        {
            if (this.outputs[i] is null)
            {
                throw new GraphException($"Output {i} is null.");
            }

            if (this.outputs[i].LeakedFrom is { } ended)
            {
                throw new GraphException($"Output {i}, {this.outputs[i].Describe()}, was made in the body of {ended.Function} and has no value outside of it; let the body return it.");
            }

            if (this.outputs[i].Results.Count != 1)
            {
                throw new GraphException($"Output {i}, {this.outputs[i].Describe()}, has {this.outputs[i].Results.Count} results; take them with Output(node, i).");
            }
        }

        nodes = GraphWalk.TopologicalOrder(this.outputs);
        if (nodes.FirstOrDefault(n => n.Op is InputOp && !listed.Contains(n)) is { } missing)
        {
            throw new GraphException($"The graph uses {missing.Describe()}, which is not among the inputs; list it.");
        }
    }

    /// <summary>The inputs in the order of the arguments.</summary>
    public IReadOnlyList<Node> Inputs => inputs;

    /// <summary>The outputs.</summary>
    public IReadOnlyList<Node> Outputs => outputs;

    /// <summary>Every node that an output reaches, each after its inputs.</summary>
    public IReadOnlyList<Node> Nodes => nodes;

    /// <summary>A line a node: number, type, operation, inputs.</summary>
    public override string ToString() => GraphPrinter.Print(nodes, outputs);

    /// <summary>The graph in Graphviz' DOT language.</summary>
    public string ToDot()
    {
        Dictionary<Node, int> number = GraphPrinter.Number(nodes);
        var text = new StringBuilder("digraph {\n  node [shape=box];\n");
        foreach (Node node in nodes)
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
        Dictionary<Node, int> number = GraphPrinter.Number(nodes);
        var text = new StringBuilder("flowchart TD\n");
        foreach (Node node in nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"  n{number[node]}[\"{Label(node).Replace("\\n", "<br/>", StringComparison.Ordinal)}\"]\n");
            foreach (Node input in node.Inputs)
            {
                text.Append(CultureInfo.InvariantCulture, $"  n{number[input]} --> n{number[node]}\n");
            }
        }

        return text.ToString();
    }

    private static string Label(Node node) => $"{GraphPrinter.Describe(node.Op)}\\n{string.Join(", ", node.Results)}{(node.Name is null ? string.Empty : $"\\n{node.Name}")}".Replace("\"", "'", StringComparison.Ordinal);
}
