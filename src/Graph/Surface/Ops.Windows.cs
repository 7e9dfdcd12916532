using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// All windows of an axis, which becomes the windows' positions; the elements of a window are a new last axis (PyTorch's Tensor.unfold). Windows may
    /// overlap, nothing is copied: result[…, i, …, j] = x[…, i·stride + j·dilation, …].
    /// </summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis; (n − (size − 1)·dilation − 1)/stride + 1 windows fit into its n elements, what is left over belongs to none.</param>
    /// <param name="size">Elements of a window, at least 1.</param>
    /// <param name="stride">From the beginning of a window to that of the next.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <exception cref="ShapeException">The axis is shorter than a window, or a number is below 1.</exception>
    public static Node Windows(Node x, int axis, Dim size, int stride = 1, int dilation = 1)
    {
        ArgumentNullException.ThrowIfNull(size);
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Windows", x);
        return Create(new WindowsOp([new Window(along, size, stride, dilation)]), x);
    }

    /// <summary>
    /// Windows of one to three spatial axes as columns (PyTorch's unfold, im2col): [N, C, spatial axes…] → [N, C·elements of a window, windows], both in
    /// row-major order.
    /// </summary>
    /// <param name="x">Any values, [N, C, spatial axes…].</param>
    /// <param name="kernelSize">Elements of a window along each spatial axis; a single number stands for all of them.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="stride">From a window to the next.</param>
    /// <exception cref="ShapeException">There are no spatial axes, or one is shorter than a window.</exception>
    public static Node Unfold(Node x, PerAxis kernelSize, PerAxis dilation = default, Padding padding = default, PerAxis stride = default)
    {
        int spatial = SpatialAxes(NotNull(x), "Unfold");
        Window[] windows = SpatialWindows("Unfold", spatial, kernelSize, stride, dilation, 1);
        (Dim Before, Dim After)[] widths = Widths("Unfold", x, padding, windows);
        for (int i = 0; i < spatial; i++)
        {
            Dim size = widths[i].Before + x.Shape[2 + i] + widths[i].After;
            x = Conditions.AtLeast(
                "Unfold", x, size, windows[i].Reach, $"a window spans {InvariantText.Count(windows[i].Reach, "element")} along axis {i - spatial}, more than the {size} of the padded input.");
        }

        Node all = Create(new WindowsOp([.. windows]), PadSpatial(x, [.. widths.Select(w => w.Before)], [.. widths.Select(w => w.After)], 0));
        Node columns = Permute(all, [0, 1, .. Enumerable.Range(2 + spatial, spatial), .. Enumerable.Range(2, spatial)]);
        return Flatten(Flatten(columns, 2 + spatial, -1), 1, 1 + spatial);
    }

    /// <summary>
    /// Columns put back as windows of one to three spatial axes, added up where they overlap (PyTorch's fold, col2im): the transpose of
    /// <see cref="Unfold"/>, not its inverse.
    /// </summary>
    /// <param name="x">Numbers, [N, C·elements of a window, windows].</param>
    /// <param name="outputSize">The sizes of the spatial axes, outermost first: they say how many there are.</param>
    /// <param name="kernelSize">Elements of a window along each spatial axis.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="padding">What was added around it, and goes away again.</param>
    /// <param name="stride">From a window to the next.</param>
    /// <exception cref="ShapeException">The columns do not fit the windows.</exception>
    public static Node Fold(Node x, Shape outputSize, PerAxis kernelSize, PerAxis dilation = default, Padding padding = default, PerAxis stride = default)
    {
        if (RequireNumber("Fold", x).Rank != 3)
        {
            throw new ShapeException($"Fold: the columns must be [N, C·elements of a window, windows], not {x.Shape}. Input: {x.Describe()}.");
        }

        int spatial = outputSize.Rank is >= 1 and <= 3 ? outputSize.Rank : throw new ShapeException($"Fold: the output size {outputSize} must name one to three axes.");
        Window[] windows = SpatialWindows("Fold", spatial, kernelSize, stride, dilation, 1);
        (Dim Before, Dim After)[] widths = Widths("Fold", x, padding, windows);
        Dim[] whole = [.. outputSize.Select((size, i) => widths[i].Before + size + widths[i].After)];
        Dim[] positions = [.. windows.Select((w, i) => w.Positions(whole[i]))];
        Dim elements = windows.Aggregate(Dim.Of(1), (product, w) => product * w.Size);
        Dim count = positions.Aggregate(Dim.Of(1), (product, p) => product * p);
        Dim channels = x.Shape[1] / elements;
        string message = $"[N, C·{elements}, {count}] is needed for windows of {kernelSize} that lead to {outputSize}, not {x.Shape}.";
        x = windows.Aggregate(x, (all, w) => Conditions.AtLeast("Fold", all, whole[w.Axis - 2], w.Reach, message));
        x = Conditions.Same("Fold", Conditions.Same("Fold", x, channels * elements, x.Shape[1], message), count, x.Shape[2], message);

        Node split = Reshape(x, Shape.Of([x.Shape[0], channels, .. windows.Select(w => w.Size), .. positions]));
        Node all = Permute(split, [0, 1, .. Enumerable.Range(2 + spatial, spatial), .. Enumerable.Range(2, spatial)]);
        Node sum = Create(new OverlapAddOp([.. windows], Shape.Of([x.Shape[0], channels, .. whole])), all);
        return PadSpatial(sum, [.. widths.Select(w => w.Before * -1)], [.. widths.Select(w => w.After * -1)], 0);
    }

    // What a function of any number of spatial axes says where an axis too few was given.
    private const string Unbatched = " Without a batch, Unsqueeze(x, 0) makes a batch of one.";

    /// <summary>The number of axes behind batch and channels.</summary>
    private static int SpatialAxes(Node x, string op) => x.Rank is >= 3 and <= 5
        ? x.Rank - 2
        : throw new ShapeException($"{op}: the input must be [N, C, one to three spatial axes], not {x.Shape}.{(x.Rank == 2 ? Unbatched : string.Empty)} Input: {x.Describe()}.");

    /// <summary>x as [N, C, …]: a batch of one is made of what has none.</summary>
    private static (Node Batched, bool IsAlone) WithBatch(string op, int spatial, Node x) =>
        NotNull(x).Rank == spatial + 2 ? (x, false)
        : x.Rank == spatial + 1 ? (Unsqueeze(x, 0), true)
        : throw new ShapeException($"{op}: the input must be [N, C, …] or [C, …] with {InvariantText.Count(spatial, "spatial axis")}, not {x.Shape}. Input: {x.Describe()}.");

    /// <summary>A result without the batch of one that was made for it.</summary>
    private static Node WithoutBatch(Node result, bool isAlone) => isAlone ? Reshape(result, Shape.Of(result.Shape.Skip(1))) : result;

    /// <summary>Windows along the axes behind batch and channels.</summary>
    private static Window[] SpatialWindows(string op, int spatial, PerAxis size, PerAxis stride, PerAxis dilation, int strideOtherwise)
    {
        if (!size.IsGiven)
        {
            throw new ShapeException($"{op}: no kernel size is given; give one number, or one for each of the {spatial} spatial axes.");
        }

        int[] sizes = size.For(spatial, 1, 1, op, "kernel size");
        int[] strides = stride.IsGiven || strideOtherwise > 0 ? stride.For(spatial, strideOtherwise, 1, op, "stride") : sizes;
        int[] dilations = dilation.For(spatial, 1, 1, op, "dilation");
        return [.. Enumerable.Range(0, spatial).Select(i => new Window(2 + i, sizes[i], strides[i], dilations[i]))];
    }

    /// <summary>What a padding adds before and after each axis that windows go over.</summary>
    private static (Dim Before, Dim After)[] Widths(string op, Node x, Padding padding, Window[] windows) =>
        !padding.IsSame ? [.. padding.For(windows.Length, op).Select(w => ((Dim)w.Before, (Dim)w.After))]
        : windows.All(w => w.Stride == 1) ? [.. windows.Select(w => w.Reach - 1).Select(all => (all / 2, all - (all / 2)))]
        : throw new ShapeException($"{op}: the padding 'same' needs a stride of 1 along every axis, not {InvariantText.List(windows.Select(w => w.Stride))}. Input: {x.Describe()}.");

    /// <summary>A number around the last axes, as many as there are widths; negative ones take away.</summary>
    internal static Node PadSpatial(Node x, IReadOnlyList<Dim> low, IReadOnlyList<Dim> high, double value)
    {
        int lead = x.Rank - low.Count;
        for (int i = 0; i < low.Count; i++)
        {
            x = low[i].Constant < 0 || high[i].Constant < 0 ? Pad(x, lead + i, low[i], high[i], value) : x;
        }

        PadRange[] ranges =
        [
            .. Enumerable.Repeat(new PadRange(0, 0, 0), lead),
            .. low.Select((before, i) => before.Constant < 0 || high[i].Constant < 0 ? new PadRange(0, 0, 0) : new PadRange(before, high[i], 0)),
        ];
        return ranges.All(r => r.Low == Dim.Of(0) && r.High == Dim.Of(0)) ? x
            : Create(new PadOp([.. ranges], Shape.Of(x.Shape.Select((size, axis) => ranges[axis].Low + size + ranges[axis].High)), value), x);
    }
}
