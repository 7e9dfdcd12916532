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

    /// <summary>The nearest number of so many decimals, of two the one with an even last digit; slope 0. Numbers too large to have such decimals stay.</summary>
    /// <param name="x">Floats. It is multiplied by a power of ten, rounded and divided again, as in PyTorch: 2.675 is a little less, but its product is 267.5.</param>
    /// <param name="decimals">How many digits behind the point; below 0, tens, hundreds and so on become 0.</param>
    public static Node Round(Node x, int decimals)
    {
        RequireFloat("Round", x);
        if (decimals == 0)
        {
            return Round(x);
        }

        double power = Math.Pow(10, Math.Abs((double)decimals));
        Node scaled = decimals > 0 ? x * power : x / power;
        Node whole = Round(scaled);
        Node rounded = decimals > 0 ? whole / power : Where(Equal(whole, 0), whole, whole * power);
        return Where(IsFinite(scaled), rounded, Detach(x));
    }

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
    public static Node FMod(Node a, Node b) => RequireNumber("FMod", a).DType.IsInteger() ? a - (b * TruncDivide(a, b)) : Binary(new FModOp(), a, b);

    /// <summary>The rest of the division that rounds down: it has the sign of b, as Python's %. d/db is −floor(a/b).</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast. The rest by an integer 0 is a, by a float 0 NaN.</param>
    public static Node Remainder(Node a, Node b)
    {
        if (RequireNumber("Remainder", a).DType.IsInteger())
        {
            return a - (b * FloorDivide(a, b));
        }

        Node rest = FMod(a, b);
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
        Node rest = FMod(a, b);
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

    /// <summary>The number of the dtype that is next to a in the direction of b; b itself where both are equal. Slope 1 in a and 0 in b.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node NextAfter(Node a, Node b)
    {
        RequireFloat("NextAfter", a);
        return Binary(new NextAfterOp(), a, b);
    }

    /// <summary>
    /// x as m·2ⁿ: the mantissa m, of a magnitude from ½ to below 1, with the slope 2⁻ⁿ, and the int32 exponent n. Of 0, ±∞ and NaN the mantissa is x itself and
    /// the exponent 0.
    /// </summary>
    /// <param name="x">Floats.</param>
    public static (Node Mantissa, Node Exponent) Frexp(Node x)
    {
        // The logarithm rounds, so that it may be in the binade beside x's.
        RequireFloat("Frexp", x);
        Node isNumber = IsFinite(x) & NotEqual(x, 0);
        Node near = Cast(Floor(Log2(Where(isNumber, Abs(Detach(x)), 1))), DType.Int32) + 1;
        Node size = Abs(Detach(Ldexp(x, -near)));
        Node exponent = near + Cast(size >= 1, DType.Int32) - Cast(size < 0.5, DType.Int32);
        exponent = Where(isNumber, exponent, 0);
        return (Ldexp(x, -exponent), exponent);
    }

    /// <summary>x·2ⁿ, rounded once, also where 2ⁿ itself is no number of the dtype; slope 2ⁿ in x.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="exponent">n, int32 or int64; the shapes broadcast.</param>
    public static Node Ldexp(Node x, Node exponent)
    {
        RequireFloat("Ldexp", x);
        if (!NotNull(exponent).DType.IsInteger())
        {
            throw new DTypeException($"Ldexp: the exponent must be int32 or int64, not {exponent.DType.Display()}; use Cast. Inputs: {x.Describe()}, {exponent.Describe()}.");
        }

        // Three powers that are normal numbers reach from the smallest number to the largest. What lies below all others comes last: it alone may round.
        (int least, int most) = x.DType.OfFloat((-126, 127), (-1022, 1023));
        Node[] powers = new Node[3];
        for (int i = 0; i < powers.Length; i++)
        {
            Node part = Clamp(exponent, least, most);
            exponent -= part;
            powers[i] = Exp2(Cast(part, x.DType));
        }

        return x * powers[2] * powers[1] * powers[0];
    }
}
