using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddMatrices()
    {
        Add("torch.matmul", a => MatMul(a.Node(0), a.Node(1)));
        Add("torch.bmm", a => Bmm(a.Node(0), a.Node(1)));
        Add("torch.dot", a => Dot(a.Node(0), a.Node(1)));
        Add("torch.mv", a => Mv(a.Node(0), a.Node(1)));

        Added("torch.addmm", Addmm);
        Added("torch.addmv", Addmv);
        Added("torch.addr", Addr);
        Added("torch.addbmm", Addbmm);
        Added("torch.baddbmm", Baddbmm);
        Add("torch.outer", a => Outer(a.Node(0), a.Node(1)));
        Add("torch.inner", a => Inner(a.Node(0), a.Node(1)));
        Add("torch.linalg.multi_dot", a => MultiDot(a.Nodes(0, "tensors")));
        Add("torch.kron", a => Kronecker(a.Node(0), a.Node(1)));
        Add("torch.cross", a => Cross(a.Node(0), a.Node(1), a.Int(2, "dim", -1)));
        Add("torch.tensordot", a => a.Find(2, "dims") is long axes
            ? TensorDot(a.Node(0), a.Node(1), (int)axes)
            : TensorDot(a.Node(0), a.Node(1), Numbers(((object?[])a.Find(2, "dims")!)[0]), Numbers(((object?[])a.Find(2, "dims")!)[1])));
        Add("torch.einsum", a => Einsum(a.Text(0, "equation")!, [.. a.Positional.Skip(1).Cast<Node>()]));
        Add("F.linear", a => Linear(a.Node(0), a.Node(1), a.NodeOrNull(2, "bias")));
        Add("F.bilinear", a => Bilinear(a.Node(0), a.Node(1), a.Node(2), a.NodeOrNull(3, "bias")));
        Unary("Tensor.t", x => Transpose(x));
    }

    private void Added(string name, Func<Node, Node, Node, double, double, Node> function) =>
        Add(name, a => function(a.Node(0), a.Node(1), a.Node(2), a.Double(-1, "beta", 1), a.Double(-1, "alpha", 1)));

    private static int[] Numbers(object? list) => [.. ((object?[])list!).Select(i => (int)(long)i!)];
}
