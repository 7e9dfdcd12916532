using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>Axes run backwards: element i of an axis of size n is element n − 1 − i. Its own transpose.</summary>
internal sealed record FlipOp(EquatableArray<int> Axes) : MovementOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        foreach (int axis in Axes)
        {
            context.RequireAxis(axis, context.Inputs[0].Rank);
        }

        return context.Inputs[0].Results[0];
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Node.Create(this, cotangent)];

    protected override Node BatchResult(BatchContext context) => context.Create(new FlipOp(Axis.BehindBatch(Axes)), context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        return TensorValue.Gather(x, x.Shape, i =>
        {
            long[] at = EvaluationContext.Coordinates(i, x.Shape);
            foreach (int axis in Axes)
            {
                at[axis] = x.Shape[axis] - 1 - at[axis];
            }

            return EvaluationContext.Position(at, x.Shape);
        });
    }
}

/// <summary>The elements of a diagonal of the matrices that two axes span, as a new last axis in their place.</summary>
internal sealed record DiagonalOp(int Offset, int Rows, int Columns, Dim Length) : MovementOp
{
    /// <summary>The row where the diagonal starts.</summary>
    public int FirstRow => Math.Max(-Offset, 0);

    /// <summary>The column where the diagonal starts.</summary>
    public int FirstColumn => Math.Max(Offset, 0);

    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        context.RequireAxis(Rows, x.Rank);
        context.RequireAxis(Columns, x.Rank);
        if (Rows == Columns)
        {
            throw context.BadShape($"a diagonal lies between two axes, not along axis {Rows} alone.");
        }

        if (Length.Constant != 0)
        {
            context.RequireAtLeast(Length, 0, $"the diagonal {Offset} lies outside the matrices, which are {x.Shape[Rows]} by {x.Shape[Columns]}.");
            context.RequireAtLeast(x.Shape[Rows], Length + FirstRow, $"{InvariantText.Count(Length, "element")} of the diagonal {Offset} cannot fit the {InvariantText.Count(x.Shape[Rows], "row")}.");
            context.RequireAtLeast(x.Shape[Columns], Length + FirstColumn, $"{InvariantText.Count(Length, "element")} of the diagonal {Offset} cannot fit the {InvariantText.Count(x.Shape[Columns], "column")}.");
        }

        return new NodeType(x.DType, Shape.Of([.. x.Shape.Without([Rows, Columns]), Length]));
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Shape shape = node.Inputs[0].Shape;
        return [Ops.MoveAxis(Ops.EmbedDiagonal(cotangent, Offset, shape[Rows], shape[Columns]), [-2, -1], [Rows, Columns])];
    }

    protected override Node BatchResult(BatchContext context) => context.Create(this with { Rows = Rows + 1, Columns = Columns + 1 }, context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        return TensorValue.Gather(x, shape, i =>
        {
            long[] at = EvaluationContext.Coordinates(i, shape);
            var whole = new long[x.Rank];
            int next = 0;
            for (int axis = 0; axis < whole.Length; axis++)
            {
                whole[axis] = axis == Rows ? at[^1] + FirstRow : axis == Columns ? at[^1] + FirstColumn : at[next++];
            }

            return EvaluationContext.Position(whole, x.Shape);
        });
    }
}
