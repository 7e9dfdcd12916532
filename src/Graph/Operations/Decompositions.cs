using GraphCompiler.Batching;
using static GraphCompiler.Operations.Matrices;

namespace GraphCompiler.Operations;

/// <summary>The reduced Q·R of matrices […, M, N]: Q with orthonormal columns, R upper triangular with a diagonal that is not negative.</summary>
internal sealed record QrOp : Op
{
    public override string Name => "QR";

    public override NodeType[] Infer(TypeContext context)
    {
        Dim k = SmallerSide(context);
        Node a = context.Inputs[0];
        return [new NodeType(a.DType, BatchWith(a, a.Shape[^2], k)), new NodeType(a.DType, BatchWith(a, k, a.Shape[^1]))];
    }

    /// <summary>
    /// Walter and Lehmann, Algorithmic differentiation of linear algebra functions, 2018; of wide matrices as in Roberts and Roberts, QR and LQ
    /// decomposition matrix backpropagation, 2020: their right part is Q times that of R.
    /// </summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node a = node.Inputs[0];
        (Node q, Node r) = (Ops.Output(node, 0), Ops.Output(node, 1));
        Node toQ = cotangents[0] ?? Ops.ZerosLike(q);
        Node toR = cotangents[1] ?? Ops.ZerosLike(r);
        Dim k = q.Shape[^1];
        if (k == a.Shape[^1])
        {
            return [Tall(q, r, toQ, toR)];
        }

        Node beyond = Ops.Slice(toR, -1, k);
        Node left = Tall(q, Ops.Slice(r, -1, 0, k), toQ + Product(Ops.Slice(a, -1, k), Transpose(beyond)), Ops.Slice(toR, -1, 0, k));
        return [Ops.Concat([left, Product(q, beyond)], -1)];
    }

    private static Node Tall(Node q, Node r, Node toQ, Node toR)
    {
        Node m = Product(r, Transpose(toR)) - Product(Transpose(toQ), q);
        Node inner = toQ + Product(q, Lower(m) + Transpose(Lower(m, -1)));
        return Transpose(Node.Create(new TriangularSolveOp(TriangularForm.Upper), r, Transpose(inner)));
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Perturbed();

    public override TensorValue[] Evaluate(EvaluationContext context) => Textbook.MapAll(context, (a, _) => Textbook.Qr(a));
}

/// <summary>The eigenvalues, ascending, and eigenvectors, as columns, of symmetric matrices, of which the lower triangle is read.</summary>
internal sealed record EighOp : Op
{
    public override bool PresumesSymmetry => true;

    public override NodeType[] Infer(TypeContext context)
    {
        RequireSquare(context);
        Node a = context.Inputs[0];
        return [new NodeType(a.DType, BatchWith(a, a.Shape[^1])), a.Results[0]];
    }

    /// <summary>Giles, 2008: V·(diag w̄ + F∘VᵀV̄)·Vᵀ with Fᵢⱼ = 1/(wⱼ − wᵢ) off the diagonal: infinite at equal eigenvalues, unless nothing depends on the vectors.</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node w, Node v) = (Ops.Output(node, 0), Ops.Output(node, 1));
        Node? inner = cotangents[0] is { } toValues ? FromDiagonal(toValues) : null;
        if (cotangents[1] is { } toVectors)
        {
            Node turned = OffDiagonalOver(Product(Transpose(v), toVectors), w);
            inner = inner is null ? turned : inner + turned;
        }

        return [inner is null ? null : Symmetric(Product(Product(v, inner), Transpose(v)))];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Perturbed();

    public override TensorValue[] Evaluate(EvaluationContext context) => Textbook.MapAll(context, (a, item) =>
        Textbook.IsFinite(a) ? Textbook.Eigh(a) : throw new ExecutionException(Failure(context.Node, item)));

    public static string Failure(Node node, long item) => $"{node.Describe()}: the eigenvalues of {Which(node, item)} do not converge; it holds NaN or infinity.";

