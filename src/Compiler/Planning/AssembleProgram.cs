using GraphCompiler.Emit;
using GraphCompiler.Kernels;

namespace GraphCompiler.Planning;

/// <summary>A program of all that was made for it.</summary>
internal static class AssembleProgram
{
    /// <param name="lowered">The kernels.</param>
    /// <param name="results">Which results they write where the caller has them.</param>
    /// <param name="buffers">What they work on.</param>
    /// <param name="compiled">Their code.</param>
    /// <param name="memory">What runs, and in which memory.</param>
    /// <param name="traffic">The bytes that they move.</param>
    /// <param name="options">How they were compiled.</param>
    public static Program Run(
        LoweredProgram lowered, ResultPlaces results, PlacedBuffers buffers, CompiledKernel[] compiled, PlannedMemory memory, Traffic traffic, CompileOptions options)
    {
        Computation computation = lowered.Regions.Computation;
        Schedule schedule = memory.Schedule;
        IEnumerable<Dim> dims = schedule.Sizes.Concat(computation.Inputs.SelectMany(i => i.Shape)).Concat(computation.Guards.SelectMany(g => new[] { g.Left, g.Right }));
        string[] symbols = [.. dims.SelectMany(d => d.Symbols).Distinct()];
        return new Program
        {
            Plan = new Plan
            {
                Steps = schedule.Steps,
                Forward = schedule.Forward,
                Backward = schedule.Backward,
                EndOfForward = memory.EndOfForward,
                Buffers = memory.Buffers,
                Blocks = memory.Blocks,
                Externals = computation.Inputs.Count + schedule.Outputs.Length + results.Gradients.Count,
                Symbols = symbols.Length,
                Sizes = schedule.Sizes.Count,
                Threads = options.Threads,
                Chunking = options.Chunking,
                EvaluateSizes = new SizeProgram(schedule.Sizes, symbols).Evaluate,
            },
            Inputs = [.. computation.Inputs],
            InputBytes = schedule.InputBytes,
            Symbols = symbols,
            Guards = [.. computation.Guards],
            Kernels = [.. lowered.Kernels],
            Parts = [.. lowered.Parts],
            Loops = schedule.Loops,
            Shared = lowered.Shared,
            ForwardKernels = lowered.Kernels.Count(lowered.IsForward),
            Merged = [.. lowered.Merged.Select(m => m.Kernel)],
            Adding = [.. lowered.Adding.Select(a => a.Kernel)],
            Traffic = traffic,
            FusionSteps = lowered.Graph.Steps,
            Compiled = compiled[..lowered.Kernels.Count],
            Outputs = schedule.Outputs,
            Updates = schedule.Updates,
            Gradients = schedule.Gradients,
            Buffers = buffers.Positions,
            Saved = schedule.Saved,
            Random = RandomCalls.Of(computation.Streams, schedule.Streams),
            Constants = buffers.Constants,
            Parameters = [.. buffers.Positions.Keys.Select(b => b.Node).Concat(computation.Roots.Select(r => r.Parameter)).OfType<Parameter>().Distinct()],
            BackwardParameters = [.. results.ReadBackward.Where(b => !buffers.Copies.ContainsKey(b)).Select(b => b.Node).OfType<Parameter>()],
            Options = options,
        };
    }
}
