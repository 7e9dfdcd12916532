namespace GraphCompiler.Routines;

/// <summary>
/// A compiled kernel. The frame is an array of 8-byte slots: buffer addresses, then sizes, then one slot that a failing kernel fills.
/// Computes the part [begin, end) of the kernel's parallel range. Zero is success; otherwise the number of an error site.
/// </summary>
internal delegate int KernelEntry(nint frame, nint begin, nint end);
