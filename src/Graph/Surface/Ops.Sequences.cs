namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Ones on the main diagonal, zeros elsewhere: [rows, columns].</summary>
    /// <param name="rows">How many rows; a symbol is allowed.</param>
    /// <param name="columns">How many columns; null for as many.</param>
    /// <param name="dtype">The element type.</param>
    public static Node Eye(Dim rows, Dim? columns = null, DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(rows);
        CheckCount("Eye", rows);
        CheckCount("Eye", columns ?? rows, nameof(columns));
        return Cast(Equal(FromDiagonal(rows, columns ?? rows, dtype), 0), dtype);
    }

    /// <summary>Numbers at equal distances, both ends among them: shape [count]. One number is the start.</summary>
    /// <param name="start">The first.</param>
    /// <param name="end">The last.</param>
    /// <param name="count">How many; a symbol is allowed.</param>
    /// <param name="dtype">The element type, float32 or float64.</param>
    public static Node LinSpace(double start, double end, Dim count, DType dtype = DType.Float32) => Cast(Spaced("LinSpace", start, end, count, dtype), dtype);

    /// <summary>Powers whose exponents lie at equal distances, both ends among them: shape [count]. One number is the power of the start.</summary>
    /// <param name="start">The first exponent.</param>
    /// <param name="end">The last exponent.</param>
    /// <param name="count">How many; a symbol is allowed.</param>
    /// <param name="power">What is raised to the exponents.</param>
    /// <param name="dtype">The element type, float32 or float64.</param>
    public static Node LogSpace(double start, double end, Dim count, double power = 10, DType dtype = DType.Float32) =>
        Cast(Pow(Scalar(power, DType.Float64), Spaced("LogSpace", start, end, count, dtype)), dtype);

    /// <summary>The powers of the elements along a new last axis, from the 0th on or down to it (Vandermonde's matrix).</summary>
    /// <param name="x">Numbers, […, N], at least one axis.</param>
    /// <param name="columns">How many powers; N by default. A symbol is allowed.</param>
    /// <param name="increasing">Whether the 0th power comes first; by default it is the last, as in NumPy.</param>
    /// <returns>[…, N, columns].</returns>
    public static Node Vander(Node x, Dim? columns = null, bool increasing = false)
    {
        if (RequireNumber("Vander", x).Rank == 0)
        {
            throw new ShapeException($"Vander: it takes at least one axis. Input: {x.Describe()}.");
        }

        Dim count = columns ?? x.Shape[^1];
        CheckCount("Vander", count, nameof(columns));
        Shape shape = [.. x.Shape, count];
        Node place = Arange(count);
        return CumulativeProduct(Where(Equal(place, increasing ? Scalar(0, DType.Int64) : DimValue(count - 1)), 1, BroadcastTo(Unsqueeze(x, -1), shape)), -1, reverse: !increasing);
    }

    /// <summary>Counted from the nearer end, so that both are exact.</summary>
    private static Node Spaced(string op, double start, double end, Dim count, DType dtype)
    {
        ArgumentNullException.ThrowIfNull(count);
        CheckCount(op, count);
        if (!dtype.IsFloat())
        {
            throw new DTypeException($"{op}: it gives float32 or float64, not {dtype.Display()}; use Cast.");
        }

        Node place = Iota([count], 0, DType.Float64);
        Node last = DimValue(count, DType.Float64) - 1;
        Node step = (end - start) / Maximum(last, Scalar(1, DType.Float64));
        return Where(place + place <= Maximum(last - 1, Scalar(0, DType.Float64)), start + (step * place), end - (step * (last - place)));
    }
}
