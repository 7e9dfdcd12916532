namespace GraphCompiler.Planning;

/// <summary>
/// The tree of a part of a plan: its kernels in order; where sizes are small, the one that does the work of all; and for each the one that adds to
/// results where it would write over them.
/// </summary>
/// <param name="Adding">The steps that add, by the step that they stand for.</param>
internal sealed record PlanTree(IReadOnlyDictionary<int, PlanVariant> Adding)
{
    /// <param name="steps">The part's own steps.</param>
    /// <param name="merged">The step that does the work of all; null if there is none.</param>
    /// <param name="elements">The position, among the plan's sizes, of the number of elements that decides.</param>
    public PlanNode Of(IEnumerable<int> steps, int? merged, int elements)
    {
        var apart = new PlanNode.Sequence([.. steps.Select(Step)]);
        return merged is { } one ? new PlanNode.Variants(apart, new PlanVariant(Step(one)) { Elements = elements, Most = Kernels.Costs.FewElements }) : apart;
    }

    private PlanNode Step(int step)
    {
        var run = new PlanNode.Run(step);
        return Adding.TryGetValue(step, out PlanVariant? adding) ? new PlanNode.Variants(run, adding) : run;
    }
}
