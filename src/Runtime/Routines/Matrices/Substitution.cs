using System.Numerics;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// Forward and back substitution for many right sides, the columns of one matrix: halves of the triangle one after the other, and a product in between, down to
/// triangles of a few rows, whose inner loops run along the rows of the right sides.
/// </summary>
internal static unsafe class Substitution
{
    private const int Least = 8;

    /// <summary>X becomes the solution of T·X = X.</summary>
    /// <param name="triangle">T, of which the other triangle is not read.</param>
    /// <param name="upper">Whether T is an upper triangle.</param>
    /// <param name="unit">Whether T's diagonal counts as ones and is not read.</param>
    /// <param name="x">X, whose rows lie dense.</param>
    /// <param name="scratch"><see cref="MinusProduct.Scratch"/> numbers.</param>
    public static void Run<T>(MatrixBlock<T> triangle, bool upper, bool unit, MatrixBlock<T> x, T* scratch)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int n = triangle.Rows;
        if (n <= Least)
        {
            Small(triangle, upper, unit, x, scratch);
            return;
        }

        int half = ((n / 2) + Least - 1) / Least * Least;
        int rest = n - half;
        MatrixBlock<T> above = x.Part(0, 0, half, x.Columns);
        MatrixBlock<T> below = x.Part(half, 0, rest, x.Columns);
        if (upper)
        {
            Run(triangle.Part(half, half, rest, rest), upper, unit, below, scratch);
            MinusProduct.Run(above, triangle.Part(0, half, half, rest), below, scratch);
            Run(triangle.Part(0, 0, half, half), upper, unit, above, scratch);
        }
        else
        {
            Run(triangle.Part(0, 0, half, half), upper, unit, above, scratch);
            MinusProduct.Run(below, triangle.Part(half, 0, rest, half), above, scratch);
            Run(triangle.Part(half, half, rest, rest), upper, unit, below, scratch);
        }
    }

    private static void Small<T>(MatrixBlock<T> triangle, bool upper, bool unit, MatrixBlock<T> x, T* scratch)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        // In the order in which rows are found, as a lower triangle: what multiplies rows before, negative, and the diagonal.
        int n = triangle.Rows;
        for (int i = 0; i < n; i++)
        {
            int row = upper ? n - 1 - i : i;
            for (int j = 0; j < i; j++)
            {
                scratch[(i * Least) + j] = -triangle[row, upper ? n - 1 - j : j];
            }

            scratch[(i * Least) + i] = unit ? T.One : triangle[row, row];
        }

        T* first = upper ? x.First + ((n - 1) * x.RowStep) : x.First;
        nint step = upper ? -x.RowStep : x.RowStep;
        int done = Vector512.IsHardwareAccelerated ? Columns<T, Vector512<T>, Vectors512<T>>(scratch, n, unit, first, step, x.Columns) : 0;
        done += Vector256.IsHardwareAccelerated ? Columns<T, Vector256<T>, Vectors256<T>>(scratch, n, unit, first + done, step, x.Columns - done) : 0;
        done += Columns<T, Vector128<T>, Vectors128<T>>(scratch, n, unit, first + done, step, x.Columns - done);
        for (T* column = first + done; column < first + x.Columns; column++)
        {
            for (int i = 0; i < n; i++)
            {
                T sum = column[i * step];
                for (int j = 0; j < i; j++)
                {
                    sum = T.MultiplyAddEstimate(scratch[(i * Least) + j], column[j * step], sum);
                }

                column[i * step] = unit ? sum : sum / scratch[(i * Least) + i];
            }
        }
    }

    /// <summary>As many columns as are whole vectors; returns how many these are.</summary>
    private static int Columns<T, TVector, TVectors>(T* factors, int n, bool unit, T* x, nint step, int columns)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        int done = 0;
        for (; done <= columns - TVectors.Count; done += TVectors.Count)
        {
            T* target = x + done;
            for (int i = 0; i < n; i++, target += step)
            {
                TVector sum = TVectors.Load(target);
                T* before = x + done;
                T* factor = factors + (i * Least);
                for (int j = 0; j < i; j++, before += step)
                {
                    sum = TVectors.MultiplyAdd(TVectors.All(factor[j]), TVectors.Load(before), sum);
                }

                TVectors.Store(unit ? sum : TVectors.Divide(sum, TVectors.All(factor[i])), target);
            }
        }

        return done;
    }
}
