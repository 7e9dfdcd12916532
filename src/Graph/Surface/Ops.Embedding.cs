using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>What becomes of the rows of a bag.</summary>
public enum BagReduction
{
    /// <summary>They are added up.</summary>
    Sum,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The largest of each column; ties share their gradient evenly.</summary>
    Max,
}

public static partial class Ops
{
    /// <summary>Rows of a table, looked up.</summary>
    /// <param name="indices">int32 or int64, each in [0, rows).</param>
    /// <param name="weight">The table, [rows, columns].</param>
    /// <param name="paddingIndex">A row that gets no gradient; a negative number counts from the end.</param>
    public static Node Embedding(Node indices, Node weight, long? paddingIndex = null)
    {
        RequireTable("Embedding", indices, weight);
        return (paddingIndex is { } row
            ? Create(new TakeOp(0) { Padding = row < 0 ? weight.Shape[0] + row : row }, WithRow("Embedding", weight, row), NotNull(indices))
            : Take(weight, indices)).Named("Embedding");
    }

    /// <summary>Rows of a table, looked up and reduced by bags. An empty bag gives zeros.</summary>
    /// <param name="indices">int32 or int64, each in [0, rows): [bags, rows of a bag], or one vector with offsets.</param>
    /// <param name="weight">The table, [rows, columns].</param>
    /// <param name="reduction">What becomes of the rows of a bag.</param>
    /// <param name="offsets">Where each bag begins in a vector of indices: ascending, the first 0; int32 or int64, [bags].</param>
    /// <param name="paddingIndex">A row that counts as absent; a negative number counts from the end.</param>
    /// <param name="factors">What each row is multiplied by before <see cref="BagReduction.Sum"/>: of the dtype of the table and the shape of the indices. Null for 1.</param>
    /// <exception cref="DTypeException">The indices are no integers, or the factors have another dtype than the table.</exception>
    /// <exception cref="ShapeException">A shape does not fit.</exception>
    /// <exception cref="GraphException">There are factors, and rows are not added up.</exception>
    public static Node EmbeddingBag(
        Node indices,
        Node weight,
        BagReduction reduction = BagReduction.Mean,
        Node? offsets = null,
        long? paddingIndex = null,
        Node? factors = null)
    {
        RequireTable("EmbeddingBag", indices, RequireNumber("EmbeddingBag", weight));
        Known("EmbeddingBag", reduction);
        if (NotNull(indices).Rank != (offsets is null ? 2 : 1) || offsets is { Rank: not 1 })
        {
            throw new ShapeException($"EmbeddingBag: it takes [bags, rows of a bag], or a vector of indices and one of offsets. Inputs: {indices.Describe()}{(offsets is null ? string.Empty : $", {offsets.Describe()}")}.");
        }

        if (factors is not null)
        {
            RequireSameType("EmbeddingBag", weight, factors);
            if (reduction != BagReduction.Sum)
            {
                throw new GraphException($"EmbeddingBag: factors are of rows that are added up, with BagReduction.Sum, not of their {(reduction == BagReduction.Mean ? "mean" : "maximum")}.");
            }

            if (factors.Shape != indices.Shape)
            {
                throw new ShapeException($"EmbeddingBag: there must be one factor for each index. Inputs: {indices.Describe()}, {factors.Describe()}.");
            }
        }

        return FunctionParts.Of("EmbeddingBag", Bags(indices, weight, reduction, offsets, paddingIndex, factors), indices, weight, offsets, factors);
    }

    private static Node Bags(Node indices, Node weight, BagReduction reduction, Node? offsets, long? paddingIndex, Node? factors)
    {
        weight = paddingIndex is { } row ? WithRow("EmbeddingBag", weight, row) : weight;
        Dim bags = offsets is null ? indices.Shape[0] : offsets.Shape[0];
        Node at = Flatten(indices);
        Node bag = offsets is null
            ? Flatten(Iota(indices.Shape, 0))
            : Sum(Cast(Unsqueeze(Arange(at.Shape[0], dtype: offsets.DType), 1) >= offsets, DType.Int64), 1) - 1;
        Node rows = Take(weight, at).Named("EmbeddingBag");
        Node? absent = paddingIndex is { } padding ? Unsqueeze(Equal(at, PaddingRow(at, weight, padding)), -1) : null;
        Node zeros = Zeros([bags, weight.Shape[1]], weight.DType);
        if (reduction == BagReduction.Max)
        {
            Node low = Full(zeros.Shape, double.NegativeInfinity, weight.DType);
            Node largest = ScatterReduce(low, 0, BroadcastTo(Unsqueeze(bag, 1), rows.Shape), absent is null ? rows : Where(absent, double.NegativeInfinity, rows), ScatterReduction.Max).Named("EmbeddingBag");
            return Where(Equal(largest, double.NegativeInfinity), 0, largest);
        }

        rows = factors is null ? rows : rows * Unsqueeze(Flatten(factors), 1);
        Node kept = absent is null ? rows : Where(absent, 0, rows);
        Node sum = offsets is null ? Sum(Reshape(kept, [.. indices.Shape, weight.Shape[1]]), 1) : IndexAdd(zeros, 0, bag, kept).Named("EmbeddingBag");
        if (reduction == BagReduction.Sum)
        {
            return sum;
        }

        Node ones = absent is null ? Ones([at.Shape[0], 1], weight.DType) : Where(absent, 0, Ones([at.Shape[0], 1], weight.DType));
        Node count = IndexAdd(Zeros([bags, 1], weight.DType), 0, bag, ones).Named("EmbeddingBag");
        return sum / Maximum(count, Scalar(1, weight.DType));
    }

    private static void RequireTable(string op, Node indices, Node weight)
    {
        if (!NotNull(indices).DType.IsInteger())
        {
            throw new DTypeException($"{op}: the indices, which come before the table, must be int32 or int64, not {indices.DType.Display()}; use Cast. Inputs: {indices.Describe()}, {NotNull(weight).Describe()}.");
        }

        if (NotNull(weight).Rank != 2)
        {
            throw new ShapeException($"{op}: the table must be [rows, columns], not {weight.Describe()}.");
        }
    }

    /// <summary>The table, which must have a row.</summary>
    private static Node WithRow(string op, Node weight, long row)
    {
        Dim rows = weight.Shape[0];
        return Conditions.HasElement(op, weight, rows, row, $"there is no row {row} in a table of {rows}.");
    }

    private static Node PaddingRow(Node indices, Node weight, long padding) =>
        DimValue(padding < 0 ? weight.Shape[0] + padding : padding, NotNull(indices).DType);
}
