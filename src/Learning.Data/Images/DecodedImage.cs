namespace GraphCompiler.Learning.Data.Images;

/// <summary>Pixels row by row, the channels of each beside each other: shades of grey, or red, green and blue.</summary>
internal sealed record DecodedImage(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>The same image of so many channels; luminance is that of ITU-R BT.601.</summary>
    public DecodedImage As(int channels)
    {
        if (channels == Channels)
        {
            return this;
        }

        byte[] converted = new byte[Pixels.Length / Channels * channels];
        for (int from = 0, to = 0; from < Pixels.Length; from += Channels, to += channels)
        {
            if (channels == 3)
            {
                converted.AsSpan(to, 3).Fill(Pixels[from]);
            }
            else
            {
                converted[to] = (byte)(((19595 * Pixels[from]) + (38470 * Pixels[from + 1]) + (7471 * Pixels[from + 2]) + (1 << 15)) >> 16);
            }
        }

        return new DecodedImage(Width, Height, channels, converted);
    }
}
