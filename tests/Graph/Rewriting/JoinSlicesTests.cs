using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>The gradient of many slices of one tensor is one tensor: as many as are given, of the same value.</summary>
public class JoinSlicesTests
{
    private static readonly Input<double> X = Variable("x", 6, 4);
    private static readonly Input<double> S = Variable("s", "N", 4);
    private static readonly Input<double> L = Variable("l", 40, 3);

    /// <summary>What is differentiated, with the additions, pads and scatters that are left of the sum of its gradients.</summary>
    private static IEnumerable<TestCaseData> Cases()
    {
        yield return Case("Unbind", Total(Unbind(X).Select((r, i) => Exp(r * (i + 1)))), X, 0, 0, 0);
        yield return Case("Unbind the inner axis", Total(Unbind(X, 1).Select((r, i) => Exp(r * (i + 1)))), X, 0, 0, 0);
        yield return Case("Split", Total(Split(X, 2).Select((r, i) => Exp(r * (i + 1)))), X, 0, 0, 0);
        yield return Case("rows between others", Total(new[] { 4, 1, 2 }.Select(i => Exp(X[i] * i))), X, 0, 1, 0);
        yield return Case("rows, and the whole", Exp(X[0]) + Exp(X[5] * Sum(X, 0)) + Exp(X[2]), X, 1, 0, 0);
        yield return Case("elements of a row", Total(Enumerable.Range(0, 4).Select(i => Exp(X[2, i] * i))), X, 0, 1, 0);
        yield return Case("a block of elements", Total(Enumerable.Range(0, 24).Select(i => Exp(X[i / 4, i % 4] * i))), X, 0, 0, 0);
        yield return Case("a diagonal", Total(Enumerable.Range(0, 4).Select(i => Exp(X[i, i] * i))), X, 0, 0, 1);
        yield return Case("even and odd", Exp(Slice(X, 1, step: 2)) - Cos(Slice(X, 1, 1, step: 2)), X, 0, 0, 0);
        yield return Case("every third but one", Exp(Slice(X, 0, 2, step: 3)) * Sin(Slice(X, 0, 0, step: 3)), X, 0, 0, 0);
        yield return Case("halves that overlap", Exp(Sum(X[..4])) + Sin(Sum(X[2..])) + Cos(Sum(X[4..])), X, 1, 1, 0);
        yield return Case("windows", Total(Enumerable.Range(0, 38).Select(i => Exp(Sum(L[i..(i + 3)]) * i))), L, 2, 3, 0);
        yield return Case("windows that overlap often, in one place", Total(Enumerable.Range(0, 5).Select(i => Exp(Sum(L[i..(i + 5), 1..]) * i))), L, 0, 1, 1);
        yield return Case("a column twice", Exp(X[.., 1]) * Sin(X[.., 1] * X[.., 2]), X, 0, 1, 0);
        yield return Case("slices of slices", Total(Unbind(X).SelectMany((r, i) => new[] { Exp(r[..3] * i), Sin(r[2..]), Cos(r[..1]) })), X, 0, 6, 0);
        yield return Case("rows of any number", Exp(S[0] * Sin(S[1])) + Exp(Sum(S[2..], 0)), S, 0, 0, 0);
        yield return Case("the last rows of any number", Exp(S[^1] * Sin(S[^2])) + Cos(S[0]), S, 1, 2, 0);
        yield return Case("takes", Exp(Sum(Take(X, Constant((long[])[0, 3]), 0))) + Sin(Sum(Take(X, Constant((int[])[3, 5, 3]), 0))), X, 0, 0, 1);
        yield return Case("takes along two axes", Exp(Sum(Take(X, Constant((long[])[0, 3]), 0))) + Sin(Sum(Take(X, Constant((long[])[3, 1]), 1))), X, 1, 0, 2);

        static TestCaseData Case(string name, Node y, Node x, int additions, int pads, int scatters) => new TestCaseData(y, x, additions, pads, scatters).SetName("{m}: " + name);
        static Node Total(IEnumerable<Node> terms) => terms.Select(t => Ops.Sum(t)).Aggregate((a, b) => a + b);
    }

    [TestCaseSource(nameof(Cases))]
    public void A_gradient_of_slices_is_joined_and_keeps_its_value(Node y, Input<double> x, int additions, int pads, int scatters)
    {
        Node gradient = Simplified(Gradients(Ops.Sum(y), x)[0]);
        Node joined = Simplified(JoinSlices.Run([gradient])[0]);
        List<Node> left = GraphWalk.TopologicalOrder([joined]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(joined.Results[0], Is.EqualTo(gradient.Results[0]));
            Assert.That(left.Count(n => n.Op is AddOp && n.Shape == x.Shape && !n.Inputs.Any(Splat.IsPositiveZero)), Is.EqualTo(additions), "additions");
            Assert.That(left.Count(n => n.Op is PadOp), Is.EqualTo(pads), "pads");
            Assert.That(left.Count(n => n.Op is IndexAddOp), Is.EqualTo(scatters), "scatters");
            for (int size = 3; size < 6; size++)
            {
                Dictionary<Node, TensorValue> given = Samples([gradient], seed: size, size);
                AssertSame(Interpreter.Evaluate([joined], given)[0], Interpreter.Evaluate([gradient], given)[0], 1e-12);
            }
        }
    }

    [Test]
    public void No_zero_becomes_negative()
    {
        Node whole = Pad(-0.0 * Abs(X), 0, 0, 6) + Pad(X, 0, 6, 0);
        Node joined = JoinSlices.Run([whole])[0];
        Dictionary<Node, TensorValue> given = Samples([whole], seed: 1, 1);
        Assert.That(Interpreter.Evaluate([1 / joined], given)[0].Reals.Take(24), Is.All.EqualTo(double.PositiveInfinity));
    }

    [Test]
    public void Sums_that_others_read_and_tensors_filled_with_another_number_stay()
    {
        Node read = Pad(X, 0, 0, 6) + Pad(X, 0, 6, 0);
        Node other = read + Pad(X, 0, 3, 3);
        Node filled = Pad(X, 0, 0, 6, 1) + Pad(X, 0, 6, 0, 1);
        Node[] joined = JoinSlices.Run([read, other, filled]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(joined[0].Op, Is.TypeOf<ConcatOp>());
            Assert.That(joined[1].Inputs[0], Is.SameAs(joined[0]));
            Assert.That(joined[2], Is.SameAs(filled));
        }
    }

    private static Node Simplified(Node node)
    {
        Node[] inlined = InlineCalls.Run([node]);
        return Rewriter.Run(Simplify.Rules, inlined).Of(inlined[0]);
    }
}
