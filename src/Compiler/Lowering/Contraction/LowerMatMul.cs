using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Matrix products: the kernels of each way that <see cref="MatMulChoice"/> chose. If the number of rows decides and is a symbol, there are kernels for
/// few and for many, and each looks whether the number is its own.
/// </summary>
internal static class LowerMatMul
{
    public static IReadOnlyList<LoweredKernel> Run(Node root, IMaterialization materialization, VectorWidth width)
    {
        var choice = MatMulChoice.Of(MatMulProblem.Of(root, materialization), materialization, width);
        return [.. choice.Variants.SelectMany(v => v.IsDots ? [DotProducts.Build(choice.Problem, When(choice.Problem, v))] : Tiles(choice.Problem, v, width))];
    }

    /// <summary>One kernel for any number of rows that is meant for few: less code, nothing packed. Null if neither matrix's elements lie in order.</summary>
    public static LoweredKernel? FewRows(Node root, IMaterialization materialization, VectorWidth width)
    {
        MatMulProblem problem = MatMulProblem.Of(root, materialization);
        problem = problem.N.Constant == 1 ? problem.Transposed() : problem;
        MatMulTiling tiling = MatMulTiling.Of(problem, width, fewRows: true);
        return problem.B.Column.Constant == 1 ? MatMulKernel.Build(problem, tiling, LeftPanels.InPlace(problem.A), RightPanels.InPlace(problem.B, tiling.Columns))
            : problem.B.Row.Constant == 1 ? DotProducts.Build(problem, when: null)
            : null;
    }

    private static Func<KernelBuilder, LoopValue>? When(MatMulProblem problem, MatMulVariant variant) =>
        variant.Below is { } below ? kernel => LoopMath.Less(kernel.Size(problem.M), LoopMath.Int(below))
        : variant.From is { } from ? kernel => LoopMath.AtLeast(kernel.Size(problem.M), LoopMath.Int(from))
        : null;

    private static LoweredKernel[] Tiles(MatMulProblem problem, MatMulVariant variant, VectorWidth width)
    {
        MatMulTiling tiling = MatMulTiling.Of(problem, width);
        Func<KernelBuilder, LoopValue>? when = When(problem, variant);
        List<LoweredKernel> kernels = [];
        RightPanels right = RightPanels.InPlace(problem.B, tiling.Columns);
        if (variant.PacksRight)
        {
            (LoweredKernel pack, right) = PackPanels.Right(problem, tiling, when);
            kernels.Add(pack);
        }

        LeftPanels left = LeftPanels.InPlace(problem.A);
        if (variant.Left != LeftAccess.InPlace)
        {
            (LoweredKernel pack, left) = variant.Left == LeftAccess.Spread ? SpreadRows.Left(problem, when) : PackPanels.Left(problem, tiling, when);
            kernels.Add(pack);
        }

        kernels.Add(MatMulKernel.Build(problem, tiling, left, right, when));
        return [.. kernels];
    }
}
