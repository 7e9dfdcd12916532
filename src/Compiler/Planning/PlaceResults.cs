using GraphCompiler.Kernels;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Which results kernels write where the caller has them, by their positions among all memory of the caller's: the inputs, all outputs, then those
/// gradients.
/// </summary>
/// <param name="Outputs">Outputs that a kernel computes, and that only the forward part reads.</param>
/// <param name="Gradients">What backward kernels compute for a gradient alone; the caller may say that it lies nowhere yet.</param>
/// <param name="ReadBackward">What the backward part needs.</param>
internal sealed record ResultPlaces(
    IReadOnlyDictionary<KernelBuffer, int> Outputs, IReadOnlyDictionary<KernelBuffer, int> Gradients, IReadOnlySet<KernelBuffer> ReadBackward);

/// <summary>Finds the results that kernels can write where the caller has them.</summary>
internal static class PlaceResults
{
    public static ResultPlaces Run(LoweredProgram program, CompileOptions options)
    {
        Regions regions = program.Regions;

        // What is carried changes its place, so it is no caller's.
        IEnumerable<KernelBuffer> carried = program.Parts.SelectMany(p => p.All).OfType<LoweredLoop>().SelectMany(l => l.Carries).Select(c => c.Current);
        HashSet<KernelBuffer> computed = [.. program.Graph.Specs.SelectMany(s => s.Stored).Select(program.Shared.Of).Except(carried)];
        HashSet<KernelBuffer> readBackward =
        [
            .. program.Parts.Where(p => !program.IsForward(p)).SelectMany(p => p.Accesses).Select(a => a.Buffer),
            .. program.Roots.Where(r => !r.Root.IsForward).Select(r => r.Source),
        ];
        Dictionary<KernelBuffer, int> outputs = [];
        Dictionary<KernelBuffer, int> gradients = [];
        int external = regions.Computation.Inputs.Count;
        foreach ((Root root, KernelBuffer source) in program.Roots)
        {
            if (root.Kind == RootKind.Output && computed.Contains(source) && !readBackward.Contains(source))
            {
                outputs.TryAdd(source, external);
            }

            external += root.Kind == RootKind.Output ? 1 : 0;
        }

        foreach ((Root root, KernelBuffer source) in program.Roots)
        {
            if (root.Kind == RootKind.Gradient && options.Passes.GradientsInPlace && computed.Contains(source) && regions.StageOf(source.Node!) == 1 && gradients.TryAdd(source, external))
            {
                external++;
            }
        }

        return new ResultPlaces(outputs, gradients, readBackward);
    }
}
