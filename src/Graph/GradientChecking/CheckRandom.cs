namespace GraphCompiler.GradientChecking;

/// <summary>The numbers a check draws, the same for the same seed.</summary>
internal sealed class CheckRandom(ulong seed)
{
    private readonly Generator generator = new(seed);

    /// <summary>A number in [low, high), or low where they are equal.</summary>
    public double Uniform(double low, double high) => low == high ? low : generator.Uniform<double>(low, high, [1])[0];

    /// <summary>An integer in [0, bound).</summary>
    public long Below(long bound) => generator.Integers(0, bound, 1)[0];

    public double Sign() => Below(2) == 0 ? 1 : -1;

    /// <summary>A float64 tensor of numbers of magnitude ½ to 1½ and either sign: as weights they let nothing vanish.</summary>
    public TensorValue Weights(long[] shape)
    {
        double[] values = new double[TensorValue.CountOf(shape)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Sign() * Uniform(0.5, 1.5);
        }

        return TensorValue.OfReals(DType.Float64, shape, values);
    }
}
