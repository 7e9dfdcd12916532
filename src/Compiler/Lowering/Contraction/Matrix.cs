using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Where the elements of a stack of matrices lie in the buffer of a node: strides in elements. With a prologue they lie nowhere: the node has no
/// buffer, the strides are those that it would have, and the elements are computed by what packs the matrix.
/// </summary>
internal sealed record Matrix(Node Source, Dim Offset, EquatableArray<Dim> Batch, Dim Row, Dim Column)
{
    public Prologue? Prologue { get; init; }

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
        PointwiseExpression.ViewOf(operand, materialization) is { } view ? Of(view) : Prologue.Find(operand, materialization);

    public Matrix Transposed() => this with { Row = Column, Column = Row, Prologue = Prologue?.Transposed() };

    /// <summary>Whether one matrix serves all of a batch axis.</summary>
    public bool IsShared(int axis) => Batches.All(strides => strides[axis].Constant == 0);

    /// <summary>Where the matrix begins for the current values of the batch loops.</summary>
    public LoopValue Start(KernelBuilder kernel, LoopNest batch) => batch.Position(kernel, Offset, Batch);

    /// <summary>Where an element lies.</summary>
    public LoopValue Position(KernelBuilder kernel, LoopNest batch, LoopValue row, LoopValue column) => LoopMath.Sum(
        Start(kernel, batch), LoopMath.Times(row, kernel.Size(Row)), LoopMath.Times(column, kernel.Size(Column)));

    /// <summary>The value of an element.</summary>
    public LoopValue At(KernelBuilder kernel, LoopNest batch, LoopValue row, LoopValue column) =>
        Prologue is not null ? Prologue.At(kernel, batch, row, column) : new Load(kernel.Input(Source), Position(kernel, batch, row, column));
}
