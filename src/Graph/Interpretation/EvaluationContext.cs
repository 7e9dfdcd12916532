using GraphCompiler.Operations;

namespace GraphCompiler.Interpretation;

/// <summary>What an evaluation sees: the node, the values of its inputs, the values of symbols, and what the call draws.</summary>
internal sealed class EvaluationContext(Node node, TensorValue[] inputs, Func<string, long> symbol, RandomDraws? draws = null)
{
    public Node Node => node;

    public TensorValue[] Inputs => inputs;

    public DType ResultType(int result = 0) => node.Results[result].DType;

    public long[] ResultShape(int result = 0) => node.Results[result].Shape.Evaluate(symbol);

    public long ValueOf(Dim dim) => dim.Evaluate(symbol);

    public Func<string, long> Symbol => symbol;

    public RandomDraws Draws { get; } = draws ?? new RandomDraws();

    /// <summary>The strides, in elements, of a dense row-major tensor.</summary>
    public static long[] Strides(ReadOnlySpan<long> shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return strides;
    }

    /// <summary>The coordinates of a position in a dense row-major tensor.</summary>
    public static long[] Coordinates(long position, ReadOnlySpan<long> shape)
    {
        long[] coordinates = new long[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            coordinates[axis] = position % shape[axis];
            position /= shape[axis];
        }

        return coordinates;
    }

    /// <summary>The position of coordinates in a dense row-major tensor.</summary>
    public static long Position(ReadOnlySpan<long> coordinates, ReadOnlySpan<long> shape)
    {
        long position = 0;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            position = (position * shape[axis]) + coordinates[axis];
        }

        return position;
    }

    /// <summary>An index checked against the size of the axis it points into.</summary>
    /// <param name="index">The index.</param>
    /// <param name="size">The size.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="at">Where the index stands among the indices.</param>
    public long CheckIndex(long index, long size, int axis, ReadOnlySpan<long> at) => index >= 0 && index < size
        ? index
        : throw new ExecutionException(IndexMessage(node, index, size, axis) + PlaceMessage(node.Inputs[1], at));

    public static string IndexMessage(Node node, long index, long size, int axis)
    {
        string table = node.Inputs[0].Op.IsLeaf ? $" of {node.Inputs[0].Describe()}" : string.Empty;
        int? own = (node.Op as TakeOp)?.UserAxis;
        return $"{node.Describe()}: index {index} is outside axis {own ?? axis} of size {size}{table}; indices must be in [{(own is null ? 0 : -size)}, {size}).";
    }

    public static string PlaceMessage(Node indices, ReadOnlySpan<long> at) => $" It stands at {InvariantText.List(at.ToArray())} of {indices.Describe()}.";
}
