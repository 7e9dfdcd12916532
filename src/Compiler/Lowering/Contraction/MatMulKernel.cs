using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>Where the rows of the left matrix lie: a tile that begins at row r of its block's whole tiles starts at r·Tile, the next row Row further.</summary>
internal sealed record LeftPanels(KernelBuffer Source, Dim Offset, EquatableArray<Dim> Batch, Dim Tile, Dim Row, Dim Inner)
{
    public static LeftPanels InPlace(Matrix matrix) => new(KernelBuffer.Of(matrix.Source), matrix.Offset, matrix.Batch, matrix.Row, matrix.Row, matrix.Column);
}

/// <summary>Where the panels of the right matrix lie: neighbouring columns side by side, the next element of a column Inner further.</summary>
internal sealed record RightPanels(KernelBuffer Source, Dim Offset, EquatableArray<Dim> Batch, Dim Panel, Dim Inner)
{
    public static RightPanels InPlace(Matrix matrix, int columns) => new(KernelBuffer.Of(matrix.Source), matrix.Offset, matrix.Batch, columns, matrix.Row);
}

/// <summary>
/// The kernel of a matrix product: its parallel range counts blocks of rows by groups of columns (of all matrices of a batch). A block goes through
/// the inner axis block by block, in each through its panels of the right matrix, and with each panel through its rows' tiles. Every element is a
/// sum over the inner axis in an order that neither the range's parts nor the blocks of rows and columns change.
/// </summary>
internal sealed class MatMulKernel
{
    private readonly MatMulProblem problem;
    private readonly MatMulTiling tiling;
    private readonly KernelBuilder kernel;
    private readonly LeftPanels left;
    private readonly RightPanels? right;
    private readonly LoopBuffer a;
    private readonly LoopBuffer b;
    private readonly LoopBuffer c;
    private readonly LoopNest batch;
    private readonly CarriedSums? carried;

    private MatMulKernel(MatMulProblem problem, MatMulTiling tiling, LeftPanels left, RightPanels? right)
    {
        this.problem = problem;
        this.tiling = tiling;
        this.left = left;
        this.right = right;
        kernel = new KernelBuilder(problem.Roots);
        a = kernel.Input(left.Source);
        b = right is not null ? kernel.Input(right.Source) : kernel.WorkerScratch(problem.Type, (tiling.BlockInner ?? problem.K) * tiling.PackedApart);
        c = problem.KeepsRoot
            ? kernel.Output(problem.Root, storedOnce: problem.Further is null && (tiling.FinishesInTiles || problem.Epilogue is null))
            : kernel.WorkerScratch(problem.Type, (tiling.JoinsBlocks ? problem.M : tiling.BlockRows) * tiling.GroupColumns);
        batch = problem.Batches(left.Batch, right?.Batch ?? problem.B.Batch);
        carried = tiling.Chain is null ? null : new CarriedSums(kernel, problem, tiling);
    }

    /// <param name="problem">The product.</param>
    /// <param name="tiling">How it is cut up.</param>
    /// <param name="left">Where the left matrix lies.</param>
    /// <param name="right">Where the panels of the right matrix lie; null if blocks of it are packed inside.</param>
    /// <param name="when">The condition under which the kernel does anything; null for always.</param>
    public static LoweredKernel Build(MatMulProblem problem, MatMulTiling tiling, LeftPanels left, RightPanels? right, Func<KernelBuilder, LoopValue>? when = null) =>
        new MatMulKernel(problem, tiling, left, right).Build(when);

    private LoweredKernel Build(Func<KernelBuilder, LoopValue>? when)
    {
        var block = new BlockAxis((problem.M + (tiling.BlockRows - 1)) / tiling.BlockRows, LoopMath.Index("block"));
        var group = new BlockAxis((problem.N + (tiling.GroupColumns - 1)) / tiling.GroupColumns, LoopMath.Index("group"));

        // Blocks of rows change fastest: a group of panels stays in the cache while the left matrix goes by.
        LoopStatement body = tiling.JoinsBlocks
            ? BlockLoops.Runs(kernel, batch, [group], block.Count, run => Block(group.Variable, run.First, run.Last))
            : BlockLoops.Run(kernel, batch, [group, block], Block(group.Variable, block.Variable, null));
        LoopStatement guarded = when is null ? body : new If(when(kernel), body);
        return kernel.Build(BlockLoops.Range(batch, group, block), guarded);
    }

