using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Rules that change no number, and make vectors of what would be single elements one after the other.</summary>
internal static class VectorRules
{
    public static IReadOnlyList<RewriteRule> Rules { get; } =
    [
        RewriteRule.For<RecurrenceOp>("recurrence of costly steps along the last axis → along the one before, as vectors", RecurrenceAcrossLines),
    ];

    /// <summary>Along the last axis steps wait for each other; along another one, lines side by side are vectors.</summary>
    private static Node? RecurrenceAcrossLines(Node node, MatchContext context)
    {
        var recurrence = (RecurrenceOp)node.Op;
        bool mayGain = recurrence.Along == node.Rank - 1 && node.Rank > 1 && node.Shape[^2].Constant != 1;
        return mayGain && GraphWalk.TopologicalOrder(recurrence.Body.Results).Any(n => n.Op is TranscendentalOp or CompositeOp)
            ? Ops.Transpose(Node.Create(recurrence with { Along = node.Rank - 2 }, Ops.Transpose(node.Inputs[0])))
            : null;
    }
}
