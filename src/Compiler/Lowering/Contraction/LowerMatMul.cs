using GraphCompiler.Fusion;
using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Matrix products: the kernels of each way that <see cref="MatMulChoice"/> chose. If the number of rows decides and is a symbol, there are kernels for
/// few and for many, and each looks whether the number is its own.
/// </summary>
internal static class LowerMatMul
{
    public static IReadOnlyList<LoweredKernel> Run(KernelGroup group, Materialization materialization, VectorWidth width)
    {
        var choice = MatMulChoice.Of(ProblemOf(group, materialization), materialization, width);
        return [.. choice.Variants.SelectMany(v => v.IsDots ? [DotProducts.Build(choice.Problem, MatMulTiling.Of(choice.Problem, width), When(choice.Problem, v))] : Tiles(choice, v, width))];
    }

    /// <summary>
    /// One kernel for any number of rows that is meant for few: less code, nothing packed. Null if neither matrix's elements lie in order, or if it would
    /// need memory that the other does not.
    /// </summary>
    public static LoweredKernel? FewRows(KernelGroup group, Materialization materialization, VectorWidth width)
    {
        MatMulProblem problem = ProblemOf(group, materialization);
        if (problem.A.Joined is not null || problem.B.Joined is not null)
        {
            return null;
        }

        problem = problem.N.Constant == 1 ? problem.Transposed() : problem;
        MatMulTiling tiling = MatMulTiling.Of(problem, width, fewRows: true);
        return !problem.KeepsRoot ? null
            : problem.B.Column.Constant == 1 ? MatMulKernel.Build(problem, tiling, LeftPanels.InPlace(problem.A), RightPanels.InPlace(problem.B, tiling.Columns))
            : problem.B.Row.Constant == 1 ? DotProducts.Build(problem, tiling, when: null)
            : null;
    }

    /// <exception cref="InvalidOperationException">An operand can neither be read nor computed in place.</exception>
    private static MatMulProblem ProblemOf(KernelGroup group, Materialization materialization)
    {
        MatMulProblem problem = MatMulProblem.Find(group.Product!, group.Epilogue, materialization) ?? throw new InvalidOperationException($"{group.Product!.Describe()} cannot read its operands.");
        Node[] further = [.. group.Stored.Where(n => n != group.Product)];
        return further.Length == 0 ? problem : problem with
        {
            Further = Epilogue.Find(further, group.Product!, group.Nodes.ToHashSet(), materialization, problem.Shape) ?? throw new InvalidOperationException($"{further[0].Describe()} is none of the work of its product's kernel."),
            KeepsRoot = group.Stored.Contains(group.Product!),
            Roots = group.Stored,
        };
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
