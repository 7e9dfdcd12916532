namespace GraphCompiler.Peers;

/// <summary>The numbers of a multi-layer perceptron, for all sides: weights [in, out] row-major, and biases.</summary>
internal sealed class MlpWeights
{
    public MlpWeights(params int[] sizes)
    {
        Sizes = sizes;
        var random = new Generator(seed: 7);
        Weights = [.. Enumerable.Range(0, Layers).Select(i => random.Normal(0, MathF.Sqrt(2f / sizes[i]), [sizes[i] * sizes[i + 1]]).ToArray())];
        Biases = [.. Enumerable.Range(0, Layers).Select(i => random.Normal(0, 0.1f, [sizes[i + 1]]).ToArray())];
    }

    public int[] Sizes { get; }

    public int Layers => Sizes.Length - 1;

    public float[][] Weights { get; }

    public float[][] Biases { get; }

    /// <summary>Floating-point operations of the products for one row.</summary>
    public double OperationsPerRow => Enumerable.Range(0, Layers).Sum(i => 2.0 * Sizes[i] * Sizes[i + 1]);

    /// <summary>Weights of a layer as torch's Linear holds them, [out, in].</summary>
    public float[] Transposed(int layer)
    {
        int rows = Sizes[layer];
        int columns = Sizes[layer + 1];
        float[] transposed = new float[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                transposed[(j * rows) + i] = Weights[layer][(i * columns) + j];
            }
        }

        return transposed;
    }
}
