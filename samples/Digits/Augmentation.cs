/// <summary>
/// Images slightly turned, sheared, stretched, moved and blurred by noise, anew for every batch. The held-out rows were written by other people than
/// the rest: a network that has only seen the originals knows their hands, not the digits.
/// </summary>
internal sealed class Augmentation(int seed)
{
    private const int Side = 8;
    private const double Turn = 0.2;
    private const double Stretch = 0.1;
    private const double Shift = 0.7;
    private const double Noise = 0.25;

    private readonly Random random = new(seed);

    /// <summary>Changes every image in place.</summary>
    public void Apply(Span<float> pixels)
    {
        for (int start = 0; start < pixels.Length; start += Side * Side)
        {
            Distort(pixels.Slice(start, Side * Side));
        }
    }

    private void Distort(Span<float> image)
    {
        float[] source = [.. image];
        (double sin, double cos) = Math.SinCos(Between(Turn));
        double shear = Between(Turn);
        (double stretchX, double stretchY) = (1 + Between(Stretch), 1 + Between(Stretch));
        (double moveX, double moveY) = (Between(Shift), Between(Shift));
        const double Centre = (Side - 1) / 2.0;
        for (int row = 0; row < Side; row++)
        {
            for (int column = 0; column < Side; column++)
            {
                (double x, double y) = (column - Centre, row - Centre);
                double fromX = (((cos * x) + ((shear - sin) * y)) * stretchX) + Centre + moveX;
                double fromY = (((sin * x) + (cos * y)) * stretchY) + Centre + moveY;
                image[(row * Side) + column] = (float)(Sample(source, fromX, fromY) + Between(Noise));
            }
        }
    }

    /// <summary>The image between its pixels, linearly; 0 outside.</summary>
    private static double Sample(float[] image, double x, double y)
    {
        (int left, int top) = ((int)Math.Floor(x), (int)Math.Floor(y));
        (double right, double down) = (x - left, y - top);
        return ((1 - down) * (((1 - right) * At(left, top)) + (right * At(left + 1, top))))
            + (down * (((1 - right) * At(left, top + 1)) + (right * At(left + 1, top + 1))));

        double At(int column, int row) => column is >= 0 and < Side && row is >= 0 and < Side ? image[(row * Side) + column] : 0;
    }

    private double Between(double bound) => ((random.NextDouble() * 2) - 1) * bound;
}
