using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>
/// The reduced Q·R by Householder's reflections (Golub and Van Loan, Matrix Computations, 5.1 and 5.2). Those of a panel of columns, which lie as rows while they are
/// found, are applied together, as I − V·T·Vᵀ (Schreiber and Van Loan, A storage-efficient WY representation, 1989).
/// </summary>
internal static unsafe class QrRoutine
{
    /// <summary>The columns of a panel.</summary>
    public const int Panel = 32;

    /// <summary>Writes Q [rows, k] and R [k, columns], k the smaller side, with a diagonal of R that is not negative.</summary>
    /// <param name="matrix">A.</param>
    /// <param name="q">Q.</param>
    /// <param name="r">R.</param>
    /// <param name="scratch">rows·columns + columns·(rows + 32) + <see cref="Panel"/>·(3·columns + <see cref="Panel"/>) + <see cref="MinusProduct.Scratch"/> numbers.</param>
    /// <param name="rows">The rows of A.</param>
    /// <param name="columns">The columns of A.</param>
    public static long Factor<T>(nint matrix, nint q, nint r, nint scratch, long rows, long columns)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        (int m, int n) = (checked((int)rows), checked((int)columns));
        int k = Math.Min(m, n);
        int apart = MatrixBlock<T>.Apart(m);
        var work = new MatrixBlock<T>(scratch, m, n);
        var vectors = new MatrixBlock<T>((T*)scratch + ((nint)m * n), apart, 1, k, m);
        T* triangles = vectors.First + ((nint)k * apart);
        T* sums = triangles + ((nint)Panel * (n + Panel));
        T* spare = sums + ((nint)Panel * n * 2);
        T most = T.Zero;
        for (int i = 0; i < m && n > 0; i++)
        {
            new MatrixBlock<T>(matrix, m, n).Row(i).CopyTo(work.Row(i));
            most = T.Max(most, T.Abs(TensorPrimitives.MaxMagnitude<T>(work.Row(i))));
        }

        // Scaled, so that squares neither overflow nor vanish.
        T unit = most > T.Zero && T.IsFinite(most) ? most : T.One;
        for (int i = 0; i < m; i++)
        {
            TensorPrimitives.Divide(work.Row(i), unit, work.Row(i));
        }

        for (int j = 0; j < k; j += Panel)
        {
            int width = Math.Min(Panel, k - j);
            MatrixBlock<T> panel = vectors.Part(j, j, width, m - j);
            FactorPanel(work.Part(j, j, m - j, width), panel, Triangle(j, width));
            Apply(panel, Triangle(j, width).Transposed, work.Part(j, j + width, m - j, n - j - width), sums, spare);
        }

        var orthogonal = new MatrixBlock<T>(q, m, k);
        for (int i = 0; i < m; i++)
        {
            orthogonal.Row(i).Clear();
            if (i < k)
            {
                orthogonal[i, i] = T.One;
            }
        }

        for (int j = (k - 1) / Panel * Panel; j >= 0 && k > 0; j -= Panel)
        {
            int width = Math.Min(Panel, k - j);
            Apply(vectors.Part(j, j, width, m - j), Triangle(j, width), orthogonal.Part(j, j, m - j, k - j), sums, spare);
        }

        var upper = new MatrixBlock<T>(r, k, n);
        for (int i = 0; i < k; i++)
        {
            Span<T> row = upper.Row(i);
            row[..i].Clear();
            TensorPrimitives.Multiply(work.Row(i)[i..], unit, row[i..]);
            if (row[i] < T.Zero)
            {
                TensorPrimitives.Negate(row[i..], row[i..]);
                for (int below = 0; below < m; below++)
                {
                    orthogonal[below, i] = -orthogonal[below, i];
                }
            }
        }

        return 0;

        MatrixBlock<T> Triangle(int column, int width) => new(triangles + ((nint)Panel * column), Panel, 1, width, width);
    }

    /// <summary>Leaves R's part of a panel in it, and the reflections' vectors, a row each, with the T of their product.</summary>
    private static void FactorPanel<T>(MatrixBlock<T> source, MatrixBlock<T> vectors, MatrixBlock<T> triangle)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        source.CopyTo(vectors.Transposed);
        for (int j = 0; j < vectors.Rows; j++)
        {
            Span<T> vector = vectors.Row(j)[j..];
            (T scale, T image) = Reflect(vector);
            for (int other = j + 1; other < vectors.Rows && scale != T.Zero; other++)
            {
                Span<T> target = vectors.Row(other)[j..];
                TensorPrimitives.MultiplyAddEstimate(vector, -scale * TensorPrimitives.Dot<T>(vector, target), target, target);
            }

            for (int i = 0; i < j; i++)
            {
                source[i, j] = vectors[j, i];
                vectors[j, i] = T.Zero;
            }

            source[j, j] = image;

            // T's column: −scale·T·(Vᵀ·v) above the diagonal.
            triangle[j, j] = scale;
            for (int i = 0; i < j; i++)
            {
                triangle[j, i] = -scale * TensorPrimitives.Dot<T>(vectors.Row(i)[j..], vector);
            }

            for (int i = 0; i < j; i++)
            {
                T sum = T.Zero;
                for (int k = i; k < j; k++)
                {
                    sum += triangle[i, k] * triangle[j, k];
                }

                triangle[i, j] = sum;
            }

            triangle.Row(j)[..j].Clear();
        }
    }

    /// <summary>
    /// Makes of a vector that of the reflection which turns it into a multiple of a unit vector, its first element 1. Returns the reflection's scale, 0 for none,
    /// and the multiple.
    /// </summary>
    private static (T Scale, T Image) Reflect<T>(Span<T> vector)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<T> rest = vector[1..];
        T head = vector[0];
        T most = rest.IsEmpty ? T.Zero : T.Abs(TensorPrimitives.MaxMagnitude<T>(rest));
        vector[0] = T.One;

        // So far below the largest element of A, which is 1, there is nothing but rounding, and soon too few digits to make a unit vector of.
        if (most < T.CreateChecked(1e-30))
        {
            rest.Clear();
            return (T.Zero, head);
        }

        most = T.Max(most, T.Abs(head));
        TensorPrimitives.Divide(rest, most, rest);
        T first = head / most;
        T image = -T.CopySign(T.Sqrt((first * first) + TensorPrimitives.SumOfSquares<T>(rest)), head);
        TensorPrimitives.Divide(rest, first - image, rest);
        return ((image - first) / image, image * most);
    }

    /// <summary>target = (I − V·T·Vᵀ)·target.</summary>
    private static void Apply<T>(MatrixBlock<T> vectors, MatrixBlock<T> triangle, MatrixBlock<T> target, T* sums, T* spare)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var first = new MatrixBlock<T>(sums, target.Columns, 1, vectors.Rows, target.Columns);
        var second = new MatrixBlock<T>(sums + ((nint)Panel * target.Columns), target.Columns, 1, vectors.Rows, target.Columns);
        for (int i = 0; i < first.Rows; i++)
        {
            first.Row(i).Clear();
            second.Row(i).Clear();
        }

        MinusProduct.Run(first, vectors, target, spare);
        MinusProduct.Run(second, triangle, first, spare);
        MinusProduct.Run(target, vectors.Transposed, second, spare);
    }
}
