using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Routines;

/// <summary>
/// Turns rows into columns. Of elements of four bytes, each quarter of a vector takes four columns of a row: four vectors hold as many rows as they have
/// lanes, and are turned four by four in all quarters at once.
/// </summary>
internal static class Transposition
{
    private const int Side = 4;

    /// <summary>Copies a matrix of elements of four bytes. Never fails.</summary>
    /// <param name="source">The first element.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source, whose elements lie side by side.</param>
    /// <param name="apart">From a row of the source to the next.</param>
    /// <param name="targetApart">From a row of the target, a column of the source, to the next.</param>
    public static unsafe long Words(nint source, nint target, long rows, long columns, long apart, long targetApart)
    {
        float* from = (float*)source;
        float* to = (float*)target;
        long wholeColumns = columns - (columns % Side);
        long done = Avx512F.IsSupported ? rows / 16 * 16 : Avx.IsSupported ? rows / 8 * 8 : 0;
        bool hasQuarters = Sse.IsSupported || AdvSimd.Arm64.IsSupported;
        long wholeRows = hasQuarters ? rows / Side * Side : 0;

        // A few columns at a time, from the first row to the last: the rows of the target may fight for the cache.
        for (long column = 0; column < wholeColumns && hasQuarters; column += Side)
        {
            float* read = from + column;
            float* write = to + (column * targetApart);
            long row = 0;
            for (; Avx512F.IsSupported && row < done; row += 16)
            {
                Turn16(read + (row * apart), write + row, apart, targetApart);
            }

            for (; Avx.IsSupported && row < done; row += 8)
            {
                Turn8(read + (row * apart), write + row, apart, targetApart);
            }

            for (; row < wholeRows; row += Side)
            {
                Turn4(read + (row * apart), write + row, apart, targetApart);
            }
        }

        Rest(from, to, wholeRows, columns, apart, targetApart, 0, wholeColumns);
        Rest(from, to, rows, columns, apart, targetApart, wholeRows, 0);
        return 0;
    }

    /// <summary>The same for elements of eight bytes.</summary>
    public static unsafe long LongWords(nint source, nint target, long rows, long columns, long apart, long targetApart)
    {
        Rest((double*)source, (double*)target, rows, columns, apart, targetApart, 0, 0);
        return 0;
    }

    private static unsafe void Rest<T>(T* from, T* to, long rows, long columns, long apart, long targetApart, long firstRow, long firstColumn)
        where T : unmanaged
    {
        for (long column = firstColumn; column < columns; column++)
        {
            for (long row = firstRow; row < rows; row++)
            {
                to[(column * targetApart) + row] = from[(row * apart) + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Turn16(float* from, float* to, long apart, long targetApart)
    {
        Vector512<float> a = Rows16(from, apart);
        Vector512<float> b = Rows16(from + apart, apart);
        Vector512<float> c = Rows16(from + (2 * apart), apart);
        Vector512<float> d = Rows16(from + (3 * apart), apart);
        Vector512<float> low = Avx512F.UnpackLow(a, c);
        Vector512<float> high = Avx512F.UnpackHigh(a, c);
        Vector512<float> lower = Avx512F.UnpackLow(b, d);
        Vector512<float> higher = Avx512F.UnpackHigh(b, d);
        Avx512F.UnpackLow(low, lower).Store(to);
        Avx512F.UnpackHigh(low, lower).Store(to + targetApart);
        Avx512F.UnpackLow(high, higher).Store(to + (2 * targetApart));
        Avx512F.UnpackHigh(high, higher).Store(to + (3 * targetApart));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Turn8(float* from, float* to, long apart, long targetApart)
    {
        Vector256<float> a = Rows8(from, apart);
        Vector256<float> b = Rows8(from + apart, apart);
        Vector256<float> c = Rows8(from + (2 * apart), apart);
        Vector256<float> d = Rows8(from + (3 * apart), apart);
        Vector256<float> low = Avx.UnpackLow(a, c);
        Vector256<float> high = Avx.UnpackHigh(a, c);
        Vector256<float> lower = Avx.UnpackLow(b, d);
        Vector256<float> higher = Avx.UnpackHigh(b, d);
        Avx.UnpackLow(low, lower).Store(to);
        Avx.UnpackHigh(low, lower).Store(to + targetApart);
        Avx.UnpackLow(high, higher).Store(to + (2 * targetApart));
        Avx.UnpackHigh(high, higher).Store(to + (3 * targetApart));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Turn4(float* from, float* to, long apart, long targetApart)
    {
        Vector128<float> a = Vector128.Load(from);
        Vector128<float> b = Vector128.Load(from + apart);
        Vector128<float> c = Vector128.Load(from + (2 * apart));
        Vector128<float> d = Vector128.Load(from + (3 * apart));
        Vector128<float> low = Low(a, c);
        Vector128<float> high = High(a, c);
        Vector128<float> lower = Low(b, d);
        Vector128<float> higher = High(b, d);
        Low(low, lower).Store(to);
        High(low, lower).Store(to + targetApart);
        Low(high, higher).Store(to + (2 * targetApart));
        High(high, higher).Store(to + (3 * targetApart));
    }

    /// <summary>Four columns of every fourth row, a quarter each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe Vector512<float> Rows16(float* from, long apart) => Vector512.Create(Rows8(from, apart), Rows8(from + (8 * apart), apart));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe Vector256<float> Rows8(float* from, long apart) => Vector256.Create(Vector128.Load(from), Vector128.Load(from + (4 * apart)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackLow(x, y) : AdvSimd.Arm64.ZipLow(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackHigh(x, y) : AdvSimd.Arm64.ZipHigh(x, y);
}
