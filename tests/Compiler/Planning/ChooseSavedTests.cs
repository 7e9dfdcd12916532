using GraphCompiler.Kernels;
using GraphCompiler.Operations;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>What the forward part saves, in bytes, with and without computing again; and that the gradients are the same.</summary>
[Parallelizable(ParallelScope.All)]
[Needs(nameof(CompilerPasses.Recompute), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify))]
internal sealed class ChooseSavedTests
{
    private const int Rows = 40;

    [Test]
    public void AnMlpWithGeluSavesOnlyWhatEntersTheActivation()
    {
        Input<float> x = Input("x", ["N", 8]);
        var random = new Generator(1);
        Parameter<float> w1 = Parameter("w1", random.Normal(8, 24));
        Parameter<float> b1 = Parameter("b1", random.Normal(24));
        Parameter<float> w2 = Parameter("w2", random.Normal(24, 3));
        Node loss = MatMul(Gelu(MatMul(x, w1) + b1), w2).Pow(2).Sum();

        // The input, what enters the activation, and the result, which the square needs.
        (long all, long few) = Compare([x], loss, [[.. random.Normal(Rows, 8)]], exact: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(few, Is.EqualTo(Rows * (8 + 24 + 3) * sizeof(float)));
            Assert.That(all, Is.GreaterThanOrEqualTo(Rows * (8 + (2 * 24) + 3) * sizeof(float)));
        }
    }

    [Test]
    public void AChainOfElementwiseWorkSavesItsInput()
    {
        Input<float> x = Input("x", [1000], requiresGrad: true);
        Node y = Exp(Sin(x) * Tanh(x));
        (long all, long few) = Compare([x], y.Sum(), [[.. new Generator(2).Normal(1000)]], exact: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(few, Is.EqualTo(1000 * sizeof(float)));
            Assert.That(all, Is.GreaterThan(few));
        }
    }

    [Test]
    public void ALongChainIsCutIntoPieces()
    {
        Input<float> x = Input("x", [1000], requiresGrad: true);
        Node y = x;
        for (int i = 0; i < 40; i++)
        {
            y = Sin(y);
        }

        (long all, long few) = Compare([x], y.Sum(), [[.. new Generator(2).Normal(1000)]], exact: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(few, Is.LessThanOrEqualTo(all / 4));
            Assert.That(few, Is.GreaterThan(1000 * sizeof(float)), "no value is computed through all of the chain");
        }
    }

    [Test]
    public void ReductionsAndProductsAreNotComputedAgain()
    {
        Input<float> x = Input("x", ["N", 16]);
        Parameter<float> w = Parameter("w", new Generator(3).Normal(16, 16));
        Node loss = (Softmax(MatMul(x, w), 1) * Exp(MatMul(x, w)).Sum(1, keepDims: true)).Pow(2).Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], loss);
        Program program = graph.TrainingExecutor.Program;
        string[] Kinds(bool forward) => [.. program.Kernels
            .Where((_, s) => s < program.ForwardKernels == forward).SelectMany(k => k.Roots).Distinct().SelectMany(r => GraphWalk.TopologicalOrder([r], n => program.Buffers.ContainsKey(KernelBuffer.Of(n)))).Select(n => n.Op.Name)];
        Node[] all = [.. program.Kernels.SelectMany(k => k.Roots).Distinct()];
        Assert.That(all.Count(n => n.Op is MaxOp), Is.EqualTo(1), string.Join(", ", Kinds(false)));
        Compare([x], loss, [[.. new Generator(4).Normal(Rows, 16)]], exact: false);
    }

    [Test]
    public void AParameterThatBackwardDoesNotNeedMayBeWrittenInBetween()
    {
        Input<float> x = Input("x", [4]);
        Parameter<float> w = Parameter("w", new Generator(3).Normal(4));
        Parameter<float> b = Parameter("b", new Generator(4).Normal(4));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], Exp(x + b).Sum() + (x * w).Sum());
        model.Forward((float[])[1f, 2f, 3f, 4f]);
        w.Fill(0);
        model.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void InputsThatChangeInBetweenDoNotMatter()
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], (Sin(x) * Exp(x)).Sum());
        float[] xs = [1f, 2f, 3f];
        model.Forward(xs);
        Array.Clear(xs);
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(((float[])[1f, 2f, 3f]).Select(v => MathF.Exp(v) * (MathF.Sin(v) + MathF.Cos(v)))).Within(1e-4));
    }

    [Test]
    public void WhatIsRetainedIsThereForASecondBackward()
    {
        Input<float> x = Input("x", ["N", 8]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(8, 5));
        Node hidden = Gelu(MatMul(x, w));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], (MatMul(hidden, Permute(w, 1, 0)) * Tanh(x)).Sum());
        float[] xs = [.. new Generator(2).Normal(Rows, 8)];
        model.Forward(xs);
        model.Backward();
        float[] once = w.Grad!.ToArray();
        for (int calls = 2; calls <= 4; calls++)
        {
            model.ZeroGrad();
            model.Forward(xs);
            for (int i = 1; i < calls; i++)
            {
                model.Backward(retainGraph: true);
                Assert.That(w.Grad!.ToArray(), Is.EqualTo(once));
                model.ZeroGrad();
            }

            model.Backward();
            Assert.That(w.Grad!.ToArray(), Is.EqualTo(once));
        }
    }

    [Test]
    public void TheCutIsTheCheapestAndNearestToTheSink()
    {
        // Two ways from 0 to 1: by 2 (3 then 5) and by 3 and 4 (4, 4, 4).
        var cut = new MinimumCut(5);
        cut.AddEdge(0, 2, 3);
        cut.AddEdge(2, 1, 5);
        cut.AddEdge(0, 3, 4);
        cut.AddEdge(3, 4, 4);
        cut.AddEdge(4, 1, 4);
        Assert.That(cut.SinkSide(0, 1), Is.EqualTo(new[] { false, true, true, false, false }));
    }

    /// <summary>The bytes saved without and with computing again; gradients must agree.</summary>
    private static (long All, long Few) Compare(Node[] inputs, Node loss, float[][] arguments, bool exact)
    {
        (long all, float[][] expected) = Train(inputs, loss, arguments, new CompileOptions { Passes = new() { Recompute = false } });
        (long few, float[][] actual) = Train(inputs, loss, arguments, CompileOptions.Default);
        TestContext.Out.WriteLine($"{all} bytes saved, {few} with computing again");
        Assert.That(few, Is.LessThanOrEqualTo(all));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(actual[i], exact ? Is.EqualTo(expected[i]) : Is.EqualTo(expected[i]).Within(1e-4).Percent);
        }

        return (all, few);
    }

    private static (long Bytes, float[][] Gradients) Train(Node[] inputs, Node loss, float[][] arguments, CompileOptions options)
    {
        Input<float>[] leaves = [.. GraphWalk.TopologicalOrder([loss]).OfType<Input<float>>().Where(l => l.RequiresGrad)];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, loss, options);
        graph.ZeroGrad();
        graph.Forward([.. arguments.Select(a => (Argument)a)]);
        graph.Backward();
        Program program = graph.TrainingExecutor.Program;
        using var workspace = new Workspace(program.Plan);
        long[] symbols = [.. program.Symbols.Select(_ => (long)Rows)];
        workspace.Bind(symbols, symbols);
        long bytes = program.Plan.Blocks.Where(program.Plan.IsReadBackward).Sum(b => workspace.Sizes[b.Bytes]);
        float[][] gradients = [.. leaves.Select(l => l.Grad!.ToArray())];
        graph.ZeroGrad();
        return (bytes, gradients);
    }
}
