using System.Diagnostics;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Factorisations and solves: a routine of the runtime for each matrix of the batch.</summary>
internal static class LowerLinearAlgebra
{
    public static LoweredKernel Run(OperationSpec spec)
    {
        Node node = spec.Operation;
        Node a = node.Inputs[0];
        var kernel = new RoutineKernel(spec, a.Rank - 2);
        (Dim m, Dim n) = (a.Shape[^2], a.Shape[^1]);
        LoopValue size = kernel.Value(n);
        LoopValue cubed = LoopMath.Times(size, LoopMath.Times(size, size));
        LoopValue area = LoopMath.Times(kernel.Value(m), LoopMath.Times(size, size));
        Dim luScratch = (LuRoutine.ScratchRows * (n + 32)) + MinusProduct.Scratch;
        switch (node.Op)
        {
            case CholeskyOp:
                return kernel.Input(a).Result(0).Scratch(a.DType, (n * (n + 32)) + MinusProduct.Scratch).Size(n)
                    .Build(Of(CholeskyRoutine.Factor<float>, CholeskyRoutine.Factor<double>), LoopMath.Quotient(cubed, 16), n, (item, pivot) => CholeskyOp.Failure(node, item, pivot));
            case TriangularSolveOp solve:
                Dim columns = node.Inputs[1].Shape[^1];
                LoopValue work = LoopMath.Quotient(LoopMath.Times(size, LoopMath.Times(size, kernel.Value(columns))), 8);
                return kernel.Input(a).Input(node.Inputs[1]).Result(0).Scratch(a.DType, n + MinusProduct.Scratch).Size(n).Size(columns).Size((int)solve.Form).Build(Of(TriangularRoutine.Solve<float>, TriangularRoutine.Solve<double>), work);
            case LuOp lu:
                RoutineKernel factor = kernel.Input(a).Result(0).Result(1).Result(2).Scratch(a.DType, luScratch).Size(n).Size(lu.MustBeRegular ? 1 : 0);
                return factor.Build(Of((Func<nint, nint, nint, nint, nint, long, long, long>)LuRoutine.Factor<float>, (Func<nint, nint, nint, nint, nint, long, long, long>)LuRoutine.Factor<double>), LoopMath.Quotient(cubed, 12), n, (item, pivot) => LuOp.Failure(node, item, pivot));
            case QrOp:
                RoutineKernel qr = kernel.Input(a).Result(0).Result(1).Scratch(a.DType, (m * n) + (n * (m + 32)) + (QrRoutine.Panel * ((3 * n) + QrRoutine.Panel)) + MinusProduct.Scratch).Size(m).Size(n);
                return qr.Build(Of(QrRoutine.Factor<float>, QrRoutine.Factor<double>), area);
            case EighOp:
                RoutineKernel eigen = kernel.Input(a).Result(0).Result(1).Scratch(a.DType, (n * n) + (4 * n)).Size(n);
                return eigen.Build(Of(EighRoutine.Decompose<float>, EighRoutine.Decompose<double>), cubed, 1, (item, _) => EighOp.Failure(node, item));
            case SvdOp:
                // k times the larger side is the whole of the matrix.
                Dim k = node.Results[1].Shape[^1];
                RoutineKernel svd = kernel.Input(a).Result(0).Result(1).Result(2).Scratch(a.DType, (m * n) + (k * k) + (k == n ? m : n)).Size(m).Size(n);
                return svd.Build(Of(SvdRoutine.Decompose<float>, SvdRoutine.Decompose<double>), LoopMath.Times(LoopMath.Int(8), area), 1, (item, _) => SvdOp.Failure(node, item));
            case MatrixExpOp:
                RoutineKernel exp = kernel.Input(a).Result(0).Scratch(a.DType, (6 * (n * n)) + luScratch).Scratch(DType.Int64, n).Size(n);
                return exp.Build(Of(MatrixExpRoutine.Evaluate<float>, MatrixExpRoutine.Evaluate<double>), LoopMath.Times(LoopMath.Int(2), cubed));
            default:
                throw new UnreachableException();
        }

        Routine Of(Delegate single, Delegate @double) => Routine.Of(a.DType.OfFloat(single, @double));
    }
}
