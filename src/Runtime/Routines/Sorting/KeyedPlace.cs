using System.Runtime.CompilerServices;

namespace GraphCompiler.Routines.Sorting;

/// <summary>An integer in the order of the elements, and where its element lies. No two of a line are equal, so that every way to sort them gives the stable order.</summary>
/// <typeparam name="T">int or long.</typeparam>
internal struct KeyedPlace<T>(T key, int place)
    where T : unmanaged, IComparable<T>
{
    public T Key = key;

    public int Place = place;

    /// <summary>Whether it comes before another.</summary>
    public readonly bool Precedes(in KeyedPlace<T> other)
    {
        int order = Key.CompareTo(other.Key);
        return order < 0 || (order == 0 && Place < other.Place);
    }

    /// <summary>How far a key lies above another that is not greater.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Distance(T key, T least) => Bits(key) - Bits(least);

    /// <summary>The key that lies so far above another.</summary>
    public static T Above(T least, ulong distance)
    {
        ulong bits = Bits(least) + distance;
        return Unsafe.As<ulong, T>(ref bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Bits(T key) => Unsafe.SizeOf<T>() == sizeof(int) ? (ulong)Unsafe.As<T, int>(ref key) : Unsafe.As<T, ulong>(ref key);
}
