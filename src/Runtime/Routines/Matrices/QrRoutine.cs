using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>The reduced Q·R by Householder's reflections (Golub and Van Loan, Matrix Computations, 5.1 and 5.2), applied to rows.</summary>
internal static class QrRoutine
{
    /// <summary>Writes Q [rows, k] and R [k, columns], k the smaller side, with a diagonal of R that is not negative.</summary>
    /// <param name="matrix">A.</param>
    /// <param name="q">Q.</param>
    /// <param name="r">R.</param>
    /// <param name="scratch">rows·columns + 2·columns + rows numbers.</param>
    /// <param name="rows">The rows of A.</param>
    /// <param name="columns">The columns of A.</param>
    public static unsafe long Factor<T>(nint matrix, nint q, nint r, nint scratch, long rows, long columns)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var work = new MatrixView<T>(scratch, rows, columns);
        new MatrixView<T>(matrix, rows, columns).CopyTo(work);

        // Scaled, so that squares neither overflow nor vanish.
        T most = work.Most();
        T unit = most > T.Zero && T.IsFinite(most) ? most : T.One;
        for (int i = 0; i < work.Rows; i++)
        {
            TensorPrimitives.Divide(work.Row(i), unit, work.Row(i));
        }

        int k = Math.Min(work.Rows, work.Columns);
        var sums = new Span<T>((T*)scratch + (rows * columns), work.Columns);
        var scales = new Span<T>((T*)scratch + (rows * columns) + columns, k);
        var orthogonal = new MatrixView<T>(q, rows, k);
        var upper = new MatrixView<T>(r, k, columns);
        for (int j = 0; j < k; j++)
        {
            scales[j] = Reflect(work, j);
            Apply(work, j, scales[j], work, j + 1, sums);
        }

        orthogonal.SetIdentity();
        for (int j = k - 1; j >= 0; j--)
        {
            Apply(work, j, scales[j], orthogonal, j, sums);
        }

        for (int i = 0; i < k; i++)
        {
            upper.Row(i, 0, i).Clear();
            TensorPrimitives.Multiply(work.Row(i, i, work.Columns), unit, upper.Row(i, i, work.Columns));
            if (upper[i, i] < T.Zero)
            {
                foreach (ref T x in upper.Row(i, i, work.Columns))
                {
                    x = -x;
                }

                for (int row = 0; row < orthogonal.Rows; row++)
                {
                    orthogonal[row, i] = -orthogonal[row, i];
                }
            }
        }

        return 0;
    }

    /// <summary>
    /// Turns the part of column j from its diagonal on into a multiple of a unit vector; below the diagonal stays the reflection's vector, whose first
    /// element is 1. Returns the reflection's scale, 0 for none.
    /// </summary>
    private static T Reflect<T>(MatrixView<T> a, int j)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T most = T.Zero;
        for (int i = j + 1; i < a.Rows; i++)
        {
            most = T.Max(most, T.Abs(a[i, j]));
        }

        // So far below the largest element of A, which is 1, there is nothing but rounding, and soon too few digits to make a unit vector of.
        if (most < T.CreateChecked(1e-30))
        {
            for (int i = j + 1; i < a.Rows; i++)
            {
                a[i, j] = T.Zero;
            }

            return T.Zero;
        }

        most = T.Max(most, T.Abs(a[j, j]));
        T sum = T.Zero;
        for (int i = j; i < a.Rows; i++)
        {
            T x = a[i, j] / most;
            sum += x * x;
        }

        T head = a[j, j];
        T image = -T.CopySign(most * T.Sqrt(sum), head);
        T divisor = head - image;
        for (int i = j + 1; i < a.Rows; i++)
        {
            a[i, j] /= divisor;
        }

        a[j, j] = image;
        return (image - head) / image;
    }

    /// <summary>target = (I − scale·v·vᵀ)·target for its columns from one on; v lies in column j of the reflections.</summary>
    private static void Apply<T>(MatrixView<T> reflections, int j, T scale, MatrixView<T> target, int from, Span<T> sums)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (scale == T.Zero || from >= target.Columns)
        {
            return;
        }

        Span<T> sum = sums[..(target.Columns - from)];
        target.Row(j, from, target.Columns).CopyTo(sum);
        for (int i = j + 1; i < target.Rows; i++)
        {
            MatrixView<T>.AddTimes(sum, target.Row(i, from, target.Columns), reflections[i, j]);
        }

        MatrixView<T>.AddTimes(target.Row(j, from, target.Columns), sum, -scale);
        for (int i = j + 1; i < target.Rows; i++)
        {
            MatrixView<T>.AddTimes(target.Row(i, from, target.Columns), sum, -scale * reflections[i, j]);
        }
    }
}
