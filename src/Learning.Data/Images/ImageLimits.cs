namespace GraphCompiler.Learning.Data.Images;

/// <summary>What sizes an image may say that it has: known before anything is decoded, as a few bytes can say that they are many pixels.</summary>
internal readonly struct ImageLimits(ImageOptions options)
{
    /// <summary>Refuses sizes that may not be.</summary>
    public void Check(long width, long height)
    {
        if (width <= 0 || height <= 0)
        {
            throw new InvalidDataException("it says that it has no pixels");
        }

        if (width > int.MaxValue || height > options.MostPixels / width)
        {
            throw new InvalidDataException($"it says that it has {width} × {height} pixels, more than the {options.MostPixels} that may be ({nameof(ImageOptions.MostPixels)})");
        }

        if (options.Fit == ImageFit.Refuse && (width != options.Width || height != options.Height))
        {
            throw new InvalidDataException($"it has {width} × {height} pixels, not {options.Width} × {options.Height}; {nameof(ImageOptions)}.{nameof(ImageOptions.Fit)} has images resized");
        }
    }
}
