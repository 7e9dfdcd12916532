namespace GraphCompiler.Learning;

/// <summary>
/// (x − mean)/√(variance + ε) over the channels of a group and all places, for each sample of [N, channels, …], then scaled and shifted (Wu and He, 2018). <c>weight</c> and
/// <c>bias</c> [channels], as PyTorch's <c>nn.GroupNorm</c>.
/// </summary>
public sealed class GroupNorm : Layer
{
    /// <summary>A layer of scales 1 and shifts 0.</summary>
    /// <param name="groups">In how many groups of one size the channels fall.</param>
    /// <param name="channels">The size of axis 1 of what it is applied to.</param>
    /// <param name="affine">Whether there are scales and shifts.</param>
    /// <exception cref="ArgumentException">A number is not above 0, or the channels do not fall into the groups.</exception>
    public GroupNorm(int groups, int channels, bool affine = true)
    {
        (Groups, Channels) = (Require.Positive(groups), Require.Positive(channels));
        if (channels % groups != 0)
        {
            throw new ArgumentException($"{channels} channels do not fall into {groups} groups of one size.", nameof(groups));
        }

        Weight = affine ? Initializer.Ones.Make(channels) : null;
        Bias = affine ? Initializer.Zeros.Make(channels) : null;
    }

    /// <summary>In how many groups the channels fall.</summary>
    public int Groups { get; }

    /// <summary>The size of axis 1 of what the layer is applied to.</summary>
    public int Channels { get; }

    /// <summary>The scales [channels]; null if there are none.</summary>
    public Parameter<float>? Weight { get; }

    /// <summary>The shifts [channels]; null if there are none.</summary>
    public Parameter<float>? Bias { get; }

    /// <summary>ε, which is added to variances.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override string ToString() => $"GroupNorm({Groups}, {Channels})";

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Require.Channels(x, Channels);
        return Ops.GroupNorm(x, Groups, Weight, Bias, Epsilon);
    }
}

/// <summary>
/// x/(k + α·m)^β with the mean m of squares over neighbouring channels of [N, C, …] (Krizhevsky et al., 2012), as PyTorch's <c>nn.LocalResponseNorm</c>; without parameters.
/// </summary>
/// <param name="size">Over how many channels; size/2 of them before, (size − 1)/2 after.</param>
/// <exception cref="ArgumentOutOfRangeException">The size is not above 0.</exception>
public sealed class LocalResponseNorm(int size) : Layer
{
    /// <summary>Over how many channels.</summary>
    public int Size { get; } = Require.Positive(size);

    /// <summary>α, the factor.</summary>
    public double Alpha { get; init; } = 1e-4;

    /// <summary>β, the exponent.</summary>
    public double Beta { get; init; } = 0.75;

    /// <summary>k, which is added.</summary>
    public double K { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"LocalResponseNorm({Size})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.LocalResponseNorm(x, Size, Alpha, Beta, K);
}
