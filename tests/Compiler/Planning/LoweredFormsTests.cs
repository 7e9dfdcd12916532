using GraphCompiler.Fusion;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;
using GraphCompiler.Planning;
using GraphCompiler.Rewriting;
using GraphCompiler.Tests.Compiler.RandomGraphs;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>Kernels of equal structure share their loops, and these are the ones that each is lowered to by itself.</summary>
internal sealed class LoweredFormsTests
{
    private static readonly CompileOptions Options = new() { Passes = new() { CacheKernels = true } };

    private static IEnumerable<TestCaseData> Twice() => new (string Name, Func<int, Node> Make)[]
    {
        ("layers", i => Layers(i)),
        ("other widths", i => Tanh(MatMul(Input($"x{i}", ["N", 8 + i]), Parameter($"w{i}", Tensors.Zeros<float>(8 + i, 8))))),
        ("other functions", i => i == 0 ? Tanh(Input("x", [8])) : Exp(Input("y", [8]))),
        ("other numbers", i => Input($"x{i}", [8]) * (1f + i)),
        ("other axes", i => Sum(Input($"x{i}", [8, 8]), axes: i % 2)),
        ("other types", i => i == 0 ? Input("x", [8]) + 1 : Input<double>("y", [8]) + 1),
        ("one tensor twice", i => i == 0 ? Squared(Input("x", [8])) : Input("y", [8]) * Input("z", [8])),
        ("slices", Slices),
        ("taps of a window", i => Taps(Input($"x{i}", [64]), 2 * i)),
        ("rows", i => Softmax(Input($"x{i}", ["N", 40]), 1)),
        ("sums of columns", i => Sum(Input($"x{i}", [5000, 40]), axes: 0)),
        ("a sum of everything", i => Sum(Input($"x{i}", [1 << 20]))),
        ("scans", i => CumulativeSum(Input($"x{i}", ["N", 40]), 1)),
        ("parts", i => Concat([Input($"x{i}", ["N"]), Input($"y{i}", ["N"]), Input($"z{i}", [i + 1])], 0)),
        ("random numbers", i => Dropout(new Generator(1), Input($"x{i}", ["N"]), 0.5)),
        ("picked rows", i => Take(Input($"x{i}", ["N", 4]), Input<long>($"at{i}", ["M"]), 0) * 2f),
        ("names", i => Tanh(Input($"x{i}", ["N"])).Named($"y{i}")),
        ("another shape on the way", i => Reshape(MatMul(Input($"x{i}", [8, 8]), Input($"w{i}", [8, 8])), [2, 4, 8]) + Input($"b{i}", [2, 4, 8])),
    }.Select(c => new TestCaseData(c.Make).SetArgDisplayNames(c.Name));

    [TestCaseSource(nameof(Twice))]
    public void EachKernelIsWhatItIsByItself(Func<int, Node> make) => Check([make(0), make(1), make(2)], null);

    [Test]
    public void RandomGraphsTwice()
    {
        (int kernels, int bodies) = (0, 0);
        for (int number = 0; number < 300; number++)
        {
            Trial[] trials = [RandomGraph.Make(number), RandomGraph.Make(number)];
            Node? loss = trials[0].Loss is { } first && trials[1].Loss is { } second ? Cast(first, DType.Float64) + Cast(second, DType.Float64) : null;
            (int all, int own) = Check([.. trials.SelectMany(t => t.Outputs)], loss);
            (kernels, bodies) = (kernels + all, bodies + own);
        }

        TestContext.Out.WriteLine($"{kernels} kernels, {bodies} lowered");
        Assert.That(bodies, Is.LessThan(0.7 * kernels));
    }

    [Test]
    public void LayersAndStepsAreLoweredOnce()
    {
        Parameter<float> w = Parameter("w", Tensors.Zeros<float>(8, 8));
        Node h = Input("h", [4, 8]);
        Input<float> x = Input("x", [20, 4, 8]);
        foreach (Node step in Unbind(x, 0))
        {
            h = Tanh(MatMul(step, w) + MatMul(h, w));
        }

        // The first step reads where the tensor begins, and what is known before.
        (int kernels, int bodies) = Check([h], null);
        Assert.That(kernels, Is.GreaterThanOrEqualTo(40));
        Assert.That(bodies, Is.LessThanOrEqualTo(6));
    }

