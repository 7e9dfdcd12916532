namespace GraphCompiler.Kernels;

/// <summary>How a node's elements are read.</summary>
/// <param name="Buffer">The memory that the view is over; null if its source is a number, a count or random bits, known on the spot.</param>
/// <param name="View">The view.</param>
internal sealed record Read(KernelBuffer? Buffer, View View);
