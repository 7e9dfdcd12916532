using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// The kernel of a convolution with output channels in lanes. Its parallel range counts blocks of rows by tiles of output channels by images. Sums of a
/// block stand by position, channels side by side, in memory of the thread; when they are whole, they are turned into planes, and the work on them is done there.
/// Nothing is padded: where a window reaches out of the image, its weights are multiplied with a zero that nobody reads, as an infinite one makes a NaN of it.
/// </summary>
internal sealed class ConvolutionKernel
{
    private readonly MatMulProblem problem;
    private readonly WholeConvolution windows;
    private readonly ConvolutionTiling tiling;
    private readonly PackFilters filters;
    private readonly KernelBuilder kernel;
    private readonly LoopBuffer image;
    private readonly LoopBuffer weights;
    private readonly LoopBuffer sums;
    private readonly LoopBuffer planes;
    private readonly LoopNest batch;
    private readonly BlockAxis tile;
    private readonly BlockAxis block;
    private readonly Local firstRow = LoopMath.Index("firstRow");
    private readonly Local lastRow = LoopMath.Index("lastRow");

    private ConvolutionKernel(MatMulProblem problem, WholeConvolution windows, ConvolutionTiling tiling)
    {
        (this.problem, this.windows, this.tiling) = (problem, windows, tiling);
        filters = new PackFilters(problem, windows, tiling);
        kernel = new KernelBuilder(problem.Roots);
        image = kernel.Input(problem.B.Source);
        weights = kernel.Input(filters.Packed);
        sums = kernel.WorkerScratch(problem.Type, BlockPositions * tiling.Outputs);
        planes = StoresSums ? kernel.Output(problem.Root) : kernel.WorkerScratch(problem.Type, PlanesApart * tiling.Outputs);
        batch = problem.Batches(problem.B.Batch, filters.Groups);
        tile = new BlockAxis(filters.Tiles, LoopMath.Index("tile"));
        block = new BlockAxis((windows.Rows.Positions + tiling.BlockRows - 1) / tiling.BlockRows, LoopMath.Index("block"));
    }

    private long BlockPositions => tiling.BlockRows * windows.Columns.Positions;

    /// <summary>From a plane of a block to the next where they wait for the work on them: an odd number of vectors, so that they do not share cache sets.</summary>
    private long PlanesApart => (((BlockPositions + tiling.Lanes - 1) / tiling.Lanes) | 1) * tiling.Lanes;

    /// <summary>Whether the sums themselves are what the kernel leaves.</summary>
    private bool StoresSums => problem.KeepsRoot && problem.Epilogue is null;

    /// <summary>The kernel that packs the weights, and the one that computes the result.</summary>
    public static IReadOnlyList<LoweredKernel> Build(MatMulProblem problem, WholeConvolution windows, VectorWidth width)
    {
        var convolution = new ConvolutionKernel(problem, windows, ConvolutionTiling.Of(problem, windows, width));
        return [convolution.filters.Kernel, convolution.Build()];
    }

    private LoweredKernel Build()
    {
        LoopValue first = LoopMath.Times(block.Variable, LoopMath.Int(tiling.BlockRows));
        var body = new Block(
        [
            new Let(firstRow, first),
            new Let(lastRow, LoopMath.Least(LoopMath.Int(windows.Rows.Positions), LoopMath.Plus(firstRow, LoopMath.Int(tiling.BlockRows)))),
            Sums(),
            .. Finish(),
        ]);
        return kernel.Build(BlockLoops.Range(batch, tile, block), BlockLoops.Run(kernel, batch, [tile, block], body));
    }

    /// <summary>The sums of a block: for each block of input channels all tiles.</summary>
    private For Sums()
    {
        Local channels = LoopMath.Index("channels");
        Local width = LoopMath.Index("width");
        Local row = LoopMath.Index("row");
        Local from = LoopMath.Index("fromTap");
        Local to = LoopMath.Index("toTap");
        long blocks = (windows.Channels + tiling.BlockChannels - 1) / tiling.BlockChannels;
        List<LoopStatement> each = [];
        Stretch inside = TapsInside(row, from, to, each);
        each.AddRange(tiling.Tiles.Select(tiles => Tile(tiles, channels, width, row, inside, isFirst: blocks == 1)));
        return new For(channels, LoopMath.Int(0), LoopMath.Int(blocks), LoopKind.Serial, new Block(
        [
            new Let(width, filters.ChannelsOf(channels)),
            new For(row, firstRow, lastRow, LoopKind.Serial, new Block([.. each])),
        ]));
    }

