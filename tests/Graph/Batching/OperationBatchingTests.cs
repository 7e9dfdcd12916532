using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler;

namespace GraphCompiler.Tests.Batching;

/// <summary>Vmap of every operation against a loop over the examples: whichever inputs are batched, along the first axis or the last, for each dtype.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class OperationBatchingTests
{
    private const int Examples = 3;

    private static IEnumerable<TestCaseData> Rows() => OperationTable.Rows
        .Where(row => new InputMaker(row.DTypes[0], 3, Layout.Dense, requiresGrad: false) is var maker && row.Build(maker) is not null && maker.Inputs.Count > 0)
        .Select(row => new TestCaseData(row).SetArgDisplayNames(row.ToString()));

    [TestCaseSource(nameof(Rows))]
    public void VmapEqualsALoop(object row)
    {
        foreach (DType dtype in ((OperationRow)row).DTypes)
        {
            var batch = BatchingCase.Of((OperationRow)row, dtype, Examples, gradient: false);
            bool[] all = [.. batch.Inputs.Select(_ => true)];
            foreach (bool[] batched in Subsets(all.Length, every: dtype == ((OperationRow)row).DTypes[0]))
            {
                batch.AgreesWithALoop(batched, Examples);
            }

            batch.AgreesWithALoop(all, 1, "B", isLast: true);
            batch.AgreesWithALoop(all, 0);
            batch.AgreesWithALoop(all, Examples, "B", isLast: true);
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void GradientsEqualThoseOfALoop(object row)
    {
        foreach (DType dtype in ((OperationRow)row).DTypes.Where(t => t.IsFloat() && ((OperationRow)row).HasGradient))
        {
            var batch = BatchingCase.Of((OperationRow)row, dtype, Examples, gradient: true);
            foreach (bool[] batched in batch.Output.RequiresGrad ? Subsets(batch.Inputs.Length, every: false) : [])
            {
                batch.GradientsAgreeWithALoop(batched, Examples);
            }
        }
    }

    /// <summary>Operations that are not batched as all of their family are.</summary>
    private static IEnumerable<TestCaseData> OwnRules() => Rows()
        .Where(c => ((OperationRow)c.Arguments[0]!).Op is var op && !op.IsSubclassOf(typeof(ElementwiseOp)) && !op.IsSubclassOf(typeof(ReductionOp)) && !op.IsSubclassOf(typeof(SourceOp)))
        .DistinctBy(c => ((OperationRow)c.Arguments[0]!).Op);

    [TestCaseSource(nameof(OwnRules))]
    public void CompiledAgreesWithTheInterpreter(object row)
    {
        var batch = BatchingCase.Of((OperationRow)row, ((OperationRow)row).DTypes[0], Examples, gradient: false);
        if (!batch.Draws)
        {
            batch.CompiledAgrees(Subsets(batch.Inputs.Length, every: batch.Inputs.Length <= 2), Examples);
        }
    }

    [Test]
    public void EveryOperationIsReached()
    {
        IEnumerable<Type> all = typeof(Op).Assembly.GetTypes().Where(t => t.IsSealed && t.IsSubclassOf(typeof(Op)));
        Assert.That(all.Except(Rows().Select(c => ((OperationRow)c.Arguments[0]!).Op)).Select(t => t.Name), Is.Empty);
    }

    /// <summary>Which inputs are batched: all and each alone, or every choice.</summary>
    internal static IEnumerable<bool[]> Subsets(int count, bool every) =>
        from set in Enumerable.Range(1, (1 << count) - 1)
        where every || set == (1 << count) - 1 || (set & (set - 1)) == 0
        select (bool[])[.. Enumerable.Range(0, count).Select(i => (set & (1 << i)) != 0)];
}
