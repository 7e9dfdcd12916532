using System.Text;
using CsCheck;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Random graphs: compiled every way against the interpreter, forward and backward.</summary>
[NonParallelizable]
internal sealed class RandomGraphTests
{
    private static readonly (long N, long M)[] Sizes = [(3, 2), (0, 4), (1, 1), (17, 0), (5, 9)];

    [Test]
    public void QuickRun() => Run(first: 0, count: 300);

    [Test]
    [Category("Slow")]
    public void LongRun() => Run(first: 300, count: 1500);

    /// <summary>The graphs of numbered seeds: the same in every run, each shrunk if it fails.</summary>
    private static void Run(int first, int count) => Parallel.For(
        first,
        first + count,
        new ParallelOptions { MaxDegreeOfParallelism = 2 },
        number => RandomGraph.Generator.Sample(Check, seed: new PCG(1, (ulong)number).ToString(), iter: 1, threads: 1, print: g => g.ToString()));

    [Test]
    public void TheGeneratorReachesMostOperations()
    {
        HashSet<string> seen = [];
        int largest = 0;
        int withLoss = 0;
        RandomGraph.Generator.Sample(
            graph =>
            {
                Node[] nodes = [.. GraphWalk.TopologicalOrder(graph.Loss is null ? graph.Outputs : [.. graph.Outputs, graph.Loss])];
                lock (seen)
                {
                    seen.UnionWith(nodes.Select(n => n.Op.Name));
                    largest = Math.Max(largest, nodes.Length);
                    withLoss += graph.Loss is null ? 0 : 1;
                }
            },
            iter: 500,
            threads: 1);
        string[] missing = [.. OperationTable.Rows.Select(r => r.Op.Name[..^2]).Distinct().Except(seen).Order()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(missing, Has.Length.LessThan(4), string.Join(", ", missing));
            Assert.That(largest, Is.GreaterThan(40));
            Assert.That(withLoss, Is.GreaterThan(300));
        }

        TestContext.Out.WriteLine($"not reached: {string.Join(", ", missing)}; up to {largest} nodes");
    }

    private static void Check(RandomGraph graph)
    {
        List<(string Name, CompileOptions Options)> ways =
        [
            .. VectorWidths.Supported.Select(w => ($"{w}", new CompileOptions { Width = w })),
            ("LINQ's compiler", new CompileOptions { UseFastExpressionCompiler = false }),
            ("no inlining", new CompileOptions { Inline = false }),
            ("no fusion", new CompileOptions { Fuse = false }),
            ("no simplification", new CompileOptions { Simplify = false }),
            ("checked", new CompileOptions { Checked = true, Width = VectorWidth.Scalar }),
        ];
        Node[] roots = graph.Outputs;
        Node[] targets = [];
        if (graph.Loss is { } loss)
        {
            GradientList gradients = Ops.Gradients(loss, graph.Targets, Unreached.Null);
            targets = [.. graph.Targets.Where((_, i) => gradients[i] is not null)];
            roots = [.. roots, .. gradients.Where(g => g is not null)];
        }

        Node[] inputs = [.. graph.Inputs];
        Dictionary<(long, long), (Dictionary<Node, TensorValue> Given, TensorValue[]? Expected)> expected = [];
        foreach ((long n, long m) in Sizes)
        {
            Dictionary<Node, TensorValue> given = graph.ValuesFor(n, m, seed: (int)((n * 31) + m));
            try
            {
                expected[(n, m)] = (given, Interpreter.Evaluate(roots, given, s => s == "N" ? n : m));
            }
            catch (BindingException)
            {
                // Sizes that the graph refuses; the compiled one must, too.
                expected[(n, m)] = (given, null);
            }
        }

        // Symbols that no input binds cannot be compiled.
        string[] bound = [.. inputs.SelectMany(i => i.Shape).Select(d => d.Symbol).OfType<string>()];
        Node[] extra = [.. new[] { "N", "M" }.Where(s => !bound.Contains(s)).Select(s => Ops.Input($"size{s}", [s]))];
        inputs = [.. inputs, .. extra];
        foreach ((string name, CompileOptions options) in ways)
        {
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, roots, null, options);
            foreach ((long n, long m) in Sizes)
            {
                (Dictionary<Node, TensorValue> given, TensorValue[]? want) = expected[(n, m)];
                if (want is null)
                {
                    Assert.That(() => compiled.Run(Arguments(inputs, given, n, m)), Throws.TypeOf<BindingException>(), $"{name}, N = {n}, M = {m}");
                    continue;
                }

                Results results = compiled.Run(Arguments(inputs, given, n, m));
                for (int i = 0; i < roots.Length; i++)
                {
                    Compare(graph, roots, i, given, n, m, want[i], Values.Read(results, i, roots[i].DType, want[i].Shape), name);
                }
            }
        }

