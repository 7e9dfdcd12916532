using GraphCompiler.Learning.Data;

namespace GraphCompiler.Learning.Tests.Data.Images;

/// <summary>Files of one image.</summary>
internal sealed class ImageFileTests
{
    private static readonly byte[] Colours = [.. Enumerable.Range(0, 3 * 256).Select(i => (byte)(i * 37))];

    /// <summary>All that there are: types, depths, interlaced or not, each with all filters.</summary>
    [Test]
    public void Every_kind_of_png_has_its_samples([Values] bool isInterlaced, [Values("0 1", "0 2", "0 4", "0 8", "0 16", "2 8", "2 16", "3 1", "3 2", "3 4", "3 8", "4 8", "4 16", "6 8", "6 16")] string kind)
    {
        (int type, int depth) = (kind[0] - '0', int.Parse(kind[2..], System.Globalization.CultureInfo.InvariantCulture));
        foreach ((int width, int height) in (ReadOnlySpan<(int, int)>)[(1, 1), (5, 3), (13, 11)])
        {
            var random = new Random(width);
            int[] drawn = [.. Enumerable.Range(0, width * height * 4).Select(_ => random.Next(1 << depth))];
            int Sample(int x, int y, int channel) => drawn[(((y * width) + x) * 4) + channel];
            float[] read = ImageFiles.Read(ImageFiles.Png(width, height, type, depth, Sample, isInterlaced, type == 3 ? Colours : null), new ImageOptions(width, height));
            for (int i = 0; i < read.Length; i++)
            {
                (int channel, int place) = Math.DivRem(i, width * height);
                int sample = Sample(place % width, place / width, type is 2 or 6 ? channel : 0);
                int expected = type == 3 ? Colours[(3 * sample) + channel] : depth == 16 ? sample >> 8 : sample * 255 / ((1 << depth) - 1);
                Assert.That(read[i], Is.EqualTo(expected).Within(1e-3f), $"{width} × {height}, {place}, {channel}");
            }
        }
    }

    /// <summary>What another library reads from the same bytes; it rounds chroma on its way.</summary>
    [Test]
    public void A_jpeg_has_the_pixels_that_others_read([Values("444", "422", "440", "420", "grey")] string name)
    {
        var options = new ImageOptions(67, 45);
        float[] read = ImageFiles.Read(ImageFiles.Reference($"{name}.jpg"), options);
        float[] expected = ImageFiles.Read(ImageFiles.Reference($"{name}.png"), options);
        Assert.That(read, Is.EqualTo(expected).Within(5));
        Assert.That(read.Zip(expected, (r, e) => Math.Abs(r - e)).Average(), Is.LessThan(0.5));
        Assert.That(ImageFiles.Read(ImageFiles.Reference($"{name}-progressive.jpg"), options), Is.EqualTo(read), "progressive files have the same numbers in another order");
    }

    [Test]
    public void A_jpeg_restarts()
    {
        int[] shades = [0, 255, 128, 7, 7, 200, 1, 90, 91, 255, 3];
        foreach (int restart in (ReadOnlySpan<int>)[0, 1, 2, 3])
        {
            float[] read = ImageFiles.Read(ImageFiles.Jpeg(restart, shades), new ImageOptions(8 * shades.Length, 8) { Channels = 1 });
            Assert.That(read.Where((_, i) => i % 8 == 3), Is.EqualTo(Enumerable.Repeat(shades, 8).SelectMany(s => s)).Within(1e-3f));
        }

        byte[] wrong = ImageFiles.Jpeg(2, shades);
        wrong[Array.FindLastIndex(wrong, b => b == 0xD1)] = 0xE1;
        AssertRefused(wrong, new ImageOptions(88, 8), "its JPEG file does not restart where it says.");
    }

    [TestCase(1)]
    [TestCase(-1)]
    public void Every_kind_of_bmp_has_its_pixels(int sign)
    {
        byte[] palette = [10, 20, 30, 0, 40, 50, 60, 0];
        float[] expected = [30, 60, 60, 30, 20, 50, 50, 20, 10, 40, 40, 10];
        byte[] above = [10, 20, 30, 40, 50, 60, 0, 0];
        byte[] below = [40, 50, 60, 10, 20, 30, 0, 0];
        Check(24, sign > 0 ? [.. below, .. above] : [.. above, .. below]);
        Check(32, sign > 0 ? [40, 50, 60, 9, 10, 20, 30, 9, 10, 20, 30, 9, 40, 50, 60, 9] : [10, 20, 30, 9, 40, 50, 60, 9, 40, 50, 60, 9, 10, 20, 30, 9]);
        Check(8, sign > 0 ? [1, 0, 0, 0, 0, 1, 0, 0] : [0, 1, 0, 0, 1, 0, 0, 0], palette);
        Check(4, sign > 0 ? [0x10, 0, 0, 0, 0x01, 0, 0, 0] : [0x01, 0, 0, 0, 0x10, 0, 0, 0], palette);
        Check(1, sign > 0 ? [0x80, 0, 0, 0, 0x40, 0, 0, 0] : [0x40, 0, 0, 0, 0x80, 0, 0, 0], palette);

        void Check(int bits, byte[] rows, byte[]? palette = null) =>
            Assert.That(ImageFiles.Read(ImageFiles.Bmp(2, 2 * sign, bits, rows, palette), new ImageOptions(2, 2)), Is.EqualTo(expected).Within(1e-3f), $"{bits} bits");
    }

