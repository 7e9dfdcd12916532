using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// Sorting along an axis, a line after the other: loops write integers in the order of the elements, whatever their type, NaN and direction, to memory
/// of the thread, and a routine finds where those of some ranks lie. And looking up in sorted rows by halving.
/// </summary>
internal static class LowerSorting
{
    private const long WorkOfSorting = 60;
    private const long WorkOfSelection = 15;

    public static LoweredKernel ArgSort(OperationSpec spec)
    {
        Node root = spec.Operation;
        var op = (ArgSortOp)root.Op;
        Node x = root.Inputs[0];
        View view = spec.ViewOf(x);
        var kernel = new KernelBuilder(root);
        LoopBuffer input = kernel.Input(view.Source);
        LoopBuffer output = kernel.Output(root);
        Dim length = x.Shape[op.Along];
        DType type = x.DType.Row().Integer;
        LoopBuffer keys = kernel.WorkerScratch(type, length);
        Dim words = (2 * (type.Size() / sizeof(int)) * (op.First + op.Count + OrderRoutine.Spare)) + length;
        LoopBuffer scratch = kernel.WorkerScratch(DType.Int64, words);

        Local[] at = LowerIndexing.Variables(root.Rank);
        Local read = LoopMath.Index("read");
        Local write = LoopMath.Index("write");
        EquatableArray<Dim> strides = View.RowMajor(root.Shape);
        LoopValue Position(Dim offset, EquatableArray<Dim> strides, LoopValue along) =>
            LowerIndexing.Position(kernel, offset, strides, [.. at.Select((v, axis) => axis == op.Along ? along : v)]);

        // Where the results of a line are no neighbours, they are put in their places afterwards.
        (LoopValue size, LoopValue count) = (kernel.Size(length), kernel.Size(op.Count));
        bool isDense = strides[op.Along] == Dim.Of(1);
        BufferPart places = isDense ? new BufferPart(output, Position(0, strides, LoopMath.Int(0)), count)
            : new BufferPart(kernel.WorkerScratch(DType.Int64, op.Count), LoopMath.Int(0), count);
        Routine routine = Routine.Of(type switch
        {
            DType.Int32 => OrderRoutine.Run<int>,
            DType.Int64 => OrderRoutine.Run<long>,
            _ => throw DTypes.Unexpected(type),
        });
        BufferPart[] parts = [new(keys, LoopMath.Int(0), size), places, new(scratch, LoopMath.Int(0), kernel.Size(words))];
        LoopStatement order = new Block(
        [
            new For(read, LoopMath.Int(0), size, LoopKind.Vector, new Store(keys, read, Key(new Load(input, Position(view.Offset, view.Strides, read)), op.Descending))),
            new Invoke(new Local("status", DType.Int64), routine, [.. parts], [size, kernel.Size(op.First), count])
            {
                Work = LoopMath.Times(size, LoopMath.Int(op.Count == length ? WorkOfSorting : WorkOfSelection)),
            },
            .. isDense ? Array.Empty<LoopStatement>()
                : [new For(write, LoopMath.Int(0), count, LoopKind.Serial, new Store(output, Position(0, strides, write), new Load(places.Buffer, write)))],
        ]);
        order = op.Count.Constant is > 0 ? order : new If(LoopMath.AtLeast(count, LoopMath.Int(1)), order);
        int[] others = [.. Enumerable.Range(0, root.Rank).Where(a => a != op.Along)];
        return Nest.Serial(kernel, [.. others.Select(a => at[a])], [.. others.Select(a => root.Shape[a])], order);
    }

    public static LoweredKernel SearchSorted(OperationSpec spec)
    {
        Node root = spec.Operation;
        var op = (SearchSortedOp)root.Op;
        (Node sorted, Node values) = (root.Inputs[0], root.Inputs[1]);
        View rows = spec.ViewOf(sorted);
        View view = spec.ViewOf(values);
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
        var element = new Local("element", values.DType);
        var before = new Local("before", DType.Bool);
        LoopValue probe = new Load(kernel.Input(rows.Source), LowerIndexing.Position(kernel, rows.Offset, rows.Strides, [.. at[..^1], middle]));
        LoopStatement halve = new If(LoopMath.Less(low, high), new Block(
        [
            new Let(middle, new BinaryValue(BinaryFunction.ShiftRight, LoopMath.Plus(low, high), LoopMath.Int(1))),
            new Let(element, probe),
            new Let(before, IsBefore(element, value, op.Right)),
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

    /// <summary>Whether an element of a row comes before a value, with NaN as the greatest.</summary>
    private static LoopValue IsBefore(LoopValue element, LoopValue value, bool right)
    {
        LoopValue isBefore = new BinaryValue(right ? BinaryFunction.LessEqual : BinaryFunction.Less, element, value);
        if (!value.Type.IsFloat())
        {
            return isBefore;
        }

        LoopValue isNaN = new BinaryValue(BinaryFunction.NotEqual, value, value);
        return LoopMath.Either(isBefore, right ? isNaN : LoopMath.Both(isNaN, new BinaryValue(BinaryFunction.Equal, element, element)));
    }

    /// <summary>An integer of the element's size in the order of the elements: NaN is the greatest, and 0 and −0 are one.</summary>
    private static LoopValue Key(LoopValue x, bool descending)
    {
        LoopValue key = x;
        if (x.Type.IsFloat())
        {
            DType bits = x.Type.Row().Integer;
            LoopValue zero = Literal.Of(x.Type, 0);
            LoopValue plain = new BitcastValue(bits, new SelectValue(new BinaryValue(BinaryFunction.Equal, x, zero), zero, x));

            // Of negative numbers all bits but the sign are turned over.
            LoopValue sign = new BinaryValue(BinaryFunction.ShiftRight, plain, Literal.Of(bits, (8 * bits.Size()) - 1));
            LoopValue most = Literal.Of(bits, bits.Row().Most);
            LoopValue ordered = new BinaryValue(BinaryFunction.Xor, plain, new BinaryValue(BinaryFunction.And, sign, most));
            key = new SelectValue(new UnaryValue(UnaryFunction.IsNaN, x), most, ordered);
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
