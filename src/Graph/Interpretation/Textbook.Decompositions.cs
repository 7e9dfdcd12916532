namespace GraphCompiler.Interpretation;

/// <summary>Decompositions: Jacobi's method and orthogonalisation, where the runtime has reflections and shifts.</summary>
internal static partial class Textbook
{
    /// <summary>Functions of each matrix that have several results, each of them written one matrix after the other.</summary>
    public static TensorValue[] MapAll(EvaluationContext context, Func<double[,], long, double[][,]> function)
    {
        TensorValue a = context.Inputs[0];
        List<double>[] results = [.. context.Node.Results.Select(_ => new List<double>())];
        for (long item = 0; item < BatchOf(a); item++)
        {
            double[][,] parts = function(MatrixOf(a, item), item);
            for (int i = 0; i < results.Length; i++)
            {
                results[i].AddRange(parts[i].Cast<double>());
            }
        }

        return [.. results.Select((r, i) => TensorValue.OfReals(a.DType, context.ResultShape(i), [.. r]))];
    }

    /// <summary>Gram and Schmidt's orthogonalisation, twice.</summary>
    public static double[][,] Qr(double[,] a)
    {
        (int m, int n) = (a.GetLength(0), a.GetLength(1));
        int k = Math.Min(m, n);
        double[][] columns = [];
        for (int j = 0; j < k; j++)
        {
            double[] column = [.. Enumerable.Range(0, m).Select(i => a[i, j])];
            columns = [.. columns, Independent(column, columns)];
        }

        double[,] r = new double[k, n];
        for (int i = 0; i < k; i++)
        {
            for (int j = i; j < n; j++)
            {
                r[i, j] = Dot(columns[i], [.. Enumerable.Range(0, m).Select(row => a[row, j])]);
            }
        }

        return [FromColumns(columns, m), r];
    }

    /// <summary>Jacobi's method: plane rotations that zero one element after the other.</summary>
    public static double[][,] Eigh(double[,] a)
    {
        int n = a.GetLength(0);
        double[,] s = new double[n, n];
        double[,] v = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            v[i, i] = 1;
            for (int j = 0; j < n; j++)
            {
                s[i, j] = a[Math.Max(i, j), Math.Min(i, j)];
            }
        }

