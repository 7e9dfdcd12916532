using System.Buffers;
using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>Sizes that overflow, and memory that runs out: the error says of what, and nothing has changed.</summary>
internal sealed class SizeTests
{
    private const int Million = 1 << 20;

    [Test]
    public void An_output_beyond_what_an_array_holds_names_it()
    {
        Input<float> x = Input("x", ["N"]);
        Input<float> y = Input("y", ["M"]);
        Node table = (Unsqueeze(x, 1) + Unsqueeze(y, 0)).Named("table");
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], table);
        SizeException error = Assert.Throws<SizeException>(() => graph.Run(new float[65536], new float[65536]))!;
        Assert.That(error.Message, Does.Contain("Output 0").And.Contain("'table'").And.Contain("[65536, 65536]").And.Contain("4294967296 elements").And.Contain("17179869184 bytes"));
        Assert.That(graph.Run((float[])[1, 2], (float[])[3]).GetArray<float>(), Is.EqualTo(new float[] { 4, 5 }));
    }

    [Test]
    public void A_product_of_symbols_beyond_64_bits_names_the_tensor([Values] bool training)
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        Node cube = (Reshape(x, ["N", 1, 1]) * Reshape(x, [1, "N", 1]) * Reshape(x, [1, 1, "N"])).Named("cube");
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], CumulativeSum(cube, 0).Named("scanned").Sum());
        float[] many = new float[4 * Million];
        SizeException error = Assert.Throws<SizeException>(() => _ = training ? graph.Forward(many) : graph.Run(many))!;
        Assert.That(error.Message, Does.Contain("[4194304, 4194304, 4194304]").And.Contain("295147905179352825856 bytes").And.Contain("N = 4194304").And.Contain("more than can be addressed"));
        Assert.That(graph.Run((float[])[2]).Scalar<float>(), Is.EqualTo(8));
    }

    /// <summary>2⁵² bytes are more than a process may have, though 64 bits number them.</summary>
    [Test]
    public void A_tensor_that_no_memory_holds_is_named([Values] bool training)
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        Input<float> y = Input("y", ["M"]);
        Node table = Reshape(x, ["N", 1, 1]) * Reshape(x, [1, "N", 1]) * Reshape(y, [1, 1, "M"]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], CumulativeSum(table, 0).Named("scanned").Sum());
        (float[] many, float[] some) = (new float[4 * Million], new float[64]);
        for (int i = 0; i < 2; i++)
        {
            SizeException error = Assert.Throws<SizeException>(() => _ = training ? graph.Forward(many, some) : graph.Run(many, some))!;
            Assert.That(error.Message, Does.Contain("There is no memory").And.Contain("[4194304, 4194304, 64]").And.Contain("4503599627370496 bytes").And.Contain("N = 4194304, M = 64"));
            Assert.That(error.InnerException, Is.InstanceOf<OutOfMemoryException>());
            Assert.That(graph.Run((float[])[2], (float[])[3]).Scalar<float>(), Is.EqualTo(12));
        }
    }

    /// <summary>What a symbol counts as when a graph is compiled, and when the order of products is chosen, need be no size that fits.</summary>
    [Test]
    public void Sizes_that_only_some_calls_can_have_are_no_error_before()
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        Dim n = x.Shape[0];
        Input<float> matrix = Input("matrix", [n, n / (n - 64)]);
        Node[] graphs =
        [
            BroadcastTo(x[0], [n * (1L << 60)]), Pad(x, 0, long.MaxValue - 1, 0), Slice(x, 0, 0, n * (1L << 60)), RepeatInterleave(x, 1L << 60).Sum(),
            Uniform(new Generator(1), [n * (1L << 60)]), CumulativeSum(BroadcastTo(x[0], [n * (1L << 58)]), 0).Sum(),
            Arange(n * (1L << 60)), BroadcastTo(x[0], [n / (n - 64)]) * 2, BroadcastTo(x[0], [n - 100]).Sum(),
        ];
        using (Assert.EnterMultipleScope())
        {
            foreach (Node node in graphs)
            {
                Assert.That(() => RunOn64(x, node), Throws.TypeOf<SizeException>().Or.TypeOf<BindingException>(), node.Describe());
            }

            Assert.That(() => MultiDot(matrix, matrix.Transpose(), matrix), Throws.Nothing);
            Assert.That(() => Einsum("ij,kj,kl->il", matrix, matrix, matrix), Throws.Nothing);
            using CompiledGraph training = GraphCompiler.Compiler.Compile([x], Sin(Exp(BroadcastTo(x[0], [n * (1L << 60)]))).Sum());
            Assert.That(() => training.Forward(new float[64]), Throws.TypeOf<SizeException>());
        }

        static void RunOn64(Input<float> x, Node node)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], node);
            graph.Run(new float[64]);
        }
    }

    [Test]
    public void Arithmetic_of_dimensions_that_overflows_shows_it()
    {
        Dim large = long.MaxValue;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => large + 1, Throws.TypeOf<SizeException>().With.Message.Contains("(9223372036854775807) + (1)"));
            Assert.That(() => large * "N" * 2, Throws.TypeOf<SizeException>().With.Message.Contains("(9223372036854775807*N) * (2)"));
            Assert.That(() => (large * "N") + (large * "N"), Throws.TypeOf<SizeException>().With.Message.Contains("64 bits"));
            Assert.That(() => (Dim)long.MinValue - 1, Throws.TypeOf<SizeException>());
            Assert.That(() => (Dim)long.MinValue / -1, Throws.TypeOf<SizeException>());
        }
    }

    /// <summary>Sizes that can never hold are refused where the node is made.</summary>
    [Test]
    public void Constant_sizes_that_cannot_be_addressed_are_refused_at_once()
    {
        const long Large = 1L << 32;
        Node one = Input("one", [1, 1]);
        Input<float> column = Input("column", ["N", 1, 1]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => BroadcastTo(one, [Large, Large]), Throws.TypeOf<SizeException>().With.Message.Contains("[4294967296, 4294967296]").And.Message.Contains("73786976294838206464 bytes"));
            Assert.That(() => BroadcastTo(column, ["N", Large, Large]), Throws.TypeOf<SizeException>().With.Message.Contains("[N, 4294967296, 4294967296]"));
            Assert.That(() => Input("x", [Large, Large]), Throws.TypeOf<SizeException>().With.Message.Contains("'x'"));
            Assert.That(() => Ones([Large, Large]), Throws.TypeOf<SizeException>());
            Assert.That(() => Tensors.Zeros<float>(65536, 65536), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("[65536, 65536]"));
        }

        // No elements, no bytes.
        Assert.That(() => BroadcastTo(Input("empty", [0, 1, 1]), [0, Large, Large]), Throws.Nothing);
    }

    /// <summary>Memory runs out at the first, the second, … allocation of a call; each time all is as before, and the call can be made again.</summary>
    [Test]
    public void A_run_without_memory_changes_nothing()
    {
        Input<float> x = Input("x", ["N", 3]);
        Parameter<float> a = Parameter("a", new Generator(1).Normal(3, 3));
        Parameter<float> b = Parameter("b", new Generator(2).Normal(3, 3));
        Tensor<float> strided = Tensors.Ones<float>(5, 4).Slice([NRange.All, 1..]);
        CompiledGraph Compiled(Parameter<float> first, Parameter<float> second, Generator generator) => GraphCompiler.Compiler.Compile(
            [x],
            [MatMul(Dropout(generator, x, 0.5), first) + Constant(Tensors.Ones<float>(3)), CumulativeSum(x, 0)],
            [(first, second), (second, first)]);

        // The same model beside it, with memory.
        Parameter<float> otherA = Parameter("a", a.ToTensor());
        Parameter<float> otherB = Parameter("b", b.ToTensor());
        float[] expected = Compiled(otherA, otherB, new Generator(9)).Run(strided).GetArray<float>();
        using CompiledGraph graph = Compiled(a, b, new Generator(9));
        (float[] valuesOfA, float[] valuesOfB) = (a.Values.ToArray(), b.Values.ToArray());
        (long versionOfA, long versionOfB) = (a.Version, b.Version);
        RunResults? results = null;
        int refused = Sweep(
            () => results = graph.Run(strided),
            () =>
            {
                Assert.That(a.Values.ToArray(), Is.EqualTo(valuesOfA));
                Assert.That(b.Values.ToArray(), Is.EqualTo(valuesOfB));
                Assert.That((a.Version, b.Version), Is.EqualTo((versionOfA, versionOfB)));
            });
        Assert.That(refused, Is.GreaterThanOrEqualTo(5), "a constant, a workspace and its memory, results, old values");
        Assert.That(results!.GetArray<float>(), Is.EqualTo(expected), "the calls that failed have drawn no numbers");
        Assert.That(a.Values.ToArray(), Is.EqualTo(valuesOfB));
        Assert.That(b.Values.ToArray(), Is.EqualTo(valuesOfA));
    }

    [Test]
    public void Training_without_memory_changes_nothing([Values] bool retain)
    {
        Input<float> x = Input("x", ["N", 3], requiresGrad: true);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(3, 3));
        Node y = Tanh(MatMul(Tanh(MatMul(x, w)), w));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], y);
        foreach (int rows in (int[])[5, 90, 5])
        {
            float[] given = new Generator(3).Normal(rows, 3).ToArray();
            float[] seed = new Generator(4).Normal(rows, 3).ToArray();
            model.ZeroGrad();
            int refused = Sweep(() => model.Forward(given), () => Assert.That(w.Grad, Is.Null));
            Assert.That(refused, Is.Positive);
            refused = Sweep(() => model.Backward(seed, retainGraph: retain), () => Assert.That(w.Grad ?? x.Grad, Is.Null));
            Assert.That(refused, Is.Positive);
            float[] once = w.Grad!.ToArray();
            model.Forward(given);
            Sweep(() => model.Backward(seed, retainGraph: retain), () => Assert.That(w.Grad!.ToArray(), Is.EqualTo(once)));
            Assert.That(w.Grad!.ToArray(), Is.EqualTo(once.Select(v => 2 * v)));
        }
    }

    [Test]
    public void Parameters_and_tensors_without_memory_say_what_they_wanted()
    {
        Tensor<float> values = Tensors.Ones<float>(3, 5);
        Parameter<float> w = Parameter("w", values);
        Allocation.Refuses = _ => true;
        try
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(() => Parameter("v", values), Throws.TypeOf<SizeException>().With.Message.Contains("'v'").And.Message.Contains("[3, 5]").And.Message.Contains("60 bytes"));
                Assert.That(w.ToTensor, Throws.TypeOf<SizeException>().With.Message.Contains("'w'"));
                Assert.That(() => Tensors.Full<float>((ReadOnlySpan<int>)[3, 5], 1), Throws.TypeOf<SizeException>().With.Message.Contains("60 bytes"));
                Assert.That(() => new Generator(1).Normal(3, 5), Throws.TypeOf<SizeException>().With.Message.Contains("60 bytes"));
            }
        }
        finally
        {
            Allocation.Refuses = null;
        }
    }

    /// <summary>Makes a call until it succeeds, with each of its allocations refused once.</summary>
    /// <returns>How many were refused.</returns>
    private static int Sweep(Action call, Action check)
    {
        for (int refused = 0; ; refused++)
        {
            int left = refused;
            try
            {
                Allocation.Refuses = _ => left-- == 0;
                call();
                if (left >= 0)
                {
                    return refused;
                }
            }
            catch (SizeException)
            {
            }
            finally
            {
                Allocation.Refuses = null;
            }

            check();
        }
    }
}
