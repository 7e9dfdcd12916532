using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>Matrix products [B…, M, K] · [B…, K, N] → [B…, M, N] over equal batch axes. Vectors and broadcast batches are shaped before.</summary>
internal sealed record MatMulOp : SingleResultOp
{
    // With more columns than this, examples that share the left matrix gain nothing from being one product.
    private const long FewColumns = 4;

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
    /// Examples that share the right matrix are more rows of one product, and those that share the left one more columns, as long as each has few: one product of many columns moves them
    /// together first.
    /// </summary>
    protected override Node BatchResult(BatchContext context)
    {
        (Node a, Node b) = (context.Inputs[0], context.Inputs[1]);
        if (!context.IsBatched(1) && b.Rank == 2)
        {
            return Ops.Reshape(context.Create(this, Ops.Flatten(a, 0, 1), b), context.Batched(context.Node.Shape));
        }

        if (context.IsBatched(0) || a.Rank > 2 || !(b.Shape[^1].Constant <= FewColumns))
        {
            return context.OnBatched(this)[0];
        }

        // Single columns are the rows of the transposed product as they lie.
        return b.Shape[^1].Constant == 1
            ? Ops.Reshape(context.Create(this, Ops.Squeeze(b, -1), Ops.Transpose(a)), context.Batched(context.Node.Shape))
            : context.Split(context.Create(this, a, context.Merged(1, 1)), 1);
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
