namespace GraphCompiler.Learning.Data.Images.Jpeg;

/// <summary>Codes of up to 16 bits, by their lengths (T.81, annexes C and F.2.2.3).</summary>
internal sealed class HuffmanTable
{
    private const int Longest = 16;
    private const int Short = 8;

    /// <summary>The end of the codes of each length, as if all had 16 bits.</summary>
    private readonly int[] ends = new int[Longest + 1];

    /// <summary>What is added to a code to find its symbol.</summary>
    private readonly int[] offsets = new int[Longest + 1];
    private readonly byte[] symbols;

    /// <summary>How long the code is that eight bits begin with; 0 where it is longer than that.</summary>
    private readonly byte[] lengths = new byte[1 << Short];

    public HuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        this.symbols = symbols.ToArray();
        int code = 0;
        int place = 0;
        for (int length = 1; length <= Longest; length++)
        {
            int begin = code << (Longest - length);
            offsets[length] = place - code;
            code += counts[length - 1];
            place += counts[length - 1];
            ends[length] = code << (Longest - length);
            if (ends[length] > 1 << Longest)
            {
                throw new InvalidDataException("its JPEG file has more codes than there are");
            }

            if (length <= Short)
            {
                lengths.AsSpan((begin >> Short)..(ends[length] >> Short)).Fill((byte)length);
            }

            code <<= 1;
        }
    }

    public int Read(BitReader bits)
    {
        int seen = bits.Peek(Longest);
        int length = lengths[seen >> Short];
        for (length = length > 0 ? length : Short + 1; length <= Longest; length++)
        {
            if (seen < ends[length])
            {
                bits.Skip(length);
                return symbols[offsets[length] + (seen >> (Longest - length))];
            }
        }

        throw new InvalidDataException("its JPEG file has a code that means nothing");
    }
}
