using System.Runtime.Intrinsics;

namespace GraphCompiler.Learning.Data.Images.Jpeg;

/// <summary>From the numbers of blocks to pixels: the inverse cosine transform, components between whose samples lie straight lines, and colours of luminance and two differences (T.871).</summary>
internal static class JpegPixels
{
    /// <summary>Each frequency of eight samples, as they lie.</summary>
    private static readonly Vector256<float>[] Waves =
        [.. Enumerable.Range(0, 8).Select(u => Vector256.Create([.. Enumerable.Range(0, 8).Select(x => (float)(Math.Cos(((2 * x) + 1) * u * Math.PI / 16) * (u == 0 ? Math.Sqrt(0.125) : 0.5)))]))];

    public static DecodedImage Of(JpegFrame frame, bool isRgb)
    {
        int channels = frame.Components.Length;
        byte[] pixels = new byte[checked(frame.Width * frame.Height * channels)];
        Plane[] planes = [.. frame.Components.Select(c => new Plane(frame, c))];
        for (int y = 0; y < frame.Height; y++)
        {
            Span<byte> row = pixels.AsSpan(y * frame.Width * channels, frame.Width * channels);
            float[][] lines = [.. planes.Select(p => p.Line(y))];
            for (int x = 0; x < frame.Width; x++)
            {
                if (channels == 1)
                {
                    row[x] = ToByte(lines[0][x]);
                    continue;
                }

                (float first, float second, float third) = (lines[0][x], lines[1][x], lines[2][x]);
                if (!isRgb)
                {
                    (float blue, float red) = (second - 128, third - 128);
                    (first, second, third) = (first + (1.402f * red), first - (0.344136f * blue) - (0.714136f * red), first + (1.772f * blue));
                }

                (row[3 * x], row[(3 * x) + 1], row[(3 * x) + 2]) = (ToByte(first), ToByte(second), ToByte(third));
            }
        }

        return new DecodedImage(frame.Width, frame.Height, channels, pixels);
    }

    private static byte ToByte(float value) => (byte)Math.Clamp(value + 0.5f, 0, byte.MaxValue);

    /// <summary>The samples of a component.</summary>
    private sealed class Plane
    {
        private readonly JpegComponent component;
        private readonly byte[] samples;
        private readonly int stride;
        private readonly double stepDown;
        private readonly (int Left, int Right, float Weight)[] columns;
        private readonly float[] narrow;
        private readonly float[] line;

        public Plane(JpegFrame frame, JpegComponent component)
        {
            this.component = component;
            stride = component.BlocksAcross * 8;
            samples = new byte[component.Coefficients.Length];
            for (int block = 0; block < component.Coefficients.Length / 64; block++)
            {
                (int y, int x) = Math.DivRem(block, component.BlocksAcross);
                Transform(component.Block(x, y), component.Quantization!, samples.AsSpan((y * 8 * stride) + (x * 8)), stride);
            }

            stepDown = (double)component.Down / frame.Down;
            columns = [.. Enumerable.Range(0, frame.Width).Select(x => Neighbours(x, (double)component.Across / frame.Across, component.Width))];
            (narrow, line) = (new float[component.Width], new float[frame.Width]);
        }

        /// <summary>A row of the image, in memory that is used again.</summary>
        public float[] Line(int y)
        {
            (int above, int below, float weight) = Neighbours(y, stepDown, component.Height);
            for (int x = 0; x < narrow.Length; x++)
            {
                float upper = samples[(above * stride) + x];
                narrow[x] = upper + (weight * (samples[(below * stride) + x] - upper));
            }

            for (int x = 0; x < line.Length; x++)
            {
                (int left, int right, float share) = columns[x];
                line[x] = narrow[left] + (share * (narrow[right] - narrow[left]));
            }

            return line;
        }

        /// <summary>The samples between which a pixel's centre lies, and how much of the second it has.</summary>
        private static (int First, int Second, float Weight) Neighbours(int pixel, double step, int count)
        {
            double place = Math.Clamp(((pixel + 0.5) * step) - 0.5, 0, count - 1);
            int first = (int)place;
            return (first, Math.Min(first + 1, count - 1), (float)(place - first));
        }

        private static void Transform(ReadOnlySpan<short> block, ushort[] quantization, Span<byte> to, int stride)
        {
            Span<Vector256<float>> rows = stackalloc Vector256<float>[8];
            for (int i = 0; i < 64; i++)
            {
                rows[i / 8] = (i % 8 == 0 ? Vector256<float>.Zero : rows[i / 8]) + ((float)(block[i] * quantization[i]) * Waves[i % 8]);
            }

            Span<float> samples = stackalloc float[8];
            for (int y = 0; y < 8; y++)
            {
                Vector256<float> sum = Vector256.Create(128f);
                for (int v = 0; v < 8; v++)
                {
                    sum += rows[v] * Waves[v][y];
                }

                sum.CopyTo(samples);
                for (int x = 0; x < 8; x++)
                {
                    to[(y * stride) + x] = ToByte(samples[x]);
                }
            }
        }
    }
}
