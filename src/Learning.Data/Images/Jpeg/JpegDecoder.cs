using System.Buffers.Binary;

namespace GraphCompiler.Learning.Data.Images.Jpeg;

/// <summary>
/// JPEG files in shades of grey or colours, baseline and progressive, of eight bits (ITU-T T.81). It ends for any bytes: each scan visits each block once, there are few scans, and an
/// image has no more blocks than its file has bits.
/// </summary>
internal sealed class JpegDecoder
{
    /// <summary>A progressive file has about ten.</summary>
    private const int MostScans = 64;

    private readonly byte[] bytes;
    private readonly ImageLimits limits;
    private readonly ushort[]?[] quantization = new ushort[4][];
    private readonly HuffmanTable?[] huffman = new HuffmanTable[8];
    private JpegFrame? frame;
    private int restartInterval;
    private bool isRgb;

    private JpegDecoder(byte[] bytes, ImageLimits limits) => (this.bytes, this.limits) = (bytes, limits);

    public static DecodedImage Decode(byte[] bytes, ImageLimits limits)
    {
        var decoder = new JpegDecoder(bytes, limits);
        JpegFrame frame = decoder.Read();
        return JpegPixels.Of(frame, decoder.isRgb);
    }

    private JpegFrame Read()
    {
        int at = 2;
        int scans = 0;
        while (NextMarker(ref at) is var marker && marker != 0xD9)
        {
            // Markers without a segment.
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                continue;
            }

            ReadOnlySpan<byte> segment = Segment(ref at);
            switch (marker)
            {
                case 0xC0 or 0xC1 or 0xC2:
                    frame = frame is null ? JpegFrame.Read(segment, isProgressive: marker == 0xC2, limits, bytes.Length) : throw new InvalidDataException("its JPEG file has two frames");
                    isRgb = isRgb || frame.Components is [{ Id: (byte)'R' }, { Id: (byte)'G' }, { Id: (byte)'B' }];
                    break;
                case 0xC4:
                    ReadHuffman(segment);
                    break;
                case 0xDB:
                    ReadQuantization(segment);
                    break;
                case 0xDD:
                    restartInterval = segment.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(segment) : throw Damaged();
                    break;
                case 0xDA:
                    scans++;
                    at = scans <= MostScans ? ReadScan(segment, at) : throw new InvalidDataException($"its JPEG file has more than {MostScans} scans");
                    break;
                case 0xEE when segment is [(byte)'A', (byte)'d', (byte)'o', (byte)'b', (byte)'e', _, _, _, _, _, _, 0, ..]:
                    isRgb = true;
                    break;
                case (>= 0xC3 and <= 0xCF) and not 0xC8:
                    throw new InvalidDataException("its JPEG file is lossless, hierarchical or arithmetically coded, which is not read");
                default:
                    break;
            }
        }

        return frame is { Components: var components } && components.All(c => c.HasMean) ? frame : throw new InvalidDataException("its JPEG file ends before its last pixel");
    }

    /// <summary>The next marker; the end of the file is that of the image.</summary>
    private int NextMarker(ref int at)
    {
        for (; at < bytes.Length - 1; at++)
        {
            if (bytes[at] == 0xFF && bytes[at + 1] is not (0 or 0xFF))
            {
                at += 2;
                return bytes[at - 1];
            }
        }

        return 0xD9;
    }

    private ReadOnlySpan<byte> Segment(ref int at)
    {
        int length = bytes.Length - at < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
        ReadOnlySpan<byte> segment = length >= 2 && length <= bytes.Length - at ? bytes.AsSpan(at + 2, length - 2) : throw new InvalidDataException("its JPEG file is cut off");
        at += length;
        return segment;
    }

    private void ReadHuffman(ReadOnlySpan<byte> segment)
    {
        while (segment.Length > 0)
        {
            int count = 0;
            for (int i = 1; i <= 16 && segment.Length > 16; i++)
            {
                count += segment[i];
            }

            // The class, of means or of others, and one of four of it.
            if (segment.Length < 17 + count || (segment[0] & 0xEC) != 0)
            {
                throw Damaged();
            }

            huffman[(segment[0] >> 2) | (segment[0] & 3)] = new HuffmanTable(segment.Slice(1, 16), segment.Slice(17, count));
            segment = segment[(17 + count)..];
        }
    }

    private void ReadQuantization(ReadOnlySpan<byte> segment)
    {
        while (segment.Length > 0)
        {
            int size = (segment[0] >> 4) + 1;
            if (size > 2 || (segment[0] & 15) > 3 || segment.Length < 1 + (64 * size))
            {
                throw Damaged();
            }

            ushort[] table = new ushort[64];
            for (int i = 0; i < 64; i++)
            {
                table[JpegFrame.ZigZag[i]] = size == 1 ? segment[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(segment[(1 + (2 * i))..]);
            }

            quantization[segment[0] & 15] = table;
            segment = segment[(1 + (64 * size))..];
        }
    }

    /// <summary>Reads a scan, and gives the place behind it.</summary>
    private int ReadScan(ReadOnlySpan<byte> segment, int at)
    {
        if (frame is null || segment.Length == 0 || segment.Length != 4 + (2 * segment[0]) || segment[0] is 0 or > 3)
        {
            throw Damaged();
        }

        List<ScanComponent> parts = [];
        foreach (byte[] said in segment[1..^3].ToArray().Chunk(2))
        {
            JpegComponent component = Array.Find(frame.Components, c => c.Id == said[0]) ?? throw Damaged();
            if (parts.Exists(p => p.Component == component) || (said[1] & 0xCC) != 0)
            {
                throw Damaged();
            }

            component.Quantization ??= quantization[component.Table] ?? throw Damaged();
            parts.Add(new ScanComponent(component, huffman[said[1] >> 4], huffman[4 + (said[1] & 3)]));
        }

        // Baseline files have one band, whatever they say of it.
        ScanBand band = frame.IsProgressive ? new ScanBand(segment[^3], segment[^2], segment[^1] >> 4, segment[^1] & 15) : new ScanBand(0, 63, 0, 0);
        var bits = new BitReader(bytes, at);
        new JpegScan(frame, parts, band, bits).Read(restartInterval);
        return bits.Position;
    }

    private static InvalidDataException Damaged() => new("its JPEG file is damaged");
}
