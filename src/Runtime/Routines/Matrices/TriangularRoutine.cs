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

/// <summary>Forward and back substitution; the right sides are columns of one matrix, so that the inner loops run along rows.</summary>
internal static class TriangularRoutine
{
    /// <summary>Writes the X of T·X = B. A zero on the diagonal divides, as in IEEE arithmetic.</summary>
    public static long Solve<T>(nint triangle, nint right, nint solution, long size, long columns, long form)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var a = new MatrixView<T>(triangle, size, size);
        var x = new MatrixView<T>(solution, size, columns);
        new MatrixView<T>(right, size, columns).CopyTo(x);
        Substitute(a, x, (TriangularForm)form);
        return 0;
    }

    /// <summary>The same in place.</summary>
    public static void Substitute<T>(MatrixView<T> a, MatrixView<T> x, TriangularForm form)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        bool transposed = (form & TriangularForm.Transposed) != 0;
        bool forward = ((form & TriangularForm.Upper) != 0) == transposed;
        int n = a.Rows;
        for (int step = 0; step < n; step++)
        {
            int i = forward ? step : n - 1 - step;
            Span<T> row = x.Row(i);
            for (int j = forward ? 0 : i + 1; j < (forward ? i : n); j++)
            {
                MatrixView<T>.AddTimes(row, x.Row(j), -(transposed ? a[j, i] : a[i, j]));
            }

            if ((form & TriangularForm.Unit) == 0)
            {
                TensorPrimitives.Divide(row, a[i, i], row);
            }
        }
    }
}
