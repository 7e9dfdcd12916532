using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Sums over windows of one spatial axis, weighted for each output channel: a cross-correlation, as in PyTorch.</summary>
    /// <param name="x">Numbers, [N, C, L], or [C, L] without a batch; [N, O, positions] comes back.</param>
    /// <param name="weight">Numbers of the same dtype, [O, C/groups, K].</param>
    /// <param name="bias">A number for each output channel, [O]; null for none.</param>
    /// <param name="stride">From a window to the next; 1 by default.</param>
    /// <param name="padding">What is added around the input: widths, <see cref="Padding.Same"/> or <see cref="Padding.Valid"/>.</param>
    /// <param name="dilation">From an element of a window to the next; 1 by default.</param>
    /// <param name="groups">Input and output channels fall into so many groups that do not see each other; as many as channels: depthwise.</param>
    /// <param name="paddingMode">What stands in the padding.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other, or a window is longer than the padded input.</exception>
    public static Node Conv1D(
        Node x, Node weight, Node? bias = null, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, int groups = 1, PaddingMode paddingMode = PaddingMode.Zeros) =>
        Convolve("Conv1D", 1, x, weight, bias, stride, padding, dilation, groups, paddingMode);

    /// <summary>Sums over windows of two spatial axes, weighted for each output channel: a cross-correlation, as in PyTorch.</summary>
    /// <param name="x">Numbers, [N, C, H, W], or [C, H, W] without a batch; [N, O, positions…] comes back, (size + padding − (K − 1)·dilation − 1)/stride + 1 along each axis.</param>
    /// <param name="weight">Numbers of the same dtype, [O, C/groups, K, L].</param>
    /// <param name="bias">A number for each output channel, [O]; null for none.</param>
    /// <param name="stride">From a window to the next; 1 by default.</param>
    /// <param name="padding">What is added around the input: widths, <see cref="Padding.Same"/> or <see cref="Padding.Valid"/>.</param>
    /// <param name="dilation">From an element of a window to the next; 1 by default.</param>
    /// <param name="groups">Input and output channels fall into so many groups that do not see each other; as many as channels: depthwise.</param>
    /// <param name="paddingMode">What stands in the padding.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other, or a window is longer than the padded input.</exception>
    public static Node Conv2D(
        Node x, Node weight, Node? bias = null, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, int groups = 1, PaddingMode paddingMode = PaddingMode.Zeros) =>
        Convolve("Conv2D", 2, x, weight, bias, stride, padding, dilation, groups, paddingMode);

    /// <summary>Sums over windows of three spatial axes, weighted for each output channel: a cross-correlation, as in PyTorch.</summary>
    /// <param name="x">Numbers, [N, C, D, H, W], or [C, D, H, W] without a batch; [N, O, positions…] comes back.</param>
    /// <param name="weight">Numbers of the same dtype, [O, C/groups, K, L, M].</param>
    /// <param name="bias">A number for each output channel, [O]; null for none.</param>
    /// <param name="stride">From a window to the next; 1 by default.</param>
    /// <param name="padding">What is added around the input: widths, <see cref="Padding.Same"/> or <see cref="Padding.Valid"/>.</param>
    /// <param name="dilation">From an element of a window to the next; 1 by default.</param>
    /// <param name="groups">Input and output channels fall into so many groups that do not see each other; as many as channels: depthwise.</param>
    /// <param name="paddingMode">What stands in the padding.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other, or a window is longer than the padded input.</exception>
    public static Node Conv3D(
        Node x, Node weight, Node? bias = null, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, int groups = 1, PaddingMode paddingMode = PaddingMode.Zeros) =>
        Convolve("Conv3D", 3, x, weight, bias, stride, padding, dilation, groups, paddingMode);

    /// <summary>The transpose of <see cref="Conv1D"/> in its input: each element spreads a weighted window, and windows that overlap add up.</summary>
    /// <param name="x">Numbers, [N, C, L], or [C, L] without a batch; [N, O, (L − 1)·stride − 2·padding + (K − 1)·dilation + outputPadding + 1] comes back.</param>
    /// <param name="weight">Numbers of the same dtype, [C, O/groups, K].</param>
    /// <param name="bias">A number for each output channel, [O]; null for none.</param>
    /// <param name="stride">From a window to the next; 1 by default.</param>
    /// <param name="padding">What is cut off at both ends.</param>
    /// <param name="outputPadding">What is added at the end, less than stride or dilation: which of the sizes that a convolution maps to L.</param>
    /// <param name="dilation">From an element of a window to the next; 1 by default.</param>
    /// <param name="groups">Input and output channels fall into so many groups that do not see each other.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other.</exception>
    public static Node ConvTranspose1D(
        Node x, Node weight, Node? bias = null, PerAxis stride = default, Padding padding = default, PerAxis outputPadding = default, PerAxis dilation = default, int groups = 1) =>
        ConvolveTransposed("ConvTranspose1D", 1, x, weight, bias, stride, padding, outputPadding, dilation, groups);

    /// <summary>The transpose of <see cref="Conv2D"/> in its input: each element spreads a weighted window, and windows that overlap add up.</summary>
    /// <param name="x">Numbers, [N, C, H, W], or [C, H, W] without a batch; sizes grow to (size − 1)·stride − 2·padding + (K − 1)·dilation + outputPadding + 1.</param>
    /// <param name="weight">Numbers of the same dtype, [C, O/groups, K, L].</param>
    /// <param name="bias">A number for each output channel, [O]; null for none.</param>
    /// <param name="stride">From a window to the next; 1 by default.</param>
    /// <param name="padding">What is cut off at both ends.</param>
    /// <param name="outputPadding">What is added at the end, less than stride or dilation.</param>
    /// <param name="dilation">From an element of a window to the next; 1 by default.</param>
    /// <param name="groups">Input and output channels fall into so many groups that do not see each other.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other.</exception>
    public static Node ConvTranspose2D(
        Node x, Node weight, Node? bias = null, PerAxis stride = default, Padding padding = default, PerAxis outputPadding = default, PerAxis dilation = default, int groups = 1) =>
        ConvolveTransposed("ConvTranspose2D", 2, x, weight, bias, stride, padding, outputPadding, dilation, groups);

    /// <summary>The transpose of <see cref="Conv3D"/> in its input: each element spreads a weighted window, and windows that overlap add up.</summary>
    /// <param name="x">Numbers, [N, C, D, H, W], or [C, D, H, W] without a batch.</param>
    /// <param name="weight">Numbers of the same dtype, [C, O/groups, K, L, M].</param>
    /// <param name="bias">A number for each output channel, [O]; null for none.</param>
    /// <param name="stride">From a window to the next; 1 by default.</param>
    /// <param name="padding">What is cut off at both ends.</param>
    /// <param name="outputPadding">What is added at the end, less than stride or dilation.</param>
    /// <param name="dilation">From an element of a window to the next; 1 by default.</param>
    /// <param name="groups">Input and output channels fall into so many groups that do not see each other.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other.</exception>
    public static Node ConvTranspose3D(
        Node x, Node weight, Node? bias = null, PerAxis stride = default, Padding padding = default, PerAxis outputPadding = default, PerAxis dilation = default, int groups = 1) =>
        ConvolveTransposed("ConvTranspose3D", 3, x, weight, bias, stride, padding, outputPadding, dilation, groups);

    private static Node Convolve(
        string op, int spatial, Node x, Node weight, Node? bias, PerAxis stride, Padding padding, PerAxis dilation, int groups, PaddingMode mode)
    {
        Known(op, mode, "paddingMode");
        int[] strides = stride.For(spatial, 1, 1, op, "stride");
        int[] dilations = dilation.For(spatial, 1, 1, op, "dilation");
        (Node batched, bool isAlone) = Batched(op, spatial, x, weight, bias, 0, groups);
        Dim channels = weight.Shape[1] * groups;
        batched = Conditions.Same(
            op,
            batched,
            batched.Shape[1],
            channels,
            $"the input has {InvariantText.Count(batched.Shape[1], "channel")}, and the weight [O, C/groups, …] = {weight.Shape} with {InvariantText.Count(groups, "group")} is for {channels}.{ChannelsLast(x, spatial, channels)}");

        Window[] windows = [.. strides.Select((s, i) => new Window(2 + i, weight.Shape[2 + i], s, dilations[i]))];
        (Dim Before, Dim After)[] widths = Widths(op, x, padding, windows);
        for (int i = 0; i < spatial; i++)
        {
            Dim reach = windows[i].Reach;
            Dim size = batched.Shape[2 + i] + widths[i].Before + widths[i].After;
            batched = Conditions.AtLeast(
                op,
                batched,
                size,
                reach,
                $"the kernel spans {InvariantText.Count(reach, "element")} along axis {i - spatial}, more than the {size} of the padded input.");
        }

        // Zeros are the convolution's own work: its derivatives are convolutions that know what lies outside.
        Node padded = mode == PaddingMode.Zeros ? batched : Around(op, batched, widths, mode);
        EquatableArray<Margin> margins = mode == PaddingMode.Zeros ? [.. widths.Select(w => new Margin(w.Before, w.After))] : Margin.None(spatial);

        Node result = Create(new ConvolutionOp([.. strides.Select(s => (long)s)], [.. dilations.Select(d => (long)d)], groups, margins), bias is null ? [padded, weight] : [padded, weight, bias]);
        return WithoutBatch(result, isAlone);
    }

    private static Node ConvolveTransposed(
        string op, int spatial, Node x, Node weight, Node? bias, PerAxis stride, Padding padding, PerAxis outputPadding, PerAxis dilation, int groups)
    {
        int[] strides = stride.For(spatial, 1, 1, op, "stride");
        int[] dilations = dilation.For(spatial, 1, 1, op, "dilation");
        int[] more = outputPadding.For(spatial, 0, 0, op, "output padding");
        (Node batched, bool isAlone) = Batched(op, spatial, x, weight, bias, 1, groups);
        batched = Conditions.Same(
            op,
            batched,
            batched.Shape[1],
            weight.Shape[0],
            $"the input has {InvariantText.Count(batched.Shape[1], "channel")}, and the weight [C, O/groups, …] = {weight.Shape} is for {weight.Shape[0]}.{ChannelsLast(x, spatial, weight.Shape[0])}");

        Window[] windows = [.. strides.Select((s, i) => new Window(2 + i, weight.Shape[2 + i], s, dilations[i]))];
        (Dim Before, Dim After)[] cut = Widths(op, x, padding, windows);
        var sizes = new Dim[spatial];
        for (int i = 0; i < spatial; i++)
        {
            if (more[i] >= Math.Max(strides[i], dilations[i]))
            {
                throw new ShapeException($"{op}: the output padding {outputPadding} must be less than the stride or the dilation along every axis, {strides[i]} and {dilations[i]}.");
            }

            sizes[i] = windows[i].Covered(batched.Shape[2 + i]);
            Dim left = sizes[i] - cut[i].Before - cut[i].After + more[i];
            string message = $"axis {i - spatial} of the result would have the size {left}; it comes from {InvariantText.Count(batched.Shape[2 + i], "element")}.";
            batched = Conditions.AtLeast(op, Conditions.AtLeast(op, batched, batched.Shape[2 + i], 1, message), left, 0, message);
        }

        // The convolution of which this is the transpose adds what is cut off here, and does not see what is added at the end.
        Margin[] margins = [.. cut.Select((c, i) => new Margin(c.Before, c.After - more[i]))];
        Dim[] kept = [.. sizes.Select((size, i) => size - margins[i].Before - margins[i].After)];
        var transposed = new ConvolutionTransposeOp([.. strides.Select(s => (long)s)], [.. dilations.Select(d => (long)d)], groups, [.. margins], [.. kept]);
        Node result = Create(transposed, bias is null ? [batched, weight] : [batched, weight, bias]);
        return WithoutBatch(result, isAlone);
    }

    /// <summary>The input with a batch axis, after a check of what a convolution is given.</summary>
    /// <param name="op">The function.</param>
    /// <param name="spatial">The number of spatial axes.</param>
    /// <param name="x">The input.</param>
    /// <param name="weight">The weight.</param>
    /// <param name="bias">The bias.</param>
    /// <param name="outputs">The axis of the weight that is about output channels: of a group if it is 1.</param>
    /// <param name="groups">The groups.</param>
    private static (Node Batched, bool IsAlone) Batched(string op, int spatial, Node x, Node weight, Node? bias, int outputs, int groups)
    {
        RequireNumber(op, x);
        NotNull(weight);
        (Node batched, bool isAlone) = WithBatch(op, spatial, x);
        string form = outputs == 0 ? "[O, C/groups, …]" : "[C, O/groups, …]";
        if (weight.Rank != spatial + 2)
        {
            throw new ShapeException($"{op}: the weight must be {form} with {InvariantText.Count(spatial, "spatial axis")}, not {weight.Shape}. Inputs: {x.Describe()}, {weight.Describe()}.");
        }

        if (x.DType != weight.DType || (bias is not null && bias.DType != x.DType))
        {
            throw new DTypeException(
                $"{op}: the input, the weight and the bias must have one dtype, not {x.DType.Display()}, {weight.DType.Display()}{(bias is null ? string.Empty : $" and {bias.DType.Display()}")}; use Cast.");
        }

        if (groups < 1)
        {
            throw new ShapeException($"{op}: there must be at least one group, not {groups}. Inputs: {x.Describe()}, {weight.Describe()}.");
        }

        batched = Conditions.Same(
            op, batched, weight.Shape[0] / groups * groups, weight.Shape[0], $"the first axis of the weight {weight.Shape}, {InvariantText.Count(weight.Shape[0], "channel")}, does not fall into {InvariantText.Count(groups, "group")}.");

        Dim channels = outputs == 0 ? weight.Shape[0] : weight.Shape[1] * groups;
        if (bias is not null && (bias.Rank != 1 || Dim.Same(bias.Shape[0], channels) == false))
        {
            throw new ShapeException($"{op}: the bias must be [{channels}], a number for each output channel, not {bias.Shape}. Inputs: {x.Describe()}, {weight.Describe()}, {bias.Describe()}.");
        }

        return (batched, isAlone);
    }

    /// <summary>The order that is needed, where the channels seem to stand last.</summary>
    private static string ChannelsLast(Node x, int spatial, Dim channels)
    {
        int lead = x.Rank - spatial - 1;
        int[] order = [.. Enumerable.Range(0, lead), x.Rank - 1, .. Enumerable.Range(lead, spatial)];
        return x.Shape[^1] != channels ? string.Empty
            : $" The channels seem to stand last; Permute(x, {InvariantText.List(order)}) puts them before the spatial axes.";
    }

    /// <summary>Something around the last axes, as many as there are widths.</summary>
    private static Node Around(string op, Node x, (Dim Before, Dim After)[] widths, PaddingMode mode, double value = 0)
    {
        if (mode == PaddingMode.Zeros)
        {
            return PadSpatial(x, [.. widths.Select(w => w.Before)], [.. widths.Select(w => w.After)], value);
        }

        int lead = x.Rank - widths.Length;
        for (int i = 0; i < widths.Length; i++)
        {
            (Dim before, Dim after) = widths[i];
            if (before == Dim.Of(0) && after == Dim.Of(0))
            {
                continue;
            }

            Dim size = x.Shape[lead + i];
            string message = $"the padding of {before} and {after} is too wide for {mode} around the {InvariantText.Count(size, "element")} of axis {i - widths.Length}.";
            foreach (Dim width in (Dim[])[before, after])
            {
                x = Conditions.AtLeast(op, x, size, mode switch { PaddingMode.Reflect => width + 1, PaddingMode.Replicate => 1, _ => width }, message);
            }

            Node at = Arange(before + size + after) - DimValue(before);
            Node last = DimValue(size - 1);
            Node source = mode switch
            {
                PaddingMode.Reflect => last - Abs(last - Abs(at)),
                PaddingMode.Replicate => Minimum(Maximum(at, Scalar(0, DType.Int64)), last),
                _ => Where(at < 0, at + DimValue(size), Where(at > last, at - DimValue(size), at)),
            };
            x = Take(x, source, lead + i);
        }

        return x;
    }
}
