using System.Buffers.Binary;
using System.IO.Compression;

namespace GraphCompiler.Learning.Data.Images;

/// <summary>PNG files of all colour types and depths, interlaced or not (ISO/IEC 15948). Of 16 bits the higher eight are taken; transparency and colour profiles are passed over.</summary>
internal sealed class PngDecoder
{
    /// <summary>How many bytes deflate makes of one at most.</summary>
    private const int MostExpansion = 1032;

    /// <summary>Where the seven passes of an interlaced image begin, and how far apart their pixels are.</summary>
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private int width;
    private int height;
    private int depth;
    private int samples;
    private bool isPalette;
    private bool isInterlaced;
    private byte[] palette = [];

    public static DecodedImage Decode(ReadOnlySpan<byte> bytes, ImageLimits limits)
    {
        var decoder = new PngDecoder();
        using var compressed = new MemoryStream();
        decoder.ReadParts(bytes, limits, compressed);
        return decoder.Decode(compressed);
    }

    private void ReadParts(ReadOnlySpan<byte> bytes, ImageLimits limits, MemoryStream compressed)
    {
        for (int at = 8; ;)
        {
            if (bytes.Length - at < 12 || BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) is var length && length > bytes.Length - at - 12)
            {
                throw new InvalidDataException("its PNG file is cut off");
            }

            ReadOnlySpan<byte> name = bytes.Slice(at + 4, 4);
            ReadOnlySpan<byte> part = bytes.Slice(at + 8, (int)length);
            at += (int)length + 12;
            if (width == 0)
            {
                ReadHeader(name.SequenceEqual("IHDR"u8) ? part : [], limits);
            }
            else if (name.SequenceEqual("PLTE"u8))
            {
                palette = part.ToArray();
            }
            else if (name.SequenceEqual("IDAT"u8))
            {
                compressed.Write(part);
            }
            else if (name.SequenceEqual("IEND"u8))
            {
                return;
            }
        }
    }

    private void ReadHeader(ReadOnlySpan<byte> header, ImageLimits limits)
    {
        if (header.Length != 13)
        {
            throw new InvalidDataException("its PNG file does not begin with a header");
        }

        (long wide, long high) = (BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
        limits.Check(wide, high);
        (width, height, depth, isPalette) = ((int)wide, (int)high, header[8], header[9] == 3);
        samples = (header[9], depth) switch
        {
            (0, 1 or 2 or 4 or 8 or 16) or (3, 1 or 2 or 4 or 8) => 1,
            (2, 8 or 16) => 3,
            (4, 8 or 16) => 2,
            (6, 8 or 16) => 4,
            _ => throw new InvalidDataException($"there is no PNG file of colour type {header[9]} and {depth} bits"),
        };
        if (header[10] != 0 || header[11] != 0 || header[12] > 1)
        {
            throw new InvalidDataException("its PNG file is compressed, filtered or interlaced in an unknown way");
        }

        isInterlaced = header[12] == 1;
    }

    private DecodedImage Decode(MemoryStream compressed)
    {
        long size = (((long)width * samples * depth) + 7) / 8 * height;
        if (size > (compressed.Length + 8) * MostExpansion)
        {
            throw new InvalidDataException($"it says that it has {width} × {height} pixels, more than its bytes can hold");
        }

        int channels = isPalette || samples > 2 ? 3 : 1;
        byte[] pixels = new byte[checked(width * height * channels)];
        compressed.Position = 0;
        using var stream = new ZLibStream(compressed, CompressionMode.Decompress);
        try
        {
            foreach ((int x, int y, int stepX, int stepY) in isInterlaced ? Passes : [(0, 0, 1, 1)])
            {
                if (x < width && y < height)
                {
                    ReadPass(stream, pixels, channels, (x, y), (stepX, stepY));
                }
            }
        }
        catch (IOException e)
        {
            // The stream wants a dictionary that there is not in such a file, or more bytes.
            throw new InvalidDataException(e is EndOfStreamException ? "it ends before its last pixel" : "what its PNG file compresses is damaged", e);
        }

        return new DecodedImage(width, height, channels, pixels);
    }

    private void ReadPass(Stream stream, byte[] pixels, int channels, (int X, int Y) first, (int X, int Y) step)
    {
        int count = (width - first.X + step.X - 1) / step.X;
        int reach = Math.Max(1, samples * depth / 8);
        byte[] row = new byte[(int)((((long)count * samples * depth) + 7) / 8)];
        byte[] above = new byte[row.Length];
        for (int y = first.Y; y < height; y += step.Y)
        {
            int filter = stream.ReadByte();
            stream.ReadExactly(row);
            Unfilter(filter, row, above, reach);
            for (int i = 0; i < count; i++)
            {
                Write(row, i, pixels.AsSpan(((y * width) + first.X + (i * step.X)) * channels, channels));
            }

            (row, above) = (above, row);
        }
    }

    private static void Unfilter(int filter, byte[] row, byte[] above, int reach)
    {
        if (filter is < 0 or > 4)
        {
            throw filter < 0 ? new EndOfStreamException() : new InvalidDataException($"there is no filter {filter}");
        }

        for (int i = 0; i < row.Length && filter > 0; i++)
        {
            int left = i >= reach ? row[i - reach] : 0;
            row[i] += (byte)(filter switch
            {
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                _ => Paeth(left, above[i], i >= reach ? above[i - reach] : 0),
            });
        }
    }

    /// <summary>Of the neighbours the one that is nearest to left + above − corner.</summary>
    private static int Paeth(int left, int above, int corner)
    {
        int fromLeft = Math.Abs(above - corner);
        int fromAbove = Math.Abs(left - corner);
        int fromCorner = Math.Abs(left + above - corner - corner);
        return fromLeft <= fromAbove && fromLeft <= fromCorner ? left : fromAbove <= fromCorner ? above : corner;
    }

    private void Write(byte[] row, int pixel, Span<byte> to)
    {
        if (isPalette)
        {
            int entry = 3 * Bits(row, pixel);
            if (entry + 3 > palette.Length)
            {
                throw new InvalidDataException("a pixel has a colour that is not in the palette");
            }

            palette.AsSpan(entry, 3).CopyTo(to);
            return;
        }

        for (int channel = 0; channel < to.Length; channel++)
        {
            int sample = (pixel * samples) + channel;
            to[channel] = depth < 8 ? (byte)(Bits(row, pixel) * byte.MaxValue / ((1 << depth) - 1)) : row[sample * (depth / 8)];
        }
    }

    /// <summary>A sample of eight bits or fewer, of a pixel that has no other.</summary>
    private int Bits(byte[] row, int pixel) => (row[pixel / (8 / depth)] >> (8 - depth - (pixel % (8 / depth) * depth))) & ((1 << depth) - 1);
}
