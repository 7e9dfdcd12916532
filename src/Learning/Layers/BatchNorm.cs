namespace GraphCompiler.Learning;

/// <summary>A normalisation of channels that may keep running statistics for inference: what <see cref="BatchNorm"/> and <see cref="InstanceNorm"/> have in common.</summary>
public abstract class ChannelNorm : Layer
{
    private protected ChannelNorm(int channels, bool affine, bool track)
    {
        Channels = Require.Positive(channels);
        if (affine)
        {
            Weight = Initializer.Ones.Make(channels);
            Bias = Initializer.Zeros.Make(channels);
        }

        if (track)
        {
            RunningMean = Buffer(0f, channels);
            RunningVariance = Buffer(1f, channels);
            BatchesTracked = Buffer(0L);
        }
    }

    /// <summary>The size of axis 1 of what the layer is applied to.</summary>
    public int Channels { get; }

    /// <summary>The scales [channels]; null if there are none.</summary>
    public Parameter<float>? Weight { get; }

    /// <summary>The shifts [channels]; null if there are none.</summary>
    public Parameter<float>? Bias { get; }

    /// <summary>The buffer of running means [channels]; null if there are none.</summary>
    public Parameter<float>? RunningMean { get; }

    /// <summary>The buffer of running variances [channels], unbiased; null if there are none.</summary>
    [Named("running_var")]
    public Parameter<float>? RunningVariance { get; }

    /// <summary>The buffer that counts batches, a scalar; null if there are no running statistics.</summary>
    [Named("num_batches_tracked")]
    public Parameter<long>? BatchesTracked { get; }

    /// <summary>ε, which is added to variances.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({Channels})";

    /// <summary>Moves the running statistics toward those of a batch: r ← (1 − share)·r + share·s.</summary>
    private protected void Move(Pass pass, Node mean, Node variance, Node share)
    {
        Toward(RunningMean!, mean);
        Toward(RunningVariance!, variance);

        void Toward(Parameter running, Node now) => pass.Write(running, Ops.Detach(((1 - share) * pass.Read(running)) + (share * now)));
    }
}

/// <summary>
/// (x − mean)/√(variance + ε) a channel of [N, channels, …], then scaled and shifted (Ioffe and Szegedy, 2015): by the statistics of the batch in training, which moves the
/// running ones, and by these at inference. <c>weight</c>, <c>bias</c>, <c>running_mean</c>, <c>running_var</c> [channels] and <c>num_batches_tracked</c> [], as PyTorch's
/// <c>nn.BatchNorm1d</c>, <c>2d</c> and <c>3d</c>.
/// </summary>
/// <param name="channels">The size of axis 1 of what it is applied to.</param>
/// <param name="affine">Whether there are scales and shifts.</param>
/// <param name="track">Whether there are running statistics; without them those of the batch are taken at inference, too.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is not above 0.</exception>
/// <remarks>Training with but one number a channel, whose variance is 0, is a <see cref="ShapeException"/>.</remarks>
public sealed class BatchNorm(int channels, bool affine = true, bool track = true) : ChannelNorm(channels, affine, track)
{
    /// <summary>
    /// How much of a batch's statistics the running ones take, in [0, 1]: 0.1 by default. Keras says how much they keep. Null takes the mean over all batches.
    /// </summary>
    public double? Momentum
    {
        get;
        init => field = value is { } given ? Require.Share(given, nameof(value)) : value;
    } = 0.1;

    /// <summary>A layer with the numbers of Keras's <c>BatchNormalization</c>: its momentum of 0.99 is one of 0.01 here, and ε is 0.001.</summary>
    /// <param name="channels">The size of axis 1.</param>
    /// <param name="affine">Whether there are scales and shifts.</param>
    public static BatchNorm Keras(int channels, bool affine = true) => new(channels, affine) { Momentum = 0.01, Epsilon = 1e-3 };

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Require.Channels(x, Channels);
        if (RunningMean is null || RunningVariance is null || BatchesTracked is null)
        {
            return Ops.BatchNormTraining(x, Weight, Bias, Epsilon);
        }

        var pass = Pass.For(this);
        if (!pass.IsTraining)
        {
            return Ops.BatchNorm(x, pass.Read(RunningMean), pass.Read(RunningVariance), Weight, Bias, Epsilon);
        }

        Node count = pass.Read(BatchesTracked) + 1;
        Node y;
        if (Momentum is { } momentum)
        {
            (y, Node mean, Node variance) = Ops.BatchNormTraining(x, pass.Read(RunningMean), pass.Read(RunningVariance), Weight, Bias, momentum, Epsilon);
            pass.Write(RunningMean, mean);
            pass.Write(RunningVariance, variance);
        }
        else
        {
            y = Ops.BatchNormTraining(x, Weight, Bias, Epsilon);
            (Node variance, Node mean) = Ops.VarMean(x, [0, .. Enumerable.Range(2, x.Rank - 2)]);
            Move(pass, mean, variance, 1 / Ops.Cast(count, DType.Float32));
        }

        pass.Write(BatchesTracked, count);
        return y;
    }
}

/// <summary>
/// (x − mean)/√(variance + ε) over all places, for each sample and channel of [N, channels, L, …] (Ulyanov et al., 2016). As PyTorch's <c>nn.InstanceNorm1d</c>, <c>2d</c> and
/// <c>3d</c> it has no parameters unless they are asked for, then those of <see cref="BatchNorm"/>.
/// </summary>
/// <param name="channels">The size of axis 1 of what it is applied to.</param>
/// <param name="affine">Whether there are scales and shifts.</param>
/// <param name="track">
/// Whether there are running statistics, the means of the samples' own, which take their place at inference. PyTorch's <c>num_batches_tracked</c> is there, and stays 0 as there.
/// </param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is not above 0.</exception>
/// <remarks>But one place a channel, whose variance is 0, is a <see cref="ShapeException"/>.</remarks>
public sealed class InstanceNorm(int channels, bool affine = false, bool track = false) : ChannelNorm(channels, affine, track)
{
    /// <summary>How much of a batch's statistics the running ones take, in [0, 1].</summary>
    public double Momentum
    {
        get;
        init => field = Require.Share(value);
    } = 0.1;

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Require.Channels(x, Channels, leastRank: 3);
        if (RunningMean is null || RunningVariance is null)
        {
            return Ops.InstanceNorm(x, Weight, Bias, Epsilon);
        }

        var pass = Pass.For(this);
        if (!pass.IsTraining)
        {
            return Ops.BatchNorm(x, pass.Read(RunningMean), pass.Read(RunningVariance), Weight, Bias, Epsilon);
        }

        Node y = Ops.InstanceNorm(x, Weight, Bias, Epsilon);
        (Node variances, Node means) = Ops.VarMean(x, [.. Enumerable.Range(2, x.Rank - 2)]);
        Move(pass, Ops.Mean(means, 0), Ops.Mean(variances, 0), Ops.Constant((float)Momentum));
        return y;
    }
}
