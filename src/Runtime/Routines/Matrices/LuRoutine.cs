using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// The factorisation P·A = L·U with partial pivoting (Golub and Van Loan, Matrix Computations, 3.4): half of the columns, what follows from them for the others, then the
/// other half (Toledo, Locality of reference in LU decomposition with partial pivoting, 1997), down to panels of a few columns, which are worked on as rows.
/// </summary>
internal static unsafe class LuRoutine
{
    /// <summary>It needs so many rows of size + 32 numbers for itself, and what products need.</summary>
    public const int ScratchRows = Panel + 1;

    private const int Panel = 16;

    /// <summary>
    /// Writes L without its unit diagonal below U, which row of A each row of P·A is, and the determinant of P. Of equal pivots the first is taken.
    /// </summary>
    /// <param name="matrix">A.</param>
    /// <param name="factors">L and U.</param>
    /// <param name="rows">The rows' numbers.</param>
    /// <param name="sign">The determinant of P.</param>
    /// <param name="scratch"><see cref="ScratchRows"/>·(size + 32) + <see cref="MinusProduct.Scratch"/> numbers.</param>
    /// <param name="size">The size of A.</param>
    /// <param name="mustBeRegular">Other than 0 if no pivot may be zero or no number.</param>
    /// <returns>0, or the first pivot (from 1) that is zero or no number, if there must be none.</returns>
    public static long Factor<T>(nint matrix, nint factors, nint rows, nint sign, nint scratch, long size, long mustBeRegular)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int n = checked((int)size);
        var lu = new MatrixBlock<T>(factors, n, n);
        for (int i = 0; i < n; i++)
        {
            new MatrixBlock<T>(matrix, n, n).Row(i).CopyTo(lu.Row(i));
        }

        return Factor(lu, new Span<long>((long*)rows, n), out *(T*)sign, mustBeRegular != 0, (T*)scratch);
    }

    /// <summary>The same in place.</summary>
    public static long Factor<T>(MatrixBlock<T> lu, Span<long> order, out T determinant, bool mustBeRegular, T* scratch)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        determinant = T.One;
        bool isFinite = true;
        for (int i = 0; i < lu.Rows && isFinite; i++)
        {
            isFinite = T.IsFinite(TensorPrimitives.MaxMagnitude<T>(lu.Row(i)));
        }

        // Of what is not finite, only products that count are made: where a column is zero, nothing is taken from the rows below.
        return isFinite
            ? Factor(lu, 0, lu.Rows, order, ref determinant, mustBeRegular, scratch)
            : FactorByRows(lu, order, ref determinant, mustBeRegular);
    }

    /// <summary>Factors some columns, from the row of their diagonal on; rows are exchanged as a whole.</summary>
    private static long Factor<T>(MatrixBlock<T> lu, int from, int count, Span<long> order, ref T determinant, bool mustBeRegular, T* scratch)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (count <= Panel)
        {
            return FactorPanel(lu, from, count, order, ref determinant, mustBeRegular, scratch);
        }

        int half = ((count / 2) + Panel - 1) / Panel * Panel;
        int middle = from + half;
        if (Factor(lu, from, half, order, ref determinant, mustBeRegular, scratch) is > 0 and long failed)
        {
            return failed;
        }

        MatrixBlock<T> right = lu.Part(from, middle, half, count - half);
        Substitution.Run(lu.Part(from, from, half, half), upper: false, unit: true, right, scratch);
        MinusProduct.Run(lu.Part(middle, middle, lu.Rows - middle, count - half), lu.Part(middle, from, lu.Rows - middle, half), right, scratch);
        return Factor(lu, middle, count - half, order, ref determinant, mustBeRegular, scratch);
    }

    private static long FactorPanel<T>(MatrixBlock<T> lu, int from, int count, Span<long> order, ref T determinant, bool mustBeRegular, T* scratch)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int height = lu.Rows - from;
        int apart = MatrixBlock<T>.Apart(height);
        MatrixBlock<T> source = lu.Part(from, from, height, count);
        var columns = new MatrixBlock<T>(scratch, apart, 1, count, height);
        var magnitudes = new Span<T>(scratch + ((nint)count * apart), height);
        source.CopyTo(columns.Transposed);
        for (int k = 0; k < count; k++)
        {
            Span<T> column = columns.Row(k);
            Span<T> size = magnitudes[k..];
            TensorPrimitives.Abs<T>(column[k..], size);

            // The first of the largest; a NaN, if there is one, so that it is not lost.
            int pivot = k + TensorPrimitives.IndexOfMax<T>(size);
            if (pivot != k)
            {
                lu.SwapRows(from + k, from + pivot);
                for (int j = 0; j < count; j++)
                {
                    (columns[j, k], columns[j, pivot]) = (columns[j, pivot], columns[j, k]);
                }

                (order[from + k], order[from + pivot]) = (order[from + pivot], order[from + k]);
                determinant = -determinant;
            }

            T head = column[k];
            if (mustBeRegular && (head == T.Zero || !T.IsFinite(head)))
            {
                return from + k + 1;
            }

            if (head != T.Zero)
            {
                Span<T> below = column[(k + 1)..];
                TensorPrimitives.Divide(below, head, below);
                for (int j = k + 1; j < count; j++)
                {
                    Span<T> other = columns.Row(j);
                    TensorPrimitives.MultiplyAddEstimate(below, -other[k], other[(k + 1)..], other[(k + 1)..]);
                }
            }
        }

        columns.Transposed.CopyTo(source);
        return 0;
    }

    private static long FactorByRows<T>(MatrixBlock<T> lu, Span<long> order, ref T determinant, bool mustBeRegular)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int k = 0; k < lu.Rows; k++)
        {
            int pivot = k;
            for (int i = k + 1; i < lu.Rows; i++)
            {
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
                MatrixView<T>.AddTimes(lu.Row(i)[(k + 1)..], lu.Row(k)[(k + 1)..], -factor);
            }
        }

        return 0;
    }
}
