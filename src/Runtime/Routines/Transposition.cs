using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Routines;

/// <summary>Turns rows into columns, four by four in registers where elements have four bytes.</summary>
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
        bool hasZip = Sse.IsSupported || AdvSimd.Arm64.IsSupported;
        long wholeRows = hasZip ? rows - (rows % Side) : 0;
        long wholeColumns = hasZip ? columns - (columns % Side) : 0;
        for (long column = 0; column < wholeColumns; column += Side)
        {
            float* read = from + column;
            float* write = to + (column * targetApart);
            for (long row = 0; row < wholeRows; row += Side, read += Side * apart, write += Side)
            {
                Vector128<float> a = Vector128.Load(read);
                Vector128<float> b = Vector128.Load(read + apart);
                Vector128<float> c = Vector128.Load(read + (2 * apart));
                Vector128<float> d = Vector128.Load(read + (3 * apart));
                (Vector128<float> low, Vector128<float> high) = (Low(a, c), High(a, c));
                (Vector128<float> lower, Vector128<float> higher) = (Low(b, d), High(b, d));
                Low(low, lower).Store(write);
                High(low, lower).Store(write + targetApart);
                Low(high, higher).Store(write + (2 * targetApart));
                High(high, higher).Store(write + (3 * targetApart));
            }
        }

        Rest(from, to, rows, columns, apart, targetApart, wholeRows, wholeColumns);
        return 0;
    }

    /// <summary>The same for elements of eight bytes.</summary>
    public static unsafe long LongWords(nint source, nint target, long rows, long columns, long apart, long targetApart)
    {
        Rest((double*)source, (double*)target, rows, columns, apart, targetApart, 0, 0);
        return 0;
    }

    private static unsafe void Rest<T>(T* from, T* to, long rows, long columns, long apart, long targetApart, long doneRows, long doneColumns)
        where T : unmanaged
    {
        for (long column = 0; column < columns; column++)
        {
            for (long row = column < doneColumns ? doneRows : 0; row < rows; row++)
            {
                to[(column * targetApart) + row] = from[(row * apart) + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackLow(x, y) : AdvSimd.Arm64.ZipLow(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackHigh(x, y) : AdvSimd.Arm64.ZipHigh(x, y);
}
