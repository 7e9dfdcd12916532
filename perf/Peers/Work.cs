namespace GraphCompiler.Peers;

/// <summary>Something that we and others can compute, on the same inputs.</summary>
internal abstract partial class Work
{
    /// <summary>The name on the command line and in the results.</summary>
    public abstract string Name { get; }

    /// <summary>What is computed, in a line.</summary>
    public abstract string Description { get; }

    /// <summary>Floating-point operations of a run where their rate is worth telling; otherwise 0.</summary>
    public virtual double Operations => 0;

    /// <summary>How many runs come before the comparison: several where a run changes a state.</summary>
    public virtual int RunsBeforeComparing => 1;

    /// <summary>Our side, compiled.</summary>
    public abstract Contender Ours();

    /// <summary>Numbers from a normal distribution, the same at every call with the same seed.</summary>
    protected static float[] Normal(int seed, int count, double deviation = 1)
    {
        float[] values = new Generator((ulong)seed).Normal(count).ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            values[i] *= (float)deviation;
        }

        return values;
    }

    /// <summary>Class indices, the same at every call with the same seed.</summary>
    protected static long[] Classes(int seed, int count, int classes) => new Generator((ulong)seed).Integers<long>(0L, classes, count).ToArray();

    /// <summary>A parameter of ours that starts from an array.</summary>
    protected static Parameter<float> Parameter(string name, float[] values, params ReadOnlySpan<int> shape) =>
        Ops.Parameter(name, Tensors.From(values, shape));

    /// <summary>No moments and step 0: an optimiser's state is among its updates. What it trains is zeroed too, and must be set.</summary>
    protected static void ClearState(IReadOnlyList<Update> updates)
    {
        foreach ((Parameter state, _) in updates)
        {
            state.SetBytes(new byte[state.ByteCount]);
        }
    }
}
