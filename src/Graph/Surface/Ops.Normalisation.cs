using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Numbers brought to mean 0 and variance 1, over the axes that the function is named for. Channels are axis 1 where there are any: x is [N, C, …], never [C, …].</summary>
public static partial class Ops
{
    /// <summary>(x − mean)/√(variance + ε) over trailing axes, then scaled and shifted (Ba, Kiros and Hinton, 2016).</summary>
    /// <param name="x">Floats.</param>
    /// <param name="weight">Scales of the shape of the trailing axes, or null for none.</param>
    /// <param name="bias">Shifts of the shape of the trailing axes, or null for none.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="trailingAxes">How many trailing axes to normalise over.</param>
    public static Node LayerNorm(Node x, Node? weight = null, Node? bias = null, double epsilon = 1e-5, int trailingAxes = 1)
    {
        RequireFloat("LayerNorm", x);
        RequireTrailing("LayerNorm", x, trailingAxes, weight, bias);
        return Composite.Of(
            "LayerNorm",
            x,
            weight,
            bias,
            (x, weight, bias) =>
            {
                Node normal = Create(new NormalizeOp(Enumerable.Range(x.Rank - trailingAxes, trailingAxes).ToEquatableArray(), epsilon), x);
                Node scaled = weight is null ? normal : normal * weight;
                return bias is null ? scaled : scaled + bias;
            },
            ("Epsilon", epsilon),
            ("TrailingAxes", trailingAxes));
    }

    /// <summary>x/√(mean of squares + ε) over trailing axes, then scaled (Zhang and Sennrich, 2019).</summary>
    /// <param name="x">Floats.</param>
    /// <param name="weight">Scales of the shape of the trailing axes, or null for none.</param>
    /// <param name="epsilon">ε; null for the dtype's distance from 1 to the next number, as in PyTorch.</param>
    /// <param name="trailingAxes">How many trailing axes to normalise over.</param>
    public static Node RmsNorm(Node x, Node? weight = null, double? epsilon = null, int trailingAxes = 1)
    {
        RequireFloat("RmsNorm", x);
        RequireTrailing("RmsNorm", x, trailingAxes, weight, null);
        double added = epsilon ?? x.DType.Row().Epsilon;
        RequireAtLeast(added, 0, nameof(epsilon));
        return Composite.Of(
            "RmsNorm",
            x,
            weight,
            (x, weight) =>
            {
                Node normal = Create(new RmsNormalizeOp(Enumerable.Range(x.Rank - trailingAxes, trailingAxes).ToEquatableArray(), added), x);
                return weight is null ? normal : normal * weight;
            },
            ("Epsilon", added),
            ("TrailingAxes", trailingAxes));
    }

    /// <summary>(x − mean)/√(variance + ε) a channel, with given statistics, then scaled and shifted: batch normalisation at inference.</summary>
    /// <param name="x">Floats [N, C, …].</param>
    /// <param name="mean">The means, [C].</param>
    /// <param name="variance">The variances, [C].</param>
    /// <param name="weight">Scales [C], or null for none.</param>
    /// <param name="bias">Shifts [C], or null for none.</param>
    /// <param name="epsilon">ε.</param>
    public static Node BatchNorm(Node x, Node mean, Node variance, Node? weight = null, Node? bias = null, double epsilon = 1e-5)
    {
        const string Name = "BatchNorm";
        RequireChannels(Name, x, 2);
        return Composite.Of(
            Name,
            x,
            NotNull(mean),
            NotNull(variance),
            weight,
            bias,
            (x, mean, variance, weight, bias) =>
            {
                Node scale = Rsqrt(AlongChannels(Name, variance, x) + epsilon);
                return Affine(Name, (x - AlongChannels(Name, mean, x)) * scale, weight, bias);
            },
            ("Epsilon", epsilon));
    }

    /// <summary>(x − mean)/√(variance + ε) a channel, with the batch's own statistics, then scaled and shifted (Ioffe and Szegedy, 2015).</summary>
    /// <param name="x">Floats [N, C, …].</param>
    /// <param name="weight">Scales [C], or null for none.</param>
    /// <param name="bias">Shifts [C], or null for none.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ShapeException">There is but one number a channel, whose variance is 0.</exception>
    public static Node BatchNormTraining(Node x, Node? weight = null, Node? bias = null, double epsilon = 1e-5)
    {
        const string Name = "BatchNormTraining";
        RequireChannels(Name, x, 2);
        return Composite.Of(Name, x, weight, bias, (x, weight, bias) => WithOwnStatistics(x, weight, bias, epsilon), ("Epsilon", epsilon));
    }

