namespace GraphCompiler;

/// <summary>
/// Passes of the compiler, all of them on by default: for finding a fault, as a result that changes by more than rounding when one is switched off shows where it is. Which
/// there are may change with any version.
/// </summary>
public sealed record CompilerPasses
{
    /// <summary>All passes.</summary>
    public CompilerPasses() => CompileOptions.Changes?.Invoke(this);

    /// <summary>Whether the graph is simplified: common subexpressions, constants, algebra. Rules for stability always run.</summary>
    public bool Simplify { get; init; } = true;

    /// <summary>Whether elementwise operations are computed inside the kernels that read them.</summary>
    public bool Inline { get; init; } = true;

    /// <summary>Whether operations that share tensors become one kernel: elementwise ones, reductions with what feeds and follows them, siblings.</summary>
    public bool Fuse { get; init; } = true;

    /// <summary>Whether elementwise work on the results of matrix products is done in their kernels, while the results are in registers or in the cache.</summary>
    public bool Epilogues { get; init; } = true;

    /// <summary>
    /// Whether elementwise operations on an operand of a matrix product are computed while the product rearranges it, where that moves fewer bytes than
    /// computing it first. Needs <see cref="Inline"/>.
    /// </summary>
    public bool Prologues { get; init; } = true;

    /// <summary>
    /// Whether memory of intermediate values is used again when they are no longer needed, and kernels may write over what they are the last to read.
    /// <see cref="CompileOptions.Verify"/>, which looks at everything after the run, turns it off.
    /// </summary>
    public bool ReuseMemory { get; init; } = true;

    /// <summary>
    /// Whether kernels may write new values of parameters where the old ones lie, after all that can fail; otherwise, and where that is not possible,
    /// they are copied there after the run. <see cref="CompileOptions.Verify"/> and <see cref="CompileOptions.Checked"/> turn it off.
    /// </summary>
    public bool UpdateInPlace { get; init; } = true;

    /// <summary>
    /// Whether a backward's kernels write gradients where <c>Grad</c> keeps them, and add to those that are there after all that can fail; otherwise, and
    /// where that is not possible, gradients are computed aside and then copied or added. <see cref="CompileOptions.Verify"/> and <see cref="CompileOptions.Checked"/> turn the adding off.
    /// </summary>
    public bool GradientsInPlace { get; init; } = true;

    /// <summary>
    /// Whether a backward computes elementwise values again where that leaves fewer bytes to be saved by the forward; otherwise all that it needs is saved.
    /// </summary>
    public bool Recompute { get; init; } = true;

    /// <summary>
    /// Whether loops that have work in common become one, such as a loop and what its derivatives repeat of it; otherwise each runs for itself, as it stands in the graph.
    /// </summary>
    public bool JoinLoops { get; init; } = true;

    /// <summary>
    /// Whether loops and branches of little work are one kernel each, with the steps in it and what they carry in registers; otherwise the kernels of a body run one by one,
    /// step after step.
    /// </summary>
    public bool LoopsInKernels { get; init; } = true;

    /// <summary>
    /// Whether what need not be done step by step leaves its loop: work on what no step changes, and matrix products; those of rows of sequences are one product before, those
    /// that only feed a sum over steps, such as the gradient of a weight, or an output, are one product after.
    /// </summary>
    public bool HoistFromLoops { get; init; } = true;

    /// <summary>
    /// Whether weights of matrix products are kept in a second, rearranged copy, made anew when the parameter is written. Only where parameters and
    /// constants meet in a graph without updates and backward part.
    /// </summary>
    public bool PackWeights { get; init; } = true;

    /// <summary>
    /// Whether matrix products over windows, such as convolutions, read them where they lie, or copy them block by block as they need them; otherwise all
    /// windows are copied before.
    /// </summary>
    public bool WindowsInPlace { get; init; } = true;

    /// <summary>
    /// Whether convolutions of images with enough output channels are computed whole, with channels in the lanes of vectors; otherwise each is a matrix product
    /// over windows of a padded copy.
    /// </summary>
    public bool WholeConvolutions { get; init; } = true;

    /// <summary>
    /// Whether kernels that make several passes over each row of tensors too large for the caches (8 MiB and more) ask for the next row ahead, and write results
    /// past the cache.
    /// </summary>
    public bool StreamRows { get; init; } = true;

    /// <summary>Whether a graph of few kernels also gets one that does all their work, which runs where all tensors together have a few thousand elements.</summary>
    public bool MergeSmallKernels { get; init; } = true;

    /// <summary>Whether kernels of equal structure are made once a graph, and compiled once in this process and shared from then on, by graphs too.</summary>
    public bool CacheKernels { get; init; } = true;

    /// <summary>Whether kernels are compiled by FastExpressionCompiler; otherwise, and where it refuses, by the expressions' own Compile.</summary>
    public bool UseFastExpressionCompiler { get; init; } = true;
}
