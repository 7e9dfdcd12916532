using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Reductions over axes: along the innermost axis the lanes hold partial results, otherwise neighbouring results share a vector.</summary>
internal static class LowerReduction
{
    public static LoweredKernel Run(Node root, IMaterialization materialization)
    {
        Node x = root.Inputs[0];
        EquatableArray<int> axes = ((ReductionOp)root.Op).Axes;
        var expression = new PointwiseExpression(x, materialization, expandRoot: !materialization.IsMaterialized(x) && x.Op is ElementwiseOp);
        var kernel = new KernelBuilder(root);
        EquatableArray<Dim> target = ResultStrides(x.Shape, axes, root.Shape);
        var nest = new LoopNest(x.Shape, [.. expression.Accesses, target], axes);
        int[] all = [.. Enumerable.Range(0, nest.Variables.Count)];
        LoopValue value = expression.At(nest, kernel);
        LoopBuffer output = kernel.Output(root);
        LoopValue position = nest.Position(kernel, 0, target);
        ReduceFunction function = FunctionOf(root.Op);
        var accumulator = new Local("acc", root.DType);
        var combine = new Assign(accumulator, new BinaryValue(function.Combining(), accumulator, value));
        var start = new Let(accumulator, function.Identity(root.DType));
        var finish = new Store(output, position, accumulator);

        int[] kept = [.. all.Where(loop => !nest.IsReduced[loop])];
        int[] over = [.. all.Where(loop => nest.IsReduced[loop])];
        bool alongLanes = nest.IsReduced[^1];
        LoopStatement body = combine;
        foreach (int loop in over.Reverse())
        {
            bool vector = alongLanes && loop == over[^1];
            body = new For(nest.Variables[loop], LoopMath.Int(0), kernel.Size(nest.Sizes[loop]), vector ? LoopKind.Vector : LoopKind.Serial, body)
            {
                Reductions = vector ? [new Reduction(accumulator, function)] : [],
            };
        }

        LoopStatement statement = new Block([start, body, finish]);
        for (int k = kept.Length - 1; k >= 0; k--)
        {
            int loop = kept[k];
            bool vector = !alongLanes && k == kept.Length - 1;
            statement = new For(
                nest.Variables[loop],
                k == 0 ? kernel.Begin : LoopMath.Int(0),
                k == 0 ? kernel.End : kernel.Size(nest.Sizes[loop]),
                vector ? LoopKind.Vector : k == 0 ? LoopKind.Parallel : LoopKind.Serial,
                statement);
        }

        return kept.Length > 0
            ? kernel.Build(nest.Sizes[kept[0]], statement)
            : kernel.Build(1, statement);
    }

    /// <summary>The strides of the result over the axes of the input: 0 along what is reduced.</summary>
    public static EquatableArray<Dim> ResultStrides(Shape input, EquatableArray<int> axes, Shape result)
    {
        EquatableArray<Dim> rowMajor = View.RowMajor(result);
        int next = 0;
        return Enumerable.Range(0, input.Rank).Select(axis => axes.Contains(axis) ? 0 : rowMajor[next++]).ToEquatableArray();
    }

    private static ReduceFunction FunctionOf(Op op) => op switch
    {
        SumOp => ReduceFunction.Sum,
        ProdOp => ReduceFunction.Product,
        MaxOp => ReduceFunction.Maximum,
        _ => ReduceFunction.Minimum,
    };
}
