using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>Matrix products [B…, M, K] · [B…, K, N] → [B…, M, N] over equal batch axes. Vectors and broadcast batches are shaped before.</summary>
internal sealed record MatMulOp : SingleResultOp
{
    // With more rows or columns than this, examples gain nothing from being one product.
    private const long Few = 4;

    protected override NodeType InferResult(TypeContext context)
    {
        (Node a, Node b) = (context.Inputs[0], context.Inputs[1]);
        context.RequireSameTypes();
        context.RequireNumber();
        if (a.Rank < 2 || a.Rank != b.Rank || !a.Shape.Take(a.Rank - 2).SequenceEqual(b.Shape.Take(b.Rank - 2)))
        {
            throw context.BadShape($"{a.Shape} and {b.Shape} are not matrices over the same batch axes.");
        }

        Dim inner = b.Shape[^2];
        if (a.Shape[^1] != inner)
        {
            throw context.BadShape($"the inner sizes of {a.Shape} and {b.Shape} differ, {a.Shape[^1]} and {inner}; [M, K] · [K, N] is needed.");
        }

        return new NodeType(a.DType, a.Shape.With(a.Rank - 1, b.Shape[^1]));
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        (Node a, Node b) = (node.Inputs[0], node.Inputs[1]);
        return
        [
            a.RequiresGrad ? Node.Create(this, cotangent, Ops.Transpose(b)) : null,
            b.RequiresGrad ? Node.Create(this, Ops.Transpose(a), cotangent) : null,
        ];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents)
    {
        Node? left = tangents[0] is { } a ? Node.Create(this, a, node.Inputs[1]) : null;
        Node? right = tangents[1] is { } b ? Node.Create(this, node.Inputs[0], b) : null;
        return [left is null ? right : right is null ? left : left + right];
    }

    /// <summary>
    /// Examples that share one matrix are one product: on the right, of more rows, on the left, of more columns, as long as each has few. Many would have to be moved together first, but for rows
    /// beside a single matrix, which lie so.
    /// </summary>
    protected override Node BatchResult(BatchContext context)
    {
        (Node a, Node b) = (context.Inputs[0], context.Inputs[1]);
        int rows = context.Node.Rank - 2;
        if (!context.IsBatched(1) && (rows == 0 || a.Shape[^2].Constant <= Few))
        {
            return context.Split(context.Create(this, context.Merged(0, rows), b), rows);
        }

        if (context.IsBatched(0) || !(b.Shape[^1].Constant <= Few))
        {
            return context.OnBatched(this)[0];
        }

        if (b.Shape[^1].Constant != 1)
        {
            return context.Split(context.Create(this, a, context.Merged(1, rows + 1)), rows + 1);
        }

        // Single columns are the rows of the transposed product as they lie.
        Node transposed = context.Create(this, Ops.MoveAxis(Ops.Squeeze(b, -1), 0, rows), Ops.Transpose(a));
        return Ops.Unsqueeze(Ops.MoveAxis(transposed, rows, 0), -1);
    }

    public override double[]? BoundErrors(RoundingErrors errors) => errors.MatMul();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        (TensorValue a, TensorValue b) = (context.Inputs[0], context.Inputs[1]);
        long[] shape = context.ResultShape();
        (long m, long n, long k) = (shape[^2], shape[^1], a.Shape[^1]);
        long batches = TensorValue.CountOf(shape.AsSpan(0, shape.Length - 2));
        bool real = a.DType.IsFloat();
        double[] reals = new double[real ? batches * m * n : 0];
        long[] whole = new long[real ? 0 : batches * m * n];
        for (long batch = 0; batch < batches; batch++)
        {
            for (long i = 0; i < m; i++)
            {
                for (long j = 0; j < n; j++)
                {
                    long at = (((batch * m) + i) * n) + j;
                    var sum = default(NeumaierSum);
                    for (long t = 0; t < k; t++)
                    {
                        long left = (((batch * m) + i) * k) + t;
                        long right = (((batch * k) + t) * n) + j;
                        if (real)
                        {
                            sum.Add(a.Reals[left] * b.Reals[right]);
                        }
                        else
                        {
                            whole[at] = unchecked(whole[at] + (a.Integers[left] * b.Integers[right]));
                        }
                    }

                    if (real)
                    {
                        reals[at] = sum.Value;
                    }
                }
            }
        }

        return real ? TensorValue.OfReals(a.DType, shape, reals) : TensorValue.OfIntegers(a.DType, shape, whole);
    }
}
