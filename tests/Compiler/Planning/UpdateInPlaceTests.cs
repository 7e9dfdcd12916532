using System.Numerics.Tensors;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>Updates that kernels write where the parameters lie, and those that they must not.</summary>
[Parallelizable(ParallelScope.All)]
[Needs(nameof(CompilerPasses.UpdateInPlace), nameof(CompilerPasses.ReuseMemory), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify))]
internal sealed class UpdateInPlaceTests
{
    private static readonly CompileOptions Copying = new() { Passes = new() { UpdateInPlace = false } };

    [Test]
    public void AStepOfAdamWritesAllParametersInPlace()
    {
        (float[][] copied, _) = TrainClassifier(Copying);
        (float[][] written, Program program) = TrainClassifier(CompileOptions.Default);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(written, Is.EqualTo(copied), "bit for bit");
            Assert.That(program.Updates.Count(u => !IsInPlace(program, u)), Is.Zero);
        }
    }

    [Test]
    public void AStepOfDescentIsWrittenByTheProductItself()
    {
        Input<float> x = Input("x", ["N", 33]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(33, 65));
        Node gradient = MatMul(Permute(x, 1, 0), Tanh(MatMul(x, w)));
        using CompiledGraph step = GraphCompiler.Compiler.Compile([x], [], [(w, w - (0.01f * gradient))]);
        float[] xs = [.. new Generator(2).Normal(20, 33)];
        float[] before = w.Values.ToArray();
        step.Run(xs);
        TensorValue expected = Interpreter.Evaluate(
            [w - (0.01f * gradient)], new Dictionary<Node, TensorValue> { [x] = Values.Of<float>(xs, DType.Float32, [20, 33]), [w] = Values.Of<float>(before, DType.Float32, [33, 65]) }, _ => 20)[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IsInPlace(step.Executor.Program, step.Executor.Program.Updates[0]), Is.True);
            Assert.That(Values.Difference(expected, Values.Of<float>(w.Values, DType.Float32, [33, 65]), 64, 4), Is.Null);
            Assert.That(w.Version, Is.EqualTo(1));
        }
    }

    [Test]
    public void ParametersThatNeedEachOthersOldValues([Values] bool fuse)
    {
        Parameter<float> a = Parameter("a", Tensor.Create((float[])[1, 2, 3], [3]));
        Parameter<float> b = Parameter("b", Tensor.Create((float[])[10, 20, 30], [3]));
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], [(a, a + b), (b, b - a)], new CompileOptions { Passes = new() { Fuse = fuse } });
        step.Run();
        Program program = step.Executor.Program;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 11, 22, 33 }));
            Assert.That(b.Values.ToArray(), Is.EqualTo(new float[] { 9, 18, 27 }));

            // One kernel reads both before it writes either.
            Assert.That(program.Updates.Count(u => IsInPlace(program, u)), fuse ? Is.EqualTo(2) : Is.LessThanOrEqualTo(1));
        }

        using CompiledGraph swap = GraphCompiler.Compiler.Compile([], [], [(a, b), (b, a)]);
        swap.Run();
        Assert.That((a.Values[0], b.Values[0]), Is.EqualTo((9f, 11f)));
    }

    [Test]
    public void ReadersOfOldValuesRunFirst()
    {
        // The update comes first in the graph; what reads the old value is an output.
        Parameter<float> a = Parameter("a", Tensor.Create((float[])[1, 2, 3], [3]));
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [Exp(a * 2f).Sum()], [(a, a * 3f)]);
        float sum = step.Run().Scalar<float>();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum, Is.EqualTo(Math.Exp(2) + Math.Exp(4) + Math.Exp(6)).Within(1e-3));
            Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 3, 6, 9 }));
            Assert.That(IsInPlace(step.Executor.Program, step.Executor.Program.Updates[0]), Is.True);
        }
    }

    [Test]
    public void OldAndNewValuesMayBeOutputs()
    {
        Parameter<float> a = Parameter("a", Tensor.Create((float[])[1, 2, 3], [3]));
        Node next = a * 3f;
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [a, next, Reshape(a, [1, 3])], [(a, next)]);
        RunResults results = step.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.GetArray<float>(0), Is.EqualTo(new float[] { 1, 2, 3 }));
            Assert.That(results.GetArray<float>(1), Is.EqualTo(new float[] { 3, 6, 9 }));
            Assert.That(results.GetArray<float>(2), Is.EqualTo(new float[] { 1, 2, 3 }));
            Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 3, 6, 9 }));
        }
    }

    [Test]
    public void OneValueForTwoParameters()
    {
        Parameter<float> a = Parameter("a", Tensor.Create((float[])[1, 2, 3], [3]));
        Parameter<float> b = Parameter("b", Tensor.Create((float[])[4, 5, 6], [3]));
        Node sum = a + b;
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], [(a, sum), (b, sum)]);
        step.Run();
        Assert.That((a.Values[2], b.Values[2]), Is.EqualTo((9f, 9f)));
    }

    [Test]
    public void AnUpdateThatReadsElsewhereIsCopied()
    {
        Parameter<float> a = Parameter("a", new Generator(3).Normal(5, 5));
        float[] before = a.Values.ToArray();
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], [(a, Permute(a, 1, 0) + 1f)]);
        step.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IsInPlace(step.Executor.Program, step.Executor.Program.Updates[0]), Is.False);
            Assert.That(a.Values.ToArray(), Is.EqualTo(Enumerable.Range(0, 25).Select(i => before[(i % 5 * 5) + (i / 5)] + 1f)));
        }
    }

    [Test]
    public void ACallThatFailsChangesNothing()
    {
        // The lookup is nobody's reason to run early: only that it can fail puts it before the update.
        Input<long> index = Input<long>("index", ["N"]);
        Parameter<float> a = Parameter("a", Tensor.Create((float[])[1, 2, 3], [3]));
        Parameter<float> table = Parameter("table", Tensor.Create((float[])[5, 6, 7], [3]));
        Node looked = Take(table, index, 0);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([index], [looked], [(a, a * 3f), (table, table + Sum(looked))]);
        Assert.That(() => step.Run((long[])[0, 3]), Throws.TypeOf<ExecutionException>());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
            Assert.That(table.Values.ToArray(), Is.EqualTo(new float[] { 5, 6, 7 }));
            Assert.That(a.Version + table.Version, Is.Zero);
            Assert.That(step.Executor.Program.Updates.All(u => IsInPlace(step.Executor.Program, u)), Is.True);
        }

        step.Run((long[])[0, 2]);
        Assert.That(table.Values.ToArray(), Is.EqualTo(new float[] { 17, 18, 19 }));
    }

    [Test]
    public void WhatCanFailAfterAnUpdateKeepsItACopy()
    {
        // The index is computed from the new value.
        Parameter<long> position = Parameter("position", Tensor.Create((long[])[1], [1]));
        Parameter<float> table = Parameter("table", Tensor.Create((float[])[5, 6, 7], [3]));
        Node next = position + 1L;
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [Take(table, next * 1L, 0)], [(position, next)]);
        Assert.That(step.Run().Scalar<float>(), Is.EqualTo(7));
        Assert.That(() => step.Run(), Throws.TypeOf<ExecutionException>());
        Assert.That(position.Values[0], Is.EqualTo(2));
    }

    [Test]
    public void AnArgumentMayBeTheParametersOwnMemory()
    {
        Input<float> x = Input("x", [3]);
        Parameter<float> a = Parameter("a", Tensor.Create((float[])[1, 2, 3], [3]));
        Parameter<float> b = Parameter("b", Tensor.Create((float[])[1, 1, 1], [3]));
        Node next = a * 3f;
        var step = GraphCompiler.Compiler.Compile<SpanStep>([x], [x + Sum(next)], [(a, next), (b, b + Sum(next) + Sum(x))]);
        float[] result = new float[3];
        step(a.Values, result);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(new float[] { 19, 20, 21 }));
            Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 3, 6, 9 }));
            Assert.That(b.Values[0], Is.EqualTo(1 + 18 + 6));
        }
    }

    [Test]
    public void VerifyAndCheckedCopy()
    {
        foreach (CompileOptions options in (CompileOptions[])[new() { Verify = true }, new() { Checked = true }, Copying])
        {
            Parameter<float> a = Parameter("a", Tensor.Create((float[])[1, 2, 3], [3]));
            using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], [(a, a * 3f)], options);
            step.Run();
            using (Assert.EnterMultipleScope())
            {
                Assert.That(IsInPlace(step.Executor.Program, step.Executor.Program.Updates[0]), Is.False);
                Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 3, 6, 9 }));
            }
        }
    }

    /// <summary>What lowering promises of products is true: counted by kernels that add 1 where they would store.</summary>
    [Test]
    public void ProductsStoreEachElementOnce([Values("nn", "nt", "tn")] string layout, [Values] bool symbolic)
    {
        foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 1, 3), (1, 20, 3), (5, 33, 4), (17, 1, 5), (37, 50, 3), (61, 70, 2)])
        {
            (Dim rows, Dim columns) = symbolic ? ((Dim)"M", (Dim)"N") : (m, n);
            Node a = layout[0] == 'n' ? Input("a", [rows, k]) : Input("a", [k, rows]);
            Node b = layout[1] == 'n' ? Input("b", [k, columns]) : Input("b", [columns, k]);
            Node product = MatMul(layout[0] == 'n' ? a : Permute(a, 1, 0), layout[1] == 'n' ? b : Permute(b, 1, 0)) + Input("c", [columns]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([a, b, .. GraphWalk.TopologicalOrder([product]).Where(x => x.Name == "c")], product);
            int[] counts = new int[m * n];
            foreach (LoweredKernel kernel in graph.Executor.Program.Kernels.Where(x => x.Kernel.Buffers.Any(buffer => buffer.IsStoredOnce)))
            {
                long[] extents = [.. kernel.Extents.Select(d => d.Evaluate(s => s == "M" ? m : n))];
                int output = kernel.Kernel.Buffers.IndexOf(kernel.Kernel.Buffers.Single(buffer => buffer.IsStoredOnce));
                Kernel counting = kernel.Kernel with { Body = Count(kernel.Kernel.Body) };
                byte[][] data = KernelRun.Data(counting, extents);
                Array.Clear(data[output]);
                byte[] result = KernelRun.Run(KernelRun.Evaluated(counting), counting, extents, data).Contents[output];
                float[] stored = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(result).ToArray();
                counts = [.. counts.Select((c, i) => c + (int)stored[i])];
            }

            Assert.That(counts, Is.All.EqualTo(1), $"{m} x {n}");
        }
    }

    private static LoopStatement Count(LoopStatement statement) => statement switch
    {
        Block block => new Block([.. block.Statements.Select(Count)]),
        For loop => loop with { Body = Count(loop.Body) },
        If branch => new If(branch.Condition, Count(branch.Then), branch.Else is null ? null : Count(branch.Else)),
        Store { Buffer.IsStoredOnce: true } store => store with { Value = new BinaryValue(BinaryFunction.Add, new Load(store.Buffer, store.Index), Literal.Of(store.Buffer.Storage, 1)) },
        _ => statement,
    };

    private delegate void SpanStep(ReadOnlySpan<float> x, Span<float> result);

    private static bool IsInPlace(Program program, RootBuffer update) => program.Plan.Buffers[update.Buffer].Address == update.Parameter!.Address;

    private static (float[][] Values, Program Program) TrainClassifier(CompileOptions options)
    {
        Input<float> x = Input("x", ["N", 12]);
        Input<long> label = Input<long>("label", ["N"]);
        var random = new Generator(5);
        Parameter<float>[] parameters =
            [Parameter("w1", random.Normal(12, 33)), Parameter("b1", random.Normal(33)), Parameter("w2", random.Normal(33, 5)), Parameter("b2", random.Normal(5))];
        Node loss = CrossEntropy(MatMul(Gelu(MatMul(x, parameters[0]) + parameters[1]), parameters[2]) + parameters[3], label);
        IReadOnlyList<Update> adam = Optimizers.Adam(loss, parameters);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([x, label], [loss], adam, options);
        for (int i = 1; i <= 4; i++)
        {
            float[] xs = [.. random.Normal(7 * i, 12)];
            step.Run(xs, (long[])[.. Enumerable.Range(0, 7 * i).Select(n => (long)(n % 5))]);
        }

        return ([.. adam.Select(u => u.Parameter).OfType<Parameter<float>>().Select(p => p.Values.ToArray())], step.Executor.Program);
    }
}