    private Block Block(Local group, LoopValue firstBlock, LoopValue? endOfBlocks)
    {
        List<LoopStatement> statements = [];
        LoopValue first = Keep("first", LoopMath.Times(firstBlock, kernel.Size(tiling.BlockRows)));
        LoopValue rows = kernel.Size(tiling.BlockRows);
        LoopValue last = Keep("last", LoopMath.Least(kernel.Size(problem.M), endOfBlocks is null ? LoopMath.Plus(first, rows) : LoopMath.Times(endOfBlocks, rows)));

        // Where tiles of each height begin; the last height goes to the end.
        List<(int Height, LoopValue Begin, LoopValue End)> parts = [];
        LoopValue begin = first;
        foreach (int height in tiling.Heights)
        {
            LoopValue whole = LoopMath.Times(LoopMath.Quotient(LoopMath.Minus(last, begin), height), LoopMath.Int(height));
            LoopValue end = height == tiling.Heights[^1] ? last : Keep($"end{height}", LoopMath.Plus(begin, whole));
            parts.Add((height, begin, end));
            begin = end;
        }

        LoopValue tail = parts[0].End;
        LoopValue panels = kernel.Size(problem.N / tiling.Columns);
        LoopValue firstPanel = Keep("firstPanel", LoopMath.Times(group, LoopMath.Int(tiling.GroupPanels)));
        LoopValue firstColumn = LoopMath.Times(firstPanel, LoopMath.Int(tiling.Columns));
        SumPlace sums = problem.KeepsRoot
            ? new SumPlace(c, (row, column) => problem.C.Position(kernel, batch, row, column), problem.C.Row)
            : new SumPlace(
                c,
                (row, column) => LoopMath.Plus(LoopMath.Times(LoopMath.Minus(row, first), LoopMath.Int(tiling.GroupColumns)), LoopMath.Minus(column, firstColumn)),
                tiling.GroupColumns);
        LoopValue endOfGroup = LoopMath.Plus(firstPanel, LoopMath.Int(tiling.GroupPanels));
        LoopValue lastPanel = Keep("lastPanel", LoopMath.Least(panels, endOfGroup));
        LoopValue columns = LoopMath.Minus(kernel.Size(problem.N), LoopMath.Times(panels, LoopMath.Int(tiling.Columns)));
        columns = problem.N.Constant is { } constant ? LoopMath.Int(constant % tiling.Columns) : Keep("columns", columns);

        if (tiling.BlockInner is { } most)
        {
            // An inner axis of no elements is one block, too: its sums are zeros.
            Local start = LoopMath.Index("start");
            LoopValue size = kernel.Size(problem.K);
            LoopValue end = Keep("innerEnd", LoopMath.Most(size, LoopMath.Int(1)));
            Local stop = LoopMath.Index("stop");
            statements.Add(new For(start, LoopMath.Int(0), end, LoopKind.Serial, new Block(
            [
                new Let(stop, LoopMath.Least(size, LoopMath.Plus(start, LoopMath.Int(most)))),
                .. tiling.Span is null ? Array.Empty<LoopStatement>() : [Join(start, size)],
                .. Panels(start, stop),
            ]))
            {
                Step = most,
            });
        }
        else
        {
            statements.AddRange(Panels(LoopMath.Int(0), kernel.Size(problem.K)));
        }

        if ((problem.Epilogue is not null && !tiling.FinishesInTiles) || problem.Further is not null)
        {
            LoopValue to = LoopMath.Least(kernel.Size(problem.N), LoopMath.Times(endOfGroup, LoopMath.Int(tiling.Columns)));
            statements.Add(FinishRows.Build(problem, kernel, batch, tiling.Lanes, sums, tiling.FinishesInTiles, tiling.GroupColumns, (first, last), (firstColumn, to)));
        }

        return new Block([.. statements]);

        If Join(LoopValue start, LoopValue size)
        {
            LoopValue all = kernel.Size((problem.N + (tiling.Columns - 1)) / tiling.Columns);
            return carried!.Join(kernel, start, size, LoopMath.Minus(last, first), LoopMath.Minus(LoopMath.Least(all, endOfGroup), firstPanel));
        }

        IEnumerable<LoopStatement> Panels(LoopValue from, LoopValue to)
        {
            if (right is null)
            {
                LoopValue lastColumn = LoopMath.Least(kernel.Size(problem.N), LoopMath.Times(endOfGroup, LoopMath.Int(tiling.Columns)));
                yield return PackWindows.Build(kernel, batch, problem.B, new Stretch(from, to), new Stretch(firstColumn, lastColumn), b, tiling.PackedApart, tiling.Lanes);
            }

            Local panel = LoopMath.Index("panel");
            if (problem.N.Constant is not { } n || n >= tiling.Columns)
            {
                yield return new For(panel, firstPanel, lastPanel, LoopKind.Serial, Tiles(panel, LoopMath.Int(tiling.Columns), tiling.Vectors, masked: false, from, to));
            }

            if (tiling.EdgeVectors > 0)
            {
                LoopValue isHere = LoopMath.Both(LoopMath.Less(LoopMath.Int(0), columns), LoopMath.Less(panels, endOfGroup));
                yield return new If(isHere, Tiles(panels, columns, tiling.EdgeVectors, masked: true, from, to));
            }
        }

        Block Tiles(LoopValue at, LoopValue width, int vectors, bool masked, LoopValue from, LoopValue to)
        {
            List<LoopStatement> tiles = [];
            foreach ((int height, LoopValue top, LoopValue bottom) in parts)
            {
                Local row = LoopMath.Index($"row{height}");
                List<LoopStatement> each = [];
                LoopValue start = problem.A.Joined is { } joined ? JoinedLoops.Position(kernel, JoinedAxes.Cut(joined.Rows, height).Tiles, LoopMath.Quotient(row, height), each)
                    : height == tiling.Height ? LoopMath.Times(row, kernel.Size(left.Tile))
                    : LoopMath.Plus(LoopMath.Times(tail, kernel.Size(left.Tile)), LoopMath.Times(LoopMath.Minus(row, tail), kernel.Size(left.Row)));
                each.Add(Tile(row, start, (at, firstPanel), LoopMath.Minus(row, first), width, height, vectors, masked, (from, to), sums));
                tiles.Add(new For(row, top, bottom, LoopKind.Serial, new Block([.. each])) { Step = height });
            }

            return new Block([.. tiles]);
        }

        LoopValue Keep(string name, LoopValue value)
        {
            if (value is Literal)
            {
                return value;
            }

            Local local = LoopMath.Index(name);
            statements.Add(new Let(local, value));
            return local;
        }
    }

