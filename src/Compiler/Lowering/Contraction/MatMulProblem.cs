using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// A matrix product as a kernel sees it: sizes, batch axes, and where the elements of each matrix lie. Transposed, sliced and broadcast operands
/// are nothing but strides here.
/// </summary>
internal sealed record MatMulProblem(Node Root, Shape Batch, Dim M, Dim N, Dim K, Matrix A, Matrix B, Matrix C, Epilogue? Epilogue)
{
    public DType Type => Root.DType;

    /// <summary>The epilogue, if it is short enough for a copy of it at every sum of a tile.</summary>
    public Epilogue? TileEpilogue => Epilogue is { IsCheap: true } ? Epilogue : null;

    public static MatMulProblem Of(Node root, IMaterialization materialization)
    {
        Epilogue? epilogue = materialization.EpilogueOf(root);
        Node product = epilogue?.Product ?? root;
        View left = PointwiseExpression.ViewOf(product.Inputs[0], materialization)!;
        View right = PointwiseExpression.ViewOf(product.Inputs[1], materialization)!;
        return new MatMulProblem(
            root,
            Shape.Of(root.Shape.Take(root.Rank - 2)),
            root.Shape[^2],
            root.Shape[^1],
            product.Inputs[0].Shape[^1],
            Matrix.Of(left),
            Matrix.Of(right),
            Matrix.Of(View.Dense(root)),
            epilogue);
    }

    /// <summary>The loops over the batch axes.</summary>
    public LoopNest Batches(params ReadOnlySpan<EquatableArray<Dim>> accesses) => new(Batch, [.. accesses, C.Batch, .. Epilogue?.Batches ?? []]);

    /// <summary>What is stored for a sum.</summary>
    public LoopValue Finish(KernelBuilder kernel, LoopNest batch, LoopValue sum, LoopValue row, LoopValue column, IReadOnlyDictionary<Node, LoopValue> known) =>
        Epilogue is null ? sum : Epilogue.Apply(kernel, batch, sum, row, column, known);

    /// <summary>The same product read as Cᵀ = Bᵀ·Aᵀ.</summary>
    public MatMulProblem Transposed() => this with { M = N, N = M, A = B.Transposed(), B = A.Transposed(), C = C.Transposed(), Epilogue = Epilogue?.Transposed() };
}

/// <summary>Where the elements of a stack of matrices lie in the buffer of a node: strides in elements.</summary>
internal sealed record Matrix(Node Source, Dim Offset, EquatableArray<Dim> Batch, Dim Row, Dim Column)
{
    public static Matrix Of(View view) => new(
        view.Source,
        view.Offset,
        view.Strides.Take(view.Strides.Count - 2).ToEquatableArray(),
        view.Strides[^2],
        view.Strides[^1]);

    public Matrix Transposed() => this with { Row = Column, Column = Row };

    /// <summary>Where the matrix begins for the current values of the batch loops.</summary>
    public LoopValue Start(KernelBuilder kernel, LoopNest batch) => batch.Position(kernel, Offset, Batch);
}
