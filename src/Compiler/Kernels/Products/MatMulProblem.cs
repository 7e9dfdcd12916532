using GraphCompiler.Operations;

namespace GraphCompiler.Kernels.Products;

/// <summary>
/// A matrix product as a kernel sees it: sizes, batch axes, and where the elements of each matrix lie. Transposed, sliced and broadcast operands
/// are nothing but strides here.
/// </summary>
internal sealed record MatMulProblem(Node Root, Shape Batch, Dim M, Dim N, Dim K, Matrix A, Matrix B, Matrix C, Epilogue? Epilogue)
{
    public DType Type => Root.DType.Row().ComputedAs;

    /// <summary>Elementwise work on the root whose results the kernel leaves beside it, or instead of it.</summary>
    public Epilogue? Further { get; init; }

    /// <summary>For a convolution that is computed whole: where windows lie. The matrices have neither rows nor columns then, but for the result.</summary>
    public WholeConvolution? Windows { get; init; }

    /// <summary>Whether the root itself lies in memory afterwards.</summary>
    public bool KeepsRoot { get; init; } = true;

    /// <summary>All that lies in memory afterwards.</summary>
    public IReadOnlyList<Node> Roots { get; init; } = [Root];

    /// <summary>The shape of the matrices, which the root may have under another shape.</summary>
    public Shape Shape => [.. Batch, M, N];

    /// <summary>The shape of the matrices that the results of a product or of a convolution are: channels of a group by positions.</summary>
    public static Shape ShapeOf(Node product) => product.Op is ConvolutionOp convolution ? WholeConvolution.ShapeOf(convolution, product) : product.Shape;

    /// <summary>The problem; null if an operand can neither be read in place nor computed while it is packed.</summary>
    /// <param name="root">A product, or the node at the end of its epilogue.</param>
    /// <param name="epilogue">What lies between; null for a product alone.</param>
    /// <param name="materialization">Which nodes have a value of their own.</param>
    public static MatMulProblem? Find(Node root, Epilogue? epilogue, IMaterialization materialization)
    {
        Node product = epilogue?.Product ?? root;
        if (product.Op is ConvolutionOp)
        {
            return WholeConvolution.ProblemOf(root, product, epilogue, materialization);
        }

        if (Matrix.Find(product.Inputs[0], materialization) is not { } left || Matrix.Find(product.Inputs[1], materialization) is not { } right)
        {
            return null;
        }

        return new MatMulProblem(
            root,
            Shape.Of(product.Shape.Take(product.Rank - 2)),
            product.Shape[^2],
            product.Shape[^1],
            product.Inputs[0].Shape[^1],
            left,
            right,
            Matrix.Of(View.Dense(root).Reshaped(root.Shape, product.Shape)!),
            epilogue);
    }

    /// <summary>The same product read as Cᵀ = Bᵀ·Aᵀ.</summary>
    public MatMulProblem Transposed() => this with { M = N, N = M, A = B.Transposed(), B = A.Transposed(), C = C.Transposed(), Epilogue = Epilogue?.Transposed(), Further = Further?.Transposed() };
}
