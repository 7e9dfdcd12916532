namespace GraphCompiler.Learning;

/// <summary>A line of a <see cref="ModelSummary"/>: a module where it was defined, with all that is in it.</summary>
/// <param name="Path">The module's place; empty for the whole model.</param>
/// <param name="Module">The module.</param>
/// <param name="Depth">In how many others it was defined.</param>
/// <param name="Outputs">The shapes of what it gave; none of a module that was not defined.</param>
/// <param name="Trained">How many numbers are trained.</param>
/// <param name="Frozen">How many numbers of parameters are not.</param>
/// <param name="Buffers">How many numbers its buffers hold.</param>
/// <param name="Bytes">The memory of all these.</param>
/// <param name="MultiplyAdds">How many products of two numbers it sums, in products of matrices and convolutions.</param>
/// <param name="IsRepeated">Whether the module has a line above already, whose parameters these are.</param>
public sealed record LayerSummary(
    string Path, Module Module, int Depth, IReadOnlyList<Shape> Outputs, long Trained, long Frozen, long Buffers, long Bytes, Dim MultiplyAdds, bool IsRepeated);
