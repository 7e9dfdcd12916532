using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>A complex number of two real nodes: arithmetic and the functions that a characteristic function needs, differentiated as any nodes are.</summary>
internal readonly record struct ComplexNode(Node Real, Node Imaginary)
{
    public static ComplexNode operator +(ComplexNode a, ComplexNode b) => new(a.Real + b.Real, a.Imaginary + b.Imaginary);

    public static ComplexNode operator -(ComplexNode a, ComplexNode b) => new(a.Real - b.Real, a.Imaginary - b.Imaginary);

    public static ComplexNode operator *(ComplexNode a, ComplexNode b) =>
        new((a.Real * b.Real) - (a.Imaginary * b.Imaginary), (a.Real * b.Imaginary) + (a.Imaginary * b.Real));

    public static ComplexNode operator *(ComplexNode a, Node b) => new(a.Real * b, a.Imaginary * b);

    public static ComplexNode operator /(ComplexNode a, ComplexNode b) => a * new ComplexNode(b.Real, -b.Imaginary) * (1 / (b.Real.Square() + b.Imaginary.Square()));

    public static ComplexNode Exp(ComplexNode a)
    {
        Node magnitude = Ops.Exp(a.Real);
        return new(magnitude * Cos(a.Imaginary), magnitude * Sin(a.Imaginary));
    }

    /// <summary>The principal logarithm.</summary>
    public static ComplexNode Log(ComplexNode a) => new(Ops.Log(a.Real.Square() + a.Imaginary.Square()) / 2, Atan2(a.Imaginary, a.Real));

    /// <summary>The principal root of a number whose real part is positive.</summary>
    public static ComplexNode Sqrt(ComplexNode a)
    {
        Node real = Ops.Sqrt((Hypot(a.Real, a.Imaginary) + a.Real) / 2);
        return new(real, a.Imaginary / (2 * real));
    }
}
