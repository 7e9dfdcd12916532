using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using GraphCompiler.Learning.Data;
using GraphCompiler.Learning.Tests.Files;
using GraphCompiler.Tests;

namespace GraphCompiler.Learning.Tests.Data.Images;

/// <summary>Files of images that are written as the standards say.</summary>
internal static class ImageFiles
{
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>A file that another library wrote, see the page beside it.</summary>
    public static byte[] Reference(string name) => File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "Learning", "Data", "Images", "data", name));

    /// <summary>Puts a file into the folder of a class.</summary>
    public static string Write(Scratch folder, string name, string file, byte[] bytes)
    {
        Directory.CreateDirectory(folder[name]);
        return folder.Write(Path.Combine(name, file), bytes);
    }

    /// <summary>The numbers of one image, from 0 to 255, channel by channel.</summary>
    public static float[] Read(byte[] bytes, ImageOptions options)
    {
        using var folder = new Scratch();
        Write(folder, "a", "x.png", bytes);
        return [.. ImageFolder.Open(folder.Folder, options).ToTensor().ToArray().Select(v => v * 255)];
    }

    /// <summary>A PNG file. Its check sums are not right, and nobody looks.</summary>
    /// <param name="width">The width.</param>
    /// <param name="height">The height.</param>
    /// <param name="type">The colour type: 0 grey, 2 colours, 3 palette, 4 and 6 the first two with transparency.</param>
    /// <param name="depth">Bits a sample.</param>
    /// <param name="sample">A sample by column, row and channel.</param>
    /// <param name="isInterlaced">Whether it comes in seven passes.</param>
    /// <param name="palette">The colours of type 3.</param>
    public static byte[] Png(int width, int height, int type, int depth, Func<int, int, int, int> sample, bool isInterlaced = false, byte[]? palette = null)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)type, (byte)(isInterlaced ? 1 : 0));
        int samples = type switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        List<byte> rows = [];
        foreach ((int x, int y, int stepX, int stepY) in isInterlaced ? Passes : [(0, 0, 1, 1)])
        {
            AddPass(rows, [.. Every(x, width, stepX)], [.. Every(y, height, stepY)], depth, samples, sample);
        }

        using var data = new MemoryStream();
        using (var deflated = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflated.Write([.. rows]);
        }

        byte[] compressed = data.ToArray();
        int middle = compressed.Length / 2;
        return [137, 80, 78, 71, 13, 10, 26, 10, .. Chunk("IHDR", header), .. palette is null ? [] : Chunk("PLTE", palette), .. Chunk("tEXt", [1, 2]), .. Chunk("IDAT", compressed[..middle]), .. Chunk("IDAT", compressed[middle..]), .. Chunk("IEND", [])];
    }

    /// <summary>A BMP file of a bottom row that comes first, or of a top one if the height is negative.</summary>
    public static byte[] Bmp(int width, int height, int bits, byte[] rows, byte[]? palette = null, int compression = 0)
    {
        palette ??= [];
        byte[] header = new byte[54];
        (header[0], header[1], header[10], header[14], header[26], header[28], header[30]) = ((byte)'B', (byte)'M', (byte)(54 + palette.Length), 40, 1, (byte)bits, (byte)compression);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(22), height);
        return [.. header, .. palette, .. rows];
    }

    /// <summary>A grey JPEG file of blocks beside each other, each of one shade, which restarts after so many.</summary>
    public static byte[] Jpeg(int restart, params int[] shades)
    {
        // Codes of four bits for how many bits a difference of means has, and one of one bit for nothing else.
        List<byte> scan = [];
        StringBuilder bits = new();
        int last = 0;
        for (int i = 0; i < shades.Length; i++)
        {
            if (restart > 0 && i > 0 && i % restart == 0)
            {
                Flush();
                scan.AddRange([0xFF, (byte)(0xD0 + ((i / restart) - 1) % 8)]);
                last = 0;
            }

            int mean = (shades[i] - 128) * 8;
            int difference = mean - last;
            int length = difference == 0 ? 0 : (int)Math.Log2(Math.Abs(difference)) + 1;
            bits.Append(System.Globalization.CultureInfo.InvariantCulture, $"{length:b4}");
            bits.Append(length == 0 ? string.Empty : Convert.ToString(difference > 0 ? difference : difference + (1 << length) - 1, 2).PadLeft(length, '0'));
            bits.Append('0');
            last = mean;
        }

        Flush();
        byte[] interval = restart > 0 ? [0xFF, 0xDD, 0, 4, (byte)(restart >> 8), (byte)restart] : [];
        return
        [
            0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)1, 64), 0xFF, 0xC0, 0, 11, 8, 0, 8, (byte)(shades.Length >> 5), (byte)(8 * shades.Length), 1, 1, 0x11, 0,
            0xFF, 0xC4, 0, 31, 0, 0, 0, 0, 12, .. new byte[12], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xFF, 0xC4, 0, 20, 0x10, 1, .. new byte[15], 0,
            .. interval, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, .. scan, 0xFF, 0xD9,
        ];

        void Flush()
        {
            string all = bits.ToString();
            all = all.PadRight((all.Length + 7) / 8 * 8, '1');
            foreach (byte value in all.Chunk(8).Select(b => Convert.ToByte(new string(b), 2)))
            {
                scan.AddRange(value == 0xFF ? [0xFF, 0] : [value]);
            }

            bits.Clear();
        }
    }

    private static IEnumerable<int> Every(int first, int end, int step) => Enumerable.Range(0, Math.Max(0, (end - first + step - 1) / step)).Select(i => first + (i * step));

    /// <summary>Rows of a pass, each by another filter.</summary>
    private static void AddPass(List<byte> rows, int[] columns, int[] lines, int depth, int samples, Func<int, int, int, int> sample)
    {
        if (columns.Length == 0)
        {
            return;
        }

        byte[] above = [];
        foreach ((int i, int y) in lines.Index())
        {
            string bits = string.Concat(columns.SelectMany(x => Enumerable.Range(0, samples).Select(c => Convert.ToString(sample(x, y, c), 2).PadLeft(depth, '0'))));
            byte[] row = [.. bits.PadRight((bits.Length + 7) / 8 * 8, '0').Chunk(8).Select(b => Convert.ToByte(new string(b), 2))];
            above = above.Length == 0 ? new byte[row.Length] : above;
            int reach = Math.Max(1, samples * depth / 8);
            rows.Add((byte)(i % 5));
            for (int at = 0; at < row.Length; at++)
            {
                (int left, int corner) = at < reach ? (0, 0) : (row[at - reach], above[at - reach]);
                int near = left + above[at] - corner;
                int paeth = new[] { left, above[at], corner }.MinBy(v => Math.Abs(near - v));
                rows.Add((byte)(row[at] - (i % 5) switch { 0 => 0, 1 => left, 2 => above[at], 3 => (left + above[at]) / 2, _ => paeth }));
            }

            above = row;
        }
    }

    private static byte[] Chunk(string name, byte[] bytes) => [(byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length, .. Encoding.ASCII.GetBytes(name), .. bytes, 0, 0, 0, 0];
}
