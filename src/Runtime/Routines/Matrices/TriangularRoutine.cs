using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler.Routines.Matrices;

/// <summary>Which system of equations a triangular matrix stands for.</summary>
[Flags]
internal enum TriangularForm
{
    /// <summary>Its lower triangle.</summary>
    Lower = 0,

    /// <summary>Its upper triangle.</summary>
    Upper = 1,

    /// <summary>The transposed triangle.</summary>
    Transposed = 2,

    /// <summary>The diagonal counts as ones and is not read.</summary>
    Unit = 4,
}

/// <summary>Systems with a triangular matrix; the right sides are columns of one matrix.</summary>
internal static unsafe class TriangularRoutine
{
    /// <summary>Writes the X of T·X = B. A zero on the diagonal divides, as in IEEE arithmetic.</summary>
    /// <param name="triangle">T.</param>
    /// <param name="right">B.</param>
    /// <param name="solution">X.</param>
    /// <param name="scratch">size + <see cref="MinusProduct.Scratch"/> numbers.</param>
    /// <param name="size">The size of T.</param>
    /// <param name="columns">The columns of B.</param>
    /// <param name="form">A <see cref="TriangularForm"/>.</param>
    public static long Solve<T>(nint triangle, nint right, nint solution, nint scratch, long size, long columns, long form)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        (int n, int width) = (checked((int)size), checked((int)columns));
        var x = new MatrixBlock<T>(solution, n, width);
        for (int i = 0; i < n; i++)
        {
            new MatrixBlock<T>(right, n, width).Row(i).CopyTo(x.Row(i));
        }

        Substitute(new MatrixBlock<T>(triangle, n, n), x, (TriangularForm)form, (T*)scratch);
        return 0;
    }

    /// <summary>The same in place.</summary>
    public static void Substitute<T>(MatrixBlock<T> a, MatrixBlock<T> x, TriangularForm form, T* scratch)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        bool transposed = (form & TriangularForm.Transposed) != 0;
        bool upper = ((form & TriangularForm.Upper) != 0) != transposed;
        bool unit = (form & TriangularForm.Unit) != 0;
        if (x.Columns > 2)
        {
            Substitution.Run(transposed ? a.Transposed : a, upper, unit, x, scratch);
            return;
        }

        var column = new Span<T>(scratch, a.Rows);
        for (int j = 0; j < x.Columns; j++)
        {
            for (int i = 0; i < column.Length; i++)
            {
                column[i] = x[i, j];
            }

            SubstituteOne(a, column, transposed, upper, unit);
            for (int i = 0; i < column.Length; i++)
            {
                x[i, j] = column[i];
            }
        }
    }

    /// <summary>For one right side: each row of A is read once, as it lies.</summary>
    private static void SubstituteOne<T>(MatrixBlock<T> a, Span<T> x, bool transposed, bool upper, bool unit)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int step = 0; step < x.Length; step++)
        {
            int i = upper ? x.Length - 1 - step : step;
            Range found = upper ? (i + 1).. : ..i;
            Range open = upper ? ..i : (i + 1)..;
            Span<T> row = a.Row(i);
            T sum = transposed ? x[i] : x[i] - TensorPrimitives.Dot<T>(row[found], x[found]);
            x[i] = unit ? sum : sum / row[i];
            if (transposed)
            {
                TensorPrimitives.MultiplyAddEstimate(row[open], -x[i], x[open], x[open]);
            }
        }
    }
}
