#pragma warning disable CS1591 // Operators do what the functions of Ops with their names do.
namespace GraphCompiler;

public partial class Node
{
    public static Node operator -(Node x) => Ops.Neg(x);

    public static Node operator !(Node x) => Ops.LogicalNot(x);

    public static Node operator ~(Node x) => Ops.BitwiseNot(x);

    public static Node operator +(Node a, Node b) => Ops.Add(a, b);

    public static Node operator +(Node a, double b) => Ops.Add(a, Beside(a, b));

    public static Node operator +(double a, Node b) => Ops.Add(Beside(b, a), b);

    public static Node operator -(Node a, Node b) => Ops.Sub(a, b);

    public static Node operator -(Node a, double b) => Ops.Sub(a, Beside(a, b));

    public static Node operator -(double a, Node b) => Ops.Sub(Beside(b, a), b);

    public static Node operator *(Node a, Node b) => Ops.Mul(a, b);

    public static Node operator *(Node a, double b) => Ops.Mul(a, Beside(a, b));

    public static Node operator *(double a, Node b) => Ops.Mul(Beside(b, a), b);

    public static Node operator /(Node a, Node b) => Ops.Div(a, b);

    public static Node operator /(Node a, double b) => Ops.Div(a, Beside(a, b));

    public static Node operator /(double a, Node b) => Ops.Div(Beside(b, a), b);

    public static Node operator <(Node a, Node b) => Ops.Less(a, b);

    public static Node operator <(Node a, double b) => Ops.Less(a, Beside(a, b));

    public static Node operator >(Node a, Node b) => Ops.Greater(a, b);

    public static Node operator >(Node a, double b) => Ops.Greater(a, Beside(a, b));

    public static Node operator <=(Node a, Node b) => Ops.LessEqual(a, b);

    public static Node operator <=(Node a, double b) => Ops.LessEqual(a, Beside(a, b));

    public static Node operator >=(Node a, Node b) => Ops.GreaterEqual(a, b);

    public static Node operator >=(Node a, double b) => Ops.GreaterEqual(a, Beside(a, b));

    public static Node operator &(Node a, Node b) => Ops.BitwiseAnd(a, b);

    public static Node operator |(Node a, Node b) => Ops.BitwiseOr(a, b);

    public static Node operator ^(Node a, Node b) => Ops.BitwiseXor(a, b);

    private static Node Beside(Node node, double number)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.DType.IsFloat() || Ops.Fits(number, node.DType)
            ? Ops.Scalar(number, node.DType)
            : throw new DTypeException($"The number {number} beside {node.Describe()} is no {node.DType.Display()}; Cast the node to a dtype that can hold it.");
    }
}
