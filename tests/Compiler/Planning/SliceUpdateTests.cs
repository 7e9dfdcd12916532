using System.Numerics.Tensors;
using GraphCompiler.Kernels;
using GraphCompiler.Lowering;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>Updates that write a slice of a parameter leave the rest where it lies.</summary>
[Parallelizable(ParallelScope.All)]
[Needs(nameof(CompilerPasses.UpdateInPlace), nameof(CompilerPasses.ReuseMemory), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify))]
internal sealed class SliceUpdateTests
{
    private static IEnumerable<TestCaseData> Updates() => new (string Name, Func<Node, Node, Node, Node> Update)[]
    {
        ("IndexCopy", (cache, at, token) => IndexCopy(cache, 1, at, token)),
        ("IndexCopy, doubled", (cache, at, token) => IndexCopy(cache, 1, at, token * 2f)),
        ("IndexAdd", (cache, at, token) => IndexAdd(cache, 1, at, token)),
        ("IndexPut", (cache, at, token) => IndexCopy(cache.Transpose(0, 1), 0, at, token.Transpose(0, 1)).Transpose(0, 1)),
        ("SliceScatter", (cache, _, token) => SliceScatter(cache, token, 1, 7, 8)),
        ("SliceScatter at the end", (cache, _, token) => SliceScatter(cache, token, 1, -1)),
        ("SelectScatter", (cache, _, token) => SelectScatter(cache, token[.., 0], 1, 5)),
    }.Select(u => new TestCaseData(u.Update).SetArgDisplayNames(u.Name));

    [TestCaseSource(nameof(Updates))]
    public void TheRestStaysWhereItLies(Func<Node, Node, Node, Node> update)
    {
        bool[] inPlace = [true, false];
        (float[] Values, float Sum, bool IsInPlace)[] found = [.. inPlace.Select(isOn => Run(update, new CompileOptions { Passes = new() { UpdateInPlace = isOn } }))];
        Assert.That(found[0].Values, Is.EqualTo(found[1].Values));
        Assert.That(found[0].Sum, Is.EqualTo(found[1].Sum).Within(1e-3));
        Assert.That(found[1].IsInPlace, Is.False);
        foreach (CompileOptions options in (CompileOptions[])[
            .. VectorWidths.Supported.Select(w => new CompileOptions { Width = w }), new() { Threads = 3, Chunking = Chunking.Finest }, new() { Passes = new() { MergeSmallKernels = false } }])
        {
            Assert.That(Run(update, options).Values, Is.EqualTo(found[0].Values), () => $"{options}");
        }
    }

    [Test]
    public void ATokenIsPutIntoACacheInPlace([Values(1, 2)] int tokens)
    {
        Input<float> token = Input("token", [3, tokens, 5]);
        Input<long> at = Input<long>("at", [tokens]);
        Parameter<float> cache = Parameter("cache", new Generator(1).Normal(3, 64, 5), requiresGrad: false);
        Node updated = IndexCopy(cache, 1, at, token);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([token, at], [Softmax(updated, 1).Square().Sum()], [(cache, updated)]);
        Program program = step.Executor.Program;
        Assert.That(program.Plan.Buffers[program.Updates[0].Buffer].Address, Is.EqualTo(cache.Address));
        LoweredKernel[] writing = [.. program.Kernels.Where(k => k.Accesses.Any(a => a.IsWritten && a.Buffer == KernelBuffer.Of(updated)))];
        Assert.That(writing, Has.Length.EqualTo(1));
        Assert.That(writing[0].Buffers, Has.None.EqualTo(KernelBuffer.Of(cache)), "nothing of it is copied");
        Assert.That(program.Kernels.Any(k => k.Sites.Count > 0 && !k.Accesses.Any(a => a.IsWritten)), "another one looks at the indices");
    }

