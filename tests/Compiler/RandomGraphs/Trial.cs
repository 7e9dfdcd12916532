using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>A graph to try: outputs, perhaps a scalar to differentiate, and values of the symbols.</summary>
internal sealed record Trial(ImmutableArray<Node> Outputs, Node? Loss, ImmutableArray<SymbolValues> Sizes)
{
    /// <summary>New values of parameters.</summary>
    public ImmutableArray<Update> Updates { get; init; } = [];

    /// <summary>What the inputs hold.</summary>
    public Palette Palette { get; init; }

    /// <summary>Everything that is asked for.</summary>
    public IEnumerable<Node> Roots => [.. Outputs, .. Updates.Select(u => u.Value), .. Loss is null ? [] : (Node[])[Loss]];

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
            return [.. inputs, .. SymbolValues.Names.Select(c => $"{c}").Where(s => !bound.Contains(s)).Select(s => Ops.Input($"size{s}", [s]))];
        }
    }

    /// <summary>Values of an input: they depend on its name, so that they stay what they are while a graph shrinks.</summary>
    public TensorValue ValueOf(Node input, SymbolValues sizes)
    {
        var random = new Random(input.Name!.Aggregate((int)((((sizes.N * 31) + sizes.M) * 31) + sizes.K), (hash, c) => (hash * 31) + c));
        long[] shape = input.Shape.Evaluate(sizes.Of);
        int count = (int)TensorValue.CountOf(shape);
        return input.DType.IsFloat()
            ? TensorValue.OfReals(input.DType, shape, [.. Enumerable.Range(0, count).Select(_ => Palette.Next(random, input.DType))])
            : TensorValue.OfIntegers(input.DType, shape, [.. Enumerable.Range(0, count).Select(_ => input.DType == DType.Bool ? random.Next(2) : (long)random.Next(-5, 6))]);
    }

    /// <summary>The elements of all nodes: what interpreting costs.</summary>
    public double ElementsAt(SymbolValues sizes) => Nodes.Sum(node => node.Results.Sum(r => r.Shape.Aggregate(1.0, (product, d) => product * d.Evaluate(sizes.Of))));

    /// <summary>Whether all conditions on sizes hold.</summary>
    public bool Accepts(SymbolValues sizes) => Nodes.SelectMany(n => n.Guards).All(g =>
        (g.Left.Evaluate(sizes.Of), g.Right.Evaluate(sizes.Of)) is var (left, right) && (g.IsEquality ? left == right : left >= right));

    /// <summary>The same of other nodes. An update that no longer fits its parameter goes.</summary>
    /// <exception cref="GraphException">The other nodes do not fit.</exception>
    public Trial With(Func<Node[], Node[]> replace)
    {
        Node[] roots = replace([.. Roots]);
        return this with
        {
            Outputs = [.. roots.Take(Outputs.Length)],
            Updates = [.. Updates.Select((u, i) => (u.Parameter, Value: roots[Outputs.Length + i])).Where(u => u.Value.Results[0] == u.Parameter.Results[0]).Select(u => new Update(u.Parameter, u.Value))],
            Loss = Loss is null ? null : roots[^1],
        };
    }

    /// <summary>The graph as C#, to be pasted into a test.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Dictionary<Node, string> names = [];
        foreach (Node node in Nodes)
        {
            string name = node.Op is InputOp ? node.Name! : $"v{names.Count}";
            names[node] = name;
            text.Append(CultureInfo.InvariantCulture, $"{(node is Parameter ? nameof(Parameter) : nameof(Node))} {name} = {NodeAsCode.Print(node, names)}; // {string.Join(", ", node.Results)}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"Node[] outputs = [{string.Join(", ", Outputs.Select(o => names[o]))}];\n");
        text.Append(Loss is null ? string.Empty : $"Node loss = {names[Loss]};\n");
        text.Append(Updates is [] ? string.Empty : $"Update[] updates = [{string.Join(", ", Updates.Select(u => $"({NameOf(u.Parameter)}, {names[u.Value]})"))}];\n");
        text.Append(CultureInfo.InvariantCulture, $"// (N, M, K) = {string.Join(", ", Sizes)}\n");
        return text.Append(Palette == Palette.Ordinary ? string.Empty : $"// values: {Palette}\n").ToString();

        // One that nothing reads is not among the nodes.
        string NameOf(Node parameter) => names.TryGetValue(parameter, out string? name) ? name : NodeAsCode.Print(parameter, names);
    }
}
