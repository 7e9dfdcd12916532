using System.Numerics;

namespace GraphCompiler.Routines.Matrices;

/// <summary>The factorisation P·A = L·U with partial pivoting, by rows (Golub and Van Loan, Matrix Computations, 3.4).</summary>
internal static class LuRoutine
{
    /// <summary>
    /// Writes L without its unit diagonal below U, which row of A each row of P·A is, and the determinant of P. Of equal pivots the first is taken.
    /// </summary>
    /// <returns>0, or the first pivot (from 1) that is zero or no number, if there must be none.</returns>
    public static long Factor<T>(nint matrix, nint factors, nint rows, nint sign, long size, long mustBeRegular)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var lu = new MatrixView<T>(factors, size, size);
        new MatrixView<T>(matrix, size, size).CopyTo(lu);
        long failed = Factor(lu, Int64s(rows, size), out T determinant, mustBeRegular != 0);
        Write(sign, determinant);
        return failed;
    }

    /// <summary>The same in place.</summary>
    public static long Factor<T>(MatrixView<T> lu, Span<long> order, out T determinant, bool mustBeRegular)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        determinant = T.One;
        for (int k = 0; k < lu.Rows; k++)
        {
            int pivot = k;
            for (int i = k + 1; i < lu.Rows; i++)
            {
                // A NaN is taken, so that it is not lost.
                pivot = T.Abs(lu[i, k]) > T.Abs(lu[pivot, k]) || (T.IsNaN(lu[i, k]) && !T.IsNaN(lu[pivot, k])) ? i : pivot;
            }

            if (pivot != k)
            {
                lu.SwapRows(k, pivot);
                (order[k], order[pivot]) = (order[pivot], order[k]);
                determinant = -determinant;
            }

            T head = lu[k, k];
            if (mustBeRegular && (head == T.Zero || !T.IsFinite(head)))
            {
                return k + 1;
            }

            for (int i = k + 1; i < lu.Rows && head != T.Zero; i++)
            {
                T factor = lu[i, k] / head;
                lu[i, k] = factor;
                MatrixView<T>.AddTimes(lu.Row(i, k + 1, lu.Columns), lu.Row(k, k + 1, lu.Columns), -factor);
            }
        }

        return 0;
    }

    private static unsafe Span<long> Int64s(nint address, long count) => new((long*)address, checked((int)count));

    private static unsafe void Write<T>(nint address, T value)
        where T : unmanaged => *(T*)address = value;
}
