using System.Runtime.CompilerServices;
using GraphCompiler.Emit;
using GraphCompiler.Loops;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Emit;

/// <summary>Which kernels share their code, and for how long it is kept.</summary>
[NonParallelizable]
internal sealed class KernelCacheTests
{
    private static readonly EmitOptions Scalar = new(VectorWidth.Scalar);

    [Test]
    public void NamesAndTheRangeDoNotMatter()
    {
        Kernel one = Scaled("one", "x", "i", 2f, Int(8));
        Kernel other = Scaled("other", "y", "j", 2f, Int(100));
        Assert.That(KernelKey.Of(one, Scalar), Is.EqualTo(KernelKey.Of(other, Scalar)));
        Assert.That(KernelKey.Of(one, Scalar).GetHashCode(), Is.EqualTo(KernelKey.Of(other, Scalar).GetHashCode()));
        KernelCache cache = new(8);
        KernelEntry entry = cache.Get(one, Scalar).Entry;
        CompiledKernel again = cache.Get(other, Scalar);
        Assert.That(again.Entry, Is.SameAs(entry));
        Assert.That(again.FromCache);
    }

    /// <summary>Pairs of kernels that differ in one thing that code depends on.</summary>
    [TestCaseSource(nameof(Different))]
    public void WhatCodeDependsOnMatters(string what, Kernel one, Kernel other)
    {
        Assert.That(KernelKey.Of(one, Scalar), Is.Not.EqualTo(KernelKey.Of(other, Scalar)), what);
    }

    [Test]
    public void OptionsMatter()
    {
        Kernel kernel = Scaled("k", "x", "i", 2f, N);
        EmitOptions[] options = [Scalar, new(VectorWidth.Bits128), Scalar with { Checked = true }, Scalar with { UseFec = false }, Scalar with { Verify = true }];
        Assert.That(options.Select(o => KernelKey.Of(kernel, o)).Distinct().Count(), Is.EqualTo(options.Length));
    }

    [Test]
    public void LengthsOfBuffersMatterWhereTheyAreChecked()
    {
        Kernel one = Copy(Int(8));
        Kernel other = Copy(Int(9));
        EmitOptions isChecked = Scalar with { Checked = true };
        Assert.That(KernelKey.Of(one, Scalar), Is.EqualTo(KernelKey.Of(other, Scalar)));
        Assert.That(KernelKey.Of(one, isChecked), Is.Not.EqualTo(KernelKey.Of(other, isChecked)));

        static Kernel Copy(LoopValue length)
        {
            LoopBuffer x = Input("x", DType.Float32, length);
            LoopBuffer y = Output("y", DType.Float32, length);
            return Elementwise("copy", [x, y], i => new Store(y, i, new Load(x, i)));
        }
    }

    [Test]
    public void AKeyIsNoLongerThanTheValuesThatItsPathsShare()
    {
        // 2^200 paths lead through this value.
        LoopBuffer y = Output("y", DType.Float32);
        Kernel kernel = Elementwise("deep", [y], i =>
        {
            LoopValue value = Literal.Of(1f);
            for (int level = 0; level < 200; level++)
            {
                value = Add(value, value);
            }

            return new Store(y, i, value);
        });
        Assert.That(KernelKey.Of(kernel, Scalar), Is.EqualTo(KernelKey.Of(kernel with { Name = "again" }, Scalar)));
    }

    [Test]
    public void TheCacheKeepsThoseUsedLast()
    {
        KernelCache cache = new(2);
        Kernel[] kernels = [.. Enumerable.Range(0, 3).Select(k => Scaled($"k{k}", "x", "i", k, N))];
        cache.Get(kernels[0], Scalar);
        cache.Get(kernels[1], Scalar);
        Assert.That(cache.Get(kernels[0], Scalar).FromCache);
        cache.Get(kernels[2], Scalar);
        Assert.That(cache.Count, Is.EqualTo(2));
        Assert.That(cache.Get(kernels[0], Scalar).FromCache);
        Assert.That(cache.Get(kernels[1], Scalar).FromCache, Is.False);
    }

