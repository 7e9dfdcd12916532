using System.Numerics.Tensors;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>For every operation of the table: a wrong derivative around it is found, and the right node is named.</summary>
[TestFixture]
public sealed class WrongDerivativeTests
{
    /// <summary>Ways to be wrong about the first input.</summary>
    public enum Mistake
    {
        Scaled,
        Negated,
        Dropped,
        Leaked,
    }

    /// <summary>The first row of each operation whose derivatives are plain and whose inputs have elements.</summary>
    public static IEnumerable<TestCaseData<GradientCase, Mistake>> Rows =>
        from row in OperationTableTests.Cases
            .Where(c => c.Worst == GradientVerdict.Passed && c.Inputs.All(i => i.Shape.Rank > 0 && i.Shape.All(d => d.Constant > 0)))
            .GroupBy(c => c.Op)
            .Select(g => g.First())
        from mistake in Enum.GetValues<Mistake>()
        where mistake == Mistake.Leaked || row.Op.Name is not ("SignOp" or "FloorOp" or "RoundOp")
        select new TestCaseData<GradientCase, Mistake>(row, mistake).SetArgDisplayNames(row.Name, $"{mistake}");

    [TestCaseSource(nameof(Rows))]
    public void A_wrong_pullback_is_found_and_named(GradientCase row, Mistake mistake)
    {
        Input<double>[] inputs = row.MakeInputs();
        Node[] before = [.. inputs.Select(i => Ops.Sin(i) + i)];
        Node wrong = Ops.CustomGradient("wrong one", before, p => row.Apply([.. p]), (i, _, c) => Spoil(row, i, c, mistake));
        Node loss = Ops.Sum(Ops.Tanh(0.1 * wrong) + wrong);
        Dictionary<Node, Tensor<double>> values = row.Values(inputs);
        foreach (Input<double> input in inputs)
        {
            // x + sin x stays close to where the row is safe.
            values[input] = Tensor.Multiply(values[input], 0.5);
        }

        GradientReport report = GradientCheck.Run(loss, inputs, values);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Verdict, Is.EqualTo(GradientVerdict.Failed), () => report.ToString());
            Assert.That(report.Fault?.Operation, Is.EqualTo("wrong one"), () => report.ToString());
            Assert.That(() => GradientCheck.Verify(loss, inputs, values), Throws.TypeOf<GradientCheckException>().With.Message.Contains("wrong one"));
        }
    }

    private static Node?[] Spoil(GradientCase row, IReadOnlyList<Node> inputs, Node cotangent, Mistake mistake)
    {
        Node?[] right = [.. Ops.Vjp([row.Apply([.. inputs])], inputs, [cotangent], Unreached.Zeros)];
        Node gradient = right[0]!;
        right[0] = mistake switch
        {
            Mistake.Scaled => 1.01 * gradient,
            Mistake.Negated => -gradient,
            Mistake.Dropped => null,
            _ => gradient + 0.01,
        };
        return right;
    }
}
