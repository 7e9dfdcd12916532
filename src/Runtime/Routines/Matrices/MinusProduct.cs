using System.Numerics;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// C −= A·B, which is where blocked factorisations spend their time: a tile of C stays in registers while a panel of −B, copied so that it lies in a row, goes by
/// (Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008). Blocks of a factorisation fit the second-level cache, so A is read where it lies.
/// </summary>
internal static unsafe class MinusProduct
{
    /// <summary>How many numbers it needs for itself.</summary>
    public const int Scratch = (Inner + Height) * 32;

    /// <summary>The rows of a tile, which is two vectors wide: twelve sums fit the registers of every machine and hide what a multiply-add takes.</summary>
    private const int Height = 6;

    /// <summary>How many rows of B a panel has, so that it stays in the first-level cache.</summary>
    private const int Inner = 128;

    /// <param name="c">C, whose rows lie dense.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B, whose rows lie dense.</param>
    /// <param name="scratch"><see cref="Scratch"/> numbers.</param>
    /// <param name="upper">Whether only what is on and above C's diagonal matters; the rest then holds anything.</param>
    public static void Run<T>(MatrixBlock<T> c, MatrixBlock<T> a, MatrixBlock<T> b, T* scratch, bool upper = false)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Run<T, Vector512<T>, Vectors512<T>>(c, a, b, scratch, upper);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Run<T, Vector256<T>, Vectors256<T>>(c, a, b, scratch, upper);
        }
        else
        {
            Run<T, Vector128<T>, Vectors128<T>>(c, a, b, scratch, upper);
        }
    }

    /// <summary>The same in vectors of a width.</summary>
    public static void Run<T, TVector, TVectors>(MatrixBlock<T> c, MatrixBlock<T> a, MatrixBlock<T> b, T* scratch, bool upper)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        T* spare = scratch + (Inner * 2 * TVectors.Count);
        for (int inner = 0; inner < a.Columns; inner += Inner)
        {
            int depth = Math.Min(Inner, a.Columns - inner);
            int width;
            for (int left = 0; left < c.Columns; left += width)
            {
                width = c.Columns - left > TVectors.Count ? 2 * TVectors.Count : TVectors.Count;
                int columns = Math.Min(width, c.Columns - left);
                int rows = upper ? Math.Min(c.Rows, left + columns) : c.Rows;
                Pack<T, TVector, TVectors>(b.Part(inner, left, depth, columns), scratch, width);
                int top = 0;
                if (columns == width)
                {
                    for (; top <= rows - Height; top += Height)
                    {
                        Tile<T, TVector, TVectors>(c.Part(top, left, Height, columns), a.Part(top, inner, Height, depth), scratch, width);
                    }
                }

                for (; top < rows; top += Height)
                {
                    int height = Math.Min(Height, rows - top);
                    Edge<T, TVector, TVectors>(c.Part(top, left, height, columns), a.Part(top, inner, height, depth), scratch, width, spare);
                }
            }
        }
    }

    private static void Pack<T, TVector, TVectors>(MatrixBlock<T> b, T* panel, int width)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        T* from = b.First;
        for (int k = 0; k < b.Rows; k++, from += b.RowStep, panel += width)
        {
            int j = 0;
            for (; j <= b.Columns - TVectors.Count; j += TVectors.Count)
            {
                TVectors.Store(TVectors.Negate(TVectors.Load(from + j)), panel + j);
            }

            for (; j < width; j++)
            {
                panel[j] = j < b.Columns ? -from[j] : T.Zero;
            }
        }
    }

    /// <summary>A tile that leaves C, or of whose rows some are missing: by way of a whole one.</summary>
    private static void Edge<T, TVector, TVectors>(MatrixBlock<T> c, MatrixBlock<T> a, T* panel, int width, T* spare)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        for (int i = 0; i < c.Rows; i++)
        {
            c.Row(i).CopyTo(new Span<T>(spare + (i * width), width));
        }

        if (c.Rows == Height)
        {
            Tile<T, TVector, TVectors>(new MatrixBlock<T>(spare, width, 1, Height, width), a, panel, width);
        }
        else
        {
            for (int i = 0; i < c.Rows; i++)
            {
                Row<T, TVector, TVectors>(spare + (i * width), a.Part(i, 0, 1, a.Columns), panel, width);
            }
        }

        for (int i = 0; i < c.Rows; i++)
        {
            new Span<T>(spare + (i * width), c.Columns).CopyTo(c.Row(i));
        }
    }

    private static void Row<T, TVector, TVectors>(T* c, MatrixBlock<T> a, T* panel, int width)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        int second = width - TVectors.Count;
        TVector x = TVectors.Load(c);
        TVector y = TVectors.Load(c + second);
        T* at = a.First;
        for (int k = a.Columns; k > 0; k--, at += a.ColumnStep, panel += width)
        {
            TVector factor = TVectors.All(*at);
            x = TVectors.MultiplyAdd(factor, TVectors.Load(panel), x);
            y = TVectors.MultiplyAdd(factor, TVectors.Load(panel + second), y);
        }

        TVectors.Store(y, c + second);
        TVectors.Store(x, c);
    }

    private static void Tile<T, TVector, TVectors>(MatrixBlock<T> c, MatrixBlock<T> a, T* panel, int width)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        if (width == TVectors.Count)
        {
            Narrow<T, TVector, TVectors>(c.First, c.RowStep, a.First, a.RowStep, a.ColumnStep, panel, a.Columns);
        }
        else
        {
            Wide<T, TVector, TVectors>(c.First, c.RowStep, a.First, a.RowStep, a.ColumnStep, panel, a.Columns);
        }
    }

    private static void Narrow<T, TVector, TVectors>(T* c, nint rowC, T* a, nint rowA, nint columnA, T* panel, int depth)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        T* c3 = c + (3 * rowC);
        T* a3 = a + (3 * rowA);
        TVector x0 = TVectors.Load(c);
        TVector x1 = TVectors.Load(c + rowC);
        TVector x2 = TVectors.Load(c + (2 * rowC));
        TVector x3 = TVectors.Load(c3);
        TVector x4 = TVectors.Load(c3 + rowC);
        TVector x5 = TVectors.Load(c3 + (2 * rowC));
        for (; depth > 0; depth--)
        {
            TVector b = TVectors.Load(panel);
            x0 = TVectors.MultiplyAdd(TVectors.All(a[0]), b, x0);
            x1 = TVectors.MultiplyAdd(TVectors.All(a[rowA]), b, x1);
            x2 = TVectors.MultiplyAdd(TVectors.All(a[2 * rowA]), b, x2);
            x3 = TVectors.MultiplyAdd(TVectors.All(a3[0]), b, x3);
            x4 = TVectors.MultiplyAdd(TVectors.All(a3[rowA]), b, x4);
            x5 = TVectors.MultiplyAdd(TVectors.All(a3[2 * rowA]), b, x5);
            a += columnA;
            a3 += columnA;
            panel += TVectors.Count;
        }

        TVectors.Store(x0, c);
        TVectors.Store(x1, c + rowC);
        TVectors.Store(x2, c + (2 * rowC));
        TVectors.Store(x3, c3);
        TVectors.Store(x4, c3 + rowC);
        TVectors.Store(x5, c3 + (2 * rowC));
    }

    private static void Wide<T, TVector, TVectors>(T* c, nint rowC, T* a, nint rowA, nint columnA, T* panel, int depth)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TVector : struct
        where TVectors : IVectors<TVector, T>
    {
        T* c3 = c + (3 * rowC);
        T* a3 = a + (3 * rowA);
        TVector x0 = TVectors.Load(c);
        TVector y0 = TVectors.Load(c + TVectors.Count);
        TVector x1 = TVectors.Load(c + rowC);
        TVector y1 = TVectors.Load(c + rowC + TVectors.Count);
        TVector x2 = TVectors.Load(c + (2 * rowC));
        TVector y2 = TVectors.Load(c + (2 * rowC) + TVectors.Count);
        TVector x3 = TVectors.Load(c3);
        TVector y3 = TVectors.Load(c3 + TVectors.Count);
        TVector x4 = TVectors.Load(c3 + rowC);
        TVector y4 = TVectors.Load(c3 + rowC + TVectors.Count);
        TVector x5 = TVectors.Load(c3 + (2 * rowC));
        TVector y5 = TVectors.Load(c3 + (2 * rowC) + TVectors.Count);
        for (; depth > 0; depth--)
        {
            TVector b = TVectors.Load(panel);
            TVector d = TVectors.Load(panel + TVectors.Count);
            TVector factor = TVectors.All(a[0]);
            x0 = TVectors.MultiplyAdd(factor, b, x0);
            y0 = TVectors.MultiplyAdd(factor, d, y0);
            factor = TVectors.All(a[rowA]);
            x1 = TVectors.MultiplyAdd(factor, b, x1);
            y1 = TVectors.MultiplyAdd(factor, d, y1);
            factor = TVectors.All(a[2 * rowA]);
            x2 = TVectors.MultiplyAdd(factor, b, x2);
            y2 = TVectors.MultiplyAdd(factor, d, y2);
            factor = TVectors.All(a3[0]);
            x3 = TVectors.MultiplyAdd(factor, b, x3);
            y3 = TVectors.MultiplyAdd(factor, d, y3);
            factor = TVectors.All(a3[rowA]);
            x4 = TVectors.MultiplyAdd(factor, b, x4);
            y4 = TVectors.MultiplyAdd(factor, d, y4);
            factor = TVectors.All(a3[2 * rowA]);
            x5 = TVectors.MultiplyAdd(factor, b, x5);
            y5 = TVectors.MultiplyAdd(factor, d, y5);
            a += columnA;
            a3 += columnA;
            panel += 2 * TVectors.Count;
        }

        TVectors.Store(x0, c);
        TVectors.Store(y0, c + TVectors.Count);
        TVectors.Store(x1, c + rowC);
        TVectors.Store(y1, c + rowC + TVectors.Count);
        TVectors.Store(x2, c + (2 * rowC));
        TVectors.Store(y2, c + (2 * rowC) + TVectors.Count);
        TVectors.Store(x3, c3);
        TVectors.Store(y3, c3 + TVectors.Count);
        TVectors.Store(x4, c3 + rowC);
        TVectors.Store(y4, c3 + rowC + TVectors.Count);
        TVectors.Store(x5, c3 + (2 * rowC));
        TVectors.Store(y5, c3 + (2 * rowC) + TVectors.Count);
    }
}
