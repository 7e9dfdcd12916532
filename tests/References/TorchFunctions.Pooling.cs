using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddPooling()
    {
        LargestOf("F.max_pool1d", MaxPool1D, MaxPool1DWithIndices);
        LargestOf("F.max_pool2d", MaxPool2D, MaxPool2DWithIndices);
        LargestOf("F.max_pool3d", MaxPool3D, MaxPool3DWithIndices);
        MeanOf("F.avg_pool1d", AvgPool1D);
        MeanOf("F.avg_pool2d", AvgPool2D);
        MeanOf("F.avg_pool3d", AvgPool3D);
        Add("F.lp_pool2d", a => LpPool2D(a.Node(0), a.Double(1, "norm_type", 2), a.Ints(2, "kernel_size"), a.Ints(3, "stride"), ceilMode: a.Flag(4, "ceil_mode")));
        Add("F.adaptive_avg_pool1d", a => AdaptiveAvgPool1D(a.Node(0), a.Ints(1, "output_size")));
        Add("F.adaptive_avg_pool2d", a => AdaptiveAvgPool2D(a.Node(0), a.Ints(1, "output_size")));
        Add("F.adaptive_max_pool2d", a => AdaptiveMaxPool2D(a.Node(0), a.Ints(1, "output_size")));
        Add("F.max_unpool2d", a =>
        {
            (Node x, int kernel) = (a.Node(0), a.Int(2, "kernel_size"));
            return MaxUnpool2D(x, a.Node(1), [x.Shape[2] * kernel, x.Shape[3] * kernel]);
        });
        Add("F.interpolate", a =>
        {
            ResizeMode mode = ModeOf(a.Text(3, "mode") ?? "nearest");
            bool align = a.Flag(4, "align_corners");
            return a.Ints(1, "size") is { } size
                ? Resize(a.Node(0), Shape.Of(size.Select(s => (Dim)s)), mode, align)
                : ResizeBy(a.Node(0), a.Double(2, "scale_factor", 1), mode, align);
        });
        Add("F.grid_sample", a => GridSample(a.Node(0), a.Node(1), ModeOf(a.Text(2, "mode") ?? "bilinear"), PaddingOf(a.Text(3, "padding_mode") ?? "zeros"), a.Flag(4, "align_corners")));
        Add("F.affine_grid", a => AffineGrid(a.Node(0), Shape.Of(a.Ints(1, "size")!.Skip(2).Select(s => (Dim)s)), a.Flag(2, "align_corners")));
    }

    private static ResizeMode ModeOf(string mode) => mode switch
    {
        "nearest" => ResizeMode.Nearest,
        "nearest-exact" => ResizeMode.NearestExact,
        "bicubic" => ResizeMode.Cubic,
        "linear" or "bilinear" or "trilinear" => ResizeMode.Linear,
        _ => throw new NotSupportedException(mode),
    };

    private static GridPadding PaddingOf(string mode) => mode switch
    {
        "zeros" => GridPadding.Zeros,
        "border" => GridPadding.Border,
        _ => GridPadding.Reflection,
    };

    private void LargestOf(
        string name, Func<Node, PerAxis, PerAxis, Padding, PerAxis, bool, Node> function, Func<Node, PerAxis, PerAxis, Padding, PerAxis, bool, (Node, Node)> withIndices) => Add(name, a =>
    {
        (PerAxis kernel, PerAxis stride, Padding padding, PerAxis dilation) = (a.Ints(1, "kernel_size"), a.Ints(2, "stride"), a.Ints(3, "padding"), a.Ints(4, "dilation"));
        bool ceil = a.Flag(5, "ceil_mode");
        return a.Flag(6, "return_indices")
            ? Two(withIndices(a.Node(0), kernel, stride, padding, dilation, ceil))
            : function(a.Node(0), kernel, stride, padding, dilation, ceil);
    });

    private void MeanOf(string name, Func<Node, PerAxis, PerAxis, Padding, PerAxis, bool, bool, int, Node> function) => Add(name, a => function(
        a.Node(0), a.Ints(1, "kernel_size"), a.Ints(2, "stride"), a.Ints(3, "padding"), default, a.Flag(4, "ceil_mode"), a.Flag(5, "count_include_pad", true), a.Int(6, "divisor_override")));
}
