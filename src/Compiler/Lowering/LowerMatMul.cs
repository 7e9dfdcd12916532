using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>
/// Matrix products: blocks of rows share each vector of the right matrix, one accumulator a row. A product with a single column runs the lanes
/// along the inner axis instead.
/// </summary>
internal static class LowerMatMul
{
    private const int RowBlock = 4;

    public static LoweredKernel Run(Node root, IMaterialization materialization)
    {
        View left = PointwiseExpression.ViewOf(root.Inputs[0], materialization)!;
        View right = PointwiseExpression.ViewOf(root.Inputs[1], materialization)!;
        int rank = root.Rank;
        Dim m = root.Shape[^2];
        Dim n = root.Shape[^1];
        Dim k = root.Inputs[0].Shape[^1];
        var kernel = new KernelBuilder(root);
        LoopBuffer a = kernel.Input(left.Source);
        LoopBuffer b = kernel.Input(right.Source);
        LoopBuffer c = kernel.Output(root);
        EquatableArray<Dim> result = View.RowMajor(root.Shape);

        Local[] batch = [.. Enumerable.Range(0, rank - 2).Select(i => LoopMath.Index($"batch{i}"))];
        LoopValue aBatch = Position(left.Offset, left.Strides);
        LoopValue bBatch = Position(right.Offset, right.Strides);
        LoopValue cBatch = Position(0, result);
        LoopValue aRow = kernel.Size(left.Strides[^2]);
        LoopValue aInner = kernel.Size(left.Strides[^1]);
        LoopValue bInner = kernel.Size(right.Strides[^2]);
        LoopValue bColumn = kernel.Size(right.Strides[^1]);

        return n.Constant == 1 ? ByDotProducts() : ByRowBlocks();

        LoweredKernel ByDotProducts()
        {
            Local row = LoopMath.Index("row");
            Local inner = LoopMath.Index("inner");
            var sum = new Local("sum", root.DType);
            LoopValue product = Product(
                sum,
                new Load(a, Add(aBatch, LoopMath.Times(row, aRow), LoopMath.Times(inner, aInner))),
                new Load(b, Add(bBatch, LoopMath.Times(inner, bInner))));
            LoopStatement body = new Block(
            [
                new Let(sum, Literal.Of(root.DType, 0)),
                new For(inner, LoopMath.Int(0), kernel.Size(k), LoopKind.Vector, new Assign(sum, product))
                {
                    Reductions = [new Reduction(sum, ReduceFunction.Sum)],
                },
                new Store(c, Add(cBatch, row), sum),
            ]);
            return Nest.Serial(kernel, [.. batch, row], [.. root.Shape.Take(rank - 2), m], body);
        }

        LoweredKernel ByRowBlocks()
        {
            Local block = LoopMath.Index("block");
            Local firstRow = LoopMath.Index("firstRow");
            Local row = LoopMath.Index("row");
            LoopValue rows = kernel.Size(m);
            LoopStatement body = new Block(
            [
                new Let(firstRow, LoopMath.Times(block, LoopMath.Int(RowBlock))),
                new If(
                    LoopMath.AtLeast(LoopMath.Minus(rows, firstRow), LoopMath.Int(RowBlock)),
                    Tile(firstRow, RowBlock),
                    new For(row, firstRow, rows, LoopKind.Serial, Tile(row, 1))),
            ]);
            return Nest.Serial(kernel, [.. batch, block], [.. root.Shape.Take(rank - 2), (m + (RowBlock - 1)) / RowBlock], body);
        }

        For Tile(LoopValue first, int count)
        {
            Local column = LoopMath.Index("column");
            Local inner = LoopMath.Index("inner");
            Local[] sums = [.. Enumerable.Range(0, count).Select(r => new Local($"sum{r}", root.DType))];
            var shared = new Local("shared", root.DType);
            LoopValue[] rowStarts = [.. Enumerable.Range(0, count).Select(r => Add(aBatch, LoopMath.Times(LoopMath.Plus(first, LoopMath.Int(r)), aRow)))];
            Local[] starts = [.. Enumerable.Range(0, count).Select(r => LoopMath.Index($"start{r}"))];
            return new For(column, LoopMath.Int(0), kernel.Size(n), LoopKind.Vector, new Block(
            [
                .. sums.Select(s => new Let(s, Literal.Of(root.DType, 0))),
                .. starts.Select((s, r) => new Let(s, rowStarts[r])),
                new For(inner, LoopMath.Int(0), kernel.Size(k), LoopKind.Serial, new Block(
                [
                    new Let(shared, new Load(b, Add(bBatch, LoopMath.Times(inner, bInner), LoopMath.Times(column, bColumn)))),
                    .. sums.Select((s, r) => new Assign(s, Product(s, new Load(a, Add(starts[r], LoopMath.Times(inner, aInner))), shared))),
                ])),
                .. sums.Select((s, r) => new Store(c, Add(cBatch, LoopMath.Times(LoopMath.Plus(first, LoopMath.Int(r)), kernel.Size(n)), column), s)),
            ]));
        }

        LoopValue Product(LoopValue sum, LoopValue x, LoopValue y) => root.DType.IsFloat()
            ? new FmaValue(x, y, sum)
            : new BinaryValue(BinaryFunction.Add, sum, new BinaryValue(BinaryFunction.Multiply, x, y));

        LoopValue Position(Dim offset, EquatableArray<Dim> strides) => batch
            .Select((variable, axis) => LoopMath.Times(variable, kernel.Size(strides[axis])))
            .Aggregate(kernel.Size(offset), LoopMath.Plus);

        static LoopValue Add(params ReadOnlySpan<LoopValue> terms)
        {
            LoopValue sum = terms[0];
            foreach (LoopValue term in terms[1..])
            {
                sum = LoopMath.Plus(sum, term);
            }

            return sum;
        }
    }

    /// <summary>Whether the right matrix can be read in place: its rows must be contiguous, or it has a single column.</summary>
    public static bool ReadsInPlace(Node root, View right) => right.Strides[^1].Constant == 1 || root.Shape[^1].Constant == 1;
}
