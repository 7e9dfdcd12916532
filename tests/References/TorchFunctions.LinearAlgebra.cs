using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddLinearAlgebra()
    {
        Add("sym", a => (a.Node(0) + Transpose(a.Node(0))) / 2);
        Unary("torch.linalg.cholesky", x => Cholesky(x));
        Unary("torch.linalg.det", Det);
        Unary("torch.linalg.eigvalsh", EighValues);
        Unary("torch.linalg.inv", x => Ops.Inverse(x));
        Unary("torch.linalg.pinv", x => PInv(x));
        Unary("torch.linalg.svdvals", SvdValues);
        Unary("torch.logdet", LogDet);
        Unary("torch.matrix_exp", MatrixExp);
        Add("torch.cholesky_solve", a => CholeskySolve(a.Node(0), a.Node(1)));
        Add("torch.linalg.matrix_power", a => MatrixPower(a.Node(0), a.Int(1, "n")));
        Add("torch.linalg.qr", a => QR(a.Node(0)) is var (q, r) ? new object?[] { q, r } : null);
        Add("torch.linalg.slogdet", a => SlogDet(a.Node(0)) is var (sign, log) ? new object?[] { sign, log } : null);
        Add("torch.linalg.solve", a => Solve(a.Node(0), a.Node(1)));
        Add("torch.linalg.solve_triangular", a => TriangularSolve(a.Node(0), a.Node(1), a.Find(-1, "upper") is true, unitTriangular: a.Find(-1, "unitriangular") is true));
    }
}
