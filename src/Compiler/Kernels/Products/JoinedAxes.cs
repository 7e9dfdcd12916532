namespace GraphCompiler.Kernels.Products;

/// <summary>The parts of the rows and of the columns of a matrix, outside in.</summary>
internal sealed record JoinedAxes(EquatableArray<AxisPart> Rows, EquatableArray<AxisPart> Columns)
{
    public JoinedAxes Transposed() => new(Columns, Rows);

    /// <summary>The part that changes fastest.</summary>
    public static AxisPart InnermostOf(EquatableArray<AxisPart> parts) => parts.Count == 0 ? new AxisPart(1, 0) : parts[^1];

    /// <summary>
    /// The largest height of tiles, up to a limit, that cuts an axis of known parts so that the rows of every tile lie at the same distances: whole inner
    /// parts, and a divisor of the next.
    /// </summary>
    public static int HeightOf(EquatableArray<AxisPart> parts, int most)
    {
        int height = 1;
        for (int part = parts.Count - 1; part >= 0; part--)
        {
            long size = Math.Max(1, parts[part].Size.Constant!.Value);
            int step = (int)Enumerable.Range(1, most / height).Last(d => size % d == 0);
            height *= step;
            if (step < size)
            {
                break;
            }
        }

        return height;
    }

    /// <summary>The parts of an axis that counts tiles, and the distances of a tile's rows from its first.</summary>
    public static (EquatableArray<AxisPart> Tiles, Dim[] Rows) Cut(EquatableArray<AxisPart> parts, int height)
    {
        List<AxisPart> tiles = [];
        List<AxisPart> within = [];
        long left = height;
        foreach (AxisPart part in parts.Reverse())
        {
            long size = Math.Max(1, part.Size.Constant!.Value);
            long step = Math.Min(left, size);
            left /= step;
            within.Insert(0, new AxisPart(step, part.Stride));
            if (step < size)
            {
                tiles.Insert(0, new AxisPart(size / step, part.Stride * step));
            }
        }

        return ([.. tiles], [.. Enumerable.Range(0, height).Select(row => DistanceOf(row, within))]);
    }

    private static Dim DistanceOf(long row, List<AxisPart> parts)
    {
        Dim distance = 0;
        for (int part = parts.Count - 1; part >= 0; part--)
        {
            (row, long coordinate) = Math.DivRem(row, parts[part].Size.Constant!.Value);
            distance += parts[part].Stride * coordinate;
        }

        return distance;
    }
}
