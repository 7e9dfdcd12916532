using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>The Cholesky factorisation A = L·Lᵀ, row by row (Golub and Van Loan, Matrix Computations, 4.2): inner products of rows of L.</summary>
internal static class CholeskyRoutine
{
    /// <summary>Writes L, with zeros above its diagonal, from the lower triangle of A; 0, or the first pivot (from 1) that is not positive.</summary>
    public static long Factor<T>(nint matrix, nint factor, long size)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var a = new MatrixView<T>(matrix, size, size);
        var l = new MatrixView<T>(factor, size, size);
        for (int i = 0; i < a.Rows; i++)
        {
            l.Row(i).Clear();
            for (int j = 0; j < i; j++)
            {
                l[i, j] = (a[i, j] - TensorPrimitives.Dot<T>(l.Row(i, 0, j), l.Row(j, 0, j))) / l[j, j];
            }

            ReadOnlySpan<T> row = l.Row(i, 0, i);
            T pivot = a[i, i] - TensorPrimitives.Dot(row, row);
            if (!(pivot > T.Zero && T.IsFinite(pivot)))
            {
                return i + 1;
            }

            l[i, i] = T.Sqrt(pivot);
        }

        return 0;
    }
}
