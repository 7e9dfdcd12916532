using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Routines.Sorting;

/// <summary>
/// The key of a rank in a line, by digits from the highest: the keys of one digit are counted, and only those are kept among which the rank lies. A pass
/// makes the range that is left narrower by the bits of a digit, so the work is at most a few passes over the line, whatever lies in it.
/// </summary>
internal static unsafe class RankedKey
{
    private const int Few = 32;
    private const int Many = 4096;
    private const int MostBits = 11;

    /// <summary>The key that has a rank, counted from 0, when the line is sorted.</summary>
    /// <param name="keys">The line.</param>
    /// <param name="length">Its length, more than the rank.</param>
    /// <param name="kept">Memory for as many keys and one more.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="less">How many keys are less.</param>
    [SkipLocalsInit]
    public static T Find<T>(T* keys, int length, T* kept, int rank, out int less)
        where T : unmanaged, IBinaryInteger<T>
    {
        // Neighbours are counted in different tables, so that equal ones do not wait for each other.
        int* counts = stackalloc int[2 << MostBits];
        less = 0;
        while (length > Few)
        {
            var line = new ReadOnlySpan<T>(keys, length);
            T least = TensorPrimitives.Min(line);
            ulong range = KeyedPlace<T>.Distance(TensorPrimitives.Max(line), least);
            int shift = Math.Max(0, 64 - BitOperations.LeadingZeroCount(range) - (length >= Many ? MostBits : 8));
            int digits = (int)(range >> shift) + 1;
            if (digits == 1)
            {
                return least;
            }

            Count(keys, length, least, shift, digits, counts);
            int digit = 0;
            for (; rank >= counts[digit]; digit++)
            {
                rank -= counts[digit];
                less += counts[digit];
            }

            if (shift == 0)
            {
                return KeyedPlace<T>.Above(least, (ulong)digit);
            }

            length = Keep(keys, length, least, shift, (ulong)digit, kept);
            keys = kept;
        }

        return OfFew(keys, length, kept, rank, ref less);
    }

    private static void Count<T>(T* keys, int length, T least, int shift, int digits, int* counts)
        where T : unmanaged, IBinaryInteger<T>
    {
        int* others = counts + digits;
        new Span<int>(counts, 2 * digits).Clear();
        int i = 0;
        for (; i < length - 1; i += 2)
        {
            counts[KeyedPlace<T>.Distance(keys[i], least) >> shift]++;
            others[KeyedPlace<T>.Distance(keys[i + 1], least) >> shift]++;
        }

        if (i < length)
        {
            counts[KeyedPlace<T>.Distance(keys[i], least) >> shift]++;
        }

        TensorPrimitives.Add(new ReadOnlySpan<int>(counts, digits), new ReadOnlySpan<int>(others, digits), new Span<int>(counts, digits));
    }

    /// <summary>Keeps the keys of one digit, in their order; the memory may be that of the keys.</summary>
    private static int Keep<T>(T* keys, int length, T least, int shift, ulong digit, T* kept)
        where T : unmanaged, IBinaryInteger<T>
    {
        int count = 0;
        for (int i = 0; i < length; i++)
        {
            kept[count] = keys[i];
            count += KeyedPlace<T>.Distance(keys[i], least) >> shift == digit ? 1 : 0;
        }

        return count;
    }

    private static T OfFew<T>(T* keys, int length, T* kept, int rank, ref int less)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < length; i++)
        {
            T key = keys[i];
            int at = i;
            for (; at > 0 && key < kept[at - 1]; at--)
            {
                kept[at] = kept[at - 1];
            }

            kept[at] = key;
        }

        int first = rank;
        while (first > 0 && kept[first - 1] == kept[rank])
        {
            first--;
        }

        less += first;
        return kept[rank];
    }
}