        if (graph.Loss is not null && targets.Length > 0)
        {
            Train(graph, inputs, targets, expected, roots);
        }
    }

    private static void Train(
        RandomGraph graph, Node[] inputs, Node[] targets, Dictionary<(long, long), (Dictionary<Node, TensorValue> Given, TensorValue[]? Expected)> expected, Node[] roots)
    {
        foreach (bool simplify in (bool[])[true, false])
        {
            using CompiledGraph model = GraphCompiler.Compiler.Compile(inputs, [graph.Loss!, .. graph.Outputs], null, new CompileOptions { Simplify = simplify, Inline = simplify });
            foreach ((long n, long m) in Sizes)
            {
                (Dictionary<Node, TensorValue> given, TensorValue[]? want) = expected[(n, m)];
                if (want is null)
                {
                    continue;
                }

                model.ZeroGrad();
                foreach (ILeaf leaf in inputs.OfType<ILeaf>())
                {
                    leaf.ZeroGrad(setToNull: true);
                }

                model.Forward(Arguments(inputs, given, n, m));
                model.Backward();
                for (int i = 0; i < targets.Length; i++)
                {
                    int root = graph.Outputs.Length + i;
                    TensorValue actual = targets[i] is Leaf<float> single
                        ? Values.Of<float>(single.Grad!.ToArray(), DType.Float32, want[root].Shape)
                        : Values.Of<double>(((Leaf<double>)targets[i]).Grad!.ToArray(), DType.Float64, want[root].Shape);
                    Compare(graph, roots, root, given, n, m, want[root], actual, $"Backward, simplify {simplify}");
                }
            }
        }
    }

    private static Argument[] Arguments(Node[] inputs, Dictionary<Node, TensorValue> given, long n, long m) =>
        [.. inputs.Select(i => given.TryGetValue(i, out TensorValue? value) ? Values.ToArgument(value) : new float[i.Shape.Evaluate(s => s == "N" ? n : m)[0]])];

    private static void Compare(RandomGraph graph, Node[] roots, int root, Dictionary<Node, TensorValue> given, long n, long m, TensorValue want, TensorValue got, string way)
    {
        double most = !want.DType.IsFloat() ? 0 : want.Reals.Select(Math.Abs).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double ulps = 4096;
        if (Values.Difference(want, got, ulps, Math.Max(1, most)) is not { } difference)
        {
            return;
        }

        // A result that a last place of the inputs changes as much says nothing about the compiler.
        if (want.DType.IsFloat())
        {
            double unit = want.DType == DType.Float32 ? 1e-7 : 1e-15;
            Dictionary<Node, TensorValue> nudged = given.ToDictionary(g => g.Key, g => !g.Value.DType.IsFloat() ? g.Value
                : TensorValue.OfReals(g.Value.DType, g.Value.Shape, [.. g.Value.Reals.Select((v, i) => v * (1 + (unit * (1 + (i % 3)))))]));
            TensorValue other = Interpreter.Evaluate([roots[root]], nudged, s => s == "N" ? n : m)[0];
            bool unstable = true;
            for (long i = 0; i < want.Count; i++)
            {
                unstable &= Math.Abs(want[i] - got[i]) <= (ulps * 2 * unit * Math.Max(1, most)) + (1000 * Math.Abs(want[i] - other[i])) || want[i].Equals(got[i]);
            }

            if (unstable)
            {
                return;
            }
        }

        var text = new StringBuilder();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{way}, N = {n}, M = {m}, root {root}: {difference}\n{new Graph([.. graph.Inputs], [roots[root]])}");
        foreach ((Node node, TensorValue value) in given)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{node}: {string.Join(" ", Enumerable.Range(0, (int)Math.Min(value.Count, 30)).Select(i => value[i]))}\n");
        }

        throw new InvalidOperationException(text.ToString());
    }
}
