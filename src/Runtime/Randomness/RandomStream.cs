namespace GraphCompiler.Randomness;

/// <summary>
/// The random numbers of one operation of a graph in one call. What tells them apart is data, five words: the operation's number, two words of nonce and
/// two of key, which are the block of the counter that the call consumed. The counter of an element is its index (word 0), the operation's number with
/// the attempt in the top byte (word 1) and the nonce (words 2 and 3): no two elements, attempts, operations or calls have one in common.
/// </summary>
internal static class RandomStream
{
    /// <summary>How many words tell a stream.</summary>
    public const int Words = 5;

    /// <summary>How many bits an operation's number has.</summary>
    public const int NumberBits = AttemptShift;

    /// <summary>How many operations have numbers of their own.</summary>
    public const int Most = 1 << AttemptShift;

    /// <summary>How many blocks an element may ask for.</summary>
    public const int Attempts = 256;

    /// <summary>How many elements a stream has: their indices are 32 bits.</summary>
    public const long MostElements = 1L << 32;

    private const int AttemptShift = 24;

    /// <summary>Writes the words of a stream.</summary>
    /// <param name="words">Where: five words.</param>
    /// <param name="call">The block of the call's counter.</param>
    /// <param name="number">The operation's number.</param>
    public static void Write(Span<int> words, PhiloxBlock call, int number)
    {
        words[4] = (int)call.Word1;
        words[3] = (int)call.Word0;
        words[2] = (int)call.Word3;
        words[1] = (int)call.Word2;
        words[0] = number;
    }

    /// <summary>The block of an element.</summary>
    /// <param name="words">The stream's words.</param>
    /// <param name="index">The element's index, row-major.</param>
    /// <param name="attempt">Which of the element's blocks.</param>
    public static PhiloxBlock Block(ReadOnlySpan<int> words, long index, int attempt = 0) => Philox.Block(
        Pair(words[3], words[4]), Pair((int)index, words[0] | (attempt << AttemptShift)), Pair(words[1], words[2]));

    private static ulong Pair(int low, int high) => (uint)low | ((ulong)(uint)high << 32);
}