    [Test]
    public void ConcurrentCompilationsOfOneKernelCompileOnce()
    {
        KernelCache cache = new(8);
        KernelEntry[] entries = new KernelEntry[8];
        Thread[] threads = [.. Enumerable.Range(0, entries.Length).Select(t => new Thread(() => entries[t] = cache.Get(Scaled($"k{t}", "x", "i", 3.5f, N), Scalar).Entry))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(entries.Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public void AMalformedKernelIsNotKept()
    {
        KernelCache cache = new(8);
        LoopBuffer x = Input("x", DType.Float32);
        Kernel broken = Elementwise("broken", [x], i => new Store(x, i, Literal.Of(1f)));
        Assert.That(() => cache.Get(broken, Scalar), Throws.TypeOf<CompileException>());
        Assert.That(cache.Count, Is.Zero);
        Assert.That(() => cache.Get(broken, Scalar), Throws.TypeOf<CompileException>());
    }

    [Test]
    public void TwoEqualLayersCompileOnceAndAnotherGraphNotAtAll()
    {
        Input<float> x = Input("x", ["N", 32]);
        Node y = Layer(Layer(x, "first"), "second");
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y);
        CompiledKernel[] compiled = graph.Executor.Program.Compiled;
        Assert.That(compiled.Select(c => c.Entry).Distinct().Count(), Is.EqualTo(compiled.Length / 2), "two layers of as many kernels");

        var count = CompilationCount.Start();
        Input<float> other = Input("other", ["M", 32]);
        using CompiledGraph again = GraphCompiler.Compiler.Compile([other], Layer(Layer(other, "a"), "b"));
        Assert.That(again.Executor.Program.Compiled.All(c => c.FromCache));
        Assert.That(count.Kernels, Is.Zero);

        using CompiledGraph alone = GraphCompiler.Compiler.Compile([x], y, new CompileOptions { Passes = new() { CacheKernels = false } });
        Assert.That(alone.Executor.Program.Compiled.Any(c => c.FromCache), Is.False);
        float[] given = [.. Enumerable.Range(0, 96).Select(i => MathF.Sin(i))];
        Assert.That(again.Run(given).GetArray<float>(), Has.Length.EqualTo(96));
        Assert.That(graph.Run(given).GetArray<float>(), Is.EqualTo(alone.Run(given).GetArray<float>()));

        static Node Layer(Node x, string name) => MatMul(x, Parameter(name, new Generator(1).Normal(32, 32))).Tanh();
    }

    [Test]
    public void SharedCodeTellsEachGraphsOwnErrors()
    {
        foreach (string name in (string[])["first", "second"])
        {
            Input<long> at = Input<long>("at", ["N"]);
            Parameter<float> table = Parameter(name, new Generator(1).Normal(5, 3));
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([at], Take(table, at, 0).Named($"{name}-rows"));
            Assert.That(() => graph.Run((long[])[0, 5]), Throws.TypeOf<ExecutionException>().With.Message.Contains($"{name}-rows"));
        }
    }

    [Test]
    public void TheCacheKeepsNoGraphAlive()
    {
        WeakReference[] dropped = [.. Enumerable.Range(0, 3).Select(_ => CompileAndDrop())];
        for (int i = 0; i < 10 && dropped.Any(d => d.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(dropped.Select(d => d.IsAlive), Has.All.False);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference CompileAndDrop()
    {
        Input<float> x = Input("x", ["N", 3]);
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Softmax(x * 1.25f));
        graph.Run(new float[6]);
        return new WeakReference(x);
    }

    private static Kernel Scaled(string name, string buffer, string variable, float factor, LoopValue range)
    {
        LoopBuffer x = Input(buffer, DType.Float32);
        LoopBuffer y = Output($"{buffer}-out", DType.Float32);
        return Kernel(name, [x, y], (begin, end) =>
        {
            Local i = Index(variable);
            return new For(i, begin, end, LoopKind.Vector, new Store(y, i, Multiply(new Load(x, i), Literal.Of(factor))));
        }, range: range);
    }

    private static IEnumerable<TestCaseData> Different()
    {
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer z = Input("z", DType.Float32);
        LoopBuffer y = Output("y", DType.Float32);
        yield return Case("-0 is not 0", Of(i => new Store(y, i, Literal.Of(0f))), Of(i => new Store(y, i, Literal.Of(-0f))));
        yield return Case("payloads of NaN", Of(i => new Store(y, i, Literal.Of(float.NaN))), Of(i => new Store(y, i, Literal.Of(BitConverter.Int32BitsToSingle(0x7FC00001)))));
        yield return Case("which buffer", Of(i => new Store(y, i, new Load(x, i))), Of(i => new Store(y, i, new Load(z, i))));
        yield return Case("which argument comes first", Of(i => new Store(y, i, Subtract(new Load(x, i), new Load(z, i)))), Of(i => new Store(y, i, Subtract(new Load(z, i), new Load(x, i)))));
        yield return Case("which function", Of(i => new Store(y, i, Add(new Load(x, i), new Load(z, i)))), Of(i => new Store(y, i, Multiply(new Load(x, i), new Load(z, i)))));
        yield return Case("which extent", Of(i => new Store(y, Add(i, new Extent(0)), Literal.Of(0f))), Of(i => new Store(y, Add(i, new Extent(1)), Literal.Of(0f))));
        yield return Case("what is nested", Of(i => Sequence(Sequence(Zero(i)), Zero(i))), Of(i => Sequence(Sequence(Zero(i), Zero(i)))));
        yield return Case("the kind of a loop", Loop(f => f), Loop(f => f with { Kind = LoopKind.Vector }));
        yield return Case("the step", Loop(f => f), Loop(f => f with { Step = 2 }));
        yield return Case("a step beyond 32 bits", Loop(f => f), Loop(f => f with { Step = 1 + (1L << 32) }));
        yield return Case("vectors", Loop(f => f), Loop(f => f with { Vectors = 2 }));
        yield return Case("masks", Loop(f => f), Loop(f => f with { IsMasked = true }));
        yield return Case("then or else", Of(i => new If(Less(i, Int(3)), Zero(i))), Of(i => new If(Less(i, Int(3)), Zero(i), Zero(i))));
        yield return Case("sites", Of(i => new Fail(1, i)), Of(i => new Fail(2, i)));
        yield return Case("a conversion", Of(i => new Store(y, i, new ConvertValue(DType.Float32, new ConvertValue(DType.Int32, new Load(x, i))))), Of(i => new Store(y, i, new ConvertValue(DType.Float32, new ConvertValue(DType.Int64, new Load(x, i))))));
        yield return Case("a reduction", Reduced(BinaryFunction.Maximum), Reduced(BinaryFunction.Minimum));
        LoopBuffer wide = Output("y", DType.Float64);
        yield return Case("dtypes", Elementwise("k", [y], i => new Store(y, i, Literal.Of(0f))), Elementwise("k", [wide], i => new Store(wide, i, Literal.Of(0.0))));

        LoopStatement Zero(Local i) => new Store(y, i, Literal.Of(0f));

        Kernel Of(Func<Local, LoopStatement> body) => Kernel("k", [x, z, y], (begin, end) =>
        {
            Local i = Index("i");
            return new For(i, begin, end, LoopKind.Serial, body(i));
        }, extents: 2);

        Kernel Loop(Func<For, For> change) => Kernel("k", [x, z, y], (begin, end) =>
        {
            Local i = Index("i");
            return change(new For(i, begin, end, LoopKind.Serial, Zero(i)));
        });

        Kernel Reduced(BinaryFunction function) => Kernel("k", [x, z, y], (begin, end) =>
        {
            Local i = Index("i");
            Local most = new("most", DType.Float32);
            return Sequence(
                new Let(most, Literal.Of(0f)),
                new For(i, begin, end, LoopKind.Vector, new Assign(most, new BinaryValue(function, most, new Load(x, i)))) { Reductions = [new Reduction(most, function)] },
                new Store(y, Int(0), most));
        });

        static TestCaseData Case(string what, Kernel one, Kernel other) => new TestCaseData(what, one, other).SetArgDisplayNames(what);
    }
}