    private For Tile(
        LoopValue row,
        LoopValue start,
        (LoopValue Of, LoopValue First) panel,
        LoopValue below,
        LoopValue columns,
        int height,
        int vectors,
        bool masked,
        (LoopValue From, LoopValue To) range,
        SumPlace place)
    {
        Local column = LoopMath.Index("column");
        Local inner = LoopMath.Index("inner");
        Local[] sums = [.. Enumerable.Range(0, height).Select(r => new Local($"sum{r}", problem.Type))];
        var shared = new Local("shared", problem.Type);
        LoopValue fromB = right is null ? LoopMath.Sum(
            LoopMath.Times(LoopMath.Minus(panel.Of, panel.First), LoopMath.Int(tiling.Columns)),
            LoopMath.Times(LoopMath.Minus(inner, range.From), LoopMath.Int(tiling.PackedApart)),
            column) : LoopMath.Sum(
            batch.Position(kernel, right.Offset, right.Batch),
            LoopMath.Times(panel.Of, kernel.Size(right.Panel)),
            LoopMath.Times(inner, kernel.Size(right.Inner)),
            column);
        LoopValue fromA = LoopMath.Sum(
            batch.Position(kernel, left.Offset, left.Batch), start, LoopMath.Times(inner, kernel.Size(problem.A.Joined is null ? left.Inner : JoinedAxes.InnermostOf(problem.A.Joined.Columns).Stride)));
        Dim[]? distances = problem.A.Joined is null ? null : JoinedAxes.Cut(problem.A.Joined.Rows, height).Rows;
        LoopValue FromFirst(int r) => distances is null ? Down(r, left.Row) : kernel.Size(distances[r]);
        LoopValue across = LoopMath.Plus(LoopMath.Times(panel.Of, LoopMath.Int(tiling.Columns)), column);
        LoopValue toC = place.At(row, across);
        Dictionary<Node, LoopValue> known = [];
        LoopStatement[] operands = tiling.FinishesInTiles ? [.. problem.Epilogue!.LoadShared(kernel, batch, across, known)] : [];
        LoopValue Down(int r, Dim stride) => LoopMath.Times(LoopMath.Int(r), kernel.Size(stride));
        LoopStatement Products(LoopValue from, LoopValue to) => JoinedLoops.Runs(kernel, problem.A.Joined?.Columns ?? [], new Stretch(from, to), "inner", (stretch, more) => new For(
            inner, stretch.First, stretch.Last, LoopKind.Serial, new Block(
            [
                new Let(shared, new Load(b, fromB)),
                .. sums.Select((s, r) => new Assign(s, MultiplyAdd(new Load(a, LoopMath.Sum(fromA, more, FromFirst(r))), shared, s))),
            ])));
        var finish = new Block(
        [
            .. operands,
            .. sums.Select((s, r) => new Store(
                c, LoopMath.Plus(toC, Down(r, place.Row)), tiling.FinishesInTiles ? problem.Finish(kernel, batch, s, LoopMath.Plus(row, LoopMath.Int(r)), across, known) : s)),
        ]);
        return new For(column, LoopMath.Int(0), columns, LoopKind.Vector, new Block(
        [
            .. sums.Select(s => new Let(s, Literal.Of(problem.Type, 0))),
            .. tiling.Chain is { } length ? Chains(length) : [Products(range.From, range.To)],
            tiling.BlockInner is null ? finish : new If(LoopMath.AtLeast(range.To, kernel.Size(problem.K)), finish),
        ]))
        {
            Vectors = vectors,
            IsMasked = masked,
        };

        LoopStatement[] Chains(long length)
        {
            Local from = LoopMath.Index("chain");
            Local to = LoopMath.Index("chainEnd");
            Load Carried(int r) => carried!.Of(kernel, LoopMath.Minus(panel.Of, panel.First), below, r, column);
            return
            [
                new For(from, range.From, range.To, LoopKind.Serial, new Block(
                [
                    new Let(to, LoopMath.Least(range.To, LoopMath.Plus(from, LoopMath.Int(length)))),
                    .. sums.Select(s => new Assign(s, Literal.Of(problem.Type, 0))),
                    Products(from, to),
                    new If(LoopMath.Less(LoopMath.Int(0), from), new Block([.. sums.Select((s, r) => new Assign(s, new BinaryValue(BinaryFunction.Add, Carried(r), s)))])),
                    new If(LoopMath.Less(to, kernel.Size(problem.K)), new Block([.. sums.Select((s, r) => new Store(Carried(r).Buffer, Carried(r).Index, s))])),
                ]))
                {
                    Step = length,
                },
            ];
        }
    }

    public static LoopValue MultiplyAdd(LoopValue x, LoopValue y, LoopValue sum) => sum.Type.IsFloat()
        ? new FmaValue(x, y, sum)
        : new BinaryValue(BinaryFunction.Add, sum, new BinaryValue(BinaryFunction.Multiply, x, y));
}
