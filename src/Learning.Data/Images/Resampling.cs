namespace GraphCompiler.Learning.Data.Images;

/// <summary>Images of other sizes: between the centres of pixels by straight lines, and where pixels get larger, weighed over all that one covers.</summary>
internal static class Resampling
{
    /// <summary>Turns an image into numbers of the wanted size, channels outermost.</summary>
    public static void Fit(DecodedImage image, ImageOptions options, Span<float> to)
    {
        (double width, double height) = Part(image, options);
        Taps[] columns = Along(image.Width, width, options.Width);
        Taps[] rows = Along(image.Height, height, options.Height);
        float[] narrow = new float[checked(image.Height * options.Width)];
        for (int channel = 0; channel < image.Channels; channel++)
        {
            for (int y = rows[0].First; y < rows[^1].End; y++)
            {
                for (int x = 0; x < options.Width; x++)
                {
                    int from = (((y * image.Width) + columns[x].First) * image.Channels) + channel;
                    float sum = 0;
                    foreach (float weight in columns[x].Weights)
                    {
                        sum += weight * image.Pixels[from];
                        from += image.Channels;
                    }

                    narrow[(y * options.Width) + x] = sum;
                }
            }

            float mean = options.Means[options.Means.Count == 1 ? 0 : channel];
            float deviation = options.Deviations[options.Deviations.Count == 1 ? 0 : channel];
            for (int y = 0; y < options.Height; y++)
            {
                for (int x = 0; x < options.Width; x++)
                {
                    int from = (rows[y].First * options.Width) + x;
                    float sum = 0;
                    foreach (float weight in rows[y].Weights)
                    {
                        sum += weight * narrow[from];
                        from += options.Width;
                    }

                    to[(((channel * options.Height) + y) * options.Width) + x] = ((sum / byte.MaxValue) - mean) / deviation;
                }
            }
        }
    }

    /// <summary>The sizes of the middle part that is taken: the whole, or the largest of the wanted proportions.</summary>
    private static (double Width, double Height) Part(DecodedImage image, ImageOptions options)
    {
        double scale = Math.Min((double)image.Width / options.Width, (double)image.Height / options.Height);
        return options.Fit == ImageFit.Crop ? (scale * options.Width, scale * options.Height) : (image.Width, image.Height);
    }

    /// <summary>What each new pixel is made of along an axis: a triangle around its centre, as wide as two pixels of the larger kind; outside there is nothing to weigh.</summary>
    /// <param name="size">How many pixels there are.</param>
    /// <param name="part">How many of them, in the middle, are taken.</param>
    /// <param name="wanted">How many there shall be.</param>
    private static Taps[] Along(int size, double part, int wanted)
    {
        double scale = part / wanted;
        double reach = Math.Max(scale, 1);
        var taps = new Taps[wanted];
        for (int i = 0; i < wanted; i++)
        {
            double centre = ((size - part) / 2) + ((i + 0.5) * scale) - 0.5;
            int first = Math.Clamp((int)Math.Floor(centre - reach) + 1, 0, size - 1);
            int last = Math.Clamp((int)Math.Ceiling(centre + reach) - 1, first, size - 1);
            double[] weights = [.. Enumerable.Range(first, last - first + 1).Select(p => Math.Max(0, 1 - (Math.Abs(p - centre) / reach)))];
            double sum = weights.Sum();
            taps[i] = new Taps(first, [.. weights.Select(w => (float)(w / sum))]);
        }

        return taps;
    }

    /// <summary>Weights of neighbouring pixels, 1 together.</summary>
    private readonly record struct Taps(int First, float[] Weights)
    {
        public int End => First + Weights.Length;
    }
}
