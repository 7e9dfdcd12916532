using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// A product with few rows whose right matrix lies transposed: every element is a sum along the inner axis, in lanes. A few columns at a time,
/// so that the vectors of the left matrix serve several sums; the right matrix is read once.
/// </summary>
internal static class DotProducts
{
    private const int Columns = 4;

    // With four columns: 20 sums.
    private const int MostRows = 5;

    /// <param name="problem">The product.</param>
    /// <param name="tiling">What is known of vectors.</param>
    /// <param name="when">The condition under which the kernel does anything; null for always.</param>
    public static LoweredKernel Build(MatMulProblem problem, MatMulTiling tiling, Func<KernelBuilder, LoopValue>? when)
    {
        // A copy of expensive work at every sum would be too much code: it is done once the sums of a group stand in memory.
        bool finishesLater = problem.Epilogue is { IsCheap: false } || problem.Further is not null;
        var kernel = new KernelBuilder(problem.Roots);
        LoopBuffer a = kernel.Input(problem.A.Source);
        LoopBuffer b = kernel.Input(problem.B.Source);
        LoopBuffer c = kernel.Output(problem.Root, storedOnce: !finishesLater);
        var batch = problem.Batches(problem.A.Batch, problem.B.Batch);
        Dim groups = (problem.N + (Columns - 1)) / Columns;
        Local group = LoopMath.Index("group");
        Local column = LoopMath.Index("column");
        LoopValue first = LoopMath.Times(group, LoopMath.Int(Columns));
        LoopValue size = kernel.Size(problem.N);
        LoopStatement each = new For(column, first, size, LoopKind.Serial, Rows(column, 1));
        LoopStatement body = problem.N.Constant is < Columns
            ? each
            : new If(LoopMath.AtLeast(size, LoopMath.Plus(first, LoopMath.Int(Columns))), Rows(first, Columns), each);
        if (finishesLater)
        {
            var sums = new SumPlace(c, (down, across) => problem.C.Position(kernel, batch, down, across), problem.C.Row);
            LoopValue next = LoopMath.Least(size, LoopMath.Plus(first, LoopMath.Int(Columns)));
            body = new Block([body, FinishRows.Build(problem, kernel, batch, tiling.Lanes, sums, inTiles: false, Columns, (LoopMath.Int(0), kernel.Size(problem.M)), (first, next))]);
        }

        LoopStatement loops = BlockLoops.Run(kernel, batch, [new BlockAxis(groups, group)], body);
        return kernel.Build(BlockLoops.Range(batch, new BlockAxis(groups, group)), when is null ? loops : new If(when(kernel), loops));

        Block Rows(LoopValue at, int columns)
        {
            LoopValue rows = kernel.Size(problem.M);
            int height = (int)Math.Clamp(problem.M.Constant ?? Columns, 1, MostRows);
            LoopValue whole = LoopMath.Times(LoopMath.Quotient(rows, height), LoopMath.Int(height));
            Local row = LoopMath.Index("row");
            Local last = LoopMath.Index("row");
            List<LoopStatement> parts = [new For(row, LoopMath.Int(0), whole, LoopKind.Serial, Tile(row, at, height, columns)) { Step = height }];
            if (height > 1 && (problem.M.Constant is not { } m || m % height != 0))
            {
                parts.Add(new For(last, whole, rows, LoopKind.Serial, Tile(last, at, 1, columns)));
            }

            return new Block([.. parts]);
        }

        Block Tile(LoopValue row, LoopValue at, int rows, int columns)
        {
            Local inner = LoopMath.Index("inner");
            Local[] lefts = [.. Enumerable.Range(0, rows).Select(r => new Local($"a{r}", problem.Type))];
            Local[] rights = [.. Enumerable.Range(0, columns).Select(n => new Local($"b{n}", problem.Type))];
            TileSum[] sums =
                [.. from n in Enumerable.Range(0, columns) from r in Enumerable.Range(0, rows) select new TileSum(r, n, new Local($"sum{r}_{n}", problem.Type))];
            LoopValue Place(Matrix matrix, LoopValue down, LoopValue across) => LoopMath.Sum(
                matrix.Start(kernel, batch), LoopMath.Times(down, kernel.Size(matrix.Row)), LoopMath.Times(across, kernel.Size(matrix.Column)));
            LoopValue Finish(LoopValue sum, LoopValue down, LoopValue across) => finishesLater ? sum
                : problem.Finish(kernel, batch, sum, down, across, new Dictionary<Node, LoopValue>());
            LoopValue Further(LoopValue from, int count) => LoopMath.Plus(from, LoopMath.Int(count));
            LoopStatement[] Products(LoopValue from, LoopValue to) =>
            [
                .. sums.Select(s => new Let(s.Sum, Literal.Of(problem.Type, 0))),
                new For(inner, from, to, LoopKind.Vector, new Block(
                [
                    .. lefts.Select((x, r) => new Let(x, new Load(a, Place(problem.A, Further(row, r), inner)))),
                    .. rights.Select((y, n) => new Let(y, new Load(b, Place(problem.B, inner, Further(at, n))))),
                    .. sums.Select(s => new Assign(s.Sum, MatMulKernel.MultiplyAdd(lefts[s.Row], rights[s.Column], s.Sum))),
                ]))
                {
                    Reductions = [.. sums.Select(s => new Reduction(s.Sum, BinaryFunction.Add))],
                },
            ];
            IEnumerable<LoopStatement> Stores(Func<TileSum, LoopValue> sum) =>
                sums.Select(s => new Store(c, Place(problem.C, Further(row, s.Row), Further(at, s.Column)), Finish(sum(s), Further(row, s.Row), Further(at, s.Column))));

            LoopValue size = kernel.Size(problem.K);
            long chain = MatMulTiling.ShortChain * tiling.Lanes;
            if (problem.K.Constant <= chain || !problem.Type.IsFloat())
            {
                return new Block([.. Products(LoopMath.Int(0), size), .. Stores(s => s.Sum)]);
            }

            // The sums of chains are added with what each addition loses.
            Local start = LoopMath.Index("chain");
            Dictionary<TileSum, (Local All, Local Lost)> carried =
                sums.ToDictionary(s => s, s => (new Local($"all{s.Row}_{s.Column}", problem.Type), new Local($"lost{s.Row}_{s.Column}", problem.Type)));
            return new Block(
            [
                .. carried.Values.SelectMany(s => (LoopStatement[])[new Let(s.All, Literal.Of(problem.Type, 0)), new Let(s.Lost, Literal.Of(problem.Type, 0))]),
                new For(start, LoopMath.Int(0), size, LoopKind.Serial, new Block(
                [
                    .. Products(start, LoopMath.Least(size, LoopMath.Plus(start, LoopMath.Int(chain)))),
                    new If(
                        LoopMath.Less(LoopMath.Int(0), start),
                        new Block([.. carried.Select(s => LongSum.Add(s.Value.All, s.Value.Lost, s.Key.Sum))]),
                        new Block([.. carried.Select(s => new Assign(s.Value.All, s.Key.Sum))])),
                ]))
                {
                    Step = chain,
                },
                .. Stores(s => carried[s].All),
            ]);
        }
    }

    private sealed record TileSum(int Row, int Column, Local Sum);
}
