using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>The parts of the rows and of the columns of a matrix, outside in.</summary>
internal sealed record JoinedAxes(EquatableArray<AxisPart> Rows, EquatableArray<AxisPart> Columns)
{
    public JoinedAxes Transposed() => new(Columns, Rows);

    /// <summary>The part that changes fastest.</summary>
    public static AxisPart InnermostOf(EquatableArray<AxisPart> parts) => parts.Count == 0 ? new AxisPart(1, 0) : parts[^1];

    /// <summary>
    /// Something done for each run of a stretch of an axis in which only the innermost part changes, given the run and what to add to index · stride of
    /// that part.
    /// </summary>
    public static LoopStatement Runs(KernelBuilder kernel, EquatableArray<AxisPart> parts, Stretch stretch, string name, Func<Stretch, LoopValue, LoopStatement> each)
    {
        if (parts.Count <= 1)
        {
            return each(stretch, LoopMath.Int(0));
        }

        LoopValue length = kernel.Size(parts[^1].Size);
        Local run = LoopMath.Index($"{name}Run");
        Local first = LoopMath.Index($"{name}First");
        Local last = LoopMath.Index($"{name}Last");
        Local place = LoopMath.Index($"{name}Base");
        List<LoopStatement> statements = [];
        LoopValue begin = LoopMath.Times(run, length);
        LoopValue position = Position(kernel, [.. parts.SkipLast(1)], run, statements);
        statements.Add(new Let(place, LoopMath.Minus(position, LoopMath.Times(begin, kernel.Size(parts[^1].Stride)))));
        statements.Add(new Let(first, LoopMath.Most(stretch.First, begin)));
        statements.Add(new Let(last, LoopMath.Least(stretch.Last, LoopMath.Plus(begin, length))));
        statements.Add(each(new Stretch(first, last), place));
        LoopValue end = LoopMath.Quotient(LoopMath.Plus(stretch.Last, LoopMath.Minus(length, LoopMath.Int(1))), length);
        return new For(run, LoopMath.Quotient(stretch.First, length), end, LoopKind.Serial, new Block([.. statements]));
    }

    /// <summary>Where the element of an index lies; what it takes to find out goes into <paramref name="statements"/>.</summary>
    public static LoopValue Position(KernelBuilder kernel, EquatableArray<AxisPart> parts, LoopValue index, List<LoopStatement> statements)
    {
        LoopValue position = LoopMath.Int(0);
        LoopValue rest = index;
        for (int part = parts.Count - 1; part >= 0; part--)
        {
            LoopValue coordinate = rest;
            if (part > 0)
            {
                Local quotient = LoopMath.Index("quotient");
                LoopValue size = kernel.Size(parts[part].Size);
                statements.Add(new Let(quotient, LoopMath.Quotient(rest, size)));
                coordinate = LoopMath.Minus(rest, LoopMath.Times(quotient, size));
                rest = quotient;
            }

            position = LoopMath.Plus(position, LoopMath.Times(coordinate, kernel.Size(parts[part].Stride)));
        }

        return position;
    }

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