    private static Node Layers(int i)
    {
        Node y = Input($"x{i}", ["N", 8]);
        for (int layer = 0; layer < 3; layer++)
        {
            y = Tanh(MatMul(y, Parameter($"w{i}.{layer}", Tensors.Zeros<float>(8, 8))) + Parameter($"b{i}.{layer}", Tensors.Zeros<float>(8)));
        }

        return y;
    }

    private static Node Squared(Node x) => x * x;

    private static Node Slices(int i)
    {
        Input<float> x = Input($"x{i}", ["N", 4, 8]);
        return Tanh(x[1..2, .., i..(i + 3)]) + Tanh(x[2..3, .., (i + 1)..(i + 4)]) + x[.., (i + 1)..(i + 2), 1..4][0..1];
    }

    private static Node Taps(Node x, int first) => x[first..(first + 50)] + x[(first + 1)..(first + 51)] + x[(first + 2)..(first + 52)] + x[(first + 4)..(first + 54)];

    /// <summary>Holds all kernels of some values, and of the gradients of a loss, against those that each spec is lowered to alone.</summary>
    private static (int Kernels, int Bodies) Check(Node[] outputs, Node? loss)
    {
        Node[] inputs = [.. GraphWalk.TopologicalOrder(outputs).Where(n => n.Op is InputOp)];
        Node[] leaves = loss is null ? [] : [.. GraphWalk.TopologicalOrder([loss]).Where(n => n is Leaf && n.RequiresGrad)];
        IEnumerable<Node> gradients = loss is null || !loss.RequiresGrad ? [] : GradientsOrNull(loss, leaves).OfType<Node>();
        Root[] roots = [.. outputs.Select(o => new Root(o, IsForward: true, RootKind.Output)), .. gradients.Select(g => new Root(g, IsForward: false, RootKind.Gradient))];
        Computation nodes = new Computation(inputs, roots, Seed: null).WithDemands().After(n => Bodies.Run(n, InlineCalls.Run)).After(SeparateBodies.Run);
        var regions = Regions.Of(nodes);
        KernelGraph graph = FuseKernels.Run(regions, ChooseBuffers.Run(regions, Options), Options);
        LoweredProgram together = LowerKernels.Run(regions, graph, Options, _ => { });
        LoweredProgram alone = LowerKernels.Run(regions, graph, Options with { Passes = Options.Passes with { CacheKernels = false } }, _ => { });
        Assert.That(together.Kernels, Has.Count.EqualTo(alone.Kernels.Count));
        Assert.That(together.Smaller, Has.Count.EqualTo(alone.Smaller.Count));
        foreach ((LoweredKernel kernel, LoweredKernel own) in together.Kernels.Zip(alone.Kernels))
        {
            AssertSame(kernel, own);
            AssertSame(together.SmallerOf(kernel), alone.SmallerOf(own));
        }

        return (alone.Kernels.Count, together.Kernels.Select(k => k.Kernel.Body).Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    private static void AssertSame(LoweredKernel kernel, LoweredKernel own)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(LoopPrinter.Print(kernel.Kernel), Is.EqualTo(LoopPrinter.Print(own.Kernel)));
            Assert.That(kernel.Extents, Is.EqualTo(own.Extents));
            Assert.That(kernel.Range, Is.EqualTo(own.Range));
            Assert.That(kernel.Roots, Is.EqualTo(own.Roots));
            Assert.That(kernel.Sites.Select(s => s.Node), Is.EqualTo(own.Sites.Select(s => s.Node)));
            Assert.That(kernel.Buffers.Select(b => (b.Kind, b.Node, b.Type, b.Shape)), Is.EqualTo(own.Buffers.Select(b => (b.Kind, b.Node, b.Type, b.Shape))));
        }
    }
}
