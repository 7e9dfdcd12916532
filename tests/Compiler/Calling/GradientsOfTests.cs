using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>Which leaves get gradients from Forward and Backward.</summary>
internal sealed class GradientsOfTests
{
    private readonly Input<float> x = Input("x", ["N", 3]);
    private readonly Parameter<float> first = Parameter("first", new Generator(1).Normal(3, 5));
    private readonly Parameter<float> second = Parameter("second", new Generator(2).Normal(5, 4));

    [Test]
    public void Those_left_out_keep_no_gradient_and_cost_nothing()
    {
        (float[][] all, int kernels) = Trained(new CompileOptions());
        (float[][] last, int fewer) = Trained(new CompileOptions { GradientsOf = n => n == second });
        (_, int without) = Trained(new CompileOptions(), Detach(first));

        Assert.That(last, Is.EqualTo(new[] { all[0], [], all[2] }));
        Assert.That(fewer, Is.LessThan(kernels).And.EqualTo(without), "kernels");

        (float[][] deep, _) = Trained(new CompileOptions { GradientsOf = n => n is Parameter && n.Name!.StartsWith('f') });
        Assert.That(deep, Is.EqualTo(new[] { all[0], all[1], [] }));
    }

    [Test]
    public void It_is_asked_once_for_each_leaf_that_requires_a_gradient()
    {
        List<Leaf> asked = [];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Loss(first, out _), new CompileOptions { GradientsOf = n => Asked(n) });
        for (int i = 0; i < 2; i++)
        {
            graph.Forward(Data());
            graph.Backward();
        }

        Assert.That(asked, Is.EquivalentTo(new Leaf[] { first, second }));

        bool Asked(Leaf node)
        {
            asked.Add(node);
            return true;
        }
    }

    [Test]
    public void What_is_retained_is_retained_all_the_same()
    {
        Node loss = Loss(first, out Node hidden);
        Assert.That(Retained(n => false), Is.EqualTo(Retained(null)));
        Assert.That(Retained(n => n == first), Is.EqualTo(Retained(null)));

        float[] Retained(Func<Leaf, bool>? which)
        {
            first.ZeroGrad();
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], loss, new CompileOptions { GradientsOf = which, RetainGrad = [hidden] });
            graph.Forward(Data());
            graph.Backward();
            Assert.That(first.Grad, which is null || which(first) ? Is.Not.Null : Is.Null);
            return graph.GradientOf<float>(hidden)!.ToArray();
        }
    }

    [Test]
    public void A_gradient_that_is_there_stays()
    {
        using CompiledGraph all = GraphCompiler.Compiler.Compile([x], Loss(first, out _));
        all.Forward(Data());
        all.Backward();
        float[] before = first.Grad!.ToArray();
        using CompiledGraph last = GraphCompiler.Compiler.Compile([x], Loss(first, out _), new CompileOptions { GradientsOf = n => n == second });
        last.Forward(Data());
        last.Backward();
        Assert.That(first.Grad!.ToArray(), Is.EqualTo(before));
    }

    [Test]
    public void None_is_an_error_when_compiled()
    {
        CompileOptions none = new() { GradientsOf = n => false };
        Assert.That(
            () => GraphCompiler.Compiler.Compile([x], Loss(first, out _), none),
            Throws.InstanceOf<CompileException>().With.Message.Contain("GradientsOf").And.Message.Contain("'first'").And.Message.Contain("'second'"));

        // What could not be trained anyway does not mind.
        using CompiledGraph inference = GraphCompiler.Compiler.Compile([x], Tanh(x), none);
        using CompiledGraph updated = GraphCompiler.Compiler.Compile([x], [Loss(first, out _)], [(first, first * 0.5)], none);
        Assert.That(inference.Run(Data()).GetArray<float>(), Has.Length.EqualTo(12));
    }

    private static System.Numerics.Tensors.Tensor<float> Data() => new Generator(3).Normal(4, 3);

    private Node Loss(Node weight, out Node hidden) => Sum(MatMul(hidden = Tanh(MatMul(x, weight)), second).Pow(2));

    private (float[][] Values, int Kernels) Trained(CompileOptions options, Node? weight = null)
    {
        first.ZeroGrad();
        second.ZeroGrad();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Loss(weight ?? first, out _), options);
        float value = graph.Forward(Data()).Scalar<float>();
        graph.Backward();
        return ([[value], first.Grad?.ToArray() ?? [], second.Grad?.ToArray() ?? []], graph.TrainingExecutor.Program.Kernels.Length);
    }
}
