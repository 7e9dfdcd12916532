using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Nodes;

/// <summary>The closed graph: its errors, its pictures, and great depth.</summary>
[Parallelizable(ParallelScope.Children)]
public class GraphTests
{
    [Test]
    public void Listing_mistakes_are_named()
    {
        Node x = Input("x", [2]);
        Node y = Input("y", [2]);
        Assert.That(() => new Graph([x], [x + y]), Throws.TypeOf<GraphException>().With.Message.Contains("'y'").And.Message.Contains("list it"));
        Assert.That(() => new Graph([x, x], [x]), Throws.TypeOf<GraphException>().With.Message.Contains("'x'").And.Message.Contains("twice"));
        Assert.That(() => new Graph([x, null!], [x]), Throws.TypeOf<GraphException>().With.Message.Contains("Input 1 is null"));
        Assert.That(() => new Graph([x], [null!]), Throws.TypeOf<GraphException>().With.Message.Contains("Output 0 is null"));
        Assert.That(() => new Graph([x * 2], [x]), Throws.TypeOf<GraphException>().With.Message.Contains("Mul").And.Message.Contains("not an input"));
        Assert.That(() => new Graph([Parameter("w", 1f)], [x]), Throws.TypeOf<GraphException>().With.Message.Contains("'w'"));
        Assert.That(() => new Graph([x], [Call("two", [x], v => [v[0], v[0]])[0].Inputs[0]]), Throws.TypeOf<GraphException>().With.Message.Contains("2 results"));
    }

    [Test]
    public void An_input_that_only_the_body_of_a_call_uses_must_be_listed_too()
    {
        Node x = Input("x", [2]);
        Node scale = Input("scale", [2]);
        Node plain = Call("scaled", [x], v => v[0] * scale);
        Node nested = Call("outer", [x], v => Call("inner", [v[0]], w => w[0] * scale)) + 1;
        foreach (Node y in (Node[])[plain, nested])
        {
            Assert.That(() => new Graph([x], [y]), Throws.TypeOf<GraphException>().With.Message.Contains("'scale'").And.Message.Contains("list it"));
            Assert.That(() => GraphCompiler.Compiler.Compile([x], y), Throws.TypeOf<GraphException>().With.Message.Contains("'scale'"));
            Assert.That(() => GraphCompiler.Compiler.Compile<Func<float[], float[]>>([x], y), Throws.TypeOf<GraphException>().With.Message.Contains("'scale'"));
            using CompiledGraph listed = GraphCompiler.Compiler.Compile([x, scale], y);
            Assert.That(listed.Run((float[])[1, 2], (float[])[3, 4]).GetArray<float>(), Is.EqualTo(y == plain ? (float[])[3, 8] : [4, 9]));
        }

        Node free = Call("free", [x], v => v[0] * Sum(Ones(["K"])));
        Assert.That(() => GraphCompiler.Compiler.Compile([x], free), Throws.TypeOf<CompileException>().With.Message.Contains("the size K"));
    }

    [Test]
    public void Inputs_are_kept_in_the_order_of_the_arguments()
    {
        Node x = Input("x", [2]);
        Node y = Input("y", [2]);
        Node unread = Input("unread", [2]);
        NodeList asked = [y, unread, x];
        Assert.That(new Graph(asked, [x + y]).Inputs, Is.EqualTo(asked));
    }

    private static Graph Small()
    {
        Node x = Input("x", ["N", 2], requiresGrad: true);
        Node y = (Softmax(x) * 2).Named("twice", "head");
        return new Graph([x], [Sum(y, 0)]);
    }

    [Test]
    public void Prints_a_line_a_node() => Assert.That(Small().ToString(), Is.EqualTo(
        """
        %0 : float32[N, 2] = Input 'x'() grad  # x
        %1 : float32[N, 2] = Softmax[Along = 1](%0) grad
        %2 : float32[] = Constant 2()
        %3 : float32[N, 2] = BroadcastTo[To = [N, 2]](%2)
        %4 : float32[N, 2] = Mul(%1, %3) grad  # head/twice
        %5 : float32[2] = Sum[Axes = [0]](%4) grad
        return %5

        """));

    [Test]
    public void Draws_itself()
    {
        Assert.That(Small().ToDot(), Does.StartWith("digraph {\n  node [shape=box];\n  n0 [label=\"Input 'x'\\nfloat32[N, 2]\\nx\"];\n  n1 [label=\"Softmax[Along = 1]\\nfloat32[N, 2]\"];\n  n0 -> n1;\n")
            .And.EndsWith("  n4 -> n5;\n}\n"));
        Assert.That(Small().ToMermaid(), Does.StartWith("flowchart TD\n  n0[\"Input 'x'<br/>float32[N, 2]<br/>x\"]\n  n1[\"Softmax[Along = 1]<br/>float32[N, 2]\"]\n  n0 --> n1\n")
            .And.EndsWith("  n4 --> n5\n"));
    }

    private static IEnumerable<TestCaseData> Chains()
    {
        foreach ((string name, Func<Node, Node> link) in new (string, Func<Node, Node>)[]
        {
            ("sin", Sin), ("times one", x => x * 1), ("composite", Relu), ("shared", x => x + (x * 0.5)), ("stabilised", x => Log(1 + Exp(x))),
        })
        {
            yield return new TestCaseData(link).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Chains))]
    public void A_chain_of_20000_is_no_trouble(Func<Node, Node> link)
    {
        // Bytes allocated tell what is quadratic as a clock does, and do not depend on how busy the machine is.
        Walk(10);
        long few = Walk(5_000);
        Assert.That(Walk(20_000), Is.LessThan(6 * few), "four times the links are four times the work");

        long Walk(int links)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Input<double> x = Variable("x", 2);
            Node y = x;
            for (int i = 0; i < links; i++)
            {
                y = link(y);
            }

            Node loss = Sum(y);
            Node gradient = Gradients(loss, x)[0];
            Node tangent = Jvp([loss], [x], [OnesLike(x)])[0];
            Node[] inlined = InlineCalls.Run([loss, gradient, tangent]);
            Rewritten rewritten = Rewriter.Run(Simplify.Rules, inlined);
            Assert.That(new Graph([x], rewritten.Of(inlined)).ToString(), Is.Not.Empty);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
