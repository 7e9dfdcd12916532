using GraphCompiler.Kernels;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>Elementwise work on operands of matrix products, done while they are packed: the same values as without, fewer kernels, fewer bytes.</summary>
[Needs(nameof(CompilerPasses.Inline), nameof(CompilerPasses.Simplify), nameof(CompilerPasses.Prologues))]
[Parallelizable(ParallelScope.Children)]
internal sealed class PrologueTests
{
    private const int Rows = 512;

    private static IEnumerable<VectorWidth> Widths => VectorWidths.Supported;

    [Test]
    public void A_masked_cotangent_is_computed_where_the_gradients_of_a_layer_pack_it()
    {
        (Node[] inputs, Node[] gradients, Node masked) = Layer();
        Program with = Compiled(inputs, gradients);
        Program without = Compiled(inputs, gradients, new CompileOptions { Passes = new() { Prologues = false } });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(without.Kernels, Has.Length.EqualTo(7), "the mask, and two products that pack both operands");
            Assert.That(with.Kernels, Has.Length.EqualTo(6));

            // Two tensors are read by two kernels, instead of by one that writes a third, which two read.
            Assert.That(without.Traffic.Moved - with.Traffic.Moved, Is.EqualTo(masked.Shape.ElementCount.Constant!.Value * sizeof(float)));
        }
    }

    [Test]
    public void Weights_that_are_computed_from_parameters_are_computed_once_a_version([Values("N", 40)] object rows, [Values] bool transposed)
    {
        var random = new Generator(1);
        Parameter<float> w = transposed ? Parameter("w", random.Normal(45, 70)) : Parameter("w", random.Normal(70, 45));
        Parameter<float> scale = Parameter("scale", random.Normal(1));
        Input<float> x = Input("x", [Dim(rows), 70]);
        Node weights = Tanh(w) * scale;
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], MatMul(x, transposed ? Transpose(weights) : weights), new CompileOptions { Passes = new() { PackWeights = true } });
        using CompiledGraph plain = GraphCompiler.Compiler.Compile(
            [x], MatMul(x, transposed ? Transpose(weights) : weights), new CompileOptions { Passes = new() { PackWeights = false, Prologues = false } });
        Program program = graph.Executor.Program;
        Assert.That(program.Kernels, Has.Length.EqualTo(2));
        Assert.That(program.Plan.Steps.Count(s => s.Versioned is not null), Is.EqualTo(1));
        float[] values = [.. random.Normal(40, 70)];
        for (int version = 0; version < 3; version++)
        {
            Assert.That(graph.Run(values).GetArray<float>(0), Is.EqualTo(plain.Run(values).GetArray<float>(0)).Within(1e-4f));
            scale.Fill(version);
        }
    }

    [Test]
    public void Every_layout_gives_the_same_bits_as_without([ValueSource(nameof(Widths))] VectorWidth width, [Values("nn", "nt", "tn", "tt")] string layout)
    {
        int fired = 0;
        foreach ((Dim m, Dim n, Dim k) in new (Dim, Dim, Dim)[] { (45, 70, "K"), (130, 33, 31), (64, 300, 1024), ("M", 70, 33), (70, "N", 9), (45, 70, 17) })
        {
            Node a = Input("a", layout[0] == 't' ? [k, m] : [m, k]);
            Node b = Input("b", layout[1] == 't' ? [n, k] : [k, n]);
            Node gate = Input("gate", a.Shape);
            Node row = Input("row", [b.Shape[1]]);
            Node column = Input("column", [b.Shape[0], 1]);
            Node Left(Node x) => layout[0] == 't' ? Transpose(x) : x;
            Node Right(Node y) => layout[1] == 't' ? Transpose(y) : y;
            Node[] products =
            [
                MatMul(Left(a * Where(gate > 0, gate, ZerosLike(gate))), Right(b)),
                MatMul(Left(a), Right((b * row) - column)),
                MatMul(Left(Exp(a)), Right(Tanh(b))),
                MatMul(Left(Cast(Cast(a * 8f, DType.Int32), DType.Float32)), Right(0.5f * b)),
                MatMul(Left(a + Cast(Iota(a.Shape, 1), DType.Float32)), Right(b)),
            ];
            foreach (Node product in products)
            {
                fired += Differ([a, b, gate, row, column], [product], width);
            }
        }

        Assert.That(fired, Is.GreaterThan(8));
    }

    [Test]
    public void Batches_broadcasts_and_slices_are_looked_through([ValueSource(nameof(Widths))] VectorWidth width)
    {
        Node a = Input("a", [3, 20, 600]);
        Node b = Input("b", [1, 600, 90]);
        Node scale = Input("scale", [3, 1, 1]);
        Node x = a * scale;
        int fired = Differ([a, b, scale], [MatMul(Permute(Slice(x, 2, 10, 60), 0, 2, 1), Slice(a, 2, 0, 300))], width)
            + Differ([a, b, scale], [MatMul(a, Transpose(Transpose(Reshape(BroadcastTo(b * 2f, [3, 600, 90]), [3, 600, 90]))))], width)
            + Differ([a, b, scale], [MatMul(Transpose(Select(x, 0, 1)), Select(a, 0, 2))], width)
            + Differ([a, b, scale], [MatMul(Transpose(Reshape(x, [60, 600])), Reshape(a, [60, 600]))], width)
            + Differ([a, b, scale], [MatMul(Transpose(x), x)], width);
        Assert.That(fired, Is.GreaterThanOrEqualTo(2));
    }

    [Test]
    public void What_would_not_save_bytes_is_refused_with_its_reason()
    {
        Input<float> x = Input("x", [64, 300]);
        Input<float> y = Input("y", [64, 70]);
        Node busy = Exp(x) * 2f;
        Node[] roots =
        [
            MatMul(x * 3f, Input("w", [300, 70])),
            MatMul(Transpose(busy), y),
            MatMul(Transpose(busy), y * 2f),
            MatMul(Transpose(Softmax(x) * 2f), y),
            MatMul(Transpose(-x), y),
            Cumulated(-x),
        ];
        string log = Log([x, y, (Node)Interned(roots)], roots);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(log, Does.Match(@"refused \{Mul\} \[64, 300\] into \{MatMul\} as it is packed: a product reads it where it lies"));
            Assert.That(log, Does.Match(@"refused \{Mul\} \[64, 300\] into \{MatMul, MatMul\} as it is packed: 17 instructions are too many to repeat"));
            Assert.That(log, Does.Match(@"refused \{Mul\} \[64, 300\] into \{MatMul\} as it is packed: it would save no bytes"));
            Assert.That(log, Does.Match(@"refused \{Neg\} \[64, 300\] into \{MatMul\} as it is packed: ArgMax reads memory only"));
        }

        static Node Cumulated(Node node) => ArgMax(node, 1);
        static Node Interned(Node[] roots) => GraphWalk.TopologicalOrder(roots).First(n => n.Name == "w");
    }

    [Test]
    public void The_log_says_what_was_joined()
    {
        (Node[] inputs, Node[] gradients, _) = Layer();
        Assert.That(Log(inputs, gradients), Does.Match(@"joined \{\w+\} \[512, 1024\] into \{MatMul, MatMul\} as it is packed: 2,097,152 bytes need not be moved"));
    }

    /// <summary>The gradients of a layer of rectified units, given the cotangent of its outputs.</summary>
    private static (Node[] Inputs, Node[] Gradients, Node Masked) Layer()
    {
        Input<float> x = Input("x", [Rows, 300], requiresGrad: true);
        Input<float> w = Input("w", [300, 1024], requiresGrad: true);
        Input<float> z = Input("z", [Rows, 1024]);
        Input<float> g = Input("g", [Rows, 1024]);
        Node masked = Where(z > 0, g, ZerosLike(g));
        NodeList gradients = Vjp([MatMul(x, w)], [x, w], [masked]);
        return ([x, w, z, g], [gradients[0], gradients[1]], masked);
    }

    /// <summary>Compiles with and without, compares bit for bit, and tells whether they are different programs.</summary>
    private static int Differ(Node[] inputs, Node[] roots, VectorWidth width)
    {
        using CompiledGraph with = GraphCompiler.Compiler.Compile(inputs, roots, null, new CompileOptions { Width = width });
        using CompiledGraph without = GraphCompiler.Compiler.Compile(inputs, roots, null, new CompileOptions { Width = width, Passes = new() { Prologues = false } });
        foreach (int size in new[] { 1, 17, 50 })
        {
            Argument[] arguments = [.. inputs.Select((node, i) => Data(node, size, i))];
            float[] expected = without.Run(arguments).GetArray<float>(0);
            Assert.That(with.Run(arguments).GetArray<float>(0), Is.EqualTo(expected), () => $"{roots[0]} at {width}, size {size}");
        }

        return with.Executor.Program.Kernels.Length < without.Executor.Program.Kernels.Length ? 1 : 0;
    }

    private static Argument Data(Node node, int size, int seed)
    {
        nint[] lengths = [.. node.Shape.Select(d => (nint)d.Evaluate(_ => size))];
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, (int)lengths.Aggregate((nint)1, (product, d) => product * d)).Select(_ => (float)(random.NextDouble() * 2) - 1)];
        return System.Numerics.Tensors.Tensor.Create(values, lengths);
    }

    private static string Log(Node[] inputs, Node[] roots)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"graphcompiler-{Guid.NewGuid():N}");
        try
        {
            Compiled(inputs, roots, new CompileOptions { DumpDirectory = folder });
            return File.ReadAllText(Directory.GetFiles(folder, "*-fuse.txt", SearchOption.AllDirectories).Single());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Dim Dim(object size) => size is string symbol ? symbol : (int)size;

    private static Program Compiled(Node[] inputs, Node[] roots, CompileOptions? options = null) =>
        CompilerPipeline.Run(options ?? new CompileOptions(), inputs, [.. roots.Select(r => new Root(r, IsForward: true, RootKind.Output))]);
}
