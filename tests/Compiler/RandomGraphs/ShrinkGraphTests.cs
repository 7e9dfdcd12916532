using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Compilers that are wrong on purpose: what remains of a failing graph is what they are wrong about.</summary>
internal sealed class ShrinkGraphTests
{
    [Test]
    public void AWrongOperationIsAllThatRemains()
    {
        static bool IsWrong(Trial trial) => trial.Nodes.Any(n => n.Op is TanhOp);
        foreach (Trial failing in Enumerable.Range(0, 60).Select(Of).Where(IsWrong))
        {
            Trial small = ShrinkGraph.Run(failing, IsWrong);
            Assert.That(small.Nodes, Has.Length.EqualTo(2), () => $"{failing}\n{small}");
            Assert.That(small.Outputs.Single().Op, Is.TypeOf<TanhOp>());
            Assert.That(small.Sizes.ToArray(), Is.EqualTo(new SymbolValues[] { (0, 0) }), () => $"{failing}\n{small}");
        }
    }

    [Test]
    public void AWrongPairRemains()
    {
        static bool IsWrong(Trial trial) => trial.Nodes.Any(n => n.Op is SumOp && GraphWalk.TopologicalOrder([n]).Any(b => b.Op is ExpOp));
        int met = 0;
        foreach (Trial failing in Enumerable.Range(0, 200).Select(Of).Where(IsWrong))
        {
            Trial small = ShrinkGraph.Run(failing, IsWrong);
            met++;

            // What joins or changes shapes between the two may have to stay, with another input: a call of two, and the output that is taken.
            Assert.That(small.Nodes, Has.Length.LessThanOrEqualTo(6), () => $"{failing}\n{small}");
        }

        Assert.That(met, Is.GreaterThan(5));
    }

    [Test]
    public void SizesShrinkToTheLeastThatFail()
    {
        Node x = Input("x", ["N", 17]);
        Node y = Input("y", ["N", 17]);
        Trial failing = new([Sum(Exp(x) + y, 1), Tanh(y)], null, [(31, 3), (4, 4)]);
        static bool IsWrong(Trial trial) => trial.Sizes.Any(s => s.N >= 5) && trial.Nodes.Any(n => n.Op is SumOp && n.Inputs[0].Shape[^1].Constant >= 3);
        Trial small = ShrinkGraph.Run(failing, IsWrong);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(small.Sizes.ToArray(), Is.EqualTo(new SymbolValues[] { (5, 0) }));
            Assert.That(small.Nodes, Has.Length.EqualTo(2));
            Assert.That(small.Outputs.Single().Inputs[0].Shape, Is.EqualTo(Shape.Of(["N", 3])));
        }
    }

    [Test]
    public void AGraphIsPrintedAsCSharp()
    {
        Node x = Placeholder(new NodeType(DType.Float32, ["N", 3]), "x", requiresGrad: true);
        Trial trial = new([Sum(Tanh(x) * x, 1)], null, [(2, 0)]);
        Assert.That(trial.ToString(), Is.EqualTo(
            """
            Node x = Placeholder(new NodeType(DType.Float32, ["N", 3]), "x", requiresGrad: true); // float32[N, 3]
            Node v1 = Tanh(x); // float32[N, 3]
            Node v2 = v1 * x; // float32[N, 3]
            Node v3 = Node.Create(new SumOp([1]), v2); // float32[N]
            Node[] outputs = [v3];
            // (N, M, K) = (2, 0, 0)

            """));
    }

    private static Trial Of(int number) => RandomGraph.Make(number) with { Sizes = [(3, 2), (17, 5)] };
}
