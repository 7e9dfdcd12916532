using System.Numerics;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Routines.Sorting;

/// <summary>
/// Sorts keys with their places, those of equal keys in the order they come in: a few by insertion, some by merging runs, many digit by digit from the lowest.
/// </summary>
internal static unsafe class StableSort
{
    private const int Run = 16;
    private const int ManyShort = 512;
    private const int ManyLong = 4096;
    private const int DigitBits = 11;

    /// <summary>Sorts by keys, with other memory of the same size.</summary>
    /// <returns>Where the sorted ones lie, in one memory or the other.</returns>
    public static KeyedPlace<T>* Sort<T>(KeyedPlace<T>* items, KeyedPlace<T>* other, int count)
        where T : unmanaged, IBinaryInteger<T> =>
        count >= (sizeof(T) == sizeof(int) ? ManyShort : ManyLong) ? ByDigits(items, other, count) : ByRuns(items, other, count);

    private static KeyedPlace<T>* ByRuns<T>(KeyedPlace<T>* items, KeyedPlace<T>* other, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int from = 0; from < count; from += Run)
        {
            Insert(items + from, Math.Min(Run, count - from));
        }

        for (int width = Run; width < count; width *= 2)
        {
            for (int from = 0; from < count; from += 2 * width)
            {
                int middle = Math.Min(width, count - from);
                Merge(items + from, middle, Math.Min(2 * width, count - from), other + from);
            }

            KeyedPlace<T>* merged = other;
            other = items;
            items = merged;
        }

        return items;
    }

    private static void Insert<T>(KeyedPlace<T>* items, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 1; i < count; i++)
        {
            KeyedPlace<T> item = items[i];
            int at = i;
            for (; at > 0 && item.Key < items[at - 1].Key; at--)
            {
                items[at] = items[at - 1];
            }

            items[at] = item;
        }
    }

    private static void Merge<T>(KeyedPlace<T>* items, int middle, int count, KeyedPlace<T>* target)
        where T : unmanaged, IBinaryInteger<T>
    {
        KeyedPlace<T>* left = items;
        KeyedPlace<T>* right = items + middle;
        KeyedPlace<T>* end = items + count;
        KeyedPlace<T>* leftEnd = right;
        while (left < leftEnd && right < end)
        {
            // Without a branch: which one comes first cannot be foretold.
            bool takesRight = right->Key < left->Key;
            nint step = Unsafe.BitCast<bool, byte>(takesRight);
            *target++ = *(KeyedPlace<T>*)((nint)left ^ (((nint)left ^ (nint)right) & -step));
            right += step;
            left += 1 - step;
        }

        Copy(left, target, leftEnd - left);
        Copy(right, target + (leftEnd - left), end - right);
    }

    [SkipLocalsInit]
    private static KeyedPlace<T>* ByDigits<T>(KeyedPlace<T>* items, KeyedPlace<T>* other, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        (T least, T most, bool isSorted) = (items->Key, items->Key, true);
        for (int i = 1; i < count; i++)
        {
            T key = items[i].Key;
            isSorted &= items[i - 1].Key <= key;
            least = T.Min(least, key);
            most = T.Max(most, key);
        }

        if (isSorted)
        {
            return items;
        }

        int* starts = stackalloc int[1 << DigitBits];
        int bits = 64 - BitOperations.LeadingZeroCount(KeyedPlace<T>.Distance(most, least));
        int passes = (bits + DigitBits - 1) / DigitBits;
        int width = (bits + passes - 1) / passes;
        for (int shift = 0; shift < bits; shift += width)
        {
            if (!Starts(items, count, least, shift, width, starts))
            {
                continue;
            }

            int mask = (1 << width) - 1;
            for (int i = 0; i < count; i++)
            {
                KeyedPlace<T> item = items[i];
                other[starts[(int)(KeyedPlace<T>.Distance(item.Key, least) >> shift) & mask]++] = item;
            }

            KeyedPlace<T>* moved = other;
            other = items;
            items = moved;
        }

        return items;
    }

    /// <summary>Where the items of each digit begin once they lie in its order; false if all have the same.</summary>
    private static bool Starts<T>(KeyedPlace<T>* items, int count, T least, int shift, int width, int* starts)
        where T : unmanaged, IBinaryInteger<T>
    {
        int digits = 1 << width;
        int mask = digits - 1;
        new Span<int>(starts, digits).Clear();
        for (int i = 0; i < count; i++)
        {
            starts[(int)(KeyedPlace<T>.Distance(items[i].Key, least) >> shift) & mask]++;
        }

        int before = 0;
        for (int digit = 0; digit < digits; digit++)
        {
            int here = starts[digit];
            if (here == count)
            {
                return false;
            }

            starts[digit] = before;
            before += here;
        }

        return true;
    }

    private static void Copy<T>(KeyedPlace<T>* source, KeyedPlace<T>* target, long count)
        where T : unmanaged, IBinaryInteger<T> => new ReadOnlySpan<KeyedPlace<T>>(source, (int)count).CopyTo(new Span<KeyedPlace<T>>(target, (int)count));
}
