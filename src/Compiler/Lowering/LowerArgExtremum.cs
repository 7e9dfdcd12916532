using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>The position of the first largest or smallest element along an axis, the first NaN before all.</summary>
internal static class LowerArgExtremum
{
    public static LoweredKernel Run(Node root, IMaterialization materialization)
    {
        Node x = root.Inputs[0];
        var op = (ArgExtremumOp)root.Op;
        View view = PointwiseExpression.ViewOf(x, materialization)!;
        var kernel = new KernelBuilder(root);
        EquatableArray<Dim> target = View.RowMajorWithout(x.Shape, op.Axes);
        LoopBuffer input = kernel.Input(view.Source);
        LoopBuffer output = kernel.Output(root);

        Local[] at = [.. Enumerable.Range(0, x.Rank).Select(a => LoopMath.Index($"i{a}"))];
        LoopValue first = Position(view.Offset, view.Strides, skip: op.Along);
        LoopValue candidate = new Load(input, LoopMath.Plus(first, LoopMath.Times(at[op.Along], kernel.Size(view.Strides[op.Along]))));
        var best = new Local("best", x.DType);
        var bestAt = new Local("bestAt", DType.Int64);
        var value = new Local("value", x.DType);
        LoopValue wins = new BinaryValue(op is ArgMaxOp ? BinaryFunction.Greater : BinaryFunction.Less, value, best);
        if (x.DType.IsFloat())
        {
            wins = LoopMath.Both(
                new UnaryValue(UnaryFunction.Not, new UnaryValue(UnaryFunction.IsNaN, best)),
                LoopMath.Either(wins, new UnaryValue(UnaryFunction.IsNaN, value)));
        }

        LoopStatement scan = new For(at[op.Along], LoopMath.Int(1), kernel.Size(x.Shape[op.Along]), LoopKind.Serial, new Block(
        [
            new Let(value, candidate),
            new If(wins, new Block([new Assign(best, value), new Assign(bestAt, at[op.Along])])),
        ]));
        LoopStatement body = new Block(
        [
            new Let(best, new Load(input, first)),
            new Let(bestAt, LoopMath.Int(0)),
            scan,
            new Store(output, Position(0, target, skip: -1), bestAt),
        ]);
        int[] kept = [.. Enumerable.Range(0, x.Rank).Where(a => a != op.Along)];
        return Nest.Serial(kernel, [.. kept.Select(a => at[a])], [.. kept.Select(a => x.Shape[a])], body);

        LoopValue Position(Dim offset, EquatableArray<Dim> strides, int skip)
        {
            LoopValue position = kernel.Size(offset);
            for (int axis = 0; axis < x.Rank; axis++)
            {
                position = axis == skip || strides[axis] == Dim.Of(0) ? position : LoopMath.Plus(position, LoopMath.Times(at[axis], kernel.Size(strides[axis])));
            }

            return position;
        }
    }
}

/// <summary>Loops around a body that is scalar.</summary>
internal static class Nest
{
    /// <summary>
    /// Serial loops, the outermost that may run more than once over the kernel's parallel range; a body without loops runs once. What comes before the loops
    /// runs once a part.
    /// </summary>
    public static LoweredKernel Serial(KernelBuilder kernel, Local[] variables, Dim[] sizes, LoopStatement body, params LoopStatement[] before)
    {
        if (variables.Length == 0)
        {
            return kernel.Build(1, [.. before, body]);
        }

        int shared = Math.Max(0, Array.FindIndex(sizes, size => size.Constant != 1));
        for (int loop = variables.Length - 1; loop >= 0; loop--)
        {
            body = loop == shared
                ? new For(variables[loop], kernel.Begin, kernel.End, LoopKind.Parallel, body)
                : new For(variables[loop], LoopMath.Int(0), kernel.Size(sizes[loop]), LoopKind.Serial, body);
        }

        return kernel.Build(sizes[shared], [.. before, body]);
    }
}
