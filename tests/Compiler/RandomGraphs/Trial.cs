using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>A graph to try: outputs, perhaps a scalar to differentiate, and values of the symbols N and M.</summary>
internal sealed record Trial(ImmutableArray<Node> Outputs, Node? Loss, ImmutableArray<(long N, long M)> Sizes)
{
    /// <summary>Everything that is asked for.</summary>
    public IEnumerable<Node> Roots => Loss is null ? Outputs : Outputs.Append(Loss);

    public Node[] Nodes => [.. GraphWalk.TopologicalOrder(Roots)];

    /// <summary>The inputs that are used.</summary>
    public Node[] Inputs => [.. Nodes.Where(n => n.Op is InputOp)];

    /// <summary>
    /// The inputs as a compilation wants them. A symbol must be the size of an axis of some input: for those that are not, an input is added.
    /// </summary>
    public Node[] AllInputs
    {
        get
        {
            Node[] inputs = Inputs;
            string[] bound = [.. inputs.SelectMany(i => i.Shape).Select(d => d.Symbol).OfType<string>()];
            return [.. inputs, .. new[] { "N", "M" }.Where(s => !bound.Contains(s)).Select(s => Ops.Input($"size{s}", [s]))];
        }
    }

    /// <summary>Values of an input: they depend on its name, so that they stay what they are while a graph shrinks.</summary>
    public static TensorValue ValueOf(Node input, long n, long m)
    {
        var random = new Random(input.Name!.Aggregate((int)((n * 31) + m), (hash, c) => (hash * 31) + c));
        long[] shape = input.Shape.Evaluate(s => s == "N" ? n : m);
        int count = (int)TensorValue.CountOf(shape);
        double Real() => random.Next(10) == 0 ? Whole() : Math.Round((random.NextDouble() * 4) - 2, 3);
        double Whole() => random.Next(-2, 4) is var whole && whole == 3 ? -0.0 : whole;
        return input.DType.IsFloat()
            ? TensorValue.OfReals(input.DType, shape, [.. Enumerable.Range(0, count).Select(_ => Real())])
            : TensorValue.OfIntegers(input.DType, shape, [.. Enumerable.Range(0, count).Select(_ => input.DType == DType.Bool ? random.Next(2) : (long)random.Next(-5, 6))]);
    }

    /// <summary>The elements of all nodes: what interpreting costs.</summary>
    public double ElementsAt(long n, long m) => Nodes.Sum(node => node.Results.Sum(r => r.Shape.Aggregate(1.0, (product, d) => product * d.Evaluate(s => s == "N" ? n : m))));

    /// <summary>The graph as C#, to be pasted into a test.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Dictionary<Node, string> names = [];
        foreach (Node node in Nodes)
        {
            string name = node.Op is InputOp ? node.Name! : $"v{names.Count}";
            names[node] = name;
            text.Append(CultureInfo.InvariantCulture, $"Node {name} = {NodeAsCode.Print(node, names)}; // {string.Join(", ", node.Results)}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"Node[] outputs = [{string.Join(", ", Outputs.Select(o => names[o]))}];\n");
        text.Append(Loss is null ? string.Empty : $"Node loss = {names[Loss]};\n");
        return text.Append(CultureInfo.InvariantCulture, $"// (N, M) = {string.Join(", ", Sizes)}\n").ToString();
    }
}
