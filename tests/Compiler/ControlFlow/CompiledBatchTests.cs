using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.ControlFlow;

/// <summary>Functions of many examples, compiled in several ways, against the interpreter.</summary>
internal sealed class CompiledBatchTests
{
    [Test]
    public void Layers_and_the_gradients_of_each_example()
    {
        Input<float> xs = Input("xs", ["N", 5]);
        Input<float> w = Input("w", [5, 7], requiresGrad: true);
        Input<float> v = Input("v", [7], requiresGrad: true);
        NodeList each = Vmap(x =>
        {
            Node loss = Square(Dot(Tanh(MatMul(x, w)), v));
            return [loss, .. Gradients(loss, w, v)];
        })(xs);
        LoopCheck.Agrees([xs, w, v], [.. each, .. Gradients(Sum(each[1] * each[1]) + Sum(each[0]), w, v)], 0, 1, 6);
    }

    [Test]
    [Needs(nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Simplify))]
    public void A_layer_of_all_examples_is_one_product_and_their_gradients_are_none()
    {
        Input<float> xs = Input("xs", ["N", 5]);
        Input<float> w = Input("w", [5, 7], requiresGrad: true);
        Node each = Vmap(x => Gradients(Sum(Tanh(MatMul(x, w))), w)[0])(xs);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([xs, w], each);
        Node[] computed = [.. GraphWalk.TopologicalOrder(graph.Executor.Program.Kernels.SelectMany(k => k.Roots))];
        Assert.That(computed.Where(n => n.Operation == "MatMul").Select(n => n.Shape), Is.EqualTo((Shape[])[["N", 7]]));
        Assert.That(graph.Executor.Program.Kernels, Has.Length.LessThanOrEqualTo(3), "a product, its slope, and all gradients");
    }

    [Test]
    public void Loops_that_end_apart_and_branches_of_their_own()
    {
        Input<double> xs = Input<double>("xs", ["N", 3], requiresGrad: true);
        NodeList each = Vmap(NodeList (Node x) =>
        [
            While([x, Constant(0)], s => Sum(s[0] * s[0]) < 9, s => [s[0] * 1.7, s[1] + 1], most: 6)[0],
            Cond(Sum(x) > 0.2, () => Sqrt(x + 4), () => Scan(x, 3, (h, t) => Sin(h) + h).Last),
            Scan(Constant(0.5), x, (h, e) => Sin(h + e)).Outputs,
        ])(xs);
        LoopCheck.Agrees([xs], [.. each, Gradients(Sum(each[0]) + Sum(each[1] * each[2]), xs)[0]], 0, 1, 7);
    }

    [Test]
    public void A_host_function_is_called_for_each_example_and_one_with_effects_is_refused()
    {
        Input<float> xs = Input("xs", ["N", 2], requiresGrad: true);
        Node each = Vmap(x => Added(x * 2))(xs);
        LoopCheck.Agrees(CompileOptions.Default, [xs], [each, Gradients(Sum(each * each), xs)[0]], 0, 1, 3);
        Assert.That(() => Vmap(x => Added(x, hasEffects: true))(xs), Throws.InstanceOf<GraphException>().And.Message.Contains("Vmap: the function calls HostFunction 'added'").And.Message.Contains("effects"));

        static Node Added(Node x, bool hasEffects = false) => HostFunction(
            "added", [x], new NodeType(DType.Float32, []), c => c.Out<float>(0)[0] = c.In<float>(0)[0] + c.In<float>(0)[1], hasEffects ? null : (i, r, u) => [Stack([u, u], 0)], hasEffects);
    }
}
