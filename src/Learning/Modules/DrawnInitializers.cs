using System.Numerics.Tensors;

namespace GraphCompiler.Learning.Modules;

/// <summary>A rule that is a function.</summary>
internal sealed class DrawnInitializer(DrawnInitializer.Rule rule) : Initializer
{
    public delegate Tensor<float> Rule(Generator random, ReadOnlySpan<int> shape);

    public override Tensor<float> Draw(Generator random, ReadOnlySpan<int> shape) => rule(random, shape);
}

/// <summary>Normal numbers within bounds; others are drawn again.</summary>
internal sealed class TruncatedNormalInitializer : Initializer
{
    private const int MostRounds = 100_000;

    private readonly float mean;
    private readonly float deviation;
    private readonly float low;
    private readonly float high;

    public TruncatedNormalInitializer(float mean, float deviation, float low, float high)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(deviation);
        if (!(low < high) || low > mean + (3 * deviation) || high < mean - (3 * deviation) || high - low < deviation / 100)
        {
            throw new ArgumentOutOfRangeException(nameof(high), $"The bounds {low} and {high} leave too few of the numbers with mean {mean} and deviation {deviation}: some lie between them where low is below high, and both are not far from the mean.");
        }

        (this.mean, this.deviation, this.low, this.high) = (mean, deviation, low, high);
    }

    public override Tensor<float> Draw(Generator random, ReadOnlySpan<int> shape)
    {
        Tensor<float> values = Tensor.CreateFromShape<float>([.. shape]);
        Span<float> rest = values.GetSpan([.. new int[shape.Length]], (int)values.FlattenedLength);
        for (int round = 0; rest.Length > 0; round++)
        {
            if (round == MostRounds)
            {
                throw new InvalidOperationException($"No number between {low} and {high} was drawn in {MostRounds} rounds.");
            }

            float[] drawn = random.Normal(mean, deviation, [rest.Length]).ToArray();
            foreach (float value in drawn)
            {
                if (value >= low && value <= high)
                {
                    rest[0] = value;
                    rest = rest[1..];
                }
            }
        }

        return values;
    }
}

/// <summary>Orthonormal rows or columns, by Gram and Schmidt's way on normal numbers, each vector made orthogonal twice, which is enough (Giraud et al., 2005).</summary>
internal sealed class OrthogonalInitializer(float gain) : Initializer
{
    public override Tensor<float> Draw(Generator random, ReadOnlySpan<int> shape)
    {
        if (shape.Length < 2)
        {
            throw new ShapeException($"The shape [{string.Join(", ", shape.ToArray())}] has no rows and columns that could be orthogonal; it wants two axes or more.");
        }

        float[] drawn = random.Normal(shape).ToArray();
        int rows = shape[0];
        int columns = rows == 0 ? 0 : drawn.Length / rows;
        int count = Math.Min(rows, columns);
        int length = Math.Max(rows, columns);
        double[][] vectors = [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, length).Select(j => (double)drawn[(i * length) + j]).ToArray())];
        for (int i = 0; i < count; i++)
        {
            double[] vector = vectors[i];
            for (int round = 0; round < 2; round++)
            {
                for (int j = 0; j < i; j++)
                {
                    double along = TensorPrimitives.Dot<double>(vector, vectors[j]);
                    TensorPrimitives.MultiplyAdd<double>(vectors[j], -along, vector, vector);
                }
            }

            TensorPrimitives.Divide(vector, TensorPrimitives.Norm<double>(vector), vector);
        }

        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < length; j++)
            {
                drawn[rows <= columns ? (i * columns) + j : (j * columns) + i] = (float)(gain * vectors[i][j]);
            }
        }

        return Tensor.Create(drawn, [.. shape]);
    }
}
