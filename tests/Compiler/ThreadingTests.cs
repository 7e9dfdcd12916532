using System.Numerics.Tensors;
using GraphCompiler.Emit;
using GraphCompiler.Loops;
using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Threads share kernels, and nobody can tell from the results.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class ThreadingTests
{
    private static readonly int[] ThreadCounts = [1, 2, 3, 8];

    // Cut as usual, and as finely as can be: then the vectors of each chunk begin and end elsewhere, too.
    private static readonly (string Name, Chunking Chunking)[] Cuts = [("usual", Chunking.Default), ("finest", Chunking.Finest)];

    [Test]
    public void Elementwise_work_has_the_same_bits()
    {
        Node x = Input("x", ["N", "M"]);
        Node row = Input("row", ["M"]);
        AssertSameBits([x, row], [Tanh(x * row) + Exp(-x), Sin(x) / (1f + Abs(row)), x.Transpose() * 2f], [[403, 517], [1, 200_003], [3, 65]]);
    }

    [Test]
    public void Rows_have_the_same_bits()
    {
        Node x = Input("x", ["N", 301]);
        AssertSameBits([x], [Softmax(x), LayerNorm(x), LogSoftmax(x, axis: 0), x.Sum(1), x.Max(0), x.Mean(), ArgMax(x, 1)], [[611], [1], [37]]);
    }

    [Test]
    public void Doubles_have_the_same_bits()
    {
        Node x = Input<double>("x", ["N", 301]);
        AssertSameBits([x], [Softmax(x), Exp(x) * Sin(x), x.Sum(1)], [[611], [5]]);
    }

    [Test]
    public void Matrix_products_have_the_same_bits()
    {
        Node a = Input("a", ["N", 150]);
        Node b = Input("b", [150, 203]);
        Node c = Input("c", [203, 150]);
        AssertSameBits([a, b, c], [Relu(MatMul(a, b) + 1f), MatMul(a, c.Transpose()), MatMul(a.Transpose(), a)], [[331], [1], [15], [17]]);
        Node p = Input("p", [5, "N", 31]);
        Node q = Input("q", [5, 31, 40]);
        AssertSameBits([p, q], [MatMul(p, q), MatMul(p, q).Sum(0)], [[200], [3]]);
    }

    [Test]
    public void Scans_have_the_same_bits()
    {
        Node x = Input("x", ["N", "M"]);
        Node cube = Reshape(x, [1, "N", "M"]);
        AssertSameBits([x], [CumulativeSum(x, 0), CumulativeSum(x, 1, reverse: true), LogCumulativeSumExp(cube, 1), CumulativeMax(x, 0).Indices, ArgSort(x, 0), Sort(x, 1, descending: true).Values, LinearRecurrence(x * 0.1f, x, 0)], [[37, 2500], [2500, 37], [1, 5]]);
    }

    [Test]
    public void Gathers_have_the_same_bits()
    {
        Node table = Input("table", [100, 70]);
        Node indices = Input<long>("indices", ["N"]);
        Node along = Input<long>("along", ["N", 70]);
        AssertSameBits([table, indices, along], [Take(table, indices), Gather(table, 0, along), IndexAdd(table, 0, indices, Take(table, indices) * 2f)], [[1003], [1], [90]]);
    }

    [Test]
    public void A_training_step_has_the_same_bits()
    {
        foreach ((string name, Chunking cut) in Cuts)
        {
            byte[][][] results = [.. ThreadCounts.Select(threads => Train(new CompileOptions { Threads = threads, Chunking = cut }))];
            for (int t = 1; t < ThreadCounts.Length; t++)
            {
                Assert.That(results[t], Is.EqualTo(results[0]), $"{ThreadCounts[t]} threads, {name}");
            }
        }

        static byte[][] Train(CompileOptions options)
        {
            var random = new Generator(1);
            Input<float> x = Input("x", ["N", 130]);
            Input<long> label = Input<long>("label", ["N"]);
            Parameter<float> w1 = Parameter("w1", random.Normal(130, 190));
            Parameter<float> b1 = Parameter("b1", random.Normal(190));
            Parameter<float> w2 = Parameter("w2", random.Normal(190, 11));
            Node loss = CrossEntropy(MatMul(LayerNorm(Relu((MatMul(x, w1) * 0.1f) + b1)), w2) * 0.1f, label);
            using CompiledGraph step = GraphCompiler.Compiler.Compile([x, label], [loss], Optimizers.Adam(loss, [w1, b1, w2]), options);
            List<byte[]> kept = [];
            foreach (int rows in (int[])[517, 63, 1])
            {
                float[] xs = new Generator(2).Normal(rows, 130).ToArray();
                long[] labels = [.. Enumerable.Range(0, rows).Select(i => (long)(i * 7 % 11))];
                float[] value = new float[1];
                step.Run([xs, labels], [value]);
                kept.AddRange(new[] { value, w1.Values.ToArray(), b1.Values.ToArray(), w2.Values.ToArray() }.Select(Bytes));
            }

            using CompiledGraph model = GraphCompiler.Compiler.Compile([x, label], [loss], options: options);
            model.Forward(new Generator(3).Normal(300, 130).ToArray(), Enumerable.Range(0, 300).Select(i => (long)(i % 11)).ToArray());
            model.Backward();
            kept.AddRange(new[] { w1, b1, w2 }.Select(w => Bytes(w.Grad!.ToArray())));
            return [.. kept];
        }
    }

    [Test]
    public void The_first_index_that_is_out_of_range_is_reported()
    {
        Node table = Input("table", [100, 8]);
        Node indices = Input<long>("indices", ["N"]);
        float[] values = new float[800];
        foreach (int threads in ThreadCounts)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(
                [table, indices], [Take(table, indices)], options: new CompileOptions { Threads = threads, Chunking = Chunking.Finest });
            for (int round = 0; round < 20; round++)
            {
                long[] wrong = new long[500];
                for (int i = 40 + (23 * round); i < 500; i++)
                {
                    wrong[i] = 1000 + i;
                }

                Assert.That(
                    () => graph.Run(values, wrong),
                    Throws.TypeOf<ExecutionException>().With.Message.Contains($"{1040 + (23 * round)}"),
                    $"{threads} threads");
            }
        }
    }

    [Test]
    public void Concurrent_inference_has_the_same_bits()
    {
        Node x = Input("x", ["N", 120]);
        Node w = Parameter("w", new Generator(1).Normal(120, 130));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [Softmax(Relu(MatMul(x, w)))], options: new CompileOptions { Threads = 3 });
        float[][] given = [.. Enumerable.Range(0, 4).Select(i => new Generator((ulong)i).Normal(100 + (50 * i), 120).ToArray())];
        byte[][] expected = [.. given.Select(g => Bytes(graph.Run(Rows(g)).GetArray<float>(0)))];
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            byte[] result = Bytes(graph.Run(Rows(given[i % 4])).GetArray<float>(0));
            if (!result.AsSpan().SequenceEqual(expected[i % 4]))
            {
                throw new InvalidOperationException($"Call {i} differs.");
            }
        });

        static Tensor<float> Rows(float[] values) => Tensor.Create(values, [values.Length / 120, 120]);
    }

    [Test]
    public void A_number_of_threads_below_one_is_refused([Values(0, -1)] int threads) =>
        Assert.That(
            () => new CompileOptions { Threads = threads },
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("at least one thread"));

    [Test]
    public void Small_kernels_and_single_threads_are_not_shared_out()
    {
        Assert.That(Shared(1000, 2), Is.False);
        Assert.That(Shared(1_000_000, 1), Is.False);
        Assert.That(Shared(1_000_000, 2), Is.True);

        static bool Shared(int size, int threads)
        {
            Node x = Input("x", ["N"]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [Exp(x)], options: new CompileOptions { Threads = threads });
            Program program = graph.Executor.Program;
            var steps = new ThreadedSteps(program.Plan);
            long[] sizes = new long[program.Plan.Sizes];
            program.Plan.EvaluateSizes([size], sizes);
            steps.Bind(sizes);
            return steps.Any;
        }
    }

    [Test]
    public unsafe void Each_thread_has_scratch_memory_of_its_own([Values(1, 2, 3, 8)] int threads)
    {
        // Each item fills a scratch row, and then adds it up: another thread's numbers in it would show.
        const int Row = 500;
        const int Items = 300;
        LoopBuffer scratch = LoopBuilder.Output("own", DType.Int64, LoopBuilder.Int(Row));
        LoopBuffer output = LoopBuilder.Output("sums", DType.Int64, LoopBuilder.Int(Items));
        Kernel kernel = LoopBuilder.Kernel("own", [scratch, output], (begin, end) =>
        {
            Local item = LoopBuilder.Index("item");
            Local i = LoopBuilder.Index("i");
            Local j = LoopBuilder.Index("j");
            var sum = new Local("sum", DType.Int64);
            return new For(item, begin, end, LoopKind.Parallel, LoopBuilder.Sequence(
                new For(i, LoopBuilder.Int(0), LoopBuilder.Int(Row), LoopKind.Vector, new Store(scratch, i, LoopBuilder.Multiply(item, i))),
                new Let(sum, LoopBuilder.Int(0)),
                new For(j, LoopBuilder.Int(0), LoopBuilder.Int(Row), LoopKind.Serial, new Assign(sum, LoopBuilder.Add(sum, new Load(scratch, j)))),
                new Store(output, item, sum)));
        }, extents: 0, range: LoopBuilder.Int(Items));
        CompiledKernel compiled = KernelCompiler.Compile(kernel, new EmitOptions(VectorWidths.Best));
        var plan = new Plan
        {
            Steps = [new PlanStep(compiled.Entry, [0, 1], [], 2) { Work = _ => 1e9 }],
            Forward = new PlanNode.Run(0),
            EndOfForward = 1,
            Buffers = [new PlanBuffer(-1, 0, 0, Block: 0) { IsPerThread = true }, new PlanBuffer(0, 0, 1)],
            Blocks = [new PlanBlock(0, 0, 1, IsPerThread: true)],
            Externals = 1,
            Symbols = 0,
            Sizes = 3,
            EvaluateSizes = (_, sizes) => (sizes[0], sizes[1], sizes[2]) = (Row * 8, Items * 8, Items),
            Threads = threads,
            Chunking = Chunking.Finest,
        };
        using var workspace = new Workspace(plan);
        workspace.Bind([], []);
        Assert.That(workspace.Bytes, Is.EqualTo(threads * ((Row * 8) + 63) / 64 * 64).Within(64 * threads));
        long[] sums = new long[Items];
        for (int round = 0; round < 100; round++)
        {
            sums.AsSpan().Clear();
            fixed (long* address = sums)
            {
                workspace.Externals[0] = (nint)address;
                Assert.That(workspace.Run(forward: true, backward: false, out _, out _), Is.EqualTo(-1));
            }

            Assert.That(sums, Is.EqualTo(Enumerable.Range(0, Items).Select(item => (long)item * (Row * (Row - 1) / 2))));
        }
    }

    private static void AssertSameBits(Node[] inputs, Node[] outputs, long[][] sizes)
    {
        string[] symbols = [.. inputs.SelectMany(i => i.Shape.Symbols).Distinct()];
        foreach ((string name, Chunking cut) in Cuts)
        {
            CompiledGraph[] graphs = [.. ThreadCounts.Select(threads => GraphCompiler.Compiler.Compile(
                inputs, outputs, options: new CompileOptions { Threads = threads, Chunking = cut }))];
            foreach (long[] values in sizes)
            {
                Argument[] arguments = [.. inputs.Select((input, i) => Given(input, i, input.Shape.Evaluate(s => values[Array.IndexOf(symbols, s)])))];
                byte[][][] results = [.. graphs.Select(g => Read(g.Run(arguments), outputs))];
                for (int t = 1; t < graphs.Length; t++)
                {
                    for (int o = 0; o < outputs.Length; o++)
                    {
                        Assert.That(results[t][o].AsSpan().SequenceEqual(results[0][o]), $"output {o} at {ThreadCounts[t]} threads, cut {name}, sizes {string.Join(", ", values)}");
                    }
                }
            }

            foreach (CompiledGraph graph in graphs)
            {
                graph.Dispose();
            }
        }
    }

    private static byte[][] Read(RunResults results, Node[] outputs) => [.. outputs.Select((o, i) => o.DType switch
    {
        DType.Float64 => Bytes(results.GetArray<double>(i)),
        DType.Int64 => Bytes(results.GetArray<long>(i)),
        _ => Bytes(results.GetArray<float>(i)),
    })];

    private static Argument Given(Node input, int seed, long[] shape)
    {
        int[] sizes = [.. shape.Select(s => (int)s)];
        if (input.DType == DType.Int64)
        {
            long[] indices = [.. Enumerable.Range(0, sizes.Aggregate(1, (a, b) => a * b)).Select(i => (long)(i * 37 % 100))];
            return Tensor.Create(indices, [.. shape.Select(s => (nint)s)]);
        }

        Tensor<float> values = new Generator((ulong)seed + 1).Normal(sizes);
        return input.DType == DType.Float64
            ? Tensor.Create(values.ToArray().Select(v => (double)v).ToArray(), values.Lengths)
            : values;
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes<T>(values).ToArray();
}
