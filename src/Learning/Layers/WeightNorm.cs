namespace GraphCompiler.Learning;

/// <summary>
/// A layer whose weight is g·v/‖v‖, so that lengths and directions are trained apart (Salimans and Kingma, 2016). <c>weight_g</c> and <c>weight_v</c> in the place of its
/// <c>weight</c>, as PyTorch's <c>nn.utils.weight_norm</c>; or <c>parametrizations.weight.original0</c> and <c>1</c>, as <c>nn.utils.parametrizations.weight_norm</c>.
/// </summary>
public sealed class WeightNorm : NormedWeight
{
    [Named("")]
    private readonly OrderedDictionary<string, Parameter<float>> parts;

    // The weight has so many slices, and so many elements of one lie side by side.
    private readonly int slices = 1;
    private readonly int run;

    /// <summary>A layer that begins as the one that it is put around.</summary>
    /// <param name="layer">The layer, whose weight becomes the direction.</param>
    /// <param name="axis">The axis of the weight whose slices have a length each, 0 that of a <see cref="Linear"/> layer's outputs; null for one length of all.</param>
    /// <param name="parametrizations">Whether the names are those of PyTorch's newer function.</param>
    /// <exception cref="ArgumentOutOfRangeException">The weight has no such axis.</exception>
    public WeightNorm(WeightedLayer layer, int? axis = 0, bool parametrizations = false)
        : base(layer)
    {
        Parameter<float> direction = layer.Weight;
        run = direction.Values.Length;
        Shape lengths = [];
        if (axis is { } given)
        {
            int along = AxisOf(layer, given);
            Axis = along;
            int[] sizes = [.. direction.Shape.Select(size => (int)size.Constant!.Value)];
            slices = sizes[along];
            run = sizes[(along + 1)..].Aggregate(1, (product, size) => product * size);
            lengths = [.. sizes.Select((size, i) => (Dim)(i == along ? size : 1))];
        }

        Parameter<float> magnitude = Ops.Parameter("magnitude", LengthsOf(direction.Values), lengths);
        parts = parametrizations
            ? new() { ["parametrizations.weight.original0"] = magnitude, ["parametrizations.weight.original1"] = direction }
            : new() { ["weight_g"] = magnitude, ["weight_v"] = direction };
    }

    /// <summary>The axis of the weight whose slices have a length each; null where all elements have one.</summary>
    public int? Axis { get; }

    /// <summary>g, the lengths: of the weight's rank with 1 for all axes but one, or [].</summary>
    public Parameter<float> Magnitude => parts.GetAt(0).Value;

    /// <summary>v, of the weight's shape: the layer's weight before.</summary>
    public Parameter<float> Direction => parts.GetAt(1).Value;

    /// <summary>Gives the layer that this was put around the weight g·v/‖v‖, for use without this. What this computes stays the same.</summary>
    /// <returns>That layer.</returns>
    public WeightedLayer Merge()
    {
        float[] lengths = LengthsOf(Direction.Values);
        using ParameterEdit<float> edit = Direction.Edit();
        for (int i = 0; i < edit.Values.Length; i++)
        {
            int slice = i / run % slices;
            edit.Values[i] *= Magnitude.Values[slice] / lengths[slice];
        }

        return Normed;
    }

    private protected override Node Weight() => Ops.WeightNorm(Direction, Magnitude, Axis);

    private float[] LengthsOf(ReadOnlySpan<float> direction)
    {
        double[] squares = new double[slices];
        for (int i = 0; i < direction.Length; i++)
        {
            squares[i / run % slices] += (double)direction[i] * direction[i];
        }

        return [.. squares.Select(s => (float)Math.Sqrt(s))];
    }
}
