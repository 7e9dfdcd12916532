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
        Add("torch.movedim", a =>
        {
            (Node x, int from, int to) = (a.Node(0), a.Int(1, "source"), a.Int(2, "destination"));
            List<int> order = [.. Enumerable.Range(0, x.Rank).Where(i => i != from)];
            order.Insert(to, from);
            return Permute(x, [.. order]);
        });
        Add("torch.unsqueeze", a => Unsqueeze(a.Node(0), a.Int(1, "dim")));
        Add("torch.squeeze", a => Squeeze(a.Node(0), a.Ints(1, "dim")));
        Add("Tensor.expand", a => BroadcastTo(a.Node(0), Sizes([.. a.Positional.Skip(1)])));
        Add("torch.broadcast_to", a => BroadcastTo(a.Node(0), Sizes(a.Positional[1])));
        Add("torch.split", a =>
        {
            (Node x, int axis) = (a.Node(0), a.Int(2, "dim"));
            bool several = a.Find(1, "sizes") is object?[];
            return several ? Parts(x, axis, a.Ints(1, "sizes")!) : Pieces(x, axis, a.Int(1, "size"));
        });
        Add("torch.chunk", a =>
        {
            (Node x, int axis, int count) = (a.Node(0), a.Int(2, "dim"), a.Int(1, "chunks"));
            return Pieces(x, axis, (int)((Size(x, axis) + count - 1) / count));
        });
        Add("torch.unbind", a => Enumerable.Range(0, (int)Size(a.Node(0), a.Int(1, "dim"))).Select(i => (object?)Select(a.Node(0), a.Int(1, "dim"), i)).ToArray());
        Add("torch.tile", a => Tile(a.Node(0), a.Ints(1, "dims")!));
        Add("Tensor.repeat", a => Tile(a.Node(0), [.. a.Positional.Skip(1).Select(v => (int)(long)v!)]));
        Add("torch.repeat_interleave", a =>
        {
            (Node x, int count, int axis) = (a.Node(0), a.Int(1, "repeats"), a.Int(2, "dim"));
            return Flatten(Stack([.. Enumerable.Repeat(x, count)], axis + 1), axis, axis + 1);
        });
        Add("torch.flip", a => a.Ints(1, "dims")!.Aggregate(a.Node(0), Flip));
        Add("torch.roll", a => a.Ints(2, "dims")!.Zip(a.Ints(1, "shifts")!).Aggregate(a.Node(0), (x, r) =>
        {
            long cut = ((-r.Second % Size(x, r.First)) + Size(x, r.First)) % Size(x, r.First);
            return Concat([Slice(x, r.First, cut), Slice(x, r.First, 0, cut)], r.First);
        }));
        Add("torch.rot90", a => Transpose(Flip(a.Node(0), a.Ints(2, "dims")![1]), a.Ints(2, "dims")![0], a.Ints(2, "dims")![1]));
        Add("torch.narrow", a => Slice(a.Node(0), a.Int(1, "dim"), a.Int(2, "start"), a.Int(2, "start") + a.Int(3, "length")));
        Add("torch.select", a => Select(a.Node(0), a.Int(1, "dim"), a.Int(2, "index")));
        Add("torch.triu", a => Where(Diagonal(a.Node(0)) >= a.Int(1, "diagonal"), a.Node(0), 0));
        Add("torch.tril", a => Where(Diagonal(a.Node(0)) <= a.Int(1, "diagonal"), a.Node(0), 0));
        Add("torch.diagonal", a =>
        {
            (Node x, int offset) = (a.Node(0), a.Int(1, "offset"));
            Node moved = Permute(x, [.. Enumerable.Range(0, x.Rank).Except([a.Int(2, "dim1"), a.Int(3, "dim2", 1)]), a.Int(2, "dim1"), a.Int(3, "dim2", 1)]);
            long rows = Size(moved, -2);
            long length = Math.Min(rows, Size(moved, -1) - offset);
            Node cut = Slice(Slice(moved, -2, 0, length), -1, offset, offset + length);
            return Sum(Where(Equal(Diagonal(cut), 0), cut, 0), -1);
        });
        Add("torch.trace", a => Sum(Where(Equal(Diagonal(a.Node(0)), 0), a.Node(0), 0)));
        Add("torch.diag_embed", a => DiagonalMatrix(a.Node(0), a.Int(1, "offset")));
        Add("torch.diag", a => DiagonalMatrix(a.Node(0), a.Int(1, "diagonal")));
        foreach (string name in (ReadOnlySpan<string>)["cat", "hstack", "vstack", "stack"])
        {
            Add($"torch.{name}", a =>
            {
                Node[] parts = a.Nodes(0, "tensors");
                return name switch
                {
                    "stack" => Stack(parts, a.Int(1, "dim")),
                    "hstack" => Concat(parts, 1),
                    _ => Concat(parts, a.Int(1, "dim")),
                };
            });
        }

        Add("torch.meshgrid", a =>
        {
            (Node x, Node y) = (a.Node(0), a.Node(1));
            Shape grid = [x.Shape[0], y.Shape[0]];
            return Two((BroadcastTo(Unsqueeze(x, 1), grid), BroadcastTo(Unsqueeze(y, 0), grid)));
        });
        Add("F.pad", a =>
        {
            (Node x, int[] widths) = (a.Node(0), a.Ints(1, "pad")!);
            for (int i = 0; i < widths.Length / 2; i++)
            {
                x = PadAxis(x, x.Rank - 1 - i, widths[2 * i], widths[(2 * i) + 1], a.Text(2, "mode") ?? "constant", a.Double(3, "value", 0));
            }

            return x;
        });
        Add("F.pixel_shuffle", a =>
        {
            (Node x, int r) = (a.Node(0), a.Int(1, "upscale_factor"));
            long[] s = x.Shape.Constants!;
            Node split = Reshape(x, Shape.Of([s[0], s[1] / (r * r), r, r, s[2], s[3]]));
            return Reshape(Permute(split, 0, 1, 4, 2, 5, 3), Shape.Of([s[0], s[1] / (r * r), s[2] * r, s[3] * r]));
        });
        Add("F.pixel_unshuffle", a =>
        {
            (Node x, int r) = (a.Node(0), a.Int(1, "downscale_factor"));
            long[] s = x.Shape.Constants!;
            Node split = Reshape(x, Shape.Of([s[0], s[1], s[2] / r, r, s[3] / r, r]));
            return Reshape(Permute(split, 0, 1, 3, 5, 2, 4), Shape.Of([s[0], s[1] * r * r, s[2] / r, s[3] / r]));
        });
        Add("Tensor.unfold", a =>
        {
            (Node x, int axis, int size, int step) = (a.Node(0), a.Int(1, "dimension"), a.Int(2, "size"), a.Int(3, "step"));
            return Stack([.. Enumerable.Range(0, (int)((Size(x, axis) - size) / step) + 1).Select(i => Slice(x, axis, i * step, (i * step) + size))], axis);
        });
        Add("F.unfold", a =>
        {
            (Node x, int[] kernel, int[] stride, int pad) = (a.Node(0), a.Ints(-1, "kernel_size")!, a.Ints(-1, "stride")!, a.Int(-1, "padding"));
            Node padded = Pad(Pad(x, 2, pad, pad), 3, pad, pad);
            long rows = ((Size(padded, 2) - kernel[0]) / stride[0]) + 1;
            long columns = ((Size(padded, 3) - kernel[1]) / stride[1]) + 1;
            var patches =
                from i in Enumerable.Range(0, kernel[0])
                from j in Enumerable.Range(0, kernel[1])
                select Slice(Slice(padded, 2, i, i + ((rows - 1) * stride[0]) + 1, stride[0]), 3, j, j + ((columns - 1) * stride[1]) + 1, stride[1]);
            return Reshape(Stack([.. patches], 2), [x.Shape[0], x.Shape[1] * kernel[0] * kernel[1], rows * columns]);
        });
    }

    private static object?[] Parts(Node x, int axis, IEnumerable<int> sizes)
    {
        List<object?> parts = [];
        int at = 0;
        foreach (int size in sizes)
        {
            parts.Add(Slice(x, axis, at, at + size));
            at += size;
        }

        return [.. parts];
    }

    private static object?[] Pieces(Node x, int axis, int size)
    {
        int whole = (int)Size(x, axis);
        return Parts(x, axis, Enumerable.Range(0, (whole + size - 1) / size).Select(i => Math.Min(size, whole - (i * size))));
    }

    private static Node Tile(Node x, int[] counts)
    {
        while (x.Rank < counts.Length)
        {
            x = Unsqueeze(x, 0);
        }

        return counts.Select((c, i) => (Count: c, Axis: i)).Aggregate(x, (y, r) => Concat([.. Enumerable.Repeat(y, r.Count)], r.Axis));
    }

    private static Node Flip(Node x, int axis) => Take(x, Arange(Size(x, axis), Size(x, axis) - 1, -1), axis < 0 ? axis + x.Rank : axis);

    /// <summary>The column minus the row of each element of the last two axes.</summary>
    private static Node Diagonal(Node x) => BroadcastTo(Unsqueeze(Arange(x.Shape[^1]), 0) - Unsqueeze(Arange(x.Shape[^2]), 1), x.Shape);

    private static Node DiagonalMatrix(Node x, int offset)
    {
        long size = Size(x, -1) + Math.Abs(offset);
        Node padded = Pad(x, -1, Math.Max(offset, 0), Math.Max(-offset, 0));
        Node matrix = BroadcastTo(Unsqueeze(padded, -2), Shape.Of([.. x.Shape.SkipLast(1), Dim.Of(size), Dim.Of(size)]));
        return Where(Equal(Diagonal(matrix), offset), matrix, 0);
    }

    private static Node PadAxis(Node x, int axis, int before, int after, string mode, double value)
    {
        long size = Size(x, axis);
        return mode == "constant"
            ? Pad(x, axis, before, after, value)
            : Take(x, Constant(Enumerable.Range(-before, before + (int)size + after).Select(i => Source(i, size, mode)).ToArray()), axis);

        static long Source(long at, long size, string mode) => mode switch
        {
            "replicate" => Math.Clamp(at, 0, size - 1),
            "circular" => (at + size) % size,
            _ => at < 0 ? -at : at >= size ? (2 * size) - 2 - at : at,
        };
    }
}
