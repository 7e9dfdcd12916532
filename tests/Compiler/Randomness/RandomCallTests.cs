using System.Collections.Concurrent;
using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>What a call draws: the same numbers whatever the code, and others in each call, operation and element.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class RandomCallTests
{
    private static readonly int[] Threads = [1, 2, 3, 8];

    private static CompileOptions[] Ways =>
    [
        .. VectorWidths.Supported.Select(w => new CompileOptions { Width = w }),
        .. Threads.Select(t => new CompileOptions { Threads = t, Chunking = Chunking.Finest }),
        new() { Passes = new() { Inline = false } },
        new() { Passes = new() { Fuse = false } },
        new() { Passes = new() { Simplify = false } },
        new() { Checked = true },
        new() { Verify = true },
        new() { Passes = new() { UseFastExpressionCompiler = false } },
    ];

    /// <summary>A state that is set again repeats the calls that followed it, of this graph and of one that is built anew; Backward sees its own Forward's numbers.</summary>
    [Test]
    public void AStateThatIsSetAgainRepeatsCalls()
    {
        foreach (CompileOptions way in Ways)
        {
            (Generator generator, Parameter<float> w, CompiledGraph graph) = Model(seed: 3);
            using CompiledGraph first = graph;
            first.Forward();
            GeneratorState state = generator.State;
            float[][] expected = Steps(first, w);
            Assert.That(expected[1], Is.Not.EqualTo(expected[0]));
            generator.State = state;
            Assert.That(Steps(first, w), Is.EqualTo(expected));

            (Generator other, Parameter<float> v, CompiledGraph anew) = Model(seed: 4);
            using CompiledGraph second = anew;
            other.State = state;
            Assert.That(Steps(second, v), Is.EqualTo(expected));
            other.State = state;
            second.Forward();
            other.State = default;
            v.ZeroGrad();
            second.Backward();
            Assert.That(v.Grad!.ToArray(), Is.EqualTo(expected[0][1..]));

            (Generator, Parameter<float>, CompiledGraph) Model(ulong seed)
            {
                Generator random = new(seed);
                Parameter<float> weights = Parameter("w", Enumerable.Repeat(1f, 19).ToArray());
                return (random, weights, GraphCompiler.Compiler.Compile([], Sum(Dropout(random, weights, 0.5) * Normal(random, [19])), way));
            }
        }

        static float[][] Steps(CompiledGraph graph, Parameter<float> w) => [.. Enumerable.Range(0, 3).Select(_ => Step(graph, w))];

        static float[] Step(CompiledGraph graph, Parameter<float> w)
        {
            w.ZeroGrad();
            float loss = graph.Forward().GetArray<float>()[0];
            graph.Backward();
            return [loss, .. w.Grad!.ToArray()];
        }
    }

    /// <summary>The bits of an element are those of Philox4x32-10 at its counter, under the key and nonce that are the block of the call's counter.</summary>
    [Test]
    public void BitsAreThoseOfTheCounters()
    {
        const int Size = 77;
        Generator generator = new(12345);
        Node first = RandomStreamOp.Create(generator);
        Node second = RandomStreamOp.Create(generator);
        Node[] outputs =
        [
            .. from stream in new[] { first, second }
               from part in Enumerable.Range(0, 4)
               select Node.Create(new RandomBitsOp([7, 11], part, 32, DType.Int32), stream),
            .. Enumerable.Range(0, 2).Select(p => Node.Create(new RandomBitsOp(["N"], p, 64, DType.Int64), second)),
            Node.Create(new RandomBitsOp(["N"], 1, 24, DType.Int32), first),
            Node.Create(new RandomBitsOp(["N"], 1, 53, DType.Int64), first),
        ];
        Input<float> n = Input("n", ["N"]);
        foreach (CompileOptions way in Ways)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([n], [.. outputs, Sum(n)], null, way);
            ulong counter = generator.Position;
            RunResults results = graph.Run(new float[Size]);
            PhiloxBlock call = Philox.Block(12345, counter, 0);
            Assert.That(generator.Position, Is.EqualTo(counter + 1));
            for (int i = 0; i < Size; i++)
            {
                PhiloxBlock[] blocks = [.. Enumerable.Range(0, 2).Select(s => Philox.Block(call.Low, ((ulong)s << 32) | (uint)i, call.High))];
                int[] words = [.. blocks.SelectMany(b => new[] { b.Word0, b.Word1, b.Word2, b.Word3 }).Select(w => (int)w)];
                Assert.That(Enumerable.Range(0, 8).Select(o => results.GetArray<int>(o)[i]), Is.EqualTo(words), $"{way.Width}, element {i}");
                Assert.That(results.GetArray<long>(8)[i], Is.EqualTo((long)blocks[1].Low));
                Assert.That(results.GetArray<long>(9)[i], Is.EqualTo((long)blocks[1].High));
                Assert.That(results.GetArray<int>(10)[i], Is.EqualTo((int)(blocks[0].Word1 >> 8)));
                Assert.That(results.GetArray<long>(11)[i], Is.EqualTo((long)(blocks[0].High >> 11)));
            }
        }
    }

    [Test]
    public void NumbersAreTheSameHoweverTheyAreComputed([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        TensorValue[]? expected = null;
        foreach (CompileOptions way in Ways)
        {
            Node[] outputs = Model(new Generator(7), dtype, out Node x);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], outputs, null, way);
            TensorValue[] found = [];
            for (int call = 0; call < 2; call++)
            {
                RunResults results = dtype == DType.Float32 ? graph.Run(Ones<float>()) : graph.Run(Ones<double>());
                found = [.. found, .. outputs.Select((o, i) => Values.Read(results, i, o.DType, o.Shape.Evaluate(_ => 21)))];
            }

            expected ??= found;
            for (int i = 0; i < found.Length; i++)
            {
                // Sums are rounded in another order.
                bool isSum = GraphWalk.TopologicalOrder([outputs[i % outputs.Length]]).Any(n => n.Op is SumOp or MatMulOp or SoftmaxOp);
                Assert.That(Values.Difference(expected[i], found[i], isSum ? 64 : 0, 1), Is.Null, $"output {i % outputs.Length} of call {i / outputs.Length}, {way}");
            }
        }
    }

    [Test]
    public void TheInterpreterSeesWhatACallSees([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        Node[] outputs = Model(new Generator(7), dtype, out Node x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], outputs);
        Node[] again = Model(new Generator(7), dtype, out Node y);
        for (int call = 0; call < 2; call++)
        {
            RunResults results = dtype == DType.Float32 ? graph.Run(Ones<float>()) : graph.Run(Ones<double>());
            TensorValue[] expected = Interpreter.Evaluate(again, new Dictionary<Node, TensorValue> { [y] = TensorValue.Full(dtype, [13, 21], 1) });
            for (int i = 0; i < outputs.Length; i++)
            {
                Assert.That(Values.Difference(expected[i], Values.Read(results, i, outputs[i].DType, expected[i].Shape), 8, 1), Is.Null, $"output {i}, call {call}");
            }
        }
    }

    [Test]
    public void CallsAndOperationsDrawTheirOwnNumbers()
    {
        Generator generator = new(3);
        Node[] outputs = [Uniform(generator, [1000]), Uniform(generator, [1000]), Uniform(new Generator(4), [1000]), Uniform(generator.Split(), [1000])];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], outputs);
        float[][] drawn = [.. Enumerable.Range(0, 3).Select(_ => graph.Run()).SelectMany(r => Enumerable.Range(0, 4).Select(r.GetArray<float>))];
        for (int i = 0; i < drawn.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                Assert.That(Math.Abs(Correlation(drawn[i], drawn[j])), Is.LessThan(0.13), $"{i}, {j}");
                Assert.That(drawn[i].Intersect(drawn[j]).Count(), Is.LessThan(5));
            }
        }
    }

    [Test]
    public void OneGraphOfTwoGeneratorsOfOneSeedDrawsTheSameFromBoth()
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], [Normal(new Generator(9), [50]), Normal(new Generator(9), [50])]);
        RunResults results = graph.Run();
        Assert.That(results.GetArray<float>(0), Is.EqualTo(results.GetArray<float>(1)));
    }

    [Test]
    public void WhatIsSharedIsDrawnOnce()
    {
        Node noise = Normal(new Generator(5), [64]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], [noise * 2, Exp(noise), noise - noise, Flip(noise, 0)]);
        RunResults results = graph.Run();
        float[] z = [.. results.GetArray<float>(0).Select(v => v / 2)];
        Assert.That(results.GetArray<float>(2), Is.All.EqualTo(0));
        Assert.That(results.GetArray<float>(3), Is.EqualTo(z.Reverse()));
    }

    [Test]
    public void ConcurrentCallsDrawTheirOwnNumbers()
    {
        Generator generator = new(21);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Uniform(generator, [4], DType.Float64), new CompileOptions { Threads = 1 });
        ConcurrentBag<double[]> drawn = [];
        Parallel.For(0, 200, _ => drawn.Add(graph.Run().GetArray<double>(0)));
        Assert.That(drawn.SelectMany(d => d).Distinct().Count(), Is.EqualTo(800));
        Assert.That(generator.Position, Is.EqualTo(200));
    }

    [Test]
    public void AFailedCallDrawsNothingIfItDidNotBegin()
    {
        Generator generator = new(1);
        Input<float> x = Input("x", ["N"]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Dropout(generator, x, 0.5));
        Assert.Throws<BindingException>(() => graph.Run(new double[3]));
        Assert.Throws<BindingException>(() => graph.Run());
        Assert.Throws<BindingException>(() => graph.Run([new float[3]], [new float[2]]));
        Assert.That(generator.Position, Is.Zero);
        graph.Run(new float[3]);
        graph.Forward(new float[3]);
        Assert.That(generator.Position, Is.EqualTo(2));
    }

    [Test]
    public void HowAGraphIsCompiledDoesNotChangeWhatItConsumes()
    {
        foreach (bool simplify in (bool[])[true, false])
        {
            Generator generator = new(1);
            Node unused = Sum(Uniform(generator, ["N"])) * 0f;
            Input<int> x = Input<int>("x", ["N"]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Maximum(x, x) + Cast(unused * 0f, DType.Int32) * 0, new CompileOptions { Passes = new() { Simplify = simplify } });
            graph.Run((int[])[1, 2]);
            Assert.That(generator.Position, Is.EqualTo(1));
        }
    }

    [Test]
    public void AGeneratorServesSoManyOperations()
    {
        Generator generator = new(1);
        for (int i = 0; i < RandomStream.Most; i++)
        {
            generator.NextStream();
        }

        Assert.That(() => Uniform(generator, [3]), Throws.TypeOf<GraphException>().With.Message.Contains("Split"));
    }

    [Test]
    public void AWarmCallWithDropoutAllocatesNothing()
    {
        Assume.That(CompileOptions.Default.Verify, Is.False, "the interpreter, which verifies, allocates");
        Input<float> x = Input("x", ["N", 8]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(8, 8));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], Dropout(new Generator(2), MatMul(x, w), 0.3).Pow(2).Sum(), new CompileOptions { Threads = 1 });
        float[] xs = new float[40];
        float[] loss = new float[1];
        long least = long.MaxValue;
        for (int round = 0; round < 5 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++)
            {
                model.Forward([xs], [loss]);
                model.Backward();
                model.ZeroGrad(setToNull: false);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.That(least, Is.Zero);
    }

    /// <summary>Random numbers in elementwise, row-wise, reducing, moving and product kernels.</summary>
    private static Node[] Model(Generator g, DType dtype, out Node x)
    {
        x = dtype == DType.Float32 ? Input<float>("x", [13, "N"]) : Input<double>("x", [13, "N"]);
        Node u = Uniform(g, x.Shape, dtype);
        Node z = Normal(g, x, x * 0.5);
        Node weight = Uniform(g, [x.Shape[1], 5], dtype);
        Node product = MatMul(x, weight);
        return
        [
            u,
            z,
            Softmax(Dropout(g, x + z, 0.4), 1),
            Sum(Transpose(Uniform(g, x.Shape, dtype)) * 2, 1),
            Sum(Bernoulli(g, 0.25, x.Shape, dtype), 0),
            Dropout(g, product + 1, 0.5),
            product + Normal(g, product.Shape, dtype),
            MatMul(Transpose(Dropout(g, x, 0.5)), Transpose(Transpose(x))),
            Concat([Exponential(g, x.Shape, dtype), x]),
            Slice(Flip(Gumbel(g, x.Shape, dtype), 1), 1, 1, 9, 2),
            Dropout1D(g, x, 0.5),
            RandInt(g, -5, 60, x.Shape),
            RandInt(g, 0, 7, [x.Shape[1], 2], DType.Int32),
            Permutation(g, x.Shape[1]),
            Categorical(g, x, 0, 3),
            Multinomial(g, x, 4),
            Gamma(g, Uniform(g, [30, x.Shape[1]], dtype) * 3),
        ];
    }

    private static T[] Ones<T>()
        where T : unmanaged, System.Numerics.INumber<T>
    {
        var ones = new T[13 * 21];
        Array.Fill(ones, T.One);
        return ones;
    }

    private static double Correlation(float[] a, float[] b)
    {
        (double meanA, double meanB) = (a.Average(), b.Average());
        double product = a.Zip(b).Sum(p => (p.First - meanA) * (p.Second - meanB));
        return product / Math.Sqrt(a.Sum(v => (v - meanA) * (v - meanA)) * b.Sum(v => (v - meanB) * (v - meanB)));
    }
}
