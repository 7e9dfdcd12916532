using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// Gathers and scatters. Every index is checked before it is used; one that leaves its axis ends the kernel at an error site. What is scattered meets in the
/// order of the indices: an axis before the one that is indexed is shared out, or the slices of the result, whose threads all look at every index.
/// </summary>
internal static class LowerIndexing
{
    // A slice of at least so many elements takes much longer to add than its index takes to look at, once a share.
    private const long LeastElementsOfSlice = 64;
    private const long SharesOfSlices = 8;

    public static LoweredKernel Take(OperationSpec spec)
    {
        Node root = spec.Operation;
        (Node x, Node indices) = (root.Inputs[0], root.Inputs[1]);
        int along = ((TakeOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        var slices = new Slices(kernel, spec, along);
        View source = spec.ViewOf(x);
        LoopBuffer output = kernel.Output(root);
        LoopStatement copy = slices.Inner(root.Shape, at => new Store(
            output,
            Position(kernel, 0, View.RowMajor(root.Shape), at),
            new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, slices.Whole(at)))));
        return slices.Build(root.Shape, root, copy);
    }

    public static LoweredKernel IndexAdd(OperationSpec spec)
    {
        Node root = spec.Operation;
        (Node x, Node indices, Node added) = (root.Inputs[0], root.Inputs[1], root.Inputs[2]);
        int along = ((IndexAddOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        var slices = new Slices(kernel, spec, along);
        View source = spec.ViewOf(added);
        LoopBuffer output = kernel.Output(root);
        LoopStatement add = slices.Inner(added.Shape, at =>
        {
            LoopValue target = Position(kernel, 0, View.RowMajor(root.Shape), slices.Whole(at));
            return Accumulate(output, target, new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, at)));
        });
        Dim slice = x.Shape.Skip(along + 1).Aggregate(Dim.Of(1), (product, size) => product * size);
        Dim count = indices.Shape.ElementCount;
        ScatteredSums? sums = ScatteredSums.AreNeeded(root.DType, count) ? new ScatteredSums(kernel, output, x.Shape[along], slice, count) : null;
        LoopValue start = slices.Start(root.Shape);
        add = sums is null ? add : new Block([add, sums.Count(start, slices.Index)]);
        LoopStatement Around(LoopStatement all, Stretch some) => sums is null ? all : sums.Around(some, start, all);
        var every = new Stretch(LoopMath.Int(0), kernel.Size(x.Shape[along]));
        if (SharedBefore(along, x.Shape) is { } axis)
        {
            LoopStatement part = CopyBase(kernel, spec, axis, new Stretch(kernel.Begin, kernel.End));
            return kernel.Build(root.Shape[axis], part, slices.Loops(added.Shape, root, add, axis, all => Around(all, every)));
        }

        if (x.Shape[along].Constant == 1 || slice.Nominal < LeastElementsOfSlice)
        {
            return kernel.Build(1, CopyBase(kernel, spec), slices.Loops(added.Shape, root, add, shared: null, all => Around(all, every)));
        }

        Dim each = (x.Shape[along] / SharesOfSlices) + 1;
        Local first = LoopMath.Index("first");
        Local last = LoopMath.Index("last");
        LoopStatement own = new If(LoopMath.Both(LoopMath.AtLeast(slices.Index, first), LoopMath.Less(slices.Index, last)), add);
        return kernel.Build(
            (x.Shape[along] + (each - 1)) / each,
            new Let(first, LoopMath.Times(kernel.Begin, kernel.Size(each))),
            new Let(last, LoopMath.Least(LoopMath.Times(kernel.End, kernel.Size(each)), kernel.Size(x.Shape[along]))),
            CopyBase(kernel, spec, along, new Stretch(first, last)),
            slices.Loops(added.Shape, root, own, shared: null, all => Around(all, new Stretch(first, last))));
    }

    public static LoweredKernel Gather(OperationSpec spec)
    {
        Node root = spec.Operation;
        (Node x, Node indices) = (root.Inputs[0], root.Inputs[1]);
        int along = ((GatherOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        View source = spec.ViewOf(x);
        LoopBuffer output = kernel.Output(root);
        Local[] at = Variables(root.Rank);
        LoopStatement body = Checked(kernel, spec, along, at, whole =>
            new Store(
                output,
                Position(kernel, 0, View.RowMajor(root.Shape), at),
                new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, whole))));
        return Nest.Serial(kernel, at, [.. root.Shape], body);
    }

    public static LoweredKernel ScatterAdd(OperationSpec spec) => Scatter(spec, ((ScatterAddOp)spec.Operation.Op).Along, BinaryFunction.Add);

    public static LoweredKernel Scatter(OperationSpec spec) => Scatter(
        spec,
        ((ScatterOp)spec.Operation.Op).Along,
        ((ScatterOp)spec.Operation.Op).Mode switch
        {
            ScatterMode.Set => null,
            ScatterMode.Max => BinaryFunction.Maximum,
            ScatterMode.Min => BinaryFunction.Minimum,
            _ => BinaryFunction.Multiply,
        });

