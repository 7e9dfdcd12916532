using System.Numerics;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// The Cholesky factorisation A = L·Lᵀ (Golub and Van Loan, Matrix Computations, 4.2). What is computed is U = Lᵀ, so that substitution and products run along rows: half of
/// the matrix, what follows from it for the other columns, then the other half.
/// </summary>
internal static unsafe class CholeskyRoutine
{
    private const int Least = 8;

    /// <summary>Writes L, with zeros above its diagonal, from the lower triangle of A; 0, or the first pivot (from 1) that is not positive.</summary>
    /// <param name="matrix">A.</param>
    /// <param name="factor">L.</param>
    /// <param name="scratch">size·(size + 32) + <see cref="MinusProduct.Scratch"/> numbers.</param>
    /// <param name="size">The size of A.</param>
    public static long Factor<T>(nint matrix, nint factor, nint scratch, long size)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int n = checked((int)size);
        var a = new MatrixBlock<T>(matrix, n, n);
        var l = new MatrixBlock<T>(factor, n, n);
        int apart = MatrixBlock<T>.Apart(n);
        var u = new MatrixBlock<T>((T*)scratch, apart, 1, n, n);
        CopyTriangle(a, u.Transposed);
        long failed = Factor(u, (T*)scratch + ((nint)n * apart));
        if (failed == 0)
        {
            CopyTriangle(u.Transposed, l);
            for (int i = 0; i < n; i++)
            {
                l.Row(i)[(i + 1)..].Clear();
            }
        }

        return failed;
    }

    /// <summary>Turns an upper triangle of A into U; what lies below it holds anything.</summary>
    private static long Factor<T>(MatrixBlock<T> a, T* scratch)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int n = a.Rows;
        if (n <= Least)
        {
            return Small(a);
        }

        int half = ((n / 2) + Least - 1) / Least * Least;
        MatrixBlock<T> head = a.Part(0, 0, half, half);
        MatrixBlock<T> right = a.Part(0, half, half, n - half);
        MatrixBlock<T> rest = a.Part(half, half, n - half, n - half);
        if (Factor(head, scratch) is > 0 and long failed)
        {
            return failed;
        }

        Substitution.Run(head.Transposed, upper: false, unit: false, right, scratch);
        MinusProduct.Run(rest, right.Transposed, right, scratch, upper: true);
        return Factor(rest, scratch) is > 0 and long later ? half + later : 0;
    }

    private static long Small<T>(MatrixBlock<T> a)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int k = 0; k < a.Rows; k++)
        {
            Span<T> row = a.Row(k);
            T pivot = row[k];
            if (!(pivot > T.Zero && T.IsFinite(pivot)))
            {
                return k + 1;
            }

            T root = T.Sqrt(pivot);
            for (int j = k; j < row.Length; j++)
            {
                row[j] /= root;
            }

            row[k] = root;
            for (int i = k + 1; i < a.Rows; i++)
            {
                T factor = -row[i];
                Span<T> target = a.Row(i);
                for (int j = i; j < target.Length; j++)
                {
                    target[j] = T.MultiplyAddEstimate(factor, row[j], target[j]);
                }
            }
        }

        return 0;
    }

    /// <summary>Copies a lower triangle, and what else lies in the same tiles.</summary>
    private static void CopyTriangle<T>(MatrixBlock<T> source, MatrixBlock<T> target)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int Tile = 32;
        for (int top = 0; top < source.Rows; top += Tile)
        {
            int height = Math.Min(Tile, source.Rows - top);
            source.Part(top, 0, height, top + height).CopyTo(target.Part(top, 0, height, top + height));
        }
    }
}