    /// <summary>The rows of a window that lie inside of the image, for a row of positions.</summary>
    private Stretch TapsInside(Local row, Local from, Local to, List<LoopStatement> statements)
    {
        WindowAxis axis = windows.Rows;
        LoopValue taps = LoopMath.Int(axis.Taps);
        if (!axis.ReachesOut)
        {
            return new Stretch(LoopMath.Int(0), taps);
        }

        // The first tap at or behind the first row of the image, and the first one behind its last.
        LoopValue From(long end) => LoopMath.Least(taps, LoopMath.Quotient(
            LoopMath.Most(LoopMath.Int(0), LoopMath.Minus(LoopMath.Int(end + axis.Before + axis.Dilation - 1), LoopMath.Times(row, LoopMath.Int(axis.Stride)))), axis.Dilation));
        statements.Add(new Let(from, From(0)));
        statements.Add(new Let(to, From(axis.Size)));
        return new Stretch(from, to);
    }

    private For Tile(ConvolutionTiles tiles, Local channels, Local width, Local row, Stretch inside, bool isFirst)
    {
        Local start = LoopMath.Index("start");
        Local lane = LoopMath.Index("lane");
        var none = new Local("none", problem.Type);
        Local[] totals = [.. Enumerable.Range(0, tiles.Width).Select(i => new Local($"sum{i}", problem.Type))];
        LoopValue zero = Literal.Of(problem.Type, 0);
        WindowAxis columns = windows.Columns;
        List<LoopStatement> statements = [new Let(none, zero)];
        if (windows.Rows.ReachesOut)
        {
            statements.Add(Outside(LoopMath.Int(0), inside.First));
            statements.Add(Outside(inside.Last, LoopMath.Int(windows.Rows.Taps)));
        }

        statements.AddRange(totals.Select(t => new Let(t, none)));
        statements.Add(Taps(inside.First, inside.Last, Products));
        LoopValue place = LoopMath.Plus(
            LoopMath.Times(LoopMath.Plus(LoopMath.Times(LoopMath.Minus(row, firstRow), LoopMath.Int(columns.Positions)), start), LoopMath.Int(tiling.Outputs)), lane);
        LoopValue Place(int i) => LoopMath.Plus(place, LoopMath.Int((long)i * tiling.Outputs));
        var store = new Block([.. totals.Select((t, i) => new Store(sums, Place(i), t))]);
        var add = new Block([.. totals.Select((t, i) => new Store(sums, Place(i), new BinaryValue(BinaryFunction.Add, new Load(sums, Place(i)), t)))]);
        statements.Add(isFirst ? store : new If(LoopMath.Less(LoopMath.Int(0), channels), add, store));
        var lanes = new For(lane, LoopMath.Int(0), LoopMath.Int(tiling.Outputs), LoopKind.Vector, new Block([.. statements])) { Vectors = tiling.Vectors };
        return new For(start, LoopMath.Int(tiles.First), LoopMath.Int(tiles.End), LoopKind.Serial, lanes) { Step = tiles.Width };

        For Taps(LoopValue first, LoopValue last, Func<Local, Local, LoopStatement> body)
        {
            Local tap = LoopMath.Index("tap");
            Local channel = LoopMath.Index("channel");
            return new For(tap, first, last, LoopKind.Serial, new For(channel, LoopMath.Int(0), width, LoopKind.Serial, body(tap, channel)));
        }

        Load Weight(Local tap, Local channel, long column) => new(weights, LoopMath.Sum(
            batch.Position(kernel, 0, filters.Groups), filters.Position(tile.Variable, channels, width, tap, channel), LoopMath.Int(column * tiling.Outputs), lane));

        For Outside(LoopValue first, LoopValue last) =>
            Taps(first, last, (tap, channel) => new Block([.. Enumerable.Range(0, (int)columns.Taps).Select(c => new Assign(none, new FmaValue(zero, Weight(tap, channel, c), none)))]));

        Block Products(Local tap, Local channel)
        {
            LoopValue at = LoopMath.Sum(
                batch.Position(kernel, problem.B.Offset, problem.B.Batch),
                LoopMath.Times(LoopMath.Plus(LoopMath.Times(channels, LoopMath.Int(tiling.BlockChannels)), channel), kernel.Size(windows.Image[0])),
                LoopMath.Times(
                    LoopMath.Sum(LoopMath.Times(row, LoopMath.Int(windows.Rows.Stride)), LoopMath.Times(tap, LoopMath.Int(windows.Rows.Dilation)), LoopMath.Int(-windows.Rows.Before)),
                    kernel.Size(windows.Image[1])),
                LoopMath.Times(LoopMath.Times(start, LoopMath.Int(columns.Stride)), kernel.Size(windows.Image[2])));
            Dictionary<long, LoopValue> elements = [];
            List<LoopStatement> products = [];
            for (int c = 0; c < columns.Taps; c++)
            {
                var weight = new Local("weight", problem.Type);
                products.Add(new Let(weight, Weight(tap, channel, c)));
                for (int i = 0; i < tiles.Width; i++)
                {
                    products.Add(new Assign(totals[i], new FmaValue(Element(i, c), weight, totals[i])));
                }
            }

            return new Block([.. products]);

            LoopValue Element(int position, int column)
            {
                if (!columns.IsInside(columns.At(tiles.First + position, column)))
                {
                    return zero;
                }

                long distance = columns.At(position, column);
                if (!elements.TryGetValue(distance, out LoopValue? element))
                {
                    var local = new Local("element", problem.Type);
                    products.Add(new Let(local, new Load(image, LoopMath.Plus(at, LoopMath.Times(LoopMath.Int(distance), kernel.Size(windows.Image[2]))))));
                    elements.Add(distance, element = local);
                }

                return element;
            }
        }
    }

