using System.Buffers.Binary;

namespace GraphCompiler.Learning.Data.Images;

/// <summary>BMP files without compression: palettes of 1, 4 or 8 bits, and 24 or 32 bits, blue first.</summary>
internal static class BmpDecoder
{
    private const int FileHeader = 14;

    public static DecodedImage Decode(ReadOnlySpan<byte> bytes, ImageLimits limits)
    {
        int header = bytes.Length < FileHeader + 40 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes[FileHeader..]);
        if (header is not (40 or 52 or 56 or 108 or 124) || bytes.Length < FileHeader + header)
        {
            throw new InvalidDataException("the header of its BMP file is cut off, or of an unknown kind");
        }

        long start = BinaryPrimitives.ReadUInt32LittleEndian(bytes[10..]);
        int width = BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]);
        int signedHeight = BinaryPrimitives.ReadInt32LittleEndian(bytes[22..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]);
        uint compression = BinaryPrimitives.ReadUInt32LittleEndian(bytes[30..]);
        uint colours = BinaryPrimitives.ReadUInt32LittleEndian(bytes[46..]);
        long height = Math.Abs((long)signedHeight);
        limits.Check(width, height);
        if (bits is not (1 or 4 or 8 or 24 or 32) || !(compression == 0 || (compression == 3 && bits == 32 && HasUsualMasks(bytes))))
        {
            throw new InvalidDataException($"it is a BMP file of {bits} bits a pixel and compression {compression}, and only 1, 4, 8, 24 and 32 bits without compression are read");
        }

        long stride = (((long)width * bits) + 31) / 32 * 4;
        if (start < FileHeader + header || start > bytes.Length || stride * height > bytes.Length - start)
        {
            throw new InvalidDataException("it ends before its last pixel");
        }

        ReadOnlySpan<byte> palette = bits > 8 ? [] : bytes[(FileHeader + header)..(int)start];
        int known = (int)Math.Min(palette.Length / 4, colours == 0 ? 1u << bits : colours);
        byte[] pixels = new byte[checked(width * (int)height * 3)];
        for (int y = 0; y < height; y++)
        {
            // The lowest row comes first, unless the height is negative.
            ReadOnlySpan<byte> row = bytes.Slice((int)(start + (stride * (signedHeight > 0 ? height - 1 - y : y))), (int)stride);
            Span<byte> to = pixels.AsSpan(y * width * 3, width * 3);
            for (int x = 0; x < width; x++)
            {
                ReadOnlySpan<byte> colour = bits switch
                {
                    24 or 32 => row[(x * (bits / 8))..],
                    _ when Entry(row, x, bits) is var entry && entry < known => palette[(4 * entry)..],
                    _ => throw new InvalidDataException("a pixel has a colour that is not in the palette"),
                };
                (to[3 * x], to[(3 * x) + 1], to[(3 * x) + 2]) = (colour[2], colour[1], colour[0]);
            }
        }

        return new DecodedImage(width, (int)height, 3, pixels);
    }

    private static int Entry(ReadOnlySpan<byte> row, int x, int bits) => (row[x / (8 / bits)] >> (8 - bits - (x % (8 / bits) * bits))) & ((1 << bits) - 1);

    private static bool HasUsualMasks(ReadOnlySpan<byte> bytes) => bytes.Length >= FileHeader + 52
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[54..]) == 0xFF0000 && BinaryPrimitives.ReadUInt32LittleEndian(bytes[58..]) == 0xFF00 && BinaryPrimitives.ReadUInt32LittleEndian(bytes[62..]) == 0xFF;
}
