namespace GraphCompiler.Interpretation;

/// <summary>
/// Linear algebra as textbooks have it, in double: what the runtime's routines are held against. Where there is a choice, the method is another one.
/// </summary>
internal static partial class Textbook
{
    /// <summary>A function of each matrix of a batch and its number.</summary>
    public static TensorValue Map(TensorValue a, long[] shape, Func<double[,], long, double[,]> function)
    {
        List<double> result = [];
        for (long item = 0; item < BatchOf(a); item++)
        {
            result.AddRange(function(MatrixOf(a, item), item).Cast<double>());
        }

        return TensorValue.OfReals(a.DType, shape, [.. result]);
    }

    /// <summary>A function of each pair of matrices of two batches.</summary>
    public static TensorValue Map(TensorValue a, TensorValue b, long[] shape, Func<double[,], double[,], double[,]> function) =>
        Map(a, shape, (x, item) => function(x, MatrixOf(b, item)));

    public static double[,]? Cholesky(double[,] a, out int pivot)
    {
        int n = a.GetLength(0);
        double[,] l = new double[n, n];
        for (int j = 0; j < n; j++)
        {
            for (int i = j; i < n; i++)
            {
                double rest = a[i, j];
                for (int k = 0; k < j; k++)
                {
                    rest -= l[i, k] * l[j, k];
                }

                if (i == j && !(rest > 0 && double.IsFinite(rest)))
                {
                    pivot = j + 1;
                    return null;
                }

                l[i, j] = i == j ? Math.Sqrt(rest) : rest / l[j, j];
            }
        }

        pivot = 0;
        return l;
    }

    /// <summary>By columns of the right side, in inner products.</summary>
    public static double[,] TriangularSolve(double[,] a, double[,] b, TriangularForm form)
    {
        (int n, int columns) = (b.GetLength(0), b.GetLength(1));
        bool transposed = form.HasFlag(TriangularForm.Transposed);
        bool forward = form.HasFlag(TriangularForm.Upper) == transposed;
        double[,] x = new double[n, columns];
        for (int column = 0; column < columns; column++)
        {
            for (int step = 0; step < n; step++)
            {
                int i = forward ? step : n - 1 - step;
                double rest = b[i, column];
                for (int j = forward ? 0 : i + 1; j < (forward ? i : n); j++)
                {
                    rest -= (transposed ? a[j, i] : a[i, j]) * x[j, column];
                }

                x[i, column] = form.HasFlag(TriangularForm.Unit) ? rest : rest / a[i, i];
            }
        }

        return x;
    }

    /// <summary>By columns (Crout): L below U, the order of the rows, the permutation's sign, and the first pivot (from 1) that is no good, or 0.</summary>
    public static (double[,] Factors, int[] Order, double Sign, int Zero) Lu(double[,] a)
    {
        int n = a.GetLength(0);
        double[,] lu = (double[,])a.Clone();
        int[] order = [.. Enumerable.Range(0, n)];
        double sign = 1;
        int zero = 0;
        for (int j = 0; j < n; j++)
        {
            int pivot = j;
            for (int i = 0; i < n; i++)
            {
                for (int k = 0; k < Math.Min(i, j); k++)
                {
                    lu[i, j] -= lu[i, k] * lu[k, j];
                }

                if (i > j && (Math.Abs(lu[i, j]) > Math.Abs(lu[pivot, j]) || (double.IsNaN(lu[i, j]) && !double.IsNaN(lu[pivot, j]))))
                {
                    pivot = i;
                }
            }

            if (pivot != j)
            {
                for (int k = 0; k < n; k++)
                {
                    (lu[j, k], lu[pivot, k]) = (lu[pivot, k], lu[j, k]);
                }

                (order[j], order[pivot]) = (order[pivot], order[j]);
                sign = -sign;
            }

            double head = lu[j, j];
            zero = zero == 0 && (head == 0 || !double.IsFinite(head)) ? j + 1 : zero;
            for (int i = j + 1; i < n && head != 0; i++)
            {
                lu[i, j] /= head;
            }
        }

        return (lu, order, sign, zero);
    }

    private static long BatchOf(TensorValue a) => TensorValue.CountOf(a.Shape.AsSpan(0, a.Rank - 2));

    private static double[,] MatrixOf(TensorValue a, long item)
    {
        (long rows, long columns) = (a.Shape[^2], a.Shape[^1]);
        double[,] matrix = new double[rows, columns];
        for (long i = 0; i < rows * columns; i++)
        {
            matrix[i / columns, i % columns] = a[(item * rows * columns) + i];
        }

        return matrix;
    }
}
