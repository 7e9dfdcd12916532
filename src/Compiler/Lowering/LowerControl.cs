using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Loops and branches of kernels.</summary>
internal static class LowerControl
{
    /// <param name="spec">The loop or the branch.</param>
    /// <param name="shared">The values that lie in buffers of others.</param>
    /// <param name="lower">Lowers a body.</param>
    /// <returns>It, after what it would do alike in each step.</returns>
    public static IReadOnlyList<LoweredPart> Run(ControlSpec spec, SharedBuffers shared, Func<KernelGraph, IReadOnlyList<LoweredPart>> lower) => spec switch
    {
        LoopSpec { Cleared: { } cleared } loop => [.. lower(cleared.Graph), .. Hoisted(Loop(loop, shared, lower))],
        LoopSpec loop => Hoisted(Loop(loop, shared, lower)),
        BranchSpec branch => [new LoweredBranch(branch.Results, shared.Of(branch.Inputs[0]), lower(branch.Then.Graph), lower(branch.Otherwise.Graph))],
        _ => throw new InvalidOperationException($"{spec.Operation.Op.Name} is neither a loop nor a branch."),
    };

    private static LoweredLoop Loop(LoopSpec loop, SharedBuffers shared, Func<KernelGraph, IReadOnlyList<LoweredPart>> lower)
    {
        LoopOp op = loop.Op;
        (NodeList parameters, NodeList results) = (loop.Body.Function.Parameters, loop.Body.Function.Results);
        IEnumerable<SteppingBuffer> read = Enumerable.Range(op.Carried, op.Sequences).Select(i => new SteppingBuffer(KernelBuffer.Of(parameters[i]), shared.Of(loop.Inputs[i]), op.Reverse));
        IEnumerable<SteppingBuffer> written = Enumerable.Range(op.Carried, results.Count - op.Carried)
            .Where(i => loop.ResultAt(i) is not null)
            .Select(i => new SteppingBuffer(KernelBuffer.Of(results[i]), shared.Of(loop.ResultAt(i)!), op.Reverse));
        return new LoweredLoop(
            loop.Results,
            lower(loop.Body.Graph),
            loop.Condition is { } condition ? new LoweredCondition(lower(condition.Graph), KernelBuffer.Of(condition.Function.Results[0])) : null,
            op.Count,
            [.. Enumerable.Range(0, op.Carried).Select(i => new CarriedBuffer(shared.Of(parameters[i]), KernelBuffer.Of(results[i])))],
            [.. read, .. written]);
    }

    /// <summary>Kernels that read nothing which a step changes run once, before the loop, unless they may fail: the loop may have no step.</summary>
    private static IReadOnlyList<LoweredPart> Hoisted(LoweredLoop loop)
    {
        HashSet<KernelBuffer> changing = [.. loop.Carries.SelectMany(c => new[] { c.Current, c.Next }), .. loop.Steps.Select(s => s.Part)];
        ILookup<KernelBuffer, LoweredPart> writers = loop.Body.SelectMany(part => part.Accesses.Where(a => a.IsWritten).Select(a => (a.Buffer, Part: part))).ToLookup(w => w.Buffer, w => w.Part);
        List<LoweredPart> before = [];
        List<LoweredPart> body = [];
        foreach (LoweredPart part in loop.Body)
        {
            if (part is LoweredKernel { Sites.Count: 0 } && part.Accesses.All(a => !changing.Contains(a.Buffer) && (!a.IsWritten || writers[a.Buffer].All(w => ReferenceEquals(w, part)))))
            {
                before.Add(part);
            }
            else
            {
                body.Add(part);
                changing.UnionWith(part.Accesses.Where(a => a.IsWritten).Select(a => a.Buffer));
            }
        }

        return before.Count == 0 ? [loop] : [.. before, loop with { Body = body }];
    }
}
