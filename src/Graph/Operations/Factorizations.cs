using GraphCompiler.Batching;
using static GraphCompiler.Operations.Matrices;

namespace GraphCompiler.Operations;

/// <summary>The lower L with A = L·Lᵀ of symmetric positive definite matrices, of which the lower triangle is read.</summary>
internal sealed record CholeskyOp : SingleResultOp
{
    public override bool PresumesSymmetry => true;

    protected override NodeType InferResult(TypeContext context)
    {
        RequireSquare(context);
        return context.Inputs[0].Results[0];
    }

    /// <summary>Murray, Differentiation of the Cholesky decomposition, 2016: L⁻ᵀ·Φ(Lᵀ·Ḡ)·L⁻¹, symmetric; Φ takes the lower triangle and half the diagonal.</summary>
    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node inner = Product(Transpose(node), cotangent);
        Node phi = Lower(inner) - (0.5 * (IdentityLike(inner) * inner));
        Node left = Node.Create(new TriangularSolveOp(TriangularForm.Transposed), node, phi);
        return [Symmetric(Transpose(Node.Create(new TriangularSolveOp(TriangularForm.Transposed), node, Transpose(left))))];
    }

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this)[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Perturbed();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue a = context.Inputs[0];
        return Textbook.Map(a, a.Shape, (x, item) => Textbook.Cholesky(x, out int pivot) ?? throw new ExecutionException(Failure(context.Node, item, pivot)));
    }

    public static string Failure(Node node, long item, long pivot) =>
        $"{node.Describe()}: {Which(node, item)} is not positive definite (pivot {pivot} is not above 0).";
}

/// <summary>The X of T·X = B for a triangle T of the first input; what lies outside of it is not read.</summary>
internal sealed record TriangularSolveOp(TriangularForm Form) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        RequireSystem(context);
        return context.Inputs[1].Results[0];
    }

    /// <summary>Giles, An extended collection of matrix derivative results, 2008: B̄ = T⁻ᵀ·Ḡ and T̄ = −B̄·Xᵀ, of which T has a triangle.</summary>
    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node right = Node.Create(new TriangularSolveOp(Form ^ TriangularForm.Transposed), node.Inputs[0], cotangent);
        Node left = Form.HasFlag(TriangularForm.Transposed) ? Product(node, Transpose(right)) : Product(right, Transpose(node));
        int diagonal = Form.HasFlag(TriangularForm.Unit) ? 1 : 0;
        return [-(Form.HasFlag(TriangularForm.Upper) ? Upper(left, diagonal) : Lower(left, -diagonal)), right];
    }

    protected override Node BatchResult(BatchContext context) => BatchSystems(this, context);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Perturbed();

    protected override TensorValue EvaluateResult(EvaluationContext context) =>
        Textbook.Map(context.Inputs[0], context.Inputs[1], context.ResultShape(), (a, b) => Textbook.TriangularSolve(a, b, Form));
}

/// <summary>
/// P·A = L·U with partial pivoting: L without its unit diagonal below U, for each row of P·A its row in A, and the determinant of P. A matrix may be
/// asked to be regular, so that solving with the factors makes sense.
/// </summary>
internal sealed record LuOp(bool MustBeRegular) : Op
{
    public override string Name => "LUFactor";

    public override NodeType[] Infer(TypeContext context)
    {
        RequireSquare(context);
        Node a = context.Inputs[0];
        return [a.Results[0], new NodeType(DType.Int64, BatchWith(a, a.Shape[^1])), new NodeType(a.DType, BatchWith(a))];
    }

    /// <summary>P·Ā = L⁻ᵀ·(strictly lower Lᵀ·L̄ + upper Ū·Uᵀ)·U⁻ᵀ, as follows from d(L·U) = P·dA.</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        if (cotangents[0] is not { } cotangent)
        {
            return [null];
        }

        Node factors = Ops.Output(node, 0);
        Node lower = Lower(factors, -1) + IdentityLike(factors);
        Node inner = Lower(Product(Transpose(lower), Lower(cotangent, -1)), -1) + Upper(Product(Upper(cotangent), Transpose(Upper(factors))));
        Node left = Node.Create(new TriangularSolveOp(TriangularForm.Unit | TriangularForm.Transposed), factors, inner);
        Node permuted = Transpose(Node.Create(new TriangularSolveOp(TriangularForm.Upper), factors, Transpose(left)));
        return [Unpermute(permuted, Ops.Output(node, 1))];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Perturbed();

    public override TensorValue[] Evaluate(EvaluationContext context)
    {
        TensorValue a = context.Inputs[0];
        List<double> rows = [];
        List<double> signs = [];
        TensorValue factors = Textbook.Map(a, a.Shape, (x, item) =>
        {
            (double[,] lu, int[] order, double sign, int zero) = Textbook.Lu(x);
            rows.AddRange(order.Select(i => (double)i));
            signs.Add(sign);
            return MustBeRegular && zero > 0 ? throw new ExecutionException(Failure(context.Node, item, zero)) : lu;
        });
        return
        [
            factors,
            TensorValue.OfIntegers(DType.Int64, context.ResultShape(1), [.. rows.Select(r => (long)r)]),
            TensorValue.OfReals(a.DType, context.ResultShape(2), [.. signs]),
        ];
    }

    /// <summary>P·x, given the rows.</summary>
    public static Node Permute(Node x, Node rows) => Node.Create(new GatherOp(x.Rank - 2), x, Ops.BroadcastTo(Ops.Unsqueeze(rows, -1), x.Shape));

    /// <summary>Pᵀ·x.</summary>
    public static Node Unpermute(Node x, Node rows) =>
        Node.Create(new ScatterAddOp(x.Rank - 2), Ops.ZerosLike(x), Ops.BroadcastTo(Ops.Unsqueeze(rows, -1), x.Shape), x);

    public static string Failure(Node node, long item, long pivot) =>
        $"Solve or Inverse of {node.Inputs[0].Describe()}: {Which(node, item)} is singular or not finite (pivot {pivot} is 0 or no number).";
}