    /// <summary>Batch normalisation in training that also moves running statistics: r ← (1 − momentum)·r + momentum·s, with the unbiased variance.</summary>
    /// <param name="x">Floats [N, C, …].</param>
    /// <param name="runningMean">The running means, [C]: a parameter that requires no gradient.</param>
    /// <param name="runningVariance">The running variances, [C]: a parameter that requires no gradient.</param>
    /// <param name="weight">Scales [C], or null for none.</param>
    /// <param name="bias">Shifts [C], or null for none.</param>
    /// <param name="momentum">How much of the batch's statistics is taken, in [0, 1].</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>The result, and the new running statistics, to be compiled as <c>updates: [(mean, r.RunningMean), (variance, r.RunningVariance)]</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is outside [0, 1].</exception>
    /// <exception cref="ShapeException">There is but one number a channel, whose variance is 0.</exception>
    public static (Node Result, Node RunningMean, Node RunningVariance) BatchNormTraining(
        Node x, Node runningMean, Node runningVariance, Node? weight, Node? bias, double momentum = 0.1, double epsilon = 1e-5)
    {
        if (!(momentum is >= 0 and <= 1))
        {
            throw InvariantText.OutOfRange(nameof(momentum), momentum, "BatchNormTraining: the momentum must be in [0, 1].");
        }

        const string Name = "BatchNormTraining";
        RequireChannels(Name, x, 2);
        Node[] results = Composite.Several(Name, [x, NotNull(runningMean), NotNull(runningVariance), weight, bias], Moved, ("Momentum", momentum), ("Epsilon", epsilon));
        return (results[0], Detach(results[1]), Detach(results[2]));

        Node[] Moved(Node?[] given)
        {
            (Node x, Node runningMean, Node runningVariance) = (given[0]!, given[1]!, given[2]!);
            Node result = WithOwnStatistics(x, given[3], given[4], epsilon);
            AlongChannels(Name, runningMean, x);
            AlongChannels(Name, runningVariance, x);
            Node values = MoreThanOne(x);
            Axes axes = OtherThanChannels(x).ToArray();
            return
            [
                result,
                ((1 - momentum) * runningMean) + (momentum * Mean(values, axes)),
                ((1 - momentum) * runningVariance) + (momentum * Variance(values, axes)),
            ];
        }
    }

    /// <summary>(x − mean)/√(variance + ε) over the channels of a group and all places, for each sample, then scaled and shifted (Wu and He, 2018).</summary>
    /// <param name="x">Floats [N, C, …].</param>
    /// <param name="groups">How many groups the channels are divided into; C must be a number that this divides.</param>
    /// <param name="weight">Scales [C], or null for none.</param>
    /// <param name="bias">Shifts [C], or null for none.</param>
    /// <param name="epsilon">ε.</param>
    public static Node GroupNorm(Node x, int groups, Node? weight = null, Node? bias = null, double epsilon = 1e-5)
    {
        const string Name = "GroupNorm";
        RequireChannels(Name, x, 2);
        if (groups < 1 || x.Shape[1].Constant is not { } channels || channels % groups != 0)
        {
            throw new ShapeException($"{Name}: the {InvariantText.Count(x.Shape[1], "channel")} of axis 1 cannot be divided into {InvariantText.Count(groups, "group")} of the same size. Input: {x.Describe()}.");
        }

        return Composite.Of(
            Name,
            x,
            weight,
            bias,
            (x, weight, bias) =>
            {
                Node grouped = Reshape(x, Shape.Of([x.Shape[0], groups, x.Shape[1] / groups, .. x.Shape.Skip(2)]));
                Node normal = Create(new NormalizeOp(Enumerable.Range(2, grouped.Rank - 2).ToEquatableArray(), epsilon), grouped);
                return Affine(Name, Reshape(normal, x.Shape), weight, bias);
            },
            ("Groups", groups),
            ("Epsilon", epsilon));
    }

    /// <summary>(x − mean)/√(variance + ε) over all places, for each sample and channel, then scaled and shifted (Ulyanov et al., 2016).</summary>
    /// <param name="x">Floats [N, C, …], with at least one axis of places.</param>
    /// <param name="weight">Scales [C], or null for none.</param>
    /// <param name="bias">Shifts [C], or null for none.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ShapeException">There is but one place, whose variance is 0.</exception>
    public static Node InstanceNorm(Node x, Node? weight = null, Node? bias = null, double epsilon = 1e-5)
    {
        const string Name = "InstanceNorm";
        RequireChannels(Name, x, 3);
        return Composite.Of(
            Name,
            x,
            weight,
            bias,
            (x, weight, bias) =>
            {
                Node places = Conditions.AtLeast(Name, x, Shape.Of(x.Shape.Skip(2)).ElementCount, 2, "more than one place a channel is needed.");
                return Affine(Name, Create(new NormalizeOp(Enumerable.Range(2, x.Rank - 2).ToEquatableArray(), epsilon), places), weight, bias);
            },
            ("Epsilon", epsilon));
    }

