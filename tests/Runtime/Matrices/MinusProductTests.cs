using System.Numerics;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Tests.Runtime.Matrices;

/// <summary>The product of blocked factorisations, in vectors of every width, against sums in double.</summary>
internal sealed unsafe class MinusProductTests
{
    private static readonly int[] Sizes = [0, 1, 5, 6, 7, 17, 33, 70];

    [Test]
    public void Every_width_gives_what_sums_in_double_give([Values] bool isTransposed, [Values] bool upper)
    {
        foreach (int rows in Sizes)
        {
            foreach (int columns in Sizes)
            {
                foreach (int inner in (int[])[0, 1, 9, 128, 131])
                {
                    Compare<float>(rows, columns, inner, isTransposed, upper, 1e-4);
                    Compare<double>(rows, columns, inner, isTransposed, upper, 1e-12);
                }
            }
        }
    }

    private delegate void Way<T>(MatrixBlock<T> c, MatrixBlock<T> a, MatrixBlock<T> b, T* scratch)
        where T : unmanaged;

    private static void Compare<T>(int rows, int columns, int inner, bool isTransposed, bool upper, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Way<T>[] ways =
        [
            (c, a, b, scratch) => MinusProduct.Run(c, a, b, scratch, upper),
            (c, a, b, scratch) => MinusProduct.Run<T, Vector128<T>, Vectors128<T>>(c, a, b, scratch, upper),
            (c, a, b, scratch) => MinusProduct.Run<T, Vector256<T>, Vectors256<T>>(c, a, b, scratch, upper),
            (c, a, b, scratch) => MinusProduct.Run<T, Vector512<T>, Vectors512<T>>(c, a, b, scratch, upper),
        ];
        var random = new Random(rows + (7 * columns) + (11 * inner));
        T[] left = Numbers(rows * inner);
        T[] right = Numbers(inner * columns);

        // A column more than C has, which must stay.
        T[] start = Numbers(rows * (columns + 1));
        T[] scratch = new T[MinusProduct.Scratch];
        foreach (Way<T> way in ways)
        {
            T[] result = [.. start];
            fixed (T* a = left, b = right, c = result, s = scratch)
            {
                MatrixBlock<T> given = isTransposed ? new MatrixBlock<T>((nint)a, inner, rows).Transposed : new MatrixBlock<T>((nint)a, rows, inner);
                way(new MatrixBlock<T>(c, columns + 1, 1, rows, columns), given, new MatrixBlock<T>((nint)b, inner, columns), s);
            }

            for (int i = 0; i < rows; i++)
            {
                for (int j = upper ? Math.Min(i, columns) : 0; j <= columns; j++)
                {
                    double expected = double.CreateChecked(start[(i * (columns + 1)) + j]);
                    for (int k = 0; k < inner && j < columns; k++)
                    {
                        expected -= double.CreateChecked(left[isTransposed ? (k * rows) + i : (i * inner) + k]) * double.CreateChecked(right[(k * columns) + j]);
                    }

                    double found = double.CreateChecked(result[(i * (columns + 1)) + j]);
                    if (!(Math.Abs(found - expected) <= tolerance))
                    {
                        Assert.Fail($"{typeof(T).Name} {rows}x{columns}x{inner} ({i}, {j}): {found} instead of {expected}");
                    }
                }
            }
        }

        T[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => T.CreateChecked(random.NextDouble() - 0.5))];
    }
}