    [Test]
    public void TokensArePutBehindThoseThatWereSeenAndAllAreReadInPlace([Values] bool isOne)
    {
        Dim tokens = isOne ? 1 : Dim.OfSymbol("tokens");
        Input<float> token = Input("token", [2, tokens, 8]);
        Input<long> places = Input<long>("places", ["seen"]);
        Dim seen = places.Shape[0];
        Parameter<float> cache = Parameter("cache", [2, 64, 8], 0f, requiresGrad: false);
        Node updated = SliceScatter(cache, token, 1, seen - tokens, seen);
        Node scores = MatMul(token, Slice(updated, 1, 0, seen).Transpose(1, 2));
        using CompiledGraph step = GraphCompiler.Compiler.Compile([token, places], [scores], [(cache, updated)]);
        Program program = step.Executor.Program;
        Assert.That(program.Plan.Buffers[program.Updates[0].Buffer].Address, Is.EqualTo(cache.Address));
        Assert.That(program.Kernels.SelectMany(k => k.Buffers), Has.None.EqualTo(KernelBuffer.Of(cache)), "nothing of it is copied");
        Tensor<float> two = Tensor.Create(Enumerable.Repeat(2f, 16).ToArray(), [2, 1, 8]);
        Tensor<float> one = Tensor.Create(Enumerable.Repeat(1f, 16).ToArray(), [2, 1, 8]);
        Assert.That(step.Run(two, new long[3]).GetArray<float>(), Is.EqualTo((float[])[0, 0, 32, 0, 0, 32]));
        Assert.That(step.Run(one, new long[4]).GetArray<float>(), Is.EqualTo((float[])[0, 0, 16, 8, 0, 0, 16, 8]));
    }

    [Test]
    public void AnIndexThatIsOutsideLeavesTheCacheAsItWas([Values] bool merged, [Values(0, 1)] int wrong)
    {
        Input<float> token = Input("token", [3, 2, 5]);
        Input<long> at = Input<long>("at", [2]);
        Parameter<float> cache = Parameter("cache", new Generator(1).Normal(3, 64, 5), requiresGrad: false);
        using CompiledGraph step = GraphCompiler.Compiler.Compile(
            [token, at], [], [(cache, IndexCopy(cache, 1, at, token))], new CompileOptions { Passes = new() { MergeSmallKernels = merged } });
        float[] before = cache.Values.ToArray();
        long[] indices = [1, 2];
        indices[wrong] = 64;
        Assert.That(() => step.Run(new float[30], indices), Throws.TypeOf<ExecutionException>().With.Message.Contains("index 64"));
        Assert.That(cache.Values.ToArray(), Is.EqualTo(before));
        indices[wrong] = 63;
        step.Run(new float[30], indices);
        Assert.That(cache.Values.ToArray().Count(v => v == 0), Is.EqualTo(30));
    }

    [Test]
    public void ASliceThatReadsItsParameterIsRight()
    {
        Parameter<float> cache = Parameter("cache", new float[] { 1, 2, 3, 4, 5, 6 }, requiresGrad: false);
        using CompiledGraph shift = GraphCompiler.Compiler.Compile([], [cache.Sum()], [(cache, SliceScatter(cache, cache[..5], 0, 1))]);
        Assert.That(shift.Run().Scalar<float>(), Is.EqualTo(21f));
        Assert.That(cache.Values.ToArray(), Is.EqualTo(new float[] { 1, 1, 2, 3, 4, 5 }));
        using CompiledGraph swap = GraphCompiler.Compiler.Compile([], [], [(cache, SliceScatter(SliceScatter(cache, cache[4..], 0, 0, 2), cache[..2], 0, 4))]);
        swap.Run();
        Assert.That(cache.Values.ToArray(), Is.EqualTo(new float[] { 4, 5, 2, 3, 1, 1 }));
    }

    private static (float[] Values, float Sum, bool IsInPlace) Run(Func<Node, Node, Node, Node> update, CompileOptions options)
    {
        Input<float> token = Input("token", [3, 1, 5]);
        Input<long> at = Input<long>("at", [1]);
        Parameter<float> cache = Parameter("cache", new Generator(1).Normal(3, 64, 5), requiresGrad: false);
        Parameter<float> other = Parameter("other", new Generator(2).Normal(3, 64, 5), requiresGrad: false);
        Node updated = update(cache, at, token);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([token, at], [(updated * other).Sum()], [(cache, updated), (other, update(other, at, token + 1f))], options);
        float sum = 0;
        for (int i = 0; i < 3; i++)
        {
            sum += step.Run(new Generator(7).Normal(3, 1, 5), new long[] { 11 * i }).Scalar<float>();
        }

        Program program = step.Executor.Program;
        bool isInPlace = program.Updates.All(u => program.Plan.Buffers[u.Buffer].Address == u.Parameter!.Address);
        return ([.. cache.Values.ToArray(), .. other.Values.ToArray()], sum, isInPlace);
    }
}
