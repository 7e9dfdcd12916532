using GraphCompiler.Fusion;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// A matrix product as a kernel sees it: sizes, batch axes, and where the elements of each matrix lie. Transposed, sliced and broadcast operands
/// are nothing but strides here.
/// </summary>
internal sealed record MatMulProblem(Node Root, Shape Batch, Dim M, Dim N, Dim K, Matrix A, Matrix B, Matrix C, Epilogue? Epilogue)
{
    public DType Type => Root.DType;

    /// <summary>Elementwise work on the root whose results the kernel leaves beside it, or instead of it.</summary>
    public Epilogue? Further { get; private init; }

    /// <summary>Whether the root itself lies in memory afterwards.</summary>
    public bool KeepsRoot { get; private init; } = true;

    /// <summary>All that lies in memory afterwards.</summary>
    public IReadOnlyList<Node> Roots { get; private init; } = [Root];

    /// <exception cref="InvalidOperationException">An operand can neither be read nor computed in place.</exception>
    public static MatMulProblem Of(KernelGroup group, IMaterialization materialization)
    {
        MatMulProblem problem = Find(group.Product!, materialization) ?? throw new InvalidOperationException($"{group.Product!.Describe()} cannot read its operands.");
        Node[] further = [.. group.Stored.Where(n => n != group.Product)];
        return further.Length == 0 ? problem : problem with
        {
            Further = Epilogue.Find(further, group.Product!, group.Nodes.ToHashSet(), materialization, ShapeOf(group.Product!, materialization)) ?? throw new InvalidOperationException($"{further[0].Describe()} is none of the work of its product's kernel."),
            KeepsRoot = group.Stored.Contains(group.Product!),
            Roots = group.Stored,
        };
    }

    /// <summary>The problem; null if an operand can neither be read in place nor computed while it is packed.</summary>
    public static MatMulProblem? Find(Node root, IMaterialization materialization)
    {
        Epilogue? epilogue = materialization.EpilogueOf(root);
        Node product = epilogue?.Product ?? root;
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

    /// <summary>The shape of the matrices of a product's kernel, whose root may have them under another shape.</summary>
    public static Shape ShapeOf(Node root, IMaterialization materialization) => (materialization.EpilogueOf(root)?.Product ?? root).Shape;

    /// <summary>The loops over the batch axes.</summary>
    public LoopNest Batches(params ReadOnlySpan<EquatableArray<Dim>> accesses) => new(Batch, [.. accesses, C.Batch, .. Epilogue?.Batches ?? [], .. Further?.Batches ?? []]);

    /// <summary>What is stored for a sum.</summary>
    public LoopValue Finish(KernelBuilder kernel, LoopNest batch, LoopValue sum, LoopValue row, LoopValue column, IReadOnlyDictionary<Node, LoopValue> known) =>
        Epilogue is null ? sum : Epilogue.Apply(kernel, batch, sum, row, column, known);

    /// <summary>The same product read as Cᵀ = Bᵀ·Aᵀ.</summary>
    public MatMulProblem Transposed() => this with { M = N, N = M, A = B.Transposed(), B = A.Transposed(), C = C.Transposed(), Epilogue = Epilogue?.Transposed(), Further = Further?.Transposed() };
}
