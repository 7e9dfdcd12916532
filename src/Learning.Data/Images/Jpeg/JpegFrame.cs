using System.Buffers.Binary;

namespace GraphCompiler.Learning.Data.Images.Jpeg;

/// <summary>Sizes of an image, and what it is made of.</summary>
internal sealed class JpegFrame
{
    private JpegFrame(int width, int height, bool isProgressive, JpegComponent[] components)
    {
        (Width, Height, IsProgressive, Components) = (width, height, isProgressive, components);
        (Across, Down) = (components.Max(c => c.Across), components.Max(c => c.Down));
        (UnitsAcross, UnitsDown) = (Ceiling(width, 8 * Across), Ceiling(height, 8 * Down));
    }

    /// <summary>The place in a block, row by row, of each of its numbers as they are in a file.</summary>
    public static ReadOnlySpan<byte> ZigZag =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    public int Width { get; }

    public int Height { get; }

    public bool IsProgressive { get; }

    public JpegComponent[] Components { get; }

    /// <summary>How many blocks lie beside each other in a unit, at most.</summary>
    public int Across { get; }

    /// <summary>How many blocks lie below each other in a unit, at most.</summary>
    public int Down { get; }

    public int UnitsAcross { get; }

    public int UnitsDown { get; }

    /// <summary>Reads a frame's header.</summary>
    /// <param name="segment">Its bytes.</param>
    /// <param name="isProgressive">Whether blocks are spread over scans.</param>
    /// <param name="limits">What sizes may be.</param>
    /// <param name="bytes">How many bytes the file has.</param>
    public static JpegFrame Read(ReadOnlySpan<byte> segment, bool isProgressive, ImageLimits limits, int bytes)
    {
        if (segment.Length < 6 || segment.Length != 6 + (3 * segment[5]))
        {
            throw new InvalidDataException("the header of its JPEG file is damaged");
        }

        if (segment[0] != 8 || segment[5] is not (1 or 3))
        {
            throw new InvalidDataException($"it is a JPEG file of {segment[0]} bits and {segment[5]} channels, and only 8 bits and 1 or 3 channels are read");
        }

        (int height, int width) = (BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]));
        limits.Check(width, height);
        JpegComponent[] components = new JpegComponent[segment[5]];
        for (int i = 0; i < components.Length; i++)
        {
            ReadOnlySpan<byte> said = segment.Slice(6 + (3 * i), 3);

            // Where there is one component alone, its blocks follow each other whatever it says.
            (int across, int down) = components.Length == 1 ? (1, 1) : (said[1] >> 4, said[1] & 15);
            components[i] = across is >= 1 and <= 4 && down is >= 1 and <= 4 && said[2] < 4 ? new JpegComponent(said[0], across, down, said[2]) : throw new InvalidDataException("the header of its JPEG file is damaged");
        }

        var frame = new JpegFrame(width, height, isProgressive, components);

        // The mean of a block takes a bit at least.
        long blocks = components.Sum(c => (long)frame.UnitsAcross * frame.UnitsDown * c.Across * c.Down);
        if (blocks / 8 > bytes)
        {
            throw new InvalidDataException($"it says that it has {width} × {height} pixels, more than its bytes can hold");
        }

        foreach (JpegComponent component in components)
        {
            component.Allocate(frame);
        }

        return frame;
    }

    public static int Ceiling(int dividend, int divisor) => (int)(((long)dividend + divisor - 1) / divisor);
}

/// <summary>One of the colours that an image is made of.</summary>
internal sealed class JpegComponent(byte id, int across, int down, int table)
{
    public byte Id => id;

    /// <summary>How many blocks lie beside each other in a unit.</summary>
    public int Across => across;

    /// <summary>How many blocks lie below each other in a unit.</summary>
    public int Down => down;

    /// <summary>Which table of quantisation it has.</summary>
    public int Table => table;

    /// <summary>What its numbers are multiplied by: the table as it was when the first scan came.</summary>
    public ushort[]? Quantization { get; set; }

    /// <summary>Whether there was a scan of the means of its blocks.</summary>
    public bool HasMean { get; set; }

    /// <summary>How many samples lie beside each other.</summary>
    public int Width { get; private set; }

    /// <summary>How many samples lie below each other.</summary>
    public int Height { get; private set; }

    /// <summary>How many blocks there are in a row, up to the ends of units.</summary>
    public int BlocksAcross { get; private set; }

    /// <summary>How many rows of blocks there are, up to the ends of units.</summary>
    public int BlocksDown { get; private set; }

    /// <summary>The numbers of all blocks, row by row.</summary>
    public short[] Coefficients { get; private set; } = [];

    public void Allocate(JpegFrame frame)
    {
        (Width, Height) = (JpegFrame.Ceiling(frame.Width * across, frame.Across), JpegFrame.Ceiling(frame.Height * down, frame.Down));
        (BlocksAcross, BlocksDown) = (frame.UnitsAcross * across, frame.UnitsDown * down);
        Coefficients = new short[checked(BlocksAcross * BlocksDown * 64)];
    }

    public Span<short> Block(int x, int y) => Coefficients.AsSpan(((y * BlocksAcross) + x) * 64, 64);
}
