using GraphCompiler.Loops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Short names for building Loop IR in tests.</summary>
internal static class LoopBuilder
{
    public static readonly LoopValue N = new Extent(0);

    public static LoopBuffer Input(string name, DType type, LoopValue? length = null) => new(name, type) { Length = length ?? N };

    public static LoopBuffer Output(string name, DType type, LoopValue? length = null) => new(name, type, Writable: true) { Length = length ?? N };

    public static Local Index(string name) => new(name, DType.Int64);

    public static LoopValue Int(long value) => Literal.Of(value);

    public static LoopValue Add(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.Add, x, y);

    public static LoopValue Subtract(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.Subtract, x, y);

    public static LoopValue Multiply(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.Multiply, x, y);

    public static LoopValue Less(LoopValue x, LoopValue y) => new BinaryValue(BinaryFunction.Less, x, y);

    public static LoopStatement Sequence(params LoopStatement[] statements) => new Block([.. statements]);

    /// <summary>A kernel; its parallel range is the first extent unless another is given.</summary>
    public static Kernel Kernel(string name, LoopBuffer[] buffers, Func<Local, Local, LoopStatement> body, int extents = 1, LoopValue? range = null)
    {
        Local begin = Index("begin");
        Local end = Index("end");
        return new Kernel(name, [.. buffers], extents, begin, end, range ?? N, body(begin, end));
    }

    /// <summary>One vector loop over the kernel's part.</summary>
    public static Kernel Elementwise(string name, LoopBuffer[] buffers, Func<Local, LoopStatement> body) =>
        Kernel(name, buffers, (begin, end) =>
        {
            Local i = Index("i");
            return new For(i, begin, end, LoopKind.Vector, body(i));
        });
}