        for (int sweep = 0; sweep < 100; sweep++)
        {
            bool done = true;
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++)
                {
                    if (Math.Abs(s[p, q]) > 1e-300 && Math.Abs(s[p, q]) > 1e-18 * Math.Sqrt(Math.Abs(s[p, p] * s[q, q])))
                    {
                        done &= Rotate(s, v, p, q);
                    }
                }
            }

            if (done)
            {
                break;
            }
        }

        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => s[i, i])];
        double[][] vectors = [.. order.Select(c => WithSign([.. Enumerable.Range(0, n).Select(i => v[i, c])]).Vector)];
        double[,] values = new double[n, 1];
        for (int i = 0; i < n; i++)
        {
            values[i, 0] = s[order[i], order[i]];
        }

        return [values, FromColumns(vectors, n)];
    }

    /// <summary>The eigenvectors of [[0, A], [Aᵀ, 0]] are those of A side by side, its eigenvalues ± the singular values (Jordan and Wielandt).</summary>
    public static double[][,] Svd(double[,] a)
    {
        (int m, int n) = (a.GetLength(0), a.GetLength(1));
        int k = Math.Min(m, n);
        double[,] both = new double[m + n, m + n];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                both[i, m + j] = both[m + j, i] = a[i, j];
            }
        }

        double[][,] eigen = Eigh(both);
        double[,] values = new double[k, 1];
        double[][] left = [];
        double[][] right = [];
        for (int i = 0; i < k; i++)
        {
            int at = m + n - 1 - i;
            double s = Math.Max(0, eigen[0][at, 0]);
            values[i, 0] = s;
            bool isZero = s <= 1e-14 * values[0, 0];
            double[] u = [.. Enumerable.Range(0, m).Select(row => isZero ? 0 : Math.Sqrt(2) * eigen[1][row, at])];
            double[] v = [.. Enumerable.Range(m, n).Select(row => isZero ? 0 : Math.Sqrt(2) * eigen[1][row, at])];
            (double[] signed, double sign) = WithSign(Independent(u, left));
            left = [.. left, signed];
            right = [.. right, [.. Independent(v, right).Select(x => sign * x)]];
        }

        double[,] vh = new double[k, n];
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j < n; j++)
            {
                vh[i, j] = right[i][j];
            }
        }

        return [FromColumns(left, m), values, vh];
    }

    /// <summary>The series, of a matrix halved until it is small.</summary>
    public static double[,] Exp(double[,] a)
    {
        int n = a.GetLength(0);
        double norm = a.Cast<double>().Sum(Math.Abs);
        int halvings = norm > 0.5 && double.IsFinite(norm) ? (int)Math.Ceiling(Math.Log2(norm)) + 1 : 0;
        double[,] small = new double[n, n];
        double[,] term = new double[n, n];
        double[,] sum = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            term[i, i] = sum[i, i] = 1;
            for (int j = 0; j < n; j++)
            {
                small[i, j] = a[i, j] * Math.ScaleB(1, -halvings);
            }
        }

        for (int power = 1; power < 25; power++)
        {
            term = Multiply(term, small, 1.0 / power);
            for (int i = 0; i < n * n; i++)
            {
                sum[i / n, i % n] += term[i / n, i % n];
            }
        }

        for (int i = 0; i < halvings; i++)
        {
            sum = Multiply(sum, sum, 1);
        }

        return sum;
    }

    /// <summary>Zeros the element at (p, q); whether it was as good as zero.</summary>
    private static bool Rotate(double[,] s, double[,] v, int p, int q)
    {
        double theta = (s[q, q] - s[p, p]) / (2 * s[p, q]);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
        double c = 1 / Math.Sqrt((t * t) + 1);
        double n = t * c;
        bool isSmall = Math.Abs(s[p, q]) <= 1e-17 * (Math.Abs(s[p, p]) + Math.Abs(s[q, q]));
        for (int i = 0; i < s.GetLength(0); i++)
        {
            (s[i, p], s[i, q]) = ((c * s[i, p]) - (n * s[i, q]), (n * s[i, p]) + (c * s[i, q]));
        }

        for (int i = 0; i < s.GetLength(0); i++)
        {
            (s[p, i], s[q, i]) = ((c * s[p, i]) - (n * s[q, i]), (n * s[p, i]) + (c * s[q, i]));
            (v[i, p], v[i, q]) = ((c * v[i, p]) - (n * v[i, q]), (n * v[i, p]) + (c * v[i, q]));
        }

        return isSmall;
    }

    /// <summary>A unit vector in the direction in which one leaves the space of orthonormal others; any direction outside of it, if it does not.</summary>
    private static double[] Independent(double[] vector, double[][] others)
    {
        double length = Math.Sqrt(Dot(vector, vector));
        for (int candidate = -1; candidate < vector.Length; candidate++)
        {
            double[] rest = candidate < 0 ? [.. vector] : [.. Enumerable.Range(0, vector.Length).Select(i => i == candidate ? 1d : 0)];
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] other in others)
                {
                    double along = Dot(rest, other);
                    rest = [.. rest.Select((x, i) => x - (along * other[i]))];
                }
            }

            double left = Math.Sqrt(Dot(rest, rest));
            if (!(left <= (candidate < 0 ? 1e-14 * length : 1e-3)))
            {
                return [.. rest.Select(x => x / left)];
            }
        }

        return vector;
    }

    /// <summary>A vector's sign: the first of its large components is positive.</summary>
    private static (double[] Vector, double Sign) WithSign(double[] vector)
    {
        double most = vector.Select(Math.Abs).DefaultIfEmpty().Max();
        double sign = vector.FirstOrDefault(x => Math.Abs(x) > 0.38 * most) < 0 ? -1 : 1;
        return ([.. vector.Select(x => sign * x)], sign);
    }

    public static bool IsFinite(double[,] a) => a.Cast<double>().All(double.IsFinite);

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    private static double[,] Multiply(double[,] x, double[,] y, double factor)
    {
        int n = x.GetLength(0);
        double[,] product = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int k = 0; k < n; k++)
                {
                    product[i, j] += x[i, k] * y[k, j] * factor;
                }
            }
        }

        return product;
    }

    private static double[,] FromColumns(double[][] columns, int rows)
    {
        double[,] matrix = new double[rows, columns.Length];
        for (int j = 0; j < columns.Length; j++)
        {
            for (int i = 0; i < rows; i++)
            {
                matrix[i, j] = columns[j][i];
            }
        }

        return matrix;
    }
}