    /// <summary>x/(k + alpha·m)^beta with the mean m of squares over neighbouring channels, those beyond the ends counting as 0 (Krizhevsky et al., 2012).</summary>
    /// <param name="x">Floats [N, C, …].</param>
    /// <param name="size">Over how many channels; size/2 of them before, (size − 1)/2 after.</param>
    /// <param name="alpha">The factor.</param>
    /// <param name="beta">The exponent.</param>
    /// <param name="k">What is added.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public static Node LocalResponseNorm(Node x, int size, double alpha = 1e-4, double beta = 0.75, double k = 1)
    {
        const string Name = "LocalResponseNorm";
        RequireChannels(Name, x, 2);
        if (size < 1)
        {
            throw InvariantText.OutOfRange(nameof(size), size, $"{Name}: the size must be at least 1.");
        }

        return Composite.Of(
            Name,
            x,
            x =>
            {
                Node padded = Pad(x * x, 1, size / 2, (size - 1) / 2);
                Node total = Slice(padded, 1, 0, x.Shape[1]);
                for (int i = 1; i < size; i++)
                {
                    total += Slice(padded, 1, i, x.Shape[1] + i);
                }

                return x / Pow((total * (alpha / size)) + k, beta);
            },
            ("Size", size),
            ("Alpha", alpha),
            ("Beta", beta),
            ("K", k));
    }

    /// <summary>magnitude·direction/‖direction‖: a weight whose lengths and directions are trained apart (Salimans and Kingma, 2016; PyTorch's weight_norm).</summary>
    /// <param name="direction">Floats; a slice of zeros has no direction and gives NaN.</param>
    /// <param name="magnitude">The length of each slice along the axis, [n] or the shape that keeps the other axes as 1; [] for one length of all.</param>
    /// <param name="axis">The axis whose slices have a 2-norm each; null for one 2-norm of all elements.</param>
    /// <returns>The weight, of the direction's shape.</returns>
    public static Node WeightNorm(Node direction, Node magnitude, int? axis = 0)
    {
        const string Name = "WeightNorm";
        RequireFloat(Name, direction);
        RequireSameType(Name, direction, NotNull(magnitude));
        int along = axis is { } given ? Axis.Normalize(given, direction.Rank, Name, direction) : -1;
        Shape kept = Shape.Of(direction.Shape.Select((d, i) => i == along ? d : Dim.Of(1)));
        Shape single = axis is null ? [] : [direction.Shape[along]];
        if (magnitude.Shape != kept && magnitude.Shape != single)
        {
            throw new ShapeException($"{Name}: the magnitude must have the shape {single} or {kept}, a length for each slice, not {magnitude.Shape}. Inputs: {direction.Describe()}, {magnitude.Describe()}.");
        }

        return Composite.Of(
            Name,
            direction,
            magnitude,
            (direction, magnitude) =>
            {
                Axes others = Enumerable.Range(0, direction.Rank).Where(i => i != along).ToArray();
                Node length = Norm(direction, 2, others, keepDims: true);
                return direction * (Reshape(magnitude, length.Shape) / length);
            },
            ("Axis", axis is null ? null : along));
    }

    private static Node WithOwnStatistics(Node x, Node? weight, Node? bias, double epsilon) =>
        Affine("BatchNormTraining", Create(new NormalizeOp(OtherThanChannels(x), epsilon), MoreThanOne(x)), weight, bias);

    /// <summary>x, whose channels must have a variance.</summary>
    private static Node MoreThanOne(Node x) =>
        Conditions.AtLeast("BatchNormTraining", x, x.Shape.Without([1]).ElementCount, 2, "more than one number a channel is needed to train.");

    private static EquatableArray<int> OtherThanChannels(Node x) => Enumerable.Range(0, x.Rank).Where(a => a != 1).ToEquatableArray();

    private static void RequireChannels(string op, Node x, int least)
    {
        RequireFloat(op, x);
        if (x.Rank < least)
        {
            throw new ShapeException($"{op}: an input [N, C, …] of at least {least} axes is needed, not {x.Shape}.{(x.Rank == least - 1 ? Unbatched : string.Empty)} Input: {x.Describe()}.");
        }
    }

    private static Node AlongChannels(string op, Node values, Node x)
    {
        RequireSameType(op, x, values);
        return values.Rank == 1 && values.Shape[0] == x.Shape[1]
            ? AlongAxis(op, values, x, 1)
            : throw new ShapeException($"{op}: one number for each of the {x.Shape[1]} channels of axis 1 is needed, not {values.Shape}.{(x.Rank > 2 && values.Rank == 1 ? ChannelsLast(x, x.Rank - 2, values.Shape[0]) : string.Empty)}{Broadcasting.Declare([x.Shape[1]], values.Shape)} Inputs: {x.Describe()}, {values.Describe()}.");
    }

    private static Node Affine(string op, Node x, Node? weight, Node? bias)
    {
        Node scaled = weight is null ? x : x * AlongChannels(op, weight, x);
        return bias is null ? scaled : scaled + AlongChannels(op, bias, x);
    }

    private static void RequireTrailing(string op, Node x, int axes, Node? weight, Node? bias)
    {
        if (axes < 1 || axes > x.Rank)
        {
            throw new ShapeException($"{op}: {axes} trailing axes cannot be normalised over. Input: {x.Describe()}.");
        }

        Shape trailing = Shape.Of(x.Shape.TakeLast(axes));
        foreach (Node? affine in (ReadOnlySpan<Node?>)[weight, bias])
        {
            if (affine is not null && affine.Shape != trailing)
            {
                throw new ShapeException($"{op}: weight and bias must have the shape {trailing} of the trailing axes, not {affine.Shape}. Input: {x.Describe()}.");
            }
        }
    }
}
