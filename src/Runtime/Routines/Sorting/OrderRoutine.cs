using System.Numerics;

namespace GraphCompiler.Routines.Sorting;

/// <summary>
/// Where the elements of a line lie that have certain ranks in its stable order, by integers in the order of the elements. Few are taken by a heap; of others
/// the key of the last rank is found first, and only what comes before it is sorted; nearly all, and short lines, are sorted as a whole. All ways
/// give the same, for keys with their places have but one order; and none takes more than n·log n work on any line.
/// </summary>
internal static unsafe class OrderRoutine
{
    /// <summary>Lines that are sorted as a whole, whatever is taken of them.</summary>
    private const int Short = 32;

    /// <summary>Memory for the items of that many elements is there beside what the ranks need.</summary>
    public const int Spare = 64;

    /// <summary>Writes the places of the elements from a rank on.</summary>
    /// <param name="keys">The line, int32 or int64.</param>
    /// <param name="places">The results, int64.</param>
    /// <param name="scratch">Memory for twice as many items as <paramref name="first"/> + <paramref name="count"/> + <see cref="Spare"/>, and an int64 a key.</param>
    /// <param name="length">The length of the line.</param>
    /// <param name="first">The first rank, from 0.</param>
    /// <param name="count">How many ranks, all within the line.</param>
    /// <returns>0.</returns>
    public static long Run<T>(nint keys, nint places, nint scratch, long length, long first, long count)
        where T : unmanaged, IBinaryInteger<T>
    {
        (int size, int from, int taken) = ((int)length, (int)first, (int)count);
        var line = (T*)keys;
        var items = (KeyedPlace<T>*)scratch;
        var target = new Span<long>((long*)places, taken);
        int end = from + taken;
        if (taken == 0)
        {
            return 0;
        }

        if (size <= Short || (taken > 1 && end > size - (size / 4)))
        {
            Write(Sorted(line, size, items) + from, target);
        }
        else if (LeastKeys.AreFew(end, size) && LeastKeys.TryTake(line, size, items, end))
        {
            Write(items + from, target);
        }
        else
        {
            T last = RankedKey.Find(line, size, (T*)scratch, end - 1, out int less);
            if (taken == 1)
            {
                WriteEqual(line, size, last, skip: from - less, target);
            }
            else
            {
                int sorted = Math.Max(0, less - from);
                Write(Less(line, size, last, items, less) + from, target[..sorted]);
                WriteEqual(line, size, last, skip: Math.Max(0, from - less), target[sorted..]);
            }
        }

        return 0;
    }

    private static KeyedPlace<T>* Sorted<T>(T* line, int length, KeyedPlace<T>* items)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < length; i++)
        {
            items[i] = new KeyedPlace<T>(line[i], i);
        }

        return StableSort.Sort(items, items + length, length);
    }

    /// <summary>The elements that are less than a key, of a known number, sorted.</summary>
    private static KeyedPlace<T>* Less<T>(T* line, int length, T bound, KeyedPlace<T>* items, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        int found = 0;
        for (int i = 0; i < length; i++)
        {
            // One more than there are is written, and not counted.
            items[found] = new KeyedPlace<T>(line[i], i);
            found += line[i] < bound ? 1 : 0;
        }

        return StableSort.Sort(items, items + count, count);
    }

    /// <summary>The places of elements equal to a key, in their order.</summary>
    private static void WriteEqual<T>(T* line, int length, T key, int skip, Span<long> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        int at = -1;
        for (int i = -skip; i < target.Length; i++)
        {
            int from = at + 1;
            at = from + new ReadOnlySpan<T>(line + from, length - from).IndexOf(key);
            if (i >= 0)
            {
                target[i] = at;
            }
        }
    }

    private static void Write<T>(KeyedPlace<T>* items, Span<long> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = items[i].Place;
        }
    }
}
