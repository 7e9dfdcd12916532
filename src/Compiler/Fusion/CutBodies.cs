using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>Cuts what loops and branches run into kernels, each body by itself.</summary>
internal static class CutBodies
{
    /// <param name="operation">The loop or the branch.</param>
    /// <param name="results">The results that are taken of it.</param>
    /// <param name="materialization">Which nodes around it have a value of their own.</param>
    /// <param name="options">How to compile.</param>
    /// <returns>The operation with its bodies; null if it is none of these.</returns>
    public static ControlSpec? Of(Node operation, IReadOnlyList<Node> results, Materialization materialization, CompileOptions options)
    {
        Node[] inputs = [.. operation.Inputs.Select(materialization.SourceOf)];
        switch (operation.Op)
        {
            case LoopOp loop:
                int changing = loop.Carried + loop.Sequences;
                var spec = new LoopSpec(
                    operation,
                    results,
                    inputs,
                    Cut(loop.Body, loop.Body.Parameters.Skip(changing)),
                    loop.Condition is { } condition ? Cut(condition, condition.Parameters.Skip(loop.Carried)) : null,
                    Cleared: null);
                return spec.Condition is null || !spec.Outputs.Any() ? spec
                    : spec with { Cleared = Cut(new Function([], [.. spec.Outputs.Select(o => Ops.Zeros(o.Shape, o.DType))]), []) };
            case BranchOp branch:
                return new BranchSpec(operation, results, inputs, Cut(branch.Then, []), Cut(branch.Otherwise, []));
            default:
                return null;
        }

        KernelBody Cut(Function function, IEnumerable<Node> staying)
        {
            Regions regions = Regions.Of(function, staying);
            return new KernelBody(function, regions, FuseKernels.Run(regions, ChooseBuffers.Run(regions, options), options));
        }
    }
}
