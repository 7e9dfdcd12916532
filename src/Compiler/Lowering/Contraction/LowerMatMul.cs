using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Matrix products: the kernels of each way that <see cref="MatMulChoice"/> chose. If the number of rows decides and is a symbol, there are kernels for
/// few and for many, and each looks whether the number is its own.
/// </summary>
internal static class LowerMatMul
{
    public static IReadOnlyList<LoweredKernel> Run(ProductSpec spec, VectorWidth width)
    {
        MatMulChoice choice = spec.Choice;
        if (choice.Problem.Windows is { } windows)
        {
            return ConvolutionKernel.Build(choice.Problem, windows, width);
        }

        return [.. choice.Variants.SelectMany(v => v.IsDots ? [DotProducts.Build(choice.Problem, MatMulTiling.Of(choice.Problem, width), When(choice.Problem, v))] : Tiles(choice, v, width))];
    }

    /// <summary>
    /// One kernel for any number of rows that is meant for few: less code, nothing packed. Null if neither matrix's elements lie in order, or if it would
    /// need memory that the other does not.
    /// </summary>
    public static LoweredKernel? FewRows(ProductSpec spec, VectorWidth width)
    {
        MatMulProblem problem = spec.Choice.Problem;
        if (problem.Windows is not null || problem.A.Joined is not null || problem.B.Joined is not null)
        {
            return null;
        }

        MatMulTiling tiling = MatMulTiling.Of(problem, width, fewRows: true);
        return !problem.KeepsRoot ? null
            : problem.B.Column.Constant == 1 ? MatMulKernel.Build(problem, tiling, LeftPanels.InPlace(problem.A), RightPanels.InPlace(problem.B, tiling.Columns))
            : problem.B.Row.Constant == 1 ? DotProducts.Build(problem, tiling, when: null)
            : null;
    }

    private static Func<KernelBuilder, LoopValue>? When(MatMulProblem problem, MatMulVariant variant)
    {
        LoopValue Below(KernelBuilder kernel) => LoopMath.Less(kernel.Size(problem.M), LoopMath.Int(variant.Below!.Value));
        LoopValue From(KernelBuilder kernel) => LoopMath.AtLeast(kernel.Size(problem.M), LoopMath.Int(variant.From!.Value));
        return (variant.From, variant.Below) switch
        {
            (null, null) => null,
            (null, _) => Below,
            (_, null) => From,
            _ => kernel => LoopMath.Both(From(kernel), Below(kernel)),
        };
    }

    private static LoweredKernel[] Tiles(MatMulChoice choice, MatMulVariant variant, VectorWidth width)
    {
        Func<KernelBuilder, LoopValue>? when = When(choice.Problem, variant);
        MatMulProblem problem = variant.IsOneRow ? choice.Problem with { M = 1 } : choice.Problem;
        MatMulTiling tiling = MatMulTiling.Of(problem, width);
        List<LoweredKernel> kernels = [];
        RightPanels? right = variant.PacksInside ? null : RightPanels.InPlace(problem.B, tiling.Columns);
        if (variant is { PacksRight: true, PacksInside: false })
        {
            // What lasts is packed whatever the number of rows of a call.
            (LoweredKernel pack, right) = PackPanels.Right(problem, tiling, choice.KeepsRight ? null : when);
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
