namespace GraphCompiler.Learning.Data.Images.Jpeg;

/// <summary>The bits of a scan, up to the next marker. Bits behind that may be looked at, and are zeros, but are not there to be taken.</summary>
internal sealed class BitReader(byte[] bytes, int position)
{
    private ulong buffer;
    private int count;
    private int padding;

    /// <summary>Where the bytes begin that were not looked at.</summary>
    public int Position { get; private set; } = position;

    /// <summary>The next bits, 16 at most.</summary>
    public int Peek(int length)
    {
        while (count < length)
        {
            buffer = (buffer << 8) | NextByte();
            count += 8;
        }

        return (int)(buffer >> (count - length)) & ((1 << length) - 1);
    }

    /// <summary>Takes bits that were looked at.</summary>
    public void Skip(int length)
    {
        count -= length;
        if (count < padding)
        {
            throw new InvalidDataException("its JPEG file ends before its last pixel");
        }
    }

    public int Read(int length)
    {
        int read = Peek(length);
        Skip(length);
        return read;
    }

    /// <summary>A number of so many bits: those that begin with 0 are negative.</summary>
    public int ReadSigned(int length) => length == 0 ? 0 : Read(length) is var read && read < 1 << (length - 1) ? read - (1 << length) + 1 : read;

    /// <summary>Goes on behind a marker of restart.</summary>
    public void Restart()
    {
        (buffer, count, padding) = (0, 0, 0);
        while (Position < bytes.Length - 1 && bytes[Position] == 0xFF && bytes[Position + 1] == 0xFF)
        {
            Position++;
        }

        Position = Position < bytes.Length - 1 && bytes[Position] == 0xFF && bytes[Position + 1] is >= 0xD0 and <= 0xD7 ? Position + 2 : throw new InvalidDataException("its JPEG file does not restart where it says");
    }

    private byte NextByte()
    {
        if (Position < bytes.Length && bytes[Position] != 0xFF)
        {
            return bytes[Position++];
        }

        if (Position < bytes.Length - 1 && bytes[Position + 1] == 0)
        {
            Position += 2;
            return 0xFF;
        }

        padding += 8;
        return 0;
    }
}