    /// <summary>The sums of a block become planes, and elementwise work is done on them.</summary>
    private IEnumerable<LoopStatement> Finish()
    {
        LoopValue positions = LoopMath.Times(LoopMath.Minus(lastRow, firstRow), LoopMath.Int(windows.Columns.Positions));
        Local first = LoopMath.Index("first");
        Local last = LoopMath.Index("last");
        Local from = LoopMath.Index("from");
        Local count = LoopMath.Index("count");
        yield return new Let(first, LoopMath.Times(tile.Variable, LoopMath.Int(tiling.Outputs)));
        yield return new Let(last, LoopMath.Least(kernel.Size(problem.M), LoopMath.Plus(first, LoopMath.Int(tiling.Outputs))));
        yield return new Let(from, LoopMath.Times(firstRow, LoopMath.Int(windows.Columns.Positions)));
        yield return new Let(count, positions);
        LoopValue channels = LoopMath.Minus(last, first);
        SumPlace place = StoresSums
            ? new SumPlace(planes, (row, column) => problem.C.Position(kernel, batch, row, column), problem.C.Row)
            : new SumPlace(planes, (row, column) => LoopMath.Plus(LoopMath.Times(LoopMath.Minus(row, first), LoopMath.Int(PlanesApart)), LoopMath.Minus(column, from)), PlanesApart);
        LoopValue apart = kernel.Size(place.Row);
        BufferPart[] parts =
        [
            new(sums, LoopMath.Int(0), LoopMath.Times(count, LoopMath.Int(tiling.Outputs))),
            new(planes, place.At(first, from), LoopMath.Plus(LoopMath.Times(LoopMath.Minus(channels, LoopMath.Int(1)), apart), count)),
        ];
        Routine turn = problem.Type.Size() == 4 ? Routine.Of(Transposition.Words) : Routine.Of(Transposition.LongWords);
        yield return new Invoke(new Local("status", DType.Int64), turn, [.. parts], [count, channels, LoopMath.Int(tiling.Outputs), apart]) { Work = LoopMath.Times(count, channels) };
        if (problem.Epilogue is not null || problem.Further is not null)
        {
            yield return FinishRows.Build(problem, kernel, batch, tiling.Lanes, place, inTiles: false, BlockPositions, (first, last), (from, LoopMath.Plus(from, count)));
        }
    }
}
