using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Factorisations and solves: a routine of the runtime for each matrix of the batch.</summary>
internal sealed class LowerLinearAlgebra
{
    private readonly Node node;
    private readonly Node a;
    private readonly Dim m;
    private readonly Dim n;
    private readonly RoutineKernel kernel;
    private readonly LoopValue size;
    private readonly LoopValue cubed;
    private readonly LoopValue area;

    public LowerLinearAlgebra(OperationSpec spec)
    {
        node = spec.Operation;
        a = node.Inputs[0];
        (m, n) = (a.Shape[^2], a.Shape[^1]);
        kernel = new RoutineKernel(spec, a.Rank - 2);
        size = kernel.Value(n);
        cubed = LoopMath.Times(size, LoopMath.Times(size, size));
        area = LoopMath.Times(kernel.Value(m), LoopMath.Times(size, size));
    }

    public LoweredKernel Cholesky() => kernel.Input(a).Result(0).Size(n)
        .Build(Of(CholeskyRoutine.Factor<float>, CholeskyRoutine.Factor<double>), LoopMath.Quotient(cubed, 16), n, (item, pivot) => CholeskyOp.Failure(node, item, pivot));

    public LoweredKernel TriangularSolve()
    {
        Dim columns = node.Inputs[1].Shape[^1];
        LoopValue work = LoopMath.Quotient(LoopMath.Times(size, LoopMath.Times(size, kernel.Value(columns))), 8);
        return kernel.Input(a).Input(node.Inputs[1]).Result(0).Size(n).Size(columns).Size((int)((TriangularSolveOp)node.Op).Form)
            .Build(Of(TriangularRoutine.Solve<float>, TriangularRoutine.Solve<double>), work);
    }

    public LoweredKernel Lu() => kernel.Input(a).Result(0).Result(1).Result(2).Size(n).Size(((LuOp)node.Op).MustBeRegular ? 1 : 0)
        .Build(
            Of((Func<nint, nint, nint, nint, long, long, long>)LuRoutine.Factor<float>, (Func<nint, nint, nint, nint, long, long, long>)LuRoutine.Factor<double>),
            LoopMath.Quotient(cubed, 12),
            n,
            (item, pivot) => LuOp.Failure(node, item, pivot));

    public LoweredKernel Qr() => kernel.Input(a).Result(0).Result(1).Scratch(a.DType, (m * n) + (2 * n) + m).Size(m).Size(n)
        .Build(Of(QrRoutine.Factor<float>, QrRoutine.Factor<double>), area);

    public LoweredKernel Eigh() => kernel.Input(a).Result(0).Result(1).Scratch(a.DType, (n * n) + (4 * n)).Size(n)
        .Build(Of(EighRoutine.Decompose<float>, EighRoutine.Decompose<double>), cubed, 1, (item, _) => EighOp.Failure(node, item));

    public LoweredKernel Svd()
    {
        // k times the larger side is the whole of the matrix.
        Dim k = node.Results[1].Shape[^1];
        return kernel.Input(a).Result(0).Result(1).Result(2).Scratch(a.DType, (m * n) + (k * k) + (k == n ? m : n)).Size(m).Size(n)
            .Build(Of(SvdRoutine.Decompose<float>, SvdRoutine.Decompose<double>), LoopMath.Times(LoopMath.Int(8), area), 1, (item, _) => SvdOp.Failure(node, item));
    }

    public LoweredKernel MatrixExp() => kernel.Input(a).Result(0).Scratch(a.DType, 6 * (n * n)).Scratch(DType.Int64, n).Size(n)
        .Build(Of(MatrixExpRoutine.Evaluate<float>, MatrixExpRoutine.Evaluate<double>), LoopMath.Times(LoopMath.Int(2), cubed));

    private Routine Of(Delegate single, Delegate @double) => Routine.Of(a.DType.OfFloat(single, @double));
}
