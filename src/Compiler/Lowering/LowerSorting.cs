using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// Sorting along an axis, a line after the other in memory of the thread: neighbouring runs are merged, then runs of twice the length, until one is
/// left. What is compared are integers in the order of the elements, so that NaN and the direction need no care on the way. And looking up in sorted
/// rows by halving.
/// </summary>
internal static class LowerSorting
{
    public static LoweredKernel ArgSort(Node root, IMaterialization materialization)
    {
        var op = (ArgSortOp)root.Op;
        View view = PointwiseExpression.ViewOf(root.Inputs[0], materialization)!;
        var kernel = new KernelBuilder(root);
        LoopBuffer input = kernel.Input(view.Source);
        LoopBuffer output = kernel.Output(root);
        Dim length = root.Shape[op.Along];
        LoopValue size = kernel.Size(length);
        LoopBuffer keys = kernel.WorkerScratch(DType.Int64, length * 2);
        LoopBuffer places = kernel.WorkerScratch(DType.Int64, length * 2);

        Local[] at = LowerIndexing.Variables(root.Rank);
        Local read = LoopMath.Index("read");
        Local write = LoopMath.Index("write");
        Local from = LoopMath.Index("from");
        Local to = LoopMath.Index("to");
        Local hold = LoopMath.Index("hold");
        Local level = LoopMath.Index("level");
        Local levels = LoopMath.Index("levels");
        LoopValue Position(Dim offset, EquatableArray<Dim> strides, Local along) =>
            LowerIndexing.Position(kernel, offset, strides, [.. at.Select((v, axis) => axis == op.Along ? along : v)]);

        LoopStatement sort = new Block(
        [
            new For(read, LoopMath.Int(0), size, LoopKind.Serial, new Block(
            [
                new Store(keys, read, Key(new Load(input, Position(view.Offset, view.Strides, read)), op.Descending)),
                new Store(places, read, read),
            ])),
            new Let(from, LoopMath.Int(0)),
            new Let(to, size),
            new For(level, LoopMath.Int(0), levels, LoopKind.Serial, new Block(
            [
                Merges(keys, places, size, level, from, to),
                new Let(hold, from),
                new Assign(from, to),
                new Assign(to, hold),
            ])),
            new For(write, LoopMath.Int(0), size, LoopKind.Serial, new Store(output, Position(0, View.RowMajor(root.Shape), write), new Load(places, LoopMath.Plus(from, write)))),
        ]);
        int[] others = [.. Enumerable.Range(0, root.Rank).Where(a => a != op.Along)];
        return Nest.Serial(kernel, [.. others.Select(a => at[a])], [.. others.Select(a => root.Shape[a])], sort, before: new Let(levels, Halvings(length, kernel)));
    }

    public static LoweredKernel SearchSorted(Node root, IMaterialization materialization)
    {
        var op = (SearchSortedOp)root.Op;
        (Node sorted, Node values) = (root.Inputs[0], root.Inputs[1]);
        View rows = PointwiseExpression.ViewOf(sorted, materialization)!;
        View view = PointwiseExpression.ViewOf(values, materialization)!;
        var kernel = new KernelBuilder(root);
        LoopBuffer output = kernel.Output(root);
        LoopValue size = kernel.Size(sorted.Shape[^1]);
        Local[] at = LowerIndexing.Variables(root.Rank);
        var value = new Local("value", values.DType);
        Local low = LoopMath.Index("low");
        Local high = LoopMath.Index("high");
        Local middle = LoopMath.Index("middle");
        Local step = LoopMath.Index("step");
        Local levels = LoopMath.Index("levels");
        var before = new Local("before", DType.Bool);
        LoopValue probe = new Load(kernel.Input(rows.Source), LowerIndexing.Position(kernel, rows.Offset, rows.Strides, [.. at[..^1], middle]));
        LoopStatement halve = new If(LoopMath.Less(low, high), new Block(
        [
            new Let(middle, new BinaryValue(BinaryFunction.ShiftRight, LoopMath.Plus(low, high), LoopMath.Int(1))),
            new Let(before, new UnaryValue(UnaryFunction.Not, new BinaryValue(op.Right ? BinaryFunction.Greater : BinaryFunction.GreaterEqual, probe, value))),
            new Assign(low, new SelectValue(before, LoopMath.Plus(middle, LoopMath.Int(1)), low)),
            new Assign(high, new SelectValue(before, high, middle)),
        ]));
        LoopStatement body = new Block(
        [
            new Let(value, new Load(kernel.Input(view.Source), LowerIndexing.Position(kernel, view.Offset, view.Strides, at))),
            new Let(low, LoopMath.Int(0)),
            new Let(high, size),

            // As often as a row of this length can be halved until nothing is left.
            new For(step, LoopMath.Int(0), LoopMath.Plus(levels, LoopMath.Int(1)), LoopKind.Serial, halve),
            new Store(output, LowerIndexing.Position(kernel, 0, View.RowMajor(root.Shape), at), low),
        ]);
        return Nest.Serial(kernel, at, [.. root.Shape], body, before: new Let(levels, Halvings(sorted.Shape[^1], kernel)));
    }

