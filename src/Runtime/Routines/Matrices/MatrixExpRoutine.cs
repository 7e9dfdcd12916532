using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>The exponential by scaling, Padé's approximant of degree 13, and squaring (Higham, SIAM J. Matrix Anal. Appl. 26, 2005).</summary>
internal static class MatrixExpRoutine
{
    private static readonly double[] Coefficients =
    [
        64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800,
        33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ];

    /// <summary>Writes exp A. Where A is not finite, so is the result.</summary>
    /// <param name="matrix">A.</param>
    /// <param name="result">exp A.</param>
    /// <param name="scratch">6·size·size numbers, and what <see cref="LuRoutine"/> needs.</param>
    /// <param name="order">size positions.</param>
    /// <param name="size">The size of A.</param>
    public static unsafe long Evaluate<T>(nint matrix, nint result, nint scratch, nint order, long size)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var a = new MatrixView<T>(scratch, size, size);
        var a2 = Part(1);
        var a4 = Part(2);
        var a6 = Part(3);
        var u = Part(4);
        var v = Part(5);
        var x = new MatrixView<T>(result, size, size);
        new MatrixView<T>(matrix, size, size).CopyTo(a);
        double norm = double.CreateChecked(Norm(a, v.Rows == 0 ? default : v.Row(0)));
        if (!double.IsFinite(norm))
        {
            for (int i = 0; i < x.Rows; i++)
            {
                x.Row(i).Fill(T.NaN);
            }

            return 0;
        }

        int squarings = norm > 5.371920351148152 ? (int)Math.Ceiling(Math.Log2(norm / 5.371920351148152)) : 0;
        Scale(a, T.CreateChecked(Math.ScaleB(1, -squarings)));
        Multiply(a, a, a2);
        Multiply(a2, a2, a4);
        Multiply(a2, a4, a6);

        // u = A·(A6·(b13·A6 + b11·A4 + b9·A2) + b7·A6 + b5·A4 + b3·A2 + b1·I)
        Combine(x, a2, a4, a6, 9, 11, 13, -1);
        Multiply(a6, x, v);
        Combine(x, a2, a4, a6, 3, 5, 7, 1);
        Add(x, v, T.One);
        Multiply(a, x, u);

        // v = A6·(b12·A6 + b10·A4 + b8·A2) + b6·A6 + b4·A4 + b2·A2 + b0·I
        Combine(x, a2, a4, a6, 8, 10, 12, -1);
        Multiply(a6, x, v);
        Combine(x, a2, a4, a6, 2, 4, 6, 0);
        Add(v, x, T.One);

        // (v − u)·X = v + u
        v.CopyTo(a);
        Add(a, u, -T.One);
        Add(v, u, T.One);
        var rows = new Span<long>((long*)order, a.Rows);
        T* rest = (T*)scratch + (6 * size * size);
        var lu = new MatrixBlock<T>(scratch, a.Rows, a.Rows);
        var solution = new MatrixBlock<T>(result, a.Rows, a.Rows);
        LuRoutine.Factor(lu, rows, out T _, mustBeRegular: false, rest);
        for (int i = 0; i < x.Rows; i++)
        {
            v.Row((int)rows[i]).CopyTo(x.Row(i));
        }

        TriangularRoutine.Substitute(lu, solution, TriangularForm.Unit, rest);
        TriangularRoutine.Substitute(lu, solution, TriangularForm.Upper, rest);
        for (int i = 0; i < squarings; i++)
        {
            Multiply(x, x, v);
            v.CopyTo(x);
        }

        return 0;

        MatrixView<T> Part(long index) => new((nint)((T*)scratch + (index * size * size)), size, size);
    }

    /// <summary>The largest sum of the magnitudes of a column.</summary>
    private static T Norm<T>(MatrixView<T> a, Span<T> sums)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        sums.Clear();
        for (int i = 0; i < a.Rows; i++)
        {
            for (int j = 0; j < sums.Length; j++)
            {
                sums[j] += T.Abs(a[i, j]);
            }
        }

        return sums.IsEmpty ? T.Zero : TensorPrimitives.Max<T>(sums);
    }

    private static void Combine<T>(MatrixView<T> target, MatrixView<T> a2, MatrixView<T> a4, MatrixView<T> a6, int second, int fourth, int sixth, int diagonal)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < target.Rows; i++)
        {
            TensorPrimitives.Multiply(a2.Row(i), T.CreateChecked(Coefficients[second]), target.Row(i));
            MatrixView<T>.AddTimes(target.Row(i), a4.Row(i), T.CreateChecked(Coefficients[fourth]));
            MatrixView<T>.AddTimes(target.Row(i), a6.Row(i), T.CreateChecked(Coefficients[sixth]));
            target[i, i] += diagonal < 0 ? T.Zero : T.CreateChecked(Coefficients[diagonal]);
        }
    }

    private static void Scale<T>(MatrixView<T> a, T factor)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < a.Rows; i++)
        {
            TensorPrimitives.Multiply(a.Row(i), factor, a.Row(i));
        }
    }

    private static void Add<T>(MatrixView<T> target, MatrixView<T> x, T factor)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < target.Rows; i++)
        {
            MatrixView<T>.AddTimes(target.Row(i), x.Row(i), factor);
        }
    }

    private static void Multiply<T>(MatrixView<T> x, MatrixView<T> y, MatrixView<T> product)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < x.Rows; i++)
        {
            product.Row(i).Clear();
            for (int k = 0; k < x.Columns; k++)
            {
                MatrixView<T>.AddTimes(product.Row(i), y.Row(k), x[i, k]);
            }
        }
    }
}
