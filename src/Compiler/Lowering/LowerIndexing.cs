using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Gathers and scatters. Every index is checked before it is used; one that leaves its axis ends the kernel at an error site.</summary>
internal static class LowerIndexing
{
    public static LoweredKernel Take(Node root, IMaterialization materialization)
    {
        (Node x, Node indices) = (root.Inputs[0], root.Inputs[1]);
        int along = ((TakeOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        var slices = new Slices(kernel, x, indices, along, materialization);
        View source = PointwiseExpression.ViewOf(x, materialization)!;
        LoopBuffer output = kernel.Output(root);
        LoopStatement copy = slices.Inner(root.Shape, at => new Store(
            output,
            Position(kernel, 0, View.RowMajor(root.Shape), at),
            new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, slices.Whole(at)))));
        return slices.Build(root.Shape, root, copy, parallel: true);
    }

    public static LoweredKernel IndexAdd(Node root, IMaterialization materialization)
    {
        (Node x, Node indices, Node added) = (root.Inputs[0], root.Inputs[1], root.Inputs[2]);
        int along = ((IndexAddOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        LoopStatement start = CopyBase(kernel, root, x, materialization);
        var slices = new Slices(kernel, x, indices, along, materialization);
        View source = PointwiseExpression.ViewOf(added, materialization)!;
        LoopBuffer output = kernel.Output(root);
        LoopStatement add = slices.Inner(added.Shape, at =>
        {
            LoopValue target = Position(kernel, 0, View.RowMajor(root.Shape), slices.Whole(at));
            return Accumulate(output, target, new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, at)));
        });
        return slices.Build(added.Shape, root, add, parallel: false, start);
    }

    public static LoweredKernel TakeAlongAxis(Node root, IMaterialization materialization)
    {
        (Node x, Node indices) = (root.Inputs[0], root.Inputs[1]);
        int along = ((TakeAlongAxisOp)root.Op).Along;
        var kernel = new KernelBuilder(root);
        View source = PointwiseExpression.ViewOf(x, materialization)!;
        LoopBuffer output = kernel.Output(root);
        Local[] at = Variables(root.Rank);
        LoopStatement body = Checked(kernel, root, x, indices, along, materialization, at, whole =>
            new Store(
                output,
                Position(kernel, 0, View.RowMajor(root.Shape), at),
                new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, whole))));
        return Nest.Serial(kernel, at, [.. root.Shape], body);
    }

    public static LoweredKernel ScatterAdd(Node root, IMaterialization materialization) => Scatter(root, ((ScatterAddOp)root.Op).Along, BinaryFunction.Add, materialization);

    public static LoweredKernel Scatter(Node root, IMaterialization materialization) => Scatter(
        root,
        ((ScatterOp)root.Op).Along,
        ((ScatterOp)root.Op).Mode switch
        {
            ScatterMode.Set => null,
            ScatterMode.Max => BinaryFunction.Maximum,
            ScatterMode.Min => BinaryFunction.Minimum,
            _ => BinaryFunction.Multiply,
        },
        materialization);

    /// <summary>Elements one after the other, combined by a function with what they find, or put in its place.</summary>
    private static LoweredKernel Scatter(Node root, int along, BinaryFunction? combine, IMaterialization materialization)
    {
        (Node x, Node indices, Node added) = (root.Inputs[0], root.Inputs[1], root.Inputs[2]);
        var kernel = new KernelBuilder(root);
        LoopStatement start = CopyBase(kernel, root, x, materialization);
        View source = PointwiseExpression.ViewOf(added, materialization)!;
        LoopBuffer output = kernel.Output(root);
        Local[] at = Variables(indices.Rank);
        LoopStatement body = Checked(kernel, root, x, indices, along, materialization, at, whole =>
        {
            LoopValue target = Position(kernel, 0, View.RowMajor(root.Shape), whole);
            LoopValue value = new Load(kernel.Input(source.Source), Position(kernel, source.Offset, source.Strides, at));
            return new Store(output, target, combine is { } function ? new BinaryValue(function, new Load(output, target), value) : value);
        });
        for (int axis = at.Length - 1; axis >= 0; axis--)
        {
            body = new For(at[axis], LoopMath.Int(0), kernel.Size(indices.Shape[axis]), LoopKind.Serial, body);
        }

        return kernel.Build(1, start, body);
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
    private static LoopStatement CopyBase(KernelBuilder kernel, Node root, Node x, IMaterialization materialization) =>
        LowerJoining.Copy(kernel, root, x, materialization, 0, View.RowMajor(root.Shape));

    private static Store Accumulate(LoopBuffer buffer, LoopValue position, LoopValue value) =>
        new(buffer, position, new BinaryValue(BinaryFunction.Add, new Load(buffer, position), value));

    private static Block Checked(
        KernelBuilder kernel, Node root, Node x, Node indices, int along, IMaterialization materialization, Local[] at, Func<LoopValue[], LoopStatement> use)
    {
        var index = new Local("index", DType.Int64);
        LoopValue[] whole = [.. at.Select((v, axis) => axis == along ? (LoopValue)index : v)];
        return new Block(
        [
            new Let(index, ReadIndex(kernel, indices, materialization, at)),
            new If(Outside(kernel, index, x.Shape[along]), new Fail(kernel.Site(root, along, x.Shape[along]), index), use(whole)),
        ]);
    }

    private static LoopValue ReadIndex(KernelBuilder kernel, Node indices, IMaterialization materialization, IReadOnlyList<LoopValue> at)
    {
        View view = PointwiseExpression.ViewOf(indices, materialization)!;
        LoopValue position = Position(kernel, view.Offset, view.Strides, at);
        return LoopMath.Convert(DType.Int64, new Load(kernel.Input(view.Source), position));
    }

    private static LoopValue Outside(KernelBuilder kernel, LoopValue index, Dim size) =>
        LoopMath.Either(LoopMath.Less(index, LoopMath.Int(0)), LoopMath.AtLeast(index, kernel.Size(size)));

    /// <summary>Loops over picked slices: those of the leading axes and the indices outside, those within a slice inside.</summary>
    private sealed class Slices
    {
        private readonly KernelBuilder kernel;
        private readonly Node x;
        private readonly Node indices;
        private readonly int along;
        private readonly IMaterialization materialization;
        private readonly Local[] at;
        private readonly Local index = new("index", DType.Int64);

        public Slices(KernelBuilder kernel, Node x, Node indices, int along, IMaterialization materialization)
        {
            (this.kernel, this.x, this.indices, this.along, this.materialization) = (kernel, x, indices, along, materialization);
            at = Variables(x.Rank - 1 + indices.Rank);
        }

        private int Outer => along + indices.Rank;

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

        public LoweredKernel Build(Shape shape, Node root, LoopStatement inner, bool parallel, params LoopStatement[] before)
        {
            LoopStatement body = new Block(
            [
                new Let(index, ReadIndex(kernel, indices, materialization, [.. at.Skip(along).Take(indices.Rank)])),
                new If(Outside(kernel, index, x.Shape[along]), new Fail(kernel.Site(root, along, x.Shape[along]), index), inner),
            ]);
            if (parallel)
            {
                return Nest.Serial(kernel, at[..Outer], [.. shape.Take(Outer)], body);
            }

            for (int axis = Outer - 1; axis >= 0; axis--)
            {
                body = new For(at[axis], LoopMath.Int(0), kernel.Size(shape[axis]), LoopKind.Serial, body);
            }

            return kernel.Build(1, [.. before, body]);
        }
    }
}