    [Test]
    public void What_is_wrong_with_a_file_is_said()
    {
        var two = new ImageOptions(2, 1);
        byte[] png = ImageFiles.Png(2, 1, 2, 8, (_, _, _) => 255);
        byte[] jpeg = ImageFiles.Reference("420.jpg");
        AssertRefused([1, 2, 3], two, "it begins as no PNG, JPEG or BMP file does.");
        AssertRefused([], two, "it begins as no PNG, JPEG or BMP file does.");
        AssertRefused(png[..40], two, "its PNG file is cut off.");
        AssertRefused(png, new ImageOptions(3, 1), "it has 2 × 1 pixels, not 3 × 1; ImageOptions.Fit has images resized.");
        AssertRefused(With(png, 16, 0, 1, 134, 160, 0, 1, 134, 160), two, "it says that it has 100000 × 100000 pixels, more than the 33554432 that may be (MostPixels).");
        AssertRefused(With(png, 16, 0, 0, 4, 0, 0, 0, 4, 0), two with { Fit = ImageFit.Stretch }, "it says that it has 1024 × 1024 pixels, more than its bytes can hold.");
        AssertRefused(With(png, 16, 0, 0, 0, 0), two, "it says that it has no pixels.");
        AssertRefused(With(png, 24, 3), two, "there is no PNG file of colour type 2 and 3 bits.");
        AssertRefused(With(png, 20, 0, 0, 0, 2), two with { Height = 2 }, "it ends before its last pixel.");
        int data = png.AsSpan().IndexOf("IDAT"u8) + 4;
        AssertRefused(With(png, data, 0x78, 0x20), two, "what its PNG file compresses is damaged.");
        AssertRefused(ImageFiles.Png(2, 1, 3, 8, (_, _, _) => 9, palette: [1, 2, 3]), two, "a pixel has a colour that is not in the palette.");
        AssertRefused(jpeg[..300], new ImageOptions(67, 45), "its JPEG file is cut off.");
        AssertRefused(jpeg[..^20], new ImageOptions(67, 45), "its JPEG file ends before its last pixel.");
        AssertRefused([0xFF, 0xD8, 0xFF, 0xC9, 0, 2], two, "its JPEG file is lossless, hierarchical or arithmetically coded, which is not read.");
        AssertRefused([0xFF, 0xD8, 0xFF, 0xC0, 0, 20, 8, 0, 1, 0, 2, 4, .. new byte[12]], two, "it is a JPEG file of 8 bits and 4 channels, and only 8 bits and 1 or 3 channels are read.");
        AssertRefused(ImageFiles.Bmp(2, 1, 16, new byte[4]), two, "it is a BMP file of 16 bits a pixel and compression 0, and only 1, 4, 8, 24 and 32 bits without compression are read.");
        AssertRefused(ImageFiles.Bmp(2, 1, 24, new byte[4]), two, "it ends before its last pixel.");
    }

    [Test]
    public void Hostile_files_are_refused() => Spoil(2000);

    [Test]
    [Category("Slow")]
    public void Many_hostile_files_are_refused() => Spoil(50_000);

    private static void Spoil(int count)
    {
        byte[][] seeds =
        [
            .. ((string[])["444", "420", "420-progressive", "grey-progressive"]).Select(n => ImageFiles.Reference($"{n}.jpg")), ImageFiles.Jpeg(2, 3, 200, 7, 90),
            ImageFiles.Png(9, 5, 2, 8, (x, y, c) => x * y * c), ImageFiles.Png(9, 5, 0, 4, (x, y, _) => x + y, isInterlaced: true), ImageFiles.Png(9, 5, 3, 2, (x, _, _) => x % 4, palette: Colours[..12]),
            ImageFiles.Bmp(2, 1, 24, [0, 0, 255, 255, 255, 255, 0, 0]), ImageFiles.Bmp(2, 1, 8, [0, 1, 0, 0], [10, 20, 30, 0, 40, 50, 60, 0]),
        ];
        var options = new ImageOptions(3, 3) { Fit = ImageFit.Stretch, MostPixels = 1 << 20 };
        Fuzz.Run(Path.Combine("a", "x.png"), seeds, count, path => ImageFolder.Open(Path.GetDirectoryName(Path.GetDirectoryName(path))!, options).ToTensor());
    }

    private static byte[] With(byte[] bytes, int at, params byte[] others) => [.. bytes[..at], .. others, .. bytes[(at + others.Length)..]];

    private static void AssertRefused(byte[] bytes, ImageOptions options, string why) =>
        Assert.That(() => ImageFiles.Read(bytes, options), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith($"x.png' cannot be read: {why}"));
}
