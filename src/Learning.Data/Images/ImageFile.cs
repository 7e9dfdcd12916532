using GraphCompiler.Learning.Data.Images.Jpeg;

namespace GraphCompiler.Learning.Data.Images;

/// <summary>A file of one image.</summary>
internal static class ImageFile
{
    /// <summary>Reads an image, channel by channel.</summary>
    /// <exception cref="InvalidDataException">It is none, damaged, too large, or of another size.</exception>
    public static void Read(string file, ImageOptions options, Span<float> pixels)
    {
        byte[] bytes = File.ReadAllBytes(file);
        try
        {
            var limits = new ImageLimits(options);
            DecodedImage image = bytes switch
            {
                [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => PngDecoder.Decode(bytes, limits),
                [0xFF, 0xD8, ..] => JpegDecoder.Decode(bytes, limits),
                [(byte)'B', (byte)'M', ..] => BmpDecoder.Decode(bytes, limits),
                _ => throw new InvalidDataException("it begins as no PNG, JPEG or BMP file does"),
            };
            Resampling.Fit(image.As(options.Channels), options, pixels);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"Image '{file}' cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
