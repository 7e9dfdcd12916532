using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// A dense row-major matrix in memory that somebody else owns, as the routines of linear algebra see it. Rows are what they work on: the inner loops are
/// the vectorised ones of <see cref="TensorPrimitives"/>, which allocate nothing, and whose result depends on the machine's vectors but not on where
/// the rows lie.
/// </summary>
internal readonly unsafe ref struct MatrixView<T>(nint address, long rows, long columns)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly T* first = (T*)address;

    public int Rows { get; } = checked((int)rows);

    public int Columns { get; } = checked((int)columns);

    public ref T this[int row, int column] => ref first[((long)row * Columns) + column];

    public Span<T> Row(int row) => new(first + ((long)row * Columns), Columns);

    /// <summary>The part of a row from a column up to another.</summary>
    public Span<T> Row(int row, int from, int to) => new(first + ((long)row * Columns) + from, to - from);

    public void CopyTo(MatrixView<T> target)
    {
        for (int i = 0; i < Rows; i++)
        {
            Row(i).CopyTo(target.Row(i));
        }
    }

    public void SetIdentity()
    {
        for (int i = 0; i < Rows; i++)
        {
            Row(i).Clear();
            if (i < Columns)
            {
                this[i, i] = T.One;
            }
        }
    }

    public void SwapRows(int i, int j)
    {
        Span<T> x = Row(i);
        Span<T> y = Row(j);
        for (int k = 0; k < x.Length; k++)
        {
            (x[k], y[k]) = (y[k], x[k]);
        }
    }

    /// <summary>target += factor · row.</summary>
    public static void AddTimes(Span<T> target, ReadOnlySpan<T> row, T factor) => TensorPrimitives.MultiplyAdd(row, factor, target, target);

    /// <summary>x, y = c·x − s·y, s·x + c·y, for rows of one length.</summary>
    public static void Rotate(Span<T> x, Span<T> y, T c, T s)
    {
        ref T first = ref MemoryMarshal.GetReference(x);
        ref T second = ref MemoryMarshal.GetReference(y);
        int i = 0;
        for (; i <= x.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            var a = Vector.LoadUnsafe(ref first, (nuint)i);
            var b = Vector.LoadUnsafe(ref second, (nuint)i);
            ((a * c) - (b * s)).StoreUnsafe(ref first, (nuint)i);
            ((a * s) + (b * c)).StoreUnsafe(ref second, (nuint)i);
        }

        for (; i < x.Length; i++)
        {
            (x[i], y[i]) = ((x[i] * c) - (y[i] * s), (x[i] * s) + (y[i] * c));
        }
    }

    /// <summary>The largest magnitude; NaN if there is one.</summary>
    public T Most()
    {
        T most = T.Zero;
        for (int i = 0; i < Rows && Columns > 0; i++)
        {
            most = T.Max(most, T.Abs(TensorPrimitives.MaxMagnitude<T>(Row(i))));
        }

        return most;
    }

    /// <summary>The sign that makes the first of a vector's large components positive, whichever of several equally large ones rounding prefers.</summary>
    public static T SignOf(ReadOnlySpan<T> vector)
    {
        T least = vector.IsEmpty ? T.Zero : T.CreateChecked(0.38) * T.Abs(TensorPrimitives.MaxMagnitude(vector));
        foreach (T x in vector)
        {
            if (T.Abs(x) > least)
            {
                return x < T.Zero ? -T.One : T.One;
            }
        }

        return T.One;
    }
}