    /// <summary>x off its diagonal over the differences dⱼ − dᵢ, 0 on it; 0 stays 0 where a difference is 0.</summary>
    public static Node OffDiagonalOver(Node x, Node d)
    {
        Node identity = IdentityLike(x);
        Node differences = Ops.Unsqueeze(d, -2) - Ops.Unsqueeze(d, -1) + identity;
        return Ops.ScaleCotangent(x * (1 - identity), Ops.Reciprocal(differences));
    }
}

/// <summary>The reduced U·diag S·Vᵀ of matrices […, M, N], the singular values descending.</summary>
internal sealed record SvdOp : Op
{
    public override string Name => "Svd";

    public override NodeType[] Infer(TypeContext context)
    {
        Dim k = SmallerSide(context);
        Node a = context.Inputs[0];
        return [new NodeType(a.DType, BatchWith(a, a.Shape[^2], k)), new NodeType(a.DType, BatchWith(a, k)), new NodeType(a.DType, BatchWith(a, k, a.Shape[^1]))];
    }

    /// <summary>
    /// Giles, 2008, and Townsend, Differentiating the singular value decomposition, 2016: with J = (UᵀŪ − ŪᵀU)/(sⱼ² − sᵢ²) and K likewise of V,
    /// U·(J·S + diag s̄ + S·K)·Vᵀ, and what leaves the spaces of U and V, over S. Infinite at equal or zero singular values, unless nothing depends
    /// on the vectors.
    /// </summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node a = node.Inputs[0];
        (Node u, Node s, Node vh) = (Ops.Output(node, 0), Ops.Output(node, 1), Ops.Output(node, 2));
        Node? inner = cotangents[1] is { } toValues ? FromDiagonal(toValues) : null;
        Node? outside = null;
        if (cotangents[0] is { } toU)
        {
            Node m = Product(Transpose(u), toU);
            inner = Plus(inner, ScaleColumns(EighOp.OffDiagonalOver(m - Transpose(m), s * s), s));
            if (a.Shape[^2] != s.Shape[^1])
            {
                outside = Product(ScaleColumns(toU - Product(u, m), Ops.Reciprocal(s)), vh);
            }
        }

        if (cotangents[2] is { } toVh)
        {
            Node m = Product(vh, Transpose(toVh));
            inner = Plus(inner, ScaleRows(EighOp.OffDiagonalOver(m - Transpose(m), s * s), s));
            if (a.Shape[^1] != s.Shape[^1])
            {
                outside = Plus(outside, Product(u, ScaleRows(toVh - Product(Transpose(m), vh), Ops.Reciprocal(s))));
            }
        }

        return [inner is null ? null : Plus(outside, Product(Product(u, inner), vh))];

        static Node Plus(Node? x, Node y) => x is null ? y : x + y;
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Perturbed();

    public override TensorValue[] Evaluate(EvaluationContext context) => Textbook.MapAll(context, (a, item) =>
        Textbook.IsFinite(a) ? Textbook.Svd(a) : throw new ExecutionException(Failure(context.Node, item)));

    public static string Failure(Node node, long item) => $"{node.Describe()}: the singular values of {Which(node, item)} do not converge; it holds NaN or infinity.";
}

/// <summary>The exponential of square matrices.</summary>
internal sealed record MatrixExpOp : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        RequireSquare(context);
        return context.Inputs[0].Results[0];
    }

    /// <summary>Higham, Functions of Matrices, 2008, theorem 3.6: the derivative at Aᵀ in the direction of Ḡ is the upper right block of exp [[Aᵀ, Ḡ], [0, Aᵀ]].</summary>
    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node a = Transpose(node.Inputs[0]);
        Dim n = a.Shape[^1];
        Node block = Ops.Concat([Ops.Concat([a, cotangent], -1), Ops.Concat([Ops.ZerosLike(a), a], -1)], -2);
        return [Ops.Slice(Ops.Slice(Node.Create(this, block), -2, 0, n), -1, n)];
    }

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this)[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Perturbed();

    protected override TensorValue EvaluateResult(EvaluationContext context) => Textbook.Map(context.Inputs[0], context.ResultShape(), (x, _) => Textbook.Exp(x));
}
