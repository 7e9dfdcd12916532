using GraphCompiler;
using GraphCompiler.Learning;

/// <summary>
/// Images slightly turned, sheared, stretched, moved and blurred by noise, anew in every epoch. The held-out rows were written by other people than
/// the rest: a network that has only seen the originals knows their hands, not the digits.
/// </summary>
internal static class Augmentation
{
    private const int Side = DigitsData.Side;
    private const double Turn = 0.2;
    private const double Stretch = 0.1;
    private const double Shift = 0.7;
    private const double Noise = 0.25;

    /// <summary>Changes an image in place, by chance that is its own in its epoch.</summary>
    public static void Distort(Row row, Generator random)
    {
        Span<float> image = row.Get<float>("image");
        Span<float> source = stackalloc float[Side * Side];
        image.CopyTo(source);
        (double sin, double cos) = Math.SinCos(Between(Turn));
        double shear = Between(Turn);
        (double stretchX, double stretchY) = (1 + Between(Stretch), 1 + Between(Stretch));
        (double moveX, double moveY) = (Between(Shift), Between(Shift));
        const double Centre = (Side - 1) / 2.0;
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                (double right, double down) = (x - Centre, y - Centre);
                double fromX = (((cos * right) + ((shear - sin) * down)) * stretchX) + Centre + moveX;
                double fromY = (((sin * right) + (cos * down)) * stretchY) + Centre + moveY;
                image[(y * Side) + x] = (float)(Sample(source, fromX, fromY) + Between(Noise));
            }
        }

        double Between(double bound) => ((random.NextDouble() * 2) - 1) * bound;
    }

    /// <summary>The image between its pixels, linearly; 0 outside.</summary>
    private static double Sample(ReadOnlySpan<float> image, double x, double y)
    {
        (int left, int top) = ((int)Math.Floor(x), (int)Math.Floor(y));
        (double right, double down) = (x - left, y - top);
        return ((1 - down) * (((1 - right) * At(image, left, top)) + (right * At(image, left + 1, top))))
            + (down * (((1 - right) * At(image, left, top + 1)) + (right * At(image, left + 1, top + 1))));

        static double At(ReadOnlySpan<float> image, int column, int row) => column is >= 0 and < Side && row is >= 0 and < Side ? image[(row * Side) + column] : 0;
    }
}
