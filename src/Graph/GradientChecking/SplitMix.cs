namespace GraphCompiler.Differentiation;

/// <summary>The numbers a check draws: SplitMix64 (Steele, Lea and Flood, 2014), small and the same everywhere.</summary>
internal sealed class SplitMix(ulong seed)
{
    private ulong state = seed;

    public ulong Next()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number in [low, high).</summary>
    public double Uniform(double low, double high) => low + ((high - low) * (Next() >> 11) * (1.0 / (1UL << 53)));

    /// <summary>An integer in [0, bound).</summary>
    public long Below(long bound) => (long)(Next() % (ulong)bound);

    /// <summary>A number of magnitude ½ to 1½ and either sign: as a weight it lets nothing vanish.</summary>
    public double Weight() => Sign() * Uniform(0.5, 1.5);

    public double Sign() => (Next() & 1) == 0 ? 1 : -1;

    /// <summary>A float64 tensor of weights.</summary>
    public TensorValue Weights(long[] shape)
    {
        double[] values = new double[TensorValue.CountOf(shape)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Weight();
        }

        return TensorValue.OfReals(DType.Float64, shape, values);
    }
}
