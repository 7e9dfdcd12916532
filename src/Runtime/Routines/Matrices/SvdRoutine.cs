using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// Singular values by Hestenes' one-sided Jacobi method (Golub and Van Loan, Matrix Computations, 8.6): the vectors along the smaller side are rotated,
/// two at a time, until all are orthogonal; their lengths are the singular values.
/// </summary>
internal static class SvdRoutine
{
    private const int MostSweeps = 60;

    /// <summary>Writes U [rows, k], the singular values, descending, and Vᵀ [k, columns], k the smaller side.</summary>
    /// <param name="matrix">A.</param>
    /// <param name="u">U.</param>
    /// <param name="values">The singular values.</param>
    /// <param name="vh">Vᵀ.</param>
    /// <param name="scratch">k·larger side + k·k + larger side numbers.</param>
    /// <param name="rows">The rows of A.</param>
    /// <param name="columns">The columns of A.</param>
    /// <returns>0, or 1 if A is not finite or its singular values do not converge.</returns>
    public static unsafe long Decompose<T>(nint matrix, nint u, nint values, nint vh, nint scratch, long rows, long columns)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var a = new MatrixView<T>(matrix, rows, columns);
        bool isTall = rows >= columns;
        long k = Math.Min(rows, columns);
        long length = Math.Max(rows, columns);
        var w = new MatrixView<T>(scratch, k, length);
        var turns = new MatrixView<T>((nint)((T*)scratch + (k * length)), k, k);
        var spare = new Span<T>((T*)scratch + (k * length) + (k * k), checked((int)length));
        var s = new Span<T>((T*)values, checked((int)k));
        T most = a.Most();
        if (!T.IsFinite(most))
        {
            return 1;
        }

        // Scaled, so that squares neither overflow nor vanish.
        T unit = most == T.Zero ? T.One : most;
        for (int i = 0; i < w.Rows; i++)
        {
            for (int j = 0; j < w.Columns; j++)
            {
                w[i, j] = (isTall ? a[j, i] : a[i, j]) / unit;
            }
        }

        turns.SetIdentity();
        if (!Orthogonalise(w, turns, out T least))
        {
            return 1;
        }

        Sort(w, turns, s);
        for (int i = 0; i < s.Length; i++)
        {
            Span<T> row = w.Row(i);
            if (s[i] > least)
            {
                TensorPrimitives.Divide(row, s[i], row);
            }
            else
            {
                Complete(w, i, spare);
            }
        }

        TensorPrimitives.Multiply(s, unit, s);
        Write(isTall ? w : turns, isTall ? turns : w, new MatrixView<T>(u, rows, k), new MatrixView<T>(vh, k, columns));
        return 0;
    }

    /// <summary>Rotates rows until they are orthogonal, but for those that are as good as zero: no longer than <paramref name="least"/>.</summary>
    private static bool Orthogonalise<T>(MatrixView<T> w, MatrixView<T> turns, out T least)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T total = T.Zero;
        for (int i = 0; i < w.Rows; i++)
        {
            total += TensorPrimitives.Dot<T>(w.Row(i), w.Row(i));
        }

        T epsilon = T.BitIncrement(T.One) - T.One;
        T size = T.CreateChecked(w.Columns);
        least = epsilon * T.Sqrt(total * size);
        T enough = epsilon * T.Sqrt(size);
        for (int sweep = 0; sweep < MostSweeps; sweep++)
        {
            bool done = true;
            for (int p = 0; p < w.Rows; p++)
            {
                for (int q = p + 1; q < w.Rows; q++)
                {
                    done &= !Rotate(w, turns, p, q, least * least, enough);
                }
            }

            if (done)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Rotate<T>(MatrixView<T> w, MatrixView<T> turns, int p, int q, T zero, T enough)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<T> x = w.Row(p);
        Span<T> y = w.Row(q);
        T along = TensorPrimitives.Dot<T>(x, y);
        T first = TensorPrimitives.Dot<T>(x, x);
        T second = TensorPrimitives.Dot<T>(y, y);
        if (first <= zero || second <= zero || T.Abs(along) <= enough * T.Sqrt(first) * T.Sqrt(second))
        {
            return false;
        }

        T ratio = (second - first) / ((T.One + T.One) * along);
        T tangent = T.CopySign(T.One, ratio) / (T.Abs(ratio) + T.Hypot(ratio, T.One));
        T cosine = T.One / T.Hypot(tangent, T.One);
        MatrixView<T>.Rotate(x, y, cosine, cosine * tangent);
        MatrixView<T>.Rotate(turns.Row(p), turns.Row(q), cosine, cosine * tangent);
        return true;
    }

    private static void Sort<T>(MatrixView<T> w, MatrixView<T> turns, Span<T> s)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < s.Length; i++)
        {
            s[i] = T.Sqrt(TensorPrimitives.Dot<T>(w.Row(i), w.Row(i)));
        }

        for (int i = 0; i < s.Length; i++)
        {
            int most = i;
            for (int j = i + 1; j < s.Length; j++)
            {
                most = s[j] > s[most] ? j : most;
            }

            if (most != i)
            {
                (s[i], s[most]) = (s[most], s[i]);
                w.SwapRows(i, most);
                turns.SwapRows(i, most);
            }
        }
    }

    /// <summary>Makes row i a unit vector orthogonal to the rows before it.</summary>
    private static void Complete<T>(MatrixView<T> w, int i, Span<T> spare)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<T> row = w.Row(i);
        T best = T.Zero;
        for (int candidate = 0; candidate < w.Columns; candidate++)
        {
            spare.Clear();
            spare[candidate] = T.One;
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    MatrixView<T>.AddTimes(spare, w.Row(j), -TensorPrimitives.Dot<T>(spare, w.Row(j)));
                }
            }

            T length = T.Sqrt(TensorPrimitives.Dot<T>(spare, spare));
            if (length > best)
            {
                TensorPrimitives.Divide(spare, length, row);
                best = length;
            }

            if (length * length * T.CreateChecked(2 * w.Columns) > T.One)
            {
                // Some unit vector leaves the space by at least the mean.
                return;
            }
        }
    }

    /// <summary>U has the rows of one as columns, Vᵀ those of the other as rows; signs are those of U.</summary>
    private static void Write<T>(MatrixView<T> left, MatrixView<T> right, MatrixView<T> u, MatrixView<T> vh)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < left.Rows; i++)
        {
            T sign = MatrixView<T>.SignOf(left.Row(i));
            TensorPrimitives.Multiply(right.Row(i), sign, vh.Row(i));
            for (int j = 0; j < left.Columns; j++)
            {
                u[j, i] = sign * left[i, j];
            }
        }
    }
}