    /// <summary>The runs of a level, merged by pairs from one half of the memory into the other.</summary>
    private static Block Merges(LoopBuffer keys, LoopBuffer places, LoopValue size, Local level, Local from, Local to)
    {
        Local width = LoopMath.Index("width");
        Local pair = LoopMath.Index("pair");
        Local first = LoopMath.Index("first");
        Local middle = LoopMath.Index("middle");
        Local end = LoopMath.Index("end");
        Local left = LoopMath.Index("left");
        Local right = LoopMath.Index("right");
        Local at = LoopMath.Index("at");
        var leftKey = new Local("leftKey", DType.Int64);
        var rightKey = new Local("rightKey", DType.Int64);
        var takesLeft = new Local("takesLeft", DType.Bool);
        LoopValue one = LoopMath.Int(1);

        // A side that is used up is read at its last element, and not taken.
        LoopStatement take = new Block(
        [
            new Let(leftKey, new Load(keys, LoopMath.Plus(from, LoopMath.Least(left, LoopMath.Minus(middle, one))))),
            new Let(rightKey, new Load(keys, LoopMath.Plus(from, LoopMath.Least(right, LoopMath.Minus(end, one))))),
            new Let(takesLeft, LoopMath.Both(
                LoopMath.Less(left, middle),
                LoopMath.Either(LoopMath.AtLeast(right, end), new BinaryValue(BinaryFunction.LessEqual, leftKey, rightKey)))),
            new Store(keys, LoopMath.Plus(to, at), new SelectValue(takesLeft, leftKey, rightKey)),
            new Store(places, LoopMath.Plus(to, at), new Load(places, LoopMath.Plus(from, new SelectValue(takesLeft, left, right)))),
            new Assign(left, new SelectValue(takesLeft, LoopMath.Plus(left, one), left)),
            new Assign(right, new SelectValue(takesLeft, right, LoopMath.Plus(right, one))),
        ]);
        LoopValue pairs = new BinaryValue(
            BinaryFunction.ShiftRight, LoopMath.Minus(LoopMath.Plus(size, LoopMath.Times(width, LoopMath.Int(2))), one), LoopMath.Plus(level, one));
        return new Block(
        [
            new Let(width, new BinaryValue(BinaryFunction.ShiftLeft, one, level)),
            new For(pair, LoopMath.Int(0), pairs, LoopKind.Serial, new Block(
            [
                new Let(first, LoopMath.Times(pair, LoopMath.Times(width, LoopMath.Int(2)))),
                new Let(middle, LoopMath.Least(LoopMath.Plus(first, width), size)),
                new Let(end, LoopMath.Least(LoopMath.Plus(middle, width), size)),
                new Let(left, first),
                new Let(right, middle),
                new For(at, first, end, LoopKind.Serial, take),
            ])),
        ]);
    }

    /// <summary>An integer in the order of the elements: NaN is the greatest, and 0 and −0 are one.</summary>
    private static LoopValue Key(LoopValue x, bool descending)
    {
        LoopValue key = LoopMath.Convert(DType.Int64, x);
        if (x.Type.IsFloat())
        {
            DType bits = x.Type == DType.Float32 ? DType.Int32 : DType.Int64;
            LoopValue zero = Literal.Of(x.Type, 0);
            LoopValue plain = new BitcastValue(bits, new SelectValue(new BinaryValue(BinaryFunction.Equal, x, zero), zero, x));

            // Of negative numbers all bits but the sign are turned over.
            LoopValue sign = new BinaryValue(BinaryFunction.ShiftRight, plain, Literal.Of(bits, x.Type.Size() == 4 ? 31 : 63));
            LoopValue most = bits == DType.Int32 ? Literal.Of(int.MaxValue) : Literal.Of(long.MaxValue);
            LoopValue ordered = new BinaryValue(BinaryFunction.Xor, plain, new BinaryValue(BinaryFunction.And, sign, most));
            key = LoopMath.Convert(DType.Int64, new SelectValue(new UnaryValue(UnaryFunction.IsNaN, x), most, ordered));
        }

        return descending ? new UnaryValue(UnaryFunction.Not, key) : key;
    }

    /// <summary>The least number h with 2ʰ at least the size.</summary>
    private static LoopValue Halvings(Dim size, KernelBuilder kernel)
    {
        if (size.Constant is { } constant)
        {
            return LoopMath.Int(constant <= 1 ? 0 : 64 - (int)long.LeadingZeroCount(constant - 1));
        }

        LoopValue count = LoopMath.Int(0);
        for (int power = 0; power < 31; power++)
        {
            count = LoopMath.Plus(count, new SelectValue(LoopMath.Less(LoopMath.Int(1L << power), kernel.Size(size)), LoopMath.Int(1), LoopMath.Int(0)));
        }

        return count;
    }
}
