using System.Numerics;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Routines.Sorting;

/// <summary>
/// The least keys of a line in a heap whose first is the greatest of them: where few are taken of many, most of the line is only compared with that one,
/// a vector at a time.
/// </summary>
internal static unsafe class LeastKeys
{
    /// <summary>Of how many elements one may be taken in this way: of fewer, too many elements enter the heap.</summary>
    private const int Sparseness = 128;

    /// <summary>Whether so few are taken that a heap is the quickest way for most lines.</summary>
    public static bool AreFew(int count, int length) => count <= (length / Sparseness) + 4;

    /// <summary>Takes the least, in order.</summary>
    /// <returns>False if the line is such that too many elements enter the heap, as those of a falling line do.</returns>
    public static bool TryTake<T>(T* keys, int length, KeyedPlace<T>* heap, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < count; i++)
        {
            heap[i] = new KeyedPlace<T>(keys[i], i);
        }

        for (int parent = (count / 2) - 1; parent >= 0; parent--)
        {
            Sink(heap, count, parent, heap[parent]);
        }

        int block = 2 * Vector<T>.Count;
        int left = (length / 16) + count + 64;
        int at = count;
        var bound = new Vector<T>(heap->Key);
        for (; at <= length - block; at += block)
        {
            Vector<T> least = Vector.Min(Unsafe.ReadUnaligned<Vector<T>>(keys + at), Unsafe.ReadUnaligned<Vector<T>>(keys + at + Vector<T>.Count));
            if (Vector.LessThanAny(least, bound))
            {
                left -= Enter(keys, at, at + block, heap, count);
                if (left < 0)
                {
                    return false;
                }

                bound = new Vector<T>(heap->Key);
            }
        }

        Enter(keys, at, length, heap, count);
        for (int end = count - 1; end > 0; end--)
        {
            KeyedPlace<T> last = heap[end];
            heap[end] = heap[0];
            Sink(heap, end, 0, last);
        }

        return true;
    }

    /// <summary>Lets those elements enter that are less than the greatest; an equal one comes after it. Gives how many did.</summary>
    private static int Enter<T>(T* keys, int from, int to, KeyedPlace<T>* heap, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        int entered = 0;
        for (int i = from; i < to; i++)
        {
            if (keys[i] < heap->Key)
            {
                Sink(heap, count, 0, new KeyedPlace<T>(keys[i], i));
                entered++;
            }
        }

        return entered;
    }

    /// <summary>Puts an item where another was taken away, or below.</summary>
    private static void Sink<T>(KeyedPlace<T>* heap, int count, int at, KeyedPlace<T> item)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int child = (2 * at) + 1; child < count; child = (2 * at) + 1)
        {
            child += child + 1 < count && heap[child].Precedes(heap[child + 1]) ? 1 : 0;
            if (heap[child].Precedes(item))
            {
                break;
            }

            heap[at] = heap[child];
            at = child;
        }

        heap[at] = item;
    }
}
