using System.Runtime.CompilerServices;

namespace GraphCompiler.Routines;

/// <summary>Scalar operations of the Loop IR that are no single C# operator or Math method: they never throw.</summary>
internal static class ScalarMath
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Abs(int x) => x < 0 ? unchecked(-x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Abs(long x) => x < 0 ? unchecked(-x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Not(int x) => ~x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Not(long x) => ~x;

    /// <summary>The quotient rounded toward negative infinity; 0 for a divisor of 0; wraps for the smallest number over −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FloorDivide(int x, int y) => y is 0 or -1 ? unchecked(x * y) : FloorDivideProper(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long FloorDivide(long x, long y) => y is 0 or -1 ? unchecked(x * y) : FloorDivideProper(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FloorDivideProper(int x, int y)
    {
        int quotient = x / y;
        return (x ^ y) < 0 && quotient * y != x ? quotient - 1 : quotient;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long FloorDivideProper(long x, long y)
    {
        long quotient = x / y;
        return (x ^ y) < 0 && quotient * y != x ? quotient - 1 : quotient;
    }

    /// <summary>By squaring, wrapping; a negative exponent gives 0 except for the bases 1 and −1.</summary>
    public static int Power(int x, int y) => unchecked((int)Power((long)x, y));

    /// <inheritdoc cref="Power(int, int)"/>
    public static long Power(long x, long y)
    {
        if (y < 0)
        {
            return x switch
            {
                1 => 1,
                -1 => (y & 1) == 0 ? 1 : -1,
                _ => 0,
            };
        }

        long result = 1;
        for (; y > 0; y >>= 1)
        {
            if ((y & 1) != 0)
            {
                result = unchecked(result * x);
            }

            x = unchecked(x * x);
        }

        return result;
    }

    /// <summary>The rest of a division that truncates, as C's fmod: it has the sign of x.</summary>
    public static double Remainder(double x, double y) => x % y;

    /// <summary>x·2^count, wrapping: 0 for counts as large as the width, or negative ones.</summary>
    public static int ShiftLeft(int x, int count) => (uint)count < 32 ? x << count : 0;

    /// <inheritdoc cref="ShiftLeft(int, int)"/>
    public static long ShiftLeft(long x, long count) => (ulong)count < 64 ? x << (int)count : 0;

    /// <summary>x/2^count, rounded down: only the sign is left for counts as large as the width, or negative ones.</summary>
    public static int ShiftRight(int x, int count) => x >> ((uint)count < 32 ? count : 31);

    /// <inheritdoc cref="ShiftRight(int, int)"/>
    public static long ShiftRight(long x, long count) => x >> ((ulong)count < 64 ? (int)count : 63);

    // Conversions are C#'s own casts, which saturate and take NaN to 0 on .NET 9 and later.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ToInt32(float x) => (int)x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ToInt32(double x) => (int)x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ToInt64(float x) => (long)x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ToInt64(double x) => (long)x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ToInt32(bool x) => x ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ToInt64(bool x) => x ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(bool x) => x ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ToDouble(bool x) => x ? 1 : 0;
}
