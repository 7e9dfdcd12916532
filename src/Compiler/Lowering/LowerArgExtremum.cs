using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// The position of the first largest or smallest element along an axis, the first NaN before all. Where there is just one line, and a long one, it is found in
/// parts of the line, whose number depends on sizes only, and then among theirs.
/// </summary>
internal static class LowerArgExtremum
{
    public static IReadOnlyList<LoweredKernel> Run(OperationSpec spec)
    {
        Node root = spec.Operation;
        Node x = root.Inputs[0];
        var op = (ArgExtremumOp)root.Op;
        View view = spec.ViewOf(x);
        int[] kept = [.. Enumerable.Range(0, x.Rank).Where(a => a != op.Along)];
        return kept.All(a => x.Shape[a].Constant == 1) && x.Shape[op.Along].Nominal >= Costs.ElementsPerChunk
            ? InParts(root, op, view, x.Shape[op.Along])
            : [Lines(root, op, view, x.Shape, kept)];
    }

    private static LoweredKernel Lines(Node root, ArgExtremumOp op, View view, Shape shape, int[] kept)
    {
        var kernel = new KernelBuilder(root);
        LoopBuffer input = kernel.Input(view.Source);
        LoopBuffer output = kernel.Output(root);
        EquatableArray<Dim> target = View.RowMajorWithout(shape, op.Axes);
        Local[] at = [.. Enumerable.Range(0, shape.Rank).Select(a => LoopMath.Index($"i{a}"))];
        LoopValue first = Position(view.Offset, view.Strides, skip: op.Along);
        LoopValue stride = kernel.Size(view.Strides[op.Along]);
        var bestAt = new Local("bestAt", DType.Int64);
        LoopStatement body = new Block(
        [
            .. Find(op, bestAt, LoopMath.Int(0), kernel.Size(shape[op.Along]), i => new Load(input, LoopMath.Plus(first, LoopMath.Times(i, stride)))),
            new Store(output, Position(0, target, skip: -1), bestAt),
        ]);
        return Nest.Serial(kernel, [.. kept.Select(a => at[a])], [.. kept.Select(a => shape[a])], body);

        LoopValue Position(Dim offset, EquatableArray<Dim> strides, int skip)
        {
            LoopValue position = kernel.Size(offset);
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                position = axis == skip || strides[axis] == Dim.Of(0) ? position : LoopMath.Plus(position, LoopMath.Times(at[axis], kernel.Size(strides[axis])));
            }

            return position;
        }
    }

    private static LoweredKernel[] InParts(Node root, ArgExtremumOp op, View view, Dim length)
    {
        var kernel = new KernelBuilder(root);
        Dim count = (length + (Costs.ElementsPerChunk - 1)) / Costs.ElementsPerChunk;
        KernelBuffer parts = kernel.Scratch(DType.Int64, count);
        Local part = LoopMath.Index("part");
        Local from = LoopMath.Index("from");
        var bestAt = new Local("bestAt", DType.Int64);
        LoopValue to = LoopMath.Least(kernel.Size(length), LoopMath.Plus(from, LoopMath.Int(Costs.ElementsPerChunk)));
        LoweredKernel first = kernel.Build(count, new For(part, kernel.Begin, kernel.End, LoopKind.Parallel, new Block(
        [
            new Let(from, LoopMath.Times(part, LoopMath.Int(Costs.ElementsPerChunk))),
            .. Find(op, bestAt, from, to, i => Element(kernel, i)),
            new Store(kernel.Output(parts), part, bestAt),
        ])));

        var among = new KernelBuilder(root);
        var bestPart = new Local("bestPart", DType.Int64);
        Load PositionOf(LoopValue part) => new(among.Input(parts), part);
        LoweredKernel last = among.Build(1, new Block(
        [
            .. Find(op, bestPart, LoopMath.Int(0), among.Size(count), i => Element(among, PositionOf(i))),
            new Store(among.Output(root), LoopMath.Int(0), PositionOf(bestPart)),
        ]));
        return [first, last];

        Load Element(KernelBuilder kernel, LoopValue i) =>
            new(kernel.Input(view.Source), LoopMath.Plus(kernel.Size(view.Offset), LoopMath.Times(i, kernel.Size(view.Strides[op.Along]))));
    }

    /// <summary>Declares where the best of some elements, at least one, is.</summary>
    private static LoopStatement[] Find(ArgExtremumOp op, Local bestAt, LoopValue from, LoopValue to, Func<LoopValue, LoopValue> element)
    {
        Local i = LoopMath.Index("i");
        LoopValue candidate = element(i);
        var best = new Local("best", candidate.Type);
        var value = new Local("value", candidate.Type);
        LoopValue wins = new BinaryValue(op is ArgMaxOp ? BinaryFunction.Greater : BinaryFunction.Less, value, best);
        if (candidate.Type.IsFloat())
        {
            wins = LoopMath.Both(
                new UnaryValue(UnaryFunction.Not, new UnaryValue(UnaryFunction.IsNaN, best)),
                LoopMath.Either(wins, new UnaryValue(UnaryFunction.IsNaN, value)));
        }

        return
        [
            new Let(best, element(from)),
            new Let(bestAt, from),
            new For(i, LoopMath.Plus(from, LoopMath.Int(1)), to, LoopKind.Serial, new Block(
            [
                new Let(value, candidate),
                new If(wins, new Block([new Assign(best, value), new Assign(bestAt, i)])),
            ])),
        ];
    }
}

/// <summary>Loops around a body that is scalar.</summary>
internal static class Nest
{
    /// <summary>
    /// Serial loops, the outermost that may run more than once over the kernel's parallel range; a body without loops runs once. What comes before the loops
    /// runs once a part.
    /// </summary>
    public static LoweredKernel Serial(KernelBuilder kernel, Local[] variables, Dim[] sizes, LoopStatement body, params LoopStatement[] before)
    {
        if (variables.Length == 0)
        {
            return kernel.Build(1, [.. before, body]);
        }

        int shared = Math.Max(0, Array.FindIndex(sizes, size => size.Constant != 1));
        for (int loop = variables.Length - 1; loop >= 0; loop--)
        {
            body = loop == shared
                ? new For(variables[loop], kernel.Begin, kernel.End, LoopKind.Parallel, body)
                : new For(variables[loop], LoopMath.Int(0), kernel.Size(sizes[loop]), LoopKind.Serial, body);
        }

        return kernel.Build(sizes[shared], [.. before, body]);
    }
}
