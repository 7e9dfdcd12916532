using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The largest integer not above x; slope 0.</summary>
    /// <param name="x">Floats.</param>
    public static Node Floor(Node x) => Unary(new FloorOp(), x);

    /// <summary>The smallest integer not below x; slope 0.</summary>
    /// <param name="x">Floats.</param>
    public static Node Ceil(Node x)
    {
        RequireFloat("Ceil", x);
        return -Floor(-x);
    }

    /// <summary>The nearest integer, of two the even one; slope 0.</summary>
    /// <param name="x">Floats.</param>
    public static Node Round(Node x) => Unary(new RoundOp(), x);

    /// <summary>x without its fraction: rounded toward 0; slope 0.</summary>
    /// <param name="x">Floats.</param>
    public static Node Trunc(Node x)
    {
        RequireFloat("Trunc", x);
        return Where(x < 0, Ceil(x), Floor(x));
    }

    /// <summary>The fraction, with the sign of x; slope 1.</summary>
    /// <param name="x">Floats.</param>
    public static Node Frac(Node x)
    {
        RequireFloat("Frac", x);
        return x - Trunc(x);
    }

    /// <summary>The rest of the division that rounds toward zero: it has the sign of a, as C's fmod. d/db is −trunc(a/b).</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast. The rest by an integer 0 is a, by a float 0 NaN.</param>
    public static Node Fmod(Node a, Node b) => RequireNumber("Fmod", a).DType.IsInteger() ? a - (b * TruncDivide(a, b)) : Binary(new FmodOp(), a, b);

    /// <summary>The rest of the division that rounds down: it has the sign of b, as Python's %. d/db is −floor(a/b).</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast. The rest by an integer 0 is a, by a float 0 NaN.</param>
    public static Node Remainder(Node a, Node b)
    {
        if (RequireNumber("Remainder", a).DType.IsInteger())
        {
            return a - (b * FloorDivide(a, b));
        }

        Node rest = Fmod(a, b);
        return Where(NotEqual(rest, 0) & NotEqual(rest < 0, b < 0), rest + b, rest);
    }

    /// <summary>a/b rounded down, exactly; slope 0.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast. An integer over 0 is 0.</param>
    public static Node FloorDivide(Node a, Node b)
    {
        if (RequireNumber("FloorDivide", a).DType.IsInteger())
        {
            return a / b;
        }

        // As Python does: the quotient of what is divisible without rest is nearly whole, whereas a/b may round up to the next integer.
        Node rest = Fmod(a, b);
        Node quotient = (a - rest) / b;
        quotient = Where(NotEqual(rest, 0) & NotEqual(rest < 0, b < 0), quotient - 1, quotient);
        Node whole = Round(quotient);

        // It is whole already: that it is rounded leaves no slopes.
        return Round(Where(Equal(b, 0), a / b, Where(Equal(whole, 0), CopySign(whole, a / b), whole)));
    }

    /// <summary>a/b rounded toward zero; slope 0.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast. An integer over 0 is 0.</param>
    public static Node TruncDivide(Node a, Node b)
    {
        if (!RequireNumber("TruncDivide", a).DType.IsInteger())
        {
            return Trunc(a / b);
        }

        Node down = a / b;
        Node isNegative = NotEqual(a < 0, NotNull(b) < 0);
        return down + Cast(isNegative & NotEqual(b, 0) & NotEqual(down * b, a), a.DType);
    }
}
