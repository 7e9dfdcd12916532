using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddConvolutions()
    {
        Convolution("F.conv1d", Conv1D);
        Convolution("F.conv2d", Conv2D);
        Convolution("F.conv3d", Conv3D);
        Transposed("F.conv_transpose1d", ConvTranspose1D);
        Transposed("F.conv_transpose2d", ConvTranspose2D);
        Transposed("F.conv_transpose3d", ConvTranspose3D);
        Add("Tensor.unfold", a => Windows(a.Node(0), a.Int(1, "dimension"), a.Int(2, "size"), a.Int(3, "step")));
        Add("F.unfold", a => Unfold(a.Node(0), a.Ints(1, "kernel_size"), a.Ints(2, "dilation"), a.Ints(3, "padding"), a.Ints(4, "stride")));
        Add("F.fold", a => Fold(
            a.Node(0), Shape.Of(a.Ints(1, "output_size")!.Select(s => (Dim)s)), a.Ints(2, "kernel_size"), a.Ints(3, "dilation"), a.Ints(4, "padding"), a.Ints(5, "stride")));
    }

    private void Convolution(string name, Func<Node, Node, Node?, PerAxis, Padding, PerAxis, int, PaddingMode, Node> function) => Add(name, a => function(
        a.Node(0),
        a.Node(1),
        a.NodeOrNull(2, "bias"),
        a.Ints(3, "stride"),
        a.Text(4, "padding") is { } text ? text == "same" ? Padding.Same : Padding.Valid : a.Ints(4, "padding"),
        a.Ints(5, "dilation"),
        a.Int(6, "groups", 1),
        PaddingMode.Zeros));

    private void Transposed(string name, Func<Node, Node, Node?, PerAxis, Padding, PerAxis, PerAxis, int, Node> function) => Add(name, a => function(
        a.Node(0), a.Node(1), a.NodeOrNull(2, "bias"), a.Ints(3, "stride"), a.Ints(4, "padding"), a.Ints(5, "output_padding"), a.Ints(7, "dilation"), a.Int(6, "groups", 1)));
}
