using System.Numerics.Tensors;
using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>Compiled matrix products against the interpreter: sizes around those of vectors and tiles, layouts, types, and ways to split the work.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class MatMulTests
{
    private static readonly (int M, int N, int K)[] Sizes =
    [
        (0, 3, 2), (3, 0, 2), (3, 4, 0), (0, 0, 0), (1, 1, 1), (1, 1, 40), (1, 17, 5), (1, 130, 9), (7, 1, 33), (40, 1, 7), (2, 2, 2), (3, 5, 7), (4, 15, 16), (5, 16, 17),
        (13, 31, 3), (14, 32, 8), (15, 33, 31), (16, 10, 12), (17, 17, 17), (29, 47, 11), (37, 64, 5), (64, 64, 64), (16, 130, 33), (130, 33, 20), (61, 259, 4), (131, 70, 19), (18, 260, 1024),
    ];

    // Long inner axes, which are summed block by block, with and without a rest; several blocks of rows and groups of columns; rows that fight for the cache.
    private static readonly (int M, int N, int K)[] LongSizes =
        [(1, 33, 1024), (3, 10, 1031), (15, 47, 3100), (29, 70, 2049), (130, 130, 1024), (261, 40, 1061), (18, 300, 2048), (5, 1024, 1100)];

    private static IEnumerable<VectorWidth> Widths => VectorWidths.Supported;

    [Test]
    public void Every_size_and_layout_agrees_with_the_interpreter([ValueSource(nameof(Widths))] VectorWidth width, [Values("nn", "nt", "tn", "tt")] string layout)
    {
        foreach ((int m, int n, int k) in Sizes)
        {
            (Node a, Node b) = Operands(DType.Float32, layout, [], m, n, k, out Node x, out Node y);
            Check([a, b], MatMul(x, y), width, [[m, n, k]]);
        }
    }

    [Test]
    public void Long_inner_axes_agree_with_the_interpreter([Values("nn", "nt", "tn", "tt")] string layout)
    {
        foreach ((int m, int n, int k) in LongSizes)
        {
            (Node a, Node b) = Operands(DType.Float32, layout, [], m, n, k, out Node x, out Node y);
            Check([a, b], MatMul(x, y), Widths, [[m, n, k]]);
            Node bias = Input("bias", [n]);
            Check([a, b, bias], Relu(MatMul(x, y) + bias), Widths, [[m, n, k]], isOneRoot: true);
        }

        (Node p, Node q) = Operands(DType.Float32, layout, [], "M", "N", "K", out Node u, out Node v);
        Check([p, q], MatMul(u, v), Widths, [.. LongSizes.Select(s => new[] { s.M, s.N, s.K })]);
        Check([p, q], Tanh(MatMul(u, v)), Widths, [.. LongSizes.Select(s => new[] { s.M, s.N, s.K }), [3, 4, 0], [0, 3, 2], [3, 0, 2]], isOneRoot: true);
        (p, q) = Operands(DType.Float64, layout, [2], 19, 37, 1030, out u, out v);
        Check([p, q], MatMul(u, v), Widths, [[]]);
        (p, q) = Operands(DType.Int32, layout, [2], 19, 37, 2050, out u, out v);
        Check([p, q], MatMul(u, v), Widths, [[]]);
    }

    [Test]
    public void Every_type_agrees_with_the_interpreter([ValueSource(nameof(Widths))] VectorWidth width, [Values("float64", "int32", "int64")] string name)
    {
        DType type = name switch { "float64" => DType.Float64, "int32" => DType.Int32, _ => DType.Int64 };
        foreach (string layout in new[] { "nn", "tt" })
        {
            foreach ((int m, int n, int k) in new[] { (1, 9, 20), (5, 1, 13), (6, 7, 8), (17, 21, 9), (33, 40, 25) })
            {
                (Node a, Node b) = Operands(type, layout, [], m, n, k, out Node x, out Node y);
                Check([a, b], MatMul(x, y), width, [[m, n, k]]);
            }
        }
    }

    [Test]
    public void One_graph_serves_every_symbolic_size([ValueSource(nameof(Widths))] VectorWidth width, [Values("nn", "nt", "tn", "tt")] string layout)
    {
        (Node a, Node b) = Operands(DType.Float32, layout, [], "M", "N", "K", out Node x, out Node y);
        Check([a, b], MatMul(x, y), width, [.. Sizes.Select(s => new[] { s.M, s.N, s.K })]);

        (a, b) = Operands(DType.Float32, layout, [], "M", 37, 24, out x, out y);
        Check([a, b], MatMul(x, y), width, [[1], [0], [5], [15], [16], [29], [64], [100]]);
    }

    [Test]
    public void One_row_of_many_has_a_kernel_of_its_own([ValueSource(nameof(Widths))] VectorWidth width, [Values(130, 521)] int n)
    {
        (Node a, Node b) = Operands(DType.Float32, "nn", [], "M", n, 257, out Node x, out Node y);
        Node bias = Input("bias", [n]);
        Check([a, b], MatMul(x, y), width, [[1], [0], [2], [39], [41]]);
        Check([a, b, bias], Tanh(MatMul(x, y) + bias), width, [[1], [0], [2], [41]], isOneRoot: true);
        (a, b) = Operands(DType.Float32, "nn", [3], "M", n, 257, out x, out y);
        Check([a, b], MatMul(x, y), width, [[1], [0], [5]]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(257, n));
        (a, _) = Operands(DType.Float32, "nn", [], "M", n, 257, out x, out _);
        Check([a], MatMul(x, w), width, [[1], [0], [2], [41]]);
    }

    [Test]
    public void Batches_may_be_broadcast_and_symbolic([ValueSource(nameof(Widths))] VectorWidth width, [Values("nn", "nt", "tn")] string layout)
    {
        foreach ((int m, int n, int k) in new[] { (1, 20, 6), (5, 1, 7), (18, 35, 9), (3, 4, 0) })
        {
            (Node a, Node b) = Operands(DType.Float32, layout, [2, 3], m, n, k, out Node x, out Node y);
            Check([a, b], MatMul(x, y), width, [[]]);
            (a, b) = Operands(DType.Float32, layout, ["B", 3], m, n, k, out x, out y);
            Check([a, b], MatMul(x, y), width, [[1], [4], [0]]);

            Node weights = Input("w", [k, n]);
            Check([a, weights], MatMul(x, weights), width, [[2]]);
            Node column = Input("c", [3, k, n]);
            Check([a, column], MatMul(x, column), width, [[2]]);
            Node single = Input("s", [m, k]);
            Check([single, b], MatMul(single, y), width, [[3]]);
        }
    }

    [Test]
    public void Slices_and_permutations_are_read_where_they_lie([ValueSource(nameof(Widths))] VectorWidth width)
    {
        Node a = Input("a", [40, 3, 50]);
        Node b = Input("b", [25, 2, 70]);
        Node x = Slice(Permute(a, 1, 0, 2), 2, 0, 50, 2);
        Node y = Slice(Permute(b, 1, 0, 2), 2, 3, 70, 3);
        Check([a, b], MatMul(Select(x, 0, 1), Select(y, 0, 1)), width, [[]]);
        Check([a, b], MatMul(Slice(Select(x, 0, 1), 0, 0, 9), Select(y, 0, 0)), width, [[]]);
    }

    [Test]
    public void Elementwise_work_after_a_product_is_done_in_its_kernel([Values("nn", "nt", "tn")] string layout)
    {
        foreach ((Dim m, Dim n, Dim k) in new (Dim, Dim, Dim)[] { (1, 37, 9), (5, 1, 7), (40, 1, 7), (6, 10, 12), (37, 50, 8), (64, 64, 5), ("M", 45, 6), ("M", 1, 6), ("M", "N", 6) })
        {
            int[][] bindings = m.IsConstant ? [[]] : n.IsConstant ? [[1], [7], [33], [0]] : [[1, 40], [7, 3], [33, 32], [20, 0]];
            (Node a, Node b) = Operands(DType.Float32, layout, [], m, n, k, out Node x, out Node y);
            Node bias = Input("bias", [n]);
            Node gate = Input("gate", [m, 1]);
            Node residual = Input("residual", [m, n]);
            Check([a, b, bias], Relu(MatMul(x, y) + bias), Widths, bindings, isOneRoot: true);
            Check([a, b, bias, residual], ((0.5f * MatMul(x, y)) + bias) - residual, Widths, bindings, isOneRoot: true);
            Check([a, b, gate, residual], Where(residual > 0, MatMul(x, y) * gate, residual), Widths, bindings, isOneRoot: true);
            Check([a, b, residual], Exp(MatMul(x, y)) + residual, Widths, bindings, isOneRoot: true);
            Check([a, b, bias, gate, residual], Sigmoid(Tanh((MatMul(x, y) + bias) * gate) - residual) * residual, Widths, bindings, isOneRoot: true);
            Check([a, b, residual], Where(residual > 0, MatMul(x, y), 0f * residual), Widths, bindings, isOneRoot: true);
            Check([a, b], MatMul(x, y) + MatMul(x, y * 2f), Widths, bindings);
        }

        Node p = Input("p", [2, 3, 20, 9]);
        Node q = Input("q", [2, 3, 9, 33]);
        Node shared = Input("shared", [3, 1, 33]);
        Check([p, q, shared], Abs(MatMul(p, q) + shared), Widths, [[]], isOneRoot: true);
    }

    [Test]
    public void Results_do_not_depend_on_how_the_range_is_split([Values("nn", "nt", "tn")] string layout, [Values(1, 5, 70, 300)] int rows, [Values(33, 2100)] int inner)
    {
        (Node a, Node b) = Operands(DType.Float32, layout, [3], rows, 75, inner, out Node x, out Node y);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([a, b], Tanh(MatMul(x, y)));
        Program program = graph.Executor.Program;
        using var workspace = new Workspace(program.Plan);
        using NativeBuffer left = Data(a, 1);
        using NativeBuffer right = Data(b, 2);
        byte[] whole = RunSplit(long.MaxValue);
        Assert.That(RunSplit(1), Is.EqualTo(whole));
        Assert.That(RunSplit(2), Is.EqualTo(whole));

        byte[] RunSplit(long part)
        {
            workspace.Bind([], []);
            using var result = new NativeBuffer(new byte[3 * rows * 75 * 4]);
            nint[] external = [left.Address, right.Address, result.Address];
            foreach ((PlanStep step, LoweredRange range) in program.Plan.Steps.Take(program.Kernels.Length).Select(s => (s, new LoweredRange(workspace.Sizes[s.Range]))))
            {
                long[] slots =
                [
                    .. step.Buffers.Select(i => program.Plan.Buffers[i].External is >= 0 and var e ? external[e] : workspace.Address(i)).Select(p => (long)p),
                    .. step.Extents.Select(i => workspace.Sizes[i]),
                    0,
                ];
                unsafe
                {
                    fixed (long* frame = slots)
                    {
                        for (long at = 0; at < range.Size; at += Math.Min(part, range.Size))
                        {
                            step.Entry((nint)frame, (nint)at, (nint)Math.Min(range.Size, at + Math.Min(part, range.Size)));
                        }
                    }
                }
            }

            return result.Contents;
        }
    }

    [Test]
    public void A_large_product_can_be_shared_out([Values("nn", "nt", "tn", "tt")] string layout)
    {
        (Node a, Node b) = Operands(DType.Float32, layout, [], 128, 256, 512, out Node x, out Node y);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([a, b], MatMul(x, y));
        using var workspace = new Workspace(graph.Executor.Program.Plan);
        workspace.Bind([], []);
        Assert.That(workspace.Sizes[graph.Executor.Program.Plan.Steps[^1].Range], Is.GreaterThanOrEqualTo(4));
    }

    private static NativeBuffer Data(Node node, int seed)
    {
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, (int)node.Shape.ElementCount.Constant!.Value).Select(_ => (float)random.NextDouble() - 0.5f)];
        return new NativeBuffer(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values).ToArray());
    }

    private static (Node A, Node B) Operands(DType type, string layout, Dim[] batch, Dim m, Dim n, Dim k, out Node x, out Node y)
    {
        Node a = Placeholder(new NodeType(type, Shape.Of([.. batch, .. layout[0] == 't' ? new[] { k, m } : [m, k]])), "a", requiresGrad: false);
        Node b = Placeholder(new NodeType(type, Shape.Of([.. batch, .. layout[1] == 't' ? new[] { n, k } : [k, n]])), "b", requiresGrad: false);
        x = layout[0] == 't' ? Transpose(a) : a;
        y = layout[1] == 't' ? Transpose(b) : b;
        return (a, b);
    }

    private static void Check(Node[] inputs, Node result, VectorWidth width, int[][] bindings, bool isOneRoot = false) => Check(inputs, result, [width], bindings, isOneRoot);

    // Each binding gives the symbols, in the order in which the inputs' shapes first name them sorted by M, N, K, B. Interpreted once for all widths.
    private static void Check(Node[] inputs, Node result, IEnumerable<VectorWidth> widths, int[][] bindings, bool isOneRoot = false)
    {
        List<(VectorWidth Width, CompiledGraph Graph)> graphs = [];
        try
        {
            foreach (VectorWidth width in widths)
            {
                graphs.Add((width, Compile(inputs, result, width, isOneRoot)));
            }

            string[] symbols = [.. new[] { "M", "N", "K", "B" }.Where(s => inputs.Any(i => i.Shape.Symbols.Contains(s)))];
            foreach (int[] binding in bindings)
            {
                Dictionary<string, long> size = symbols.Select((s, i) => (s, (long)binding[i])).ToDictionary(p => p.s, p => p.Item2);
                TensorValue[] values = [.. inputs.Select((node, i) => Random(node, size, seed: i + 1))];
                TensorValue expected = Interpreter.Evaluate(
                    [result],
                    inputs.Zip(values).ToDictionary(p => p.First, p => p.Second),
                    name => size[name])[0];
                foreach ((VectorWidth width, CompiledGraph graph) in graphs)
                {
                    TensorValue actual = Run(graph, values, result.DType, expected.Count);
                    Compare(expected, actual, i => $"{width}, {string.Join(" · ", inputs.Select(n => n.Describe()))}, sizes {string.Join(", ", binding)}, element {i}");
                }
            }
        }
        finally
        {
            graphs.ForEach(g => g.Graph.Dispose());
        }
    }

    private static CompiledGraph Compile(Node[] inputs, Node result, VectorWidth width, bool isOneRoot)
    {
        CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, result, new CompileOptions { Width = width });
        if (isOneRoot && CompileOptions.Default.Passes.Inline)
        {
            Assert.That(graph.Executor.Program.Kernels.Select(k => k.Root).Distinct().Count(), Is.EqualTo(1), "the product and what follows it are one root");
        }

        if (width != VectorWidth.Scalar && !CompileOptions.Default.Checked)
        {
            Assert.That(graph.Executor.Program.Compiled.SelectMany(c => c.ScalarLoops), Is.Empty);
        }

        return graph;
    }

    private static void Compare(TensorValue expected, TensorValue actual, Func<long, string> where)
    {
        double tolerance = !expected.DType.IsFloat() ? 0 : expected.DType == DType.Float32 ? 2e-4 : 1e-12;
        for (long i = 0; i < expected.Count; i++)
        {
            // An assertion costs as much as a hundred of the products.
            if (!(Math.Abs(actual[i] - expected[i]) <= tolerance))
            {
                Assert.That(actual[i], Is.EqualTo(expected[i]).Within(tolerance), where(i));
            }
        }
    }

    private static TensorValue Random(Node node, Dictionary<string, long> size, int seed)
    {
        var random = new Random(seed);
        long[] shape = [.. node.Shape.Select(d => d.Evaluate(name => size[name]))];
        long count = TensorValue.CountOf(shape);
        return node.DType.IsFloat()
            ? TensorValue.OfReals(node.DType, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (double)(float)((random.NextDouble() * 2) - 1))])
            : TensorValue.OfIntegers(node.DType, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (long)random.Next(-1000, 1000))]);
    }

    private static TensorValue Run(CompiledGraph graph, TensorValue[] values, DType type, long count)
    {
        switch (type)
        {
            case DType.Float32:
                float[] singles = new float[count];
                graph.Run([.. values.Select(v => (Argument)Tensor.Create([.. v.Reals.Select(r => (float)r)], Lengths(v)))], [singles]);
                return TensorValue.OfReals(type, [count], [.. singles.Select(s => (double)s)]);
            case DType.Float64:
                double[] doubles = new double[count];
                graph.Run([.. values.Select(v => (Argument)Tensor.Create(v.Reals, Lengths(v)))], [doubles]);
                return TensorValue.OfReals(type, [count], doubles);
            case DType.Int32:
                int[] ints = new int[count];
                graph.Run([.. values.Select(v => (Argument)Tensor.Create([.. v.Integers.Select(i => (int)i)], Lengths(v)))], [ints]);
                return TensorValue.OfIntegers(type, [count], [.. ints.Select(i => (long)i)]);
            default:
                long[] longs = new long[count];
                graph.Run([.. values.Select(v => (Argument)Tensor.Create(v.Integers, Lengths(v)))], [longs]);
                return TensorValue.OfIntegers(type, [count], longs);
        }
    }

    private static nint[] Lengths(TensorValue value) => [.. value.Shape.Select(size => (nint)size)];

    private sealed record LoweredRange(long Size);
}
