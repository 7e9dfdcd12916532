#pragma warning disable CS1591 // Operators do what the functions of Ops with their names do.
namespace GraphCompiler;

public partial class Node
{
    public static Node operator -(Node x) => Ops.Neg(x);

    public static Node operator !(Node x) => Ops.LogicalNot(x);

    public static Node operator ~(Node x) => Ops.BitwiseNot(x);

    public static Node operator +(Node a, Node b) => Ops.Add(a, b);

    public static Node operator +(Node a, double b) => Ops.Add(a, Ops.Scalar(b, a));

    public static Node operator +(double a, Node b) => Ops.Add(Ops.Scalar(a, b), b);

    public static Node operator -(Node a, Node b) => Ops.Sub(a, b);

    public static Node operator -(Node a, double b) => Ops.Sub(a, Ops.Scalar(b, a));

    public static Node operator -(double a, Node b) => Ops.Sub(Ops.Scalar(a, b), b);

    public static Node operator *(Node a, Node b) => Ops.Mul(a, b);

    public static Node operator *(Node a, double b) => Ops.Mul(a, Ops.Scalar(b, a));

    public static Node operator *(double a, Node b) => Ops.Mul(Ops.Scalar(a, b), b);

    public static Node operator /(Node a, Node b) => Ops.Div(a, b);

    public static Node operator /(Node a, double b) => Ops.Div(a, Ops.Scalar(b, a));

    public static Node operator /(double a, Node b) => Ops.Div(Ops.Scalar(a, b), b);

    public static Node operator <(Node a, Node b) => Ops.Less(a, b);

    public static Node operator <(Node a, double b) => Ops.Less(a, Ops.Scalar(b, a));

    public static Node operator >(Node a, Node b) => Ops.Greater(a, b);

    public static Node operator >(Node a, double b) => Ops.Greater(a, Ops.Scalar(b, a));

    public static Node operator <=(Node a, Node b) => Ops.LessEqual(a, b);

    public static Node operator <=(Node a, double b) => Ops.LessEqual(a, Ops.Scalar(b, a));

    public static Node operator >=(Node a, Node b) => Ops.GreaterEqual(a, b);

    public static Node operator >=(Node a, double b) => Ops.GreaterEqual(a, Ops.Scalar(b, a));

    public static Node operator &(Node a, Node b) => Ops.BitwiseAnd(a, b);

    public static Node operator |(Node a, Node b) => Ops.BitwiseOr(a, b);

    public static Node operator ^(Node a, Node b) => Ops.BitwiseXor(a, b);
}
