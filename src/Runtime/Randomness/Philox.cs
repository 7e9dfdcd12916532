using System.Runtime.CompilerServices;

namespace GraphCompiler.Randomness;

/// <summary>The four words that one counter gives.</summary>
internal readonly record struct PhiloxBlock(uint Word0, uint Word1, uint Word2, uint Word3)
{
    /// <summary>Words 0 (low) and 1 (high).</summary>
    public ulong Low => ((ulong)Word1 << 32) | Word0;

    /// <summary>Words 2 (low) and 3 (high).</summary>
    public ulong High => ((ulong)Word3 << 32) | Word2;
}

/// <summary>
/// Philox4x32-10: a bijection of 128-bit counters under a 64-bit key whose values pass the usual batteries of statistical tests.
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
/// </summary>
internal static class Philox
{
    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9;
    internal const uint Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>The block of one counter.</summary>
    /// <param name="key">The key; its low half is the paper's first key word.</param>
    /// <param name="counterLow">Counter words 0 (low) and 1 (high).</param>
    /// <param name="counterHigh">Counter words 2 (low) and 3 (high).</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxBlock Block(ulong key, ulong counterLow, ulong counterHigh)
    {
        unchecked
        {
            var (key0, key1) = ((uint)key, (uint)(key >> 32));
            var (word0, word1) = ((uint)counterLow, (uint)(counterLow >> 32));
            var (word2, word3) = ((uint)counterHigh, (uint)(counterHigh >> 32));
            for (var round = 0; round < Rounds; round++)
            {
                var product0 = (ulong)Multiplier0 * word0;
                var product1 = (ulong)Multiplier1 * word2;
                word0 = (uint)(product1 >> 32) ^ word1 ^ key0;
                word1 = (uint)product1;
                word2 = (uint)(product0 >> 32) ^ word3 ^ key1;
                word3 = (uint)product0;
                key0 += Weyl0;
                key1 += Weyl1;
            }

            return new PhiloxBlock(word0, word1, word2, word3);
        }
    }
}