    /// <summary>Elements one after the other, combined by a function with what they find, or put in its place.</summary>
    private static LoweredKernel Scatter(OperationSpec spec, int along, BinaryFunction? combine)
    {
        Node root = spec.Operation;
        (Node x, Node indices, Node added) = (root.Inputs[0], root.Inputs[1], root.Inputs[2]);
        var kernel = new KernelBuilder(root);
        int? shared = SharedBefore(along, x.Shape);
        LoopStatement start = shared is null ? CopyBase(kernel, spec)
            : CopyBase(kernel, spec, shared.Value, new Stretch(kernel.Begin, kernel.End));
        View source = spec.ViewOf(added);
        LoopBuffer output = kernel.Output(root);
        Local[] at = Variables(indices.Rank);

        // Where many may meet, each element has a place for what additions lose.
        LoopBuffer? lost = combine == BinaryFunction.Add && ScatteredSums.AreNeeded(root.DType, indices.Shape[along])
            ? kernel.Output(kernel.Scratch(root.DType, root.Shape.ElementCount))
            : null;
        LoopStatement body = Checked(kernel, spec, along, at, whole =>
        {
            LoopValue target = Position(kernel, 0, View.RowMajor(root.Shape), whole);
            LoopValue value = new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, at));
            if (lost is not null)
            {
                var sum = new Local("sum", root.DType);
                var rest = new Local("lost", root.DType);
                return new Block(
                [
                    new Let(sum, new Load(output, target)),
                    new Let(rest, new Load(lost, target)),
                    LongSum.Add(sum, rest, value),
                    new Store(output, target, sum),
                    new Store(lost, target, rest),
                ]);
            }

            return new Store(output, target, combine is { } function ? new BinaryValue(function, new Load(output, target), value) : value);
        });
        for (int axis = at.Length - 1; axis >= 0; axis--)
        {
            LoopValue size = kernel.Size(indices.Shape[axis]);
            body = axis != shared ? new For(at[axis], LoopMath.Int(0), size, LoopKind.Serial, body)
                : new For(at[axis], kernel.Begin, indices.Shape[axis] == root.Shape[axis] ? kernel.End : LoopMath.Least(kernel.End, size), LoopKind.Parallel, body);
        }

        Dim range = shared is null ? 1 : root.Shape[shared.Value];
        return lost is null ? kernel.Build(range, start, body)
            : kernel.Build(range, start, Nothing(lost), body);

        // Zeros in the kernel's part, before whose axis there is none of more than one point.
        For Nothing(LoopBuffer lost)
        {
            Local element = LoopMath.Index("element");
            LoopValue size = kernel.Size(root.Shape.Skip((shared ?? -1) + 1).Aggregate(Dim.Of(1), (product, next) => product * next));
            (LoopValue first, LoopValue last) = shared is null ? (LoopMath.Int(0), size) : (LoopMath.Times(kernel.Begin, size), LoopMath.Times(kernel.End, size));
            return new For(element, first, last, LoopKind.Vector, new Store(lost, element, Literal.Of(root.DType, 0)));
        }
    }

    /// <summary>The position of coordinates under strides.</summary>
    public static LoopValue Position(KernelBuilder kernel, Dim offset, EquatableArray<Dim> strides, IReadOnlyList<LoopValue> at)
    {
        LoopValue position = kernel.Size(offset);
        for (int axis = 0; axis < strides.Count; axis++)
        {
            position = LoopMath.Plus(position, LoopMath.Times(at[axis], kernel.Size(strides[axis])));
        }

        return position;
    }

    public static Local[] Variables(int rank) => [.. Enumerable.Range(0, rank).Select(a => LoopMath.Index($"i{a}"))];

    /// <summary>The base is copied whole before anything is added.</summary>
    private static LoopStatement CopyBase(KernelBuilder kernel, OperationSpec spec) =>
        new PartCopy(kernel, spec.Operation, spec.Operands[0], 0, View.RowMajor(spec.Operation.Shape)).All();

    /// <summary>A part of the base is copied, before anything is added to it: a stretch of an axis, whole along all others.</summary>
    private static LoopStatement CopyBase(KernelBuilder kernel, OperationSpec spec, int axis, Stretch part)
    {
        var copy = new PartCopy(kernel, spec.Operation, spec.Operands[0], 0, View.RowMajor(spec.Operation.Shape));
        Shape shape = spec.Operation.Inputs[0].Shape;
        int to = axis + PartCopy.JoinedFrom(axis, shape, copy.Accesses);
        LoopValue each = kernel.Size(shape.Take(to).Skip(axis + 1).Aggregate(Dim.Of(1), (product, size) => product * size));
        return copy.Steps(new CopyRun(axis, to, new Stretch(LoopMath.Times(part.First, each), LoopMath.Times(part.Last, each)), 0) { IsWithin = true });
    }

    /// <summary>The first axis before another that more than one point lies along.</summary>
    private static int? SharedBefore(int along, Shape shape) => Enumerable.Range(0, along).Where(axis => shape[axis].Constant != 1).Cast<int?>().FirstOrDefault();

    private static Store Accumulate(LoopBuffer buffer, LoopValue position, LoopValue value) =>
        new(buffer, position, new BinaryValue(BinaryFunction.Add, new Load(buffer, position), value));

    private static Block Checked(
        KernelBuilder kernel, OperationSpec spec, int along, Local[] at, Func<LoopValue[], LoopStatement> use)
    {
        Dim size = spec.Operation.Inputs[0].Shape[along];
        var index = new Local("index", DType.Int64);
        LoopValue[] whole = [.. at.Select((v, axis) => axis == along ? (LoopValue)index : v)];
        return new Block(
        [
            new Let(index, ReadIndex(kernel, spec, at)),
            new If(Outside(kernel, index, size), new Fail(kernel.Site(spec.Operation, along, size), index), use(whole)),
        ]);
    }

    private static LoopValue ReadIndex(KernelBuilder kernel, OperationSpec spec, IReadOnlyList<LoopValue> at)
    {
        View view = spec.ViewOf(spec.Operation.Inputs[1]);
        LoopValue position = Position(kernel, view.Offset, view.Strides, at);
        return LoopMath.Convert(DType.Int64, new Load(kernel.Input(view.Source), position));
    }

    private static LoopValue Outside(KernelBuilder kernel, LoopValue index, Dim size) =>
        LoopMath.Either(LoopMath.Less(index, LoopMath.Int(0)), LoopMath.AtLeast(index, kernel.Size(size)));

    /// <summary>Loops over picked slices: those of the leading axes and the indices outside, those within a slice inside.</summary>
    private sealed class Slices
    {
        private readonly KernelBuilder kernel;
        private readonly OperationSpec spec;
        private readonly Node x;
        private readonly Node indices;
        private readonly int along;
        private readonly Local[] at;
        private readonly Local index = new("index", DType.Int64);

        public Slices(KernelBuilder kernel, OperationSpec spec, int along)
        {
            (this.kernel, this.spec, this.along) = (kernel, spec, along);
            (x, indices) = (spec.Operation.Inputs[0], spec.Operation.Inputs[1]);
            at = Variables(x.Rank - 1 + indices.Rank);
        }

        /// <summary>The index of a slice.</summary>
        public Local Index => index;

        private int Outer => along + indices.Rank;

        /// <summary>Where the first of the slices lies that an index chooses among, in a dense tensor of this shape.</summary>
        public LoopValue Start(Shape shape) => Position(kernel, 0, [.. View.RowMajor(shape).Take(along)], at);

        /// <summary>The coordinates in the whole tensor of a point of the picked slices.</summary>
        public LoopValue[] Whole(IReadOnlyList<LoopValue> point) => [.. point.Take(along), index, .. point.Skip(Outer)];

        public LoopStatement Inner(Shape shape, Func<IReadOnlyList<LoopValue>, LoopStatement> body)
        {
            LoopStatement statement = body(at);
            for (int axis = at.Length - 1; axis >= Outer; axis--)
            {
                statement = new For(at[axis], LoopMath.Int(0), kernel.Size(shape[axis]), axis == at.Length - 1 ? LoopKind.Vector : LoopKind.Serial, statement);
            }

            return statement;
        }

        /// <summary>The kernel that does something for each index, in parallel.</summary>
        public LoweredKernel Build(Shape shape, Node root, LoopStatement inner) => Nest.Serial(kernel, at[..Outer], [.. shape.Take(Outer)], Checked(root, inner));

        /// <summary>Loops that do it for one index after the other, of which one may be over the kernel's part; and what is done around those over indices.</summary>
        public LoopStatement Loops(Shape shape, Node root, LoopStatement inner, int? shared, Func<LoopStatement, LoopStatement> around)
        {
            LoopStatement body = Checked(root, inner);
            for (int axis = Outer - 1; axis >= 0; axis--)
            {
                body = axis == shared
                    ? new For(at[axis], kernel.Begin, kernel.End, LoopKind.Parallel, body)
                    : new For(at[axis], LoopMath.Int(0), kernel.Size(shape[axis]), LoopKind.Serial, body);
                body = axis == along ? around(body) : body;
            }

            return body;
        }

        private Block Checked(Node root, LoopStatement inner) => new(
        [
            new Let(index, ReadIndex(kernel, spec, [.. at.Skip(along).Take(indices.Rank)])),
            new If(Outside(kernel, index, x.Shape[along]), new Fail(kernel.Site(root, along, x.Shape[along]), index), inner),
        ]);
    }
}
