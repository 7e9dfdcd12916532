using GraphCompiler.Batching;
using static GraphCompiler.Operations.Matrices;

namespace GraphCompiler.Operations;

/// <summary>The X of A·X = B, or of Aᵀ·X = B, by the factors of A.</summary>
internal sealed record SolveOp(bool Transposed) : CompositeOp
{
    public override NodeType[] Infer(TypeContext context)
    {
        RequireSystem(context);
        return [context.Inputs[1].Results[0]];
    }

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node lu = Node.Create(new LuOp(MustBeRegular: true), inputs[0]);
        return [With(Ops.Output(lu, 0), Ops.Output(lu, 1), inputs[1], Transposed)];
    }

    public override Node[] Batch(BatchContext context) => [BatchSystems(this, context)];

    /// <summary>Giles, 2008: B̄ = A⁻ᵀ·X̄ and Ā = −B̄·Xᵀ.</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node right = Node.Create(new SolveOp(!Transposed), node.Inputs[0], cotangents[0]!);
        return [-(Transposed ? Product(node, Transpose(right)) : Product(right, Transpose(node))), right];
    }

    /// <summary>Solves with factors.</summary>
    public static Node With(Node factors, Node rows, Node b, bool transposed) => transposed
        ? LuOp.Unpermute(Triangle(factors, Triangle(factors, b, TriangularForm.Upper | TriangularForm.Transposed), TriangularForm.Unit | TriangularForm.Transposed), rows)
        : Triangle(factors, Triangle(factors, LuOp.Permute(b, rows), TriangularForm.Unit), TriangularForm.Upper);

    private static Node Triangle(Node factors, Node b, TriangularForm form) => Node.Create(new TriangularSolveOp(form), factors, b);
}

/// <summary>The determinant, by the factors.</summary>
internal sealed record DetOp : CompositeOp
{
    public override NodeType[] Infer(TypeContext context)
    {
        RequireSquare(context);
        Node a = context.Inputs[0];
        return [new NodeType(a.DType, BatchWith(a))];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node lu = Node.Create(new LuOp(MustBeRegular: false), inputs[0]);
        return [Ops.Output(lu, 2) * Ops.Prod(Diagonal(Ops.Output(lu, 0)), -1)];
    }

    /// <summary>
    /// ḡ·det A·A⁻ᵀ (Giles, 2008), which is ḡ times the matrix of cofactors: at a singular matrix the limit of those beside it, with tiny numbers for
    /// zero pivots.
    /// </summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node a = node.Inputs[0];
        Node lu = Node.Create(new LuOp(MustBeRegular: false), a);
        Node factors = Ops.Output(lu, 0);
        Node pivots = Diagonal(factors);
        double epsilon = a.DType.Row().Epsilon;
        Node tiny = Ops.Detach((Ops.Sum(Ops.Abs(pivots), -1, keepDims: true) * epsilon) + 1e-30);
        Node regular = Ops.Where(Ops.Equal(pivots, 0), tiny, pivots);
        Node inverse = SolveOp.With(factors + FromDiagonal(regular - pivots), Ops.Output(lu, 1), IdentityLike(a), transposed: true);
        Node det = Ops.Output(lu, 2) * Ops.Prod(regular, -1);
        return [Ops.Unsqueeze(Ops.Unsqueeze(cotangents[0]! * det, -1), -1) * inverse];
    }
}

/// <summary>The sign of the determinant, and the logarithm of its magnitude.</summary>
internal sealed record SlogDetOp : CompositeOp
{
    public override NodeType[] Infer(TypeContext context)
    {
        RequireSquare(context);
        var type = new NodeType(context.Inputs[0].DType, BatchWith(context.Inputs[0]));
        return [type, type];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node lu = Node.Create(new LuOp(MustBeRegular: false), inputs[0]);
        Node pivots = Diagonal(Ops.Output(lu, 0));
        return [Ops.Output(lu, 2) * Ops.Prod(Ops.Sign(pivots), -1), Ops.Sum(Ops.Log(Ops.Abs(pivots)), -1)];
    }

    /// <summary>ḡ·A⁻ᵀ; the sign has no slope.</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        if (cotangents[1] is not { } cotangent)
        {
            return [null];
        }

        Node a = node.Inputs[0];
        return [Ops.Unsqueeze(Ops.Unsqueeze(cotangent, -1), -1) * Node.Create(new SolveOp(Transposed: true), a, IdentityLike(a))];
    }
}

/// <summary>The pseudo-inverse, by singular values above a fraction of the largest.</summary>
internal sealed record PInvOp(double Tolerance) : CompositeOp
{
    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node svd = Node.Create(new SvdOp(), inputs[0]);
        Node s = Ops.Output(svd, 1);
        Node isLarge = s > (Ops.Slice(s, -1, 0, 1) * Tolerance);
        Node inverse = Ops.Where(isLarge, Ops.Reciprocal(Ops.Where(isLarge, s, 1)), 0);
        return [Product(Transpose(ScaleRows(Ops.Output(svd, 2), inverse)), Transpose(Ops.Output(svd, 0)))];
    }

    /// <summary>
    /// Golub and Pereyra, The differentiation of pseudo-inverses, 1973, where the rank does not change:
    /// −PᵀḠPᵀ + (I − AP)·ḠᵀPPᵀ + PᵀPḠᵀ·(I − PA).
    /// </summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node a, Node g) = (node.Inputs[0], cotangents[0]!);
        (Node pt, Node gt) = (Transpose(node), Transpose(g));
        Node inside = Product(Product(pt, g), pt);
        Node above = Product(Product(gt, node), pt);
        Node below = Product(pt, Product(node, gt));
        return [above - Product(a, Product(node, above)) + (below - Product(Product(below, node), a)) - inside];
    }
}
