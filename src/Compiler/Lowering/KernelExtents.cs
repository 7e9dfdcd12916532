using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>The sizes that are a kernel's arguments, each once.</summary>
internal sealed class KernelExtents
{
    private readonly List<Dim> dims = [];

    /// <summary>The dimension behind each extent.</summary>
    public IReadOnlyList<Dim> Dims => dims;

    /// <summary>A size: a literal, or an argument of the kernel.</summary>
    public LoopValue SizeOf(Dim dim) => dim.Constant is { } constant ? Literal.Of(constant) : ExtentOf(dim);

    /// <summary>A size that is an argument of the kernel, known or not.</summary>
    public Extent ExtentOf(Dim dim)
    {
        int slot = dims.IndexOf(dim);
        if (slot < 0)
        {
            slot = dims.Count;
            dims.Add(dim);
        }

        return new Extent(slot);
    }
}
