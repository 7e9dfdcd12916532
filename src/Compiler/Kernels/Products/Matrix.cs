namespace GraphCompiler.Kernels.Products;

/// <summary>
/// Where the elements of a stack of matrices lie in the buffer of a node: strides in elements. With a prologue they lie nowhere: the node has no
/// buffer, the strides are those that it would have, and the elements are computed by what packs the matrix.
/// </summary>
internal sealed record Matrix(Node Source, Dim Offset, EquatableArray<Dim> Batch, Dim Row, Dim Column)
{
    public Prologue? Prologue { get; init; }

    /// <summary>What rows and columns are made of where no single stride leads through them; <see cref="Row"/> and <see cref="Column"/> mean nothing then.</summary>
    public JoinedAxes? Joined { get; init; }

    /// <summary>The nodes whose memory is read.</summary>
    public IEnumerable<Node> Sources => Prologue?.Sources ?? [Source];

    /// <summary>The strides over the batch axes of everything that is read.</summary>
    public IEnumerable<EquatableArray<Dim>> Batches => Prologue?.Batches ?? [Batch];

    /// <summary>Whether vectors along the rows are neighbouring elements.</summary>
    public bool LiesAlongRows => Prologue?.LiesAlongRows ?? Column.Constant == 1;

    public static Matrix Of(View view) => new(
        view.Source,
        view.Offset,
        view.Strides.Take(view.Strides.Count - 2).ToEquatableArray(),
        view.Strides[^2],
        view.Strides[^1]);

    /// <summary>An operand as it is read from memory, or computed while it is packed; null if neither is possible.</summary>
    public static Matrix? Find(Node operand, IMaterialization materialization) =>
        PointwiseExpression.ViewOf(operand, materialization) is { } view ? Of(view) : Prologue.Find(operand, materialization) ?? OfJoined(operand, materialization);

    /// <summary>An operand whose rows or columns are several axes each; null if its elements cannot be read so.</summary>
    public static Matrix? OfJoined(Node operand, IMaterialization materialization) =>
        JoinedView.Find(operand, materialization) is { } view && view.Parts.SkipLast(2).All(axis => axis.Count <= 1)
            ? new Matrix(view.Source, view.Offset, [.. view.Parts.SkipLast(2).Select(axis => JoinedAxes.InnermostOf(axis).Stride)], 0, 0)
            {
                Joined = new JoinedAxes(view.Parts[^2], view.Parts[^1]),
            }
            : null;

    /// <summary>Whether the rows can be cut into tiles of equal height whose rows lie at the same distances in every tile: their numbers are known.</summary>
    public bool HasTiles => Joined?.Rows.All(part => part.Size.IsConstant) ?? true;

    public Matrix Transposed() => this with { Row = Column, Column = Row, Prologue = Prologue?.Transposed(), Joined = Joined?.Transposed() };

    /// <summary>Whether one matrix serves all of a batch axis.</summary>
    public bool IsShared(int axis) => Batches.All(strides => strides[axis].Constant == 0);
}
