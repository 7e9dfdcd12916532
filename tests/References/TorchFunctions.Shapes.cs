using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddShapes()
    {
        Add("torch.reshape", a => Reshape(a.Node(0), Sizes([.. a.Positional.Skip(1)])));
        Add("torch.flatten", a => Flatten(a.Node(0), a.Int(1, "start_dim"), a.Int(2, "end_dim", -1)));
        Add("torch.transpose", a => Transpose(a.Node(0), a.Int(1, "dim0"), a.Int(2, "dim1")));
        Add("torch.permute", a => Permute(a.Node(0), a.Ints(1, "dims")));
        Add("torch.movedim", a => MoveAxis(a.Node(0), a.Int(1, "source"), a.Int(2, "destination")));
        Add("torch.unsqueeze", a => Unsqueeze(a.Node(0), a.Int(1, "dim")));
        Add("torch.squeeze", a => Squeeze(a.Node(0), a.Ints(1, "dim")));
        Add("Tensor.expand", a => BroadcastTo(a.Node(0), Sizes([.. a.Positional.Skip(1)])));
        Add("torch.broadcast_to", a => BroadcastTo(a.Node(0), Sizes(a.Positional[1])));
        Add("torch.split", a => a.Find(1, "size") is long size
            ? Several(Split(a.Node(0), size, a.Int(2, "dim")))
            : Several(Split(a.Node(0), [.. a.Ints(1, "sizes")!.Select(s => Dim.Of(s))], a.Int(2, "dim"))));
        Add("torch.chunk", a => Several(Chunk(a.Node(0), a.Int(1, "chunks"), a.Int(2, "dim"))));
        Add("torch.unbind", a => Several(Unbind(a.Node(0), a.Int(1, "dim"))));
        Add("torch.tile", a => Tile(a.Node(0), [.. a.Ints(1, "dims")!.Select(d => Dim.Of(d))]));
        Add("Tensor.repeat", a => Repeat(a.Node(0), [.. Sizes([.. a.Positional.Skip(1)])]));
        Add("torch.repeat_interleave", a => RepeatInterleave(a.Node(0), a.Int(1, "repeats"), a.Int(2, "dim")));
        Add("torch.flip", a => Flip(a.Node(0), a.Ints(1, "dims")));
        Add("torch.roll", a => Roll(a.Node(0), a.Ints(1, "shifts")!, a.Ints(2, "dims")!));
        Add("torch.rot90", a => Rot90(a.Node(0), a.Int(1, "k", 1), a.Ints(2, "dims")![0], a.Ints(2, "dims")![1]));
        Add("torch.narrow", a => Narrow(a.Node(0), a.Int(1, "dim"), a.Int(2, "start"), a.Int(3, "length")));
        Add("torch.select", a => Select(a.Node(0), a.Int(1, "dim"), a.Int(2, "index")));
        Add("torch.triu", a => Triu(a.Node(0), a.Int(1, "diagonal")));
        Add("torch.tril", a => Tril(a.Node(0), a.Int(1, "diagonal")));
        Add("torch.diagonal", a => Diagonal(a.Node(0), a.Int(1, "offset"), a.Int(2, "dim1"), a.Int(3, "dim2", 1)));
        Unary("torch.trace", Trace);
        Add("torch.diag_embed", a => DiagEmbed(a.Node(0), a.Int(1, "offset"), a.Int(2, "dim1", -2), a.Int(3, "dim2", -1)));
        Add("torch.diag", a => Diag(a.Node(0), a.Int(1, "diagonal")));
        Add("torch.cat", a => Concat(a.Nodes(0, "tensors"), a.Int(1, "dim")));
        Add("torch.stack", a => Stack(a.Nodes(0, "tensors"), a.Int(1, "dim")));
        Add("torch.hstack", a => HStack(a.Nodes(0, "tensors")));
        Add("torch.vstack", a => VStack(a.Nodes(0, "tensors")));
        Add("torch.dstack", a => DStack(a.Nodes(0, "tensors")));
        Add("torch.meshgrid", a => Several(MeshGrid([.. a.Positional.Cast<Node>()], a.Text(-1, "indexing") == "xy")));
        Add("F.pad", a =>
        {
            int[] widths = a.Ints(1, "pad")!;
            (Dim, Dim)[] inOrder = [.. Enumerable.Range(1, widths.Length / 2).Select(i => (Dim.Of(widths[^(2 * i)]), Dim.Of(widths[^((2 * i) - 1)])))];
            return Pad(a.Node(0), inOrder, a.Text(2, "mode") switch
            {
                "reflect" => PaddingMode.Reflect,
                "replicate" => PaddingMode.Replicate,
                "circular" => PaddingMode.Circular,
                _ => PaddingMode.Zeros,
            }, a.Double(3, "value", 0));
        });
        Add("F.pixel_shuffle", a => PixelShuffle(a.Node(0), a.Int(1, "upscale_factor")));
        Add("F.pixel_unshuffle", a => PixelUnshuffle(a.Node(0), a.Int(1, "downscale_factor")));
    }
}
