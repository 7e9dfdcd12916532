using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// Symmetric matrices: Householder's reduction to tridiagonal form, then QL steps with implicit shifts (Golub and Van Loan, Matrix Computations, 8.3;
/// Bowdler, Martin, Reinsch and Wilkinson, 1968). Eigenvectors are rows while they are rotated.
/// </summary>
internal static class EighRoutine
{
    private const int MostSteps = 80;

    /// <summary>Writes the eigenvalues, ascending, and the eigenvectors as columns, from the lower triangle of A.</summary>
    /// <param name="matrix">A.</param>
    /// <param name="values">The eigenvalues.</param>
    /// <param name="vectors">The eigenvectors.</param>
    /// <param name="scratch">size·size + 4·size numbers.</param>
    /// <param name="size">The size of A.</param>
    /// <returns>0, or 1 if A is not finite or its eigenvalues do not converge.</returns>
    public static unsafe long Decompose<T>(nint matrix, nint values, nint vectors, nint scratch, long size)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var a = new MatrixView<T>(matrix, size, size);
        var s = new MatrixView<T>(scratch, size, size);
        var z = new MatrixView<T>(vectors, size, size);
        int n = a.Rows;
        var d = new Span<T>((T*)values, n);
        var rest = (T*)scratch + (size * size);
        var e = new Span<T>(rest, n);
        var v = new Span<T>(rest + size, n);
        var w = new Span<T>(rest + (2 * size), n);
        var scales = new Span<T>(rest + (3 * size), n);
        T most = T.Zero;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                most = T.Max(most, T.Abs(a[i, j]));
            }
        }

        if (!T.IsFinite(most))
        {
            return 1;
        }

        // Scaled, so that squares neither overflow nor vanish.
        T unit = most == T.Zero ? T.One : most;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                s[i, j] = s[j, i] = a[i, j] / unit;
            }
        }

        Reduce(s, d, e, v, w, scales);
        Accumulate(s, z, scales, v, w);
        Transpose(z);
        if (!Diagonalise(d, e, z))
        {
            return 1;
        }

        Sort(d, z);
        TensorPrimitives.Multiply(d, unit, d);
        for (int i = 0; i < n; i++)
        {
            Span<T> row = z.Row(i);
            TensorPrimitives.Multiply(row, MatrixView<T>.SignOf(row), row);
        }

        Transpose(z);
        return 0;
    }

    /// <summary>Leaves the diagonal in d, what stands beside it in e, and the vectors of the reflections below the diagonal of s.</summary>
    private static void Reduce<T>(MatrixView<T> s, Span<T> d, Span<T> e, Span<T> v, Span<T> w, Span<T> scales)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int n = s.Rows;
        T epsilon = T.BitIncrement(T.One) - T.One;
        T least = T.Epsilon / epsilon / epsilon;
        for (int k = 0; k < n; k++)
        {
            d[k] = s[k, k];
            e[k] = T.Zero;
            scales[k] = T.Zero;
            if (k + 1 == n)
            {
                break;
            }

            // Row k equals column k.
            ReadOnlySpan<T> column = s.Row(k, k + 1, n);
            T head = column[0];
            T tail = TensorPrimitives.Dot(column[1..], column[1..]);
            e[k] = head;

            // Squares so small have lost their digits; what they stand for is far below the rounding errors of the matrix.
            if (tail <= least)
            {
                continue;
            }

            T image = -T.CopySign(T.Sqrt((head * head) + tail), head);
            e[k] = image;
            scales[k] = (image - head) / image;
            Span<T> reflection = v[(k + 1)..];
            TensorPrimitives.Divide(column, head - image, reflection);
            reflection[0] = T.One;
            Span<T> product = w[(k + 1)..];
            for (int i = k + 1; i < n; i++)
            {
                product[i - k - 1] = scales[k] * TensorPrimitives.Dot<T>(s.Row(i, k + 1, n), reflection);
            }

            MatrixView<T>.AddTimes(product, reflection, -(scales[k] / (T.One + T.One)) * TensorPrimitives.Dot<T>(product, reflection));
            for (int i = k + 1; i < n; i++)
            {
                Span<T> row = s.Row(i, k + 1, n);
                MatrixView<T>.AddTimes(row, product, -reflection[i - k - 1]);
                MatrixView<T>.AddTimes(row, reflection, -product[i - k - 1]);
                s[i, k] = reflection[i - k - 1];
            }
        }
    }

    /// <summary>The product of the reflections.</summary>
    private static void Accumulate<T>(MatrixView<T> s, MatrixView<T> z, Span<T> scales, Span<T> v, Span<T> w)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int n = s.Rows;
        z.SetIdentity();
        for (int k = n - 2; k >= 0; k--)
        {
            if (scales[k] == T.Zero)
            {
                continue;
            }

            Span<T> sum = w[(k + 1)..];
            sum.Clear();
            for (int i = k + 1; i < n; i++)
            {
                v[i] = s[i, k];
                MatrixView<T>.AddTimes(sum, z.Row(i, k + 1, n), v[i]);
            }

            for (int i = k + 1; i < n; i++)
            {
                MatrixView<T>.AddTimes(z.Row(i, k + 1, n), sum, -scales[k] * v[i]);
            }
        }
    }

    private static bool Diagonalise<T>(Span<T> d, Span<T> e, MatrixView<T> z)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        // What stands beside the diagonal is as good as zero where it is below the rounding errors of the matrix.
        T most = T.Zero;
        for (int i = 0; i < d.Length; i++)
        {
            most = T.Max(most, T.Max(T.Abs(d[i]), T.Abs(e[i])));
        }

        T least = most * (T.BitIncrement(T.One) - T.One) / T.CreateChecked(8);
        for (int l = 0; l < d.Length; l++)
        {
            for (int step = 0; ; step++)
            {
                int m = l;
                while (m + 1 < d.Length && T.Abs(e[m]) > least && T.Abs(e[m]) + (T.Abs(d[m]) + T.Abs(d[m + 1])) != T.Abs(d[m]) + T.Abs(d[m + 1]))
                {
                    m++;
                }

                if (m == l)
                {
                    break;
                }

                if (step == MostSteps)
                {
                    return false;
                }

                Step(d, e, z, l, m);
            }
        }

        return true;
    }

    /// <summary>One QL step on the block from l to m: the shift is the eigenvalue of its first two rows that is nearer to d[l].</summary>
    private static void Step<T>(Span<T> d, Span<T> e, MatrixView<T> z, int l, int m)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T two = T.One + T.One;
        T half = (d[l + 1] - d[l]) / (two * e[l]);
        T g = d[m] - d[l] + (e[l] / (half + T.CopySign(T.Hypot(half, T.One), half)));
        (T sine, T cosine, T removed) = (T.One, T.One, T.Zero);
        for (int i = m - 1; i >= l; i--)
        {
            T bulge = sine * e[i];
            T beside = cosine * e[i];
            T length = T.Hypot(bulge, g);
            e[i + 1] = length;
            if (length == T.Zero)
            {
                // The block falls apart here.
                d[i + 1] -= removed;
                e[m] = T.Zero;
                return;
            }

            sine = bulge / length;
            cosine = g / length;
            g = d[i + 1] - removed;
            T turned = ((d[i] - g) * sine) + (two * cosine * beside);
            removed = sine * turned;
            d[i + 1] = g + removed;
            g = (cosine * turned) - beside;
            MatrixView<T>.Rotate(z.Row(i), z.Row(i + 1), cosine, sine);
        }

        d[l] -= removed;
        e[l] = g;
        e[m] = T.Zero;
    }

    private static void Sort<T>(Span<T> d, MatrixView<T> z)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < d.Length; i++)
        {
            int least = i;
            for (int j = i + 1; j < d.Length; j++)
            {
                least = d[j] < d[least] ? j : least;
            }

            if (least != i)
            {
                (d[i], d[least]) = (d[least], d[i]);
                z.SwapRows(i, least);
            }
        }
    }

    private static void Transpose<T>(MatrixView<T> z)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < z.Rows; i++)
        {
            for (int j = 0; j < i; j++)
            {
                (z[i, j], z[j, i]) = (z[j, i], z[i, j]);
            }
        }
    }
}
