using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

public class TurnProductsTests
{
    private static readonly Input<double> A = Variable("a", "N", 40, 5);
    private static readonly Input<double> B = Variable("b", "N", 5, 33);
    private static readonly Input<double> Narrow = Variable("narrow", "N", 5, 3);

    private static IEnumerable<TestCaseData> Cases()
    {
        Node product = MatMul(A, B);
        yield return new TestCaseData((Node[])[Transpose(product)], 1).SetName("{m}: alone");
        yield return new TestCaseData((Node[])[Exp(Transpose(product))], 1).SetName("{m}: with work on it");
        yield return new TestCaseData((Node[])[Transpose(product), product], 0).SetName("{m}: read otherwise too");
        yield return new TestCaseData((Node[])[Permute(product, 0, 2, 1), Permute(product, 1, 0, 2)], 0).SetName("{m}: in two orders");
        yield return new TestCaseData((Node[])[Permute(product, 2, 1, 0)], 0).SetName("{m}: the batch moves too");
        yield return new TestCaseData((Node[])[Transpose(MatMul(A, Narrow))], 0).SetName("{m}: few columns");
        yield return new TestCaseData((Node[])[Gradients(Ops.Sum(Square(Linear(Variable("x", 7, 48), W, null))), [W])[0]], 1).SetName("{m}: the gradient of a weight");
    }

    private static readonly Input<double> W = Variable("w", 36, 48);

    [TestCaseSource(nameof(Cases))]
    public void The_transpose_of_a_product_is_a_product(Node[] roots, int turned)
    {
        Node[] inlined = InlineCalls.Run(roots);
        Node[] before = Rewriter.Run(Simplify.Rules, inlined).Of(inlined);
        Node[] after = TurnProducts.Run(before);
        Assert.That(TransposedProducts(before) - TransposedProducts(after), Is.EqualTo(turned));
        Dictionary<Node, TensorValue> given = Samples(roots);
        TensorValue[] expected = Interpreter.Evaluate(before, given);
        TensorValue[] actual = Interpreter.Evaluate(after, given);
        for (int i = 0; i < roots.Length; i++)
        {
            Assert.That(after[i].Results[0], Is.EqualTo(roots[i].Results[0]));
            AssertSame(actual[i], expected[i]);
        }
    }

    private static int TransposedProducts(Node[] roots) => GraphWalk.TopologicalOrder(roots).Count(n => n.Op is PermuteOp && n.Inputs[0].Op is MatMulOp);
}
