using System.Numerics;

namespace GraphCompiler.Types;

/// <summary>Errors of tensors that are too large: what they are, their sizes, their bytes.</summary>
internal static class TooLarge
{
    /// <summary>Of a tensor that cannot be addressed, that no array may hold, or that there is no memory for.</summary>
    /// <param name="what">What it is, in the user's words.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="cause">What the system said, if it did.</param>
    public static SizeException Of(string what, DType dtype, ReadOnlySpan<long> shape, Exception? cause = null)
    {
        BigInteger count = 1;
        foreach (long size in shape)
        {
            count *= size;
        }

        BigInteger bytes = count * dtype.Size();
        string reason = bytes > long.MaxValue ? "more than can be addressed"
            : count > Array.MaxLength ? $"more elements than an array may hold ({Array.MaxLength})"
            : "for which there is no memory";
        return new SizeException($"{what} has the shape {InvariantText.List(shape.ToArray())}, {count} elements, {bytes} bytes: {reason}.", cause);
    }

    /// <summary>A dimension for values of its symbols, however large.</summary>
    public static BigInteger Evaluate(Dim dim, Func<string, long> symbol) => dim.Fold<BigInteger>(
        number => number,
        name => symbol(name),
        (x, y) => x + y,
        (x, y) => x * y,
        (x, y) => BigInteger.Divide(x - (y.Sign * x.Sign < 0 ? y - y.Sign : 0), y),
        BigInteger.Min,
        BigInteger.Max);
}
