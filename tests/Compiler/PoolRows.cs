using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Rows of the table for pooling.</summary>
internal static class PoolRows
{
    private static readonly DType[] Numbers = [DType.Float32, DType.Float64, DType.Int32, DType.Int64];
    private static readonly DType[] Single = [DType.Float32];

    public static IEnumerable<OperationRow> Rows =>
    [
        Largest(string.Empty, Numbers, c => Ops.MaxPool1D(c.X([2, 3, c.N + 2]), 3, stride: 1)),
        Largest(" padded, beyond the end", Single, c => Ops.MaxPool2D(c.X([1, 2, 5, c.N + 2]), 3, stride: 2, padding: 1, ceilMode: true)),
        Largest(" spread out", Single, c => Ops.MaxPool1D(c.X([2, 2, c.N + 4]), 2, stride: 2, dilation: 3)),
        Largest(" of many", Single, c => Ops.MaxPool2D(c.X([1, 2, 6, c.N + 6]), (5, 4), stride: 1, padding: (2, 1))),
        Largest(" positions", Single, c => Ops.MaxPool2DWithIndices(c.X([1, 2, 4, c.N + 2]), 2, padding: 1, stride: 1).Indices),
        Largest(" positions of many", Numbers, c => Ops.MaxPool2DWithIndices(c.X([1, 2, 6, c.N + 6]), (5, 4), padding: (2, 1), stride: 1).Indices),
    ];

    private static OperationRow Largest(string variant, DType[] types, Func<InputMaker, Node> build) => new(typeof(MaxPoolOp), types, build) { Variant = variant, Least = 1, Range = 2 };
}
