using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// Connectionist temporal classification: samples side by side, times one after the other, and at each the states of a sample. See
/// <see cref="CtcAlphaOp"/> for what is computed.
/// </summary>
internal sealed class LowerCtc
{
    private readonly Node root;
    private readonly KernelBuilder kernel;
    private readonly OperationSpec spec;
    private readonly Node x;
    private readonly Node targets;
    private readonly Node inputLengths;
    private readonly Node targetLengths;
    private readonly long blank;
    private readonly Local n = LoopMath.Index("n");
    private readonly Local t = LoopMath.Index("t");
    private readonly Local s = LoopMath.Index("s");
    private readonly Local times = new("times", DType.Int64);
    private readonly Local labels = new("labels", DType.Int64);

    private LowerCtc(OperationSpec spec, int first, long blank)
    {
        (this.spec, this.blank) = (spec, blank);
        root = spec.Operation;
        (x, targets, inputLengths, targetLengths) = (root.Inputs[first], root.Inputs[first + 1], root.Inputs[first + 2], root.Inputs[first + 3]);
        kernel = new KernelBuilder(root);
    }

    private LoopValue States => LoopMath.Plus(LoopMath.Times(labels, LoopMath.Int(2)), LoopMath.Int(1));

    private Literal Nowhere => Literal.Of(x.DType, double.NegativeInfinity);

    public static LoweredKernel Alpha(OperationSpec spec) =>
        new LowerCtc(spec, 0, ((CtcAlphaOp)spec.Operation.Op).Blank).Alpha();

    public static LoweredKernel Pullback(OperationSpec spec) =>
        new LowerCtc(spec, 2, ((CtcPullbackOp)spec.Operation.Op).Blank).Pullback();

    private LoweredKernel Alpha()
    {
        LoopBuffer output = kernel.Output(root);
        EquatableArray<Dim> strides = View.RowMajor(root.Shape);
        LoopValue At(LoopValue time, LoopValue state) => LowerIndexing.Position(kernel, 0, strides, [time, n, state]);
        (Local sum, Local value) = (new("sum", x.DType), new("value", x.DType));
        (Local stay, Local step, Local skip) = (new("stay", x.DType), new("step", x.DType), new("skip", x.DType));
        var label = new Local("label", DType.Int64);
        var top = new Local("top", x.DType);
        LoopValue earlier = LoopMath.Minus(t, LoopMath.Int(1));

        // At time 0 a path is in one of the first two states; what stands for it there is log 1.
        Block arrive = new(
        [
            new Assign(stay, new Load(output, At(earlier, s))),
            new If(AtLeast(s, 1), new Assign(step, new Load(output, At(earlier, LoopMath.Minus(s, LoopMath.Int(1)))))),
            Skipping(s, label, new Assign(skip, new Load(output, At(earlier, LoopMath.Minus(s, LoopMath.Int(2)))))),
        ]);
        Block live = new(
        [
            .. Label(label, s),
            new Let(stay, Nowhere),
            new Let(step, Nowhere),
            new Let(skip, Nowhere),
            new If(LoopMath.Less(t, LoopMath.Int(1)), new If(LoopMath.Less(s, LoopMath.Int(2)), new Assign(stay, Literal.Of(x.DType, 0))), arrive),
            new Let(top, Max(Max(stay, step), skip)),
            new If(NotEqual(top, Nowhere), new Block(
            [
                new Let(sum, Add(Add(Exp(Subtract(stay, top)), Exp(Subtract(step, top))), Exp(Subtract(skip, top)))),
                new Assign(value, Add(Add(top, new UnaryValue(UnaryFunction.Log, sum)), Read(x, t, n, label))),
            ])),
        ]);
        LoopStatement state = new Block(
        [
            new Let(value, Nowhere),
            new If(LoopMath.Both(LoopMath.Less(t, times), LoopMath.Less(s, States)), live),
            new Store(output, At(t, s), value),
        ]);
        return Build(Serial(t, kernel.Size(x.Shape[0]), Serial(s, kernel.Size(root.Shape[2]), state)));
    }

    private LoweredKernel Pullback()
    {
        (Node cotangent, Node alpha) = (root.Inputs[0], root.Inputs[1]);
        LoopBuffer output = kernel.Output(root);
        EquatableArray<Dim> strides = View.RowMajor(root.Shape);

        // The cotangents of the states of the time after; states are taken in order, and look only at themselves and those behind them.
        LoopBuffer row = kernel.WorkerScratch(x.DType, alpha.Shape[2]);
        (Local back, Local c) = (LoopMath.Index("back"), LoopMath.Index("c"));
        (Local label, Local otherLabel) = (new("label", DType.Int64), new("otherLabel", DType.Int64));
        (Local total, Local own) = (new("total", x.DType), new("own", x.DType));
        LoopValue Target(LoopValue of) => LowerIndexing.Position(kernel, 0, strides, [t, n, of]);
        LoopValue later = LoopMath.Plus(t, LoopMath.Int(1));

        LoopStatement From(LoopValue other, LoopValue emission, string name)
        {
            var reached = new Local(name, x.DType);
            LoopValue share = Exp(Subtract(Add(own, emission), reached));
            return new Block(
            [
                new Let(reached, Read(alpha, later, n, other)),
                new If(NotEqual(reached, Nowhere), new Assign(total, Add(total, new BinaryValue(BinaryFunction.Multiply, new Load(row, other), share)))),
            ]);
        }

        LoopValue next = LoopMath.Plus(s, LoopMath.Int(1));
        LoopValue afterNext = LoopMath.Plus(s, LoopMath.Int(2));
        var nextLabel = new Local("nextLabel", DType.Int64);
        Block flow = new(
        [
            From(s, Read(x, later, n, label), "stayed"),
            new If(LoopMath.Less(next, States), new Block([.. Label(nextLabel, next), From(next, Read(x, later, n, nextLabel), "stepped")])),
            new If(LoopMath.Less(afterNext, States), new Block(
            [
                .. Label(otherLabel, afterNext),
                Skipping(afterNext, otherLabel, From(afterNext, Read(x, later, n, otherLabel), "skipped")),
            ])),
        ]);
        LoopStatement state = new Block(
        [
            .. Label(label, s),
            new Let(own, Read(alpha, t, n, s)),
            new Let(total, Literal.Of(x.DType, 0)),
            new If(NotEqual(own, Nowhere), new Block(
            [
                new Assign(total, Read(cotangent, t, n, s)),
                new If(LoopMath.Less(later, times), flow),
            ])),
            new Store(row, s, total),
            new Store(output, Target(label), Add(new Load(output, Target(label)), total)),
        ]);
        LoopStatement time = new Block(
        [
            new Let(t, LoopMath.Minus(LoopMath.Minus(kernel.Size(x.Shape[0]), LoopMath.Int(1)), back)),
            Serial(c, kernel.Size(x.Shape[2]), new Store(output, Target(c), Literal.Of(x.DType, 0))),
            new If(LoopMath.Less(t, times), Serial(s, States, state)),
        ]);
        return Build(Serial(back, kernel.Size(x.Shape[0]), time));
    }

    /// <summary>Samples over the parallel range: lengths and labels are checked, then the times are gone through.</summary>
    private LoweredKernel Build(LoopStatement body)
    {
        (Local i, Local target) = (LoopMath.Index("i"), new("target", DType.Int64));
        LoopStatement check = new Block([.. Checked(target, Read(targets, n, i), CtcErrors.Target, x.Shape[2], targets)]);
        return Nest.Serial(kernel, [n], [x.Shape[1]], new Block(
        [
            .. Checked(times, Read(inputLengths, n), CtcErrors.InputLength, x.Shape[0] + 1, inputLengths),
            .. Checked(labels, Read(targetLengths, n), CtcErrors.TargetLength, targets.Shape[1] + 1, targetLengths),
            Serial(i, labels, check),
            body,
        ]));
    }

    private LoopStatement[] Checked(Local local, LoopValue value, string what, Dim size, Node given) =>
    [
        new Let(local, LoopMath.Convert(DType.Int64, value)),
        new If(
            LoopMath.Either(LoopMath.Less(local, LoopMath.Int(0)), LoopMath.AtLeast(local, kernel.Size(size))),
            new Fail(kernel.Site(root, size, (number, limit) => CtcErrors.Message(root, what, number, limit), given, skipsSome: given == targets), local)),
    ];

    /// <summary>The class that a state emits, kept in a local.</summary>
    private LoopStatement[] Label(Local label, LoopValue state) =>
    [
        new Let(label, LoopMath.Int(blank)),
        new If(IsLabel(state), new Assign(label, LoopMath.Convert(DType.Int64, Read(targets, n, LoopMath.Quotient(state, 2))))),
    ];

    /// <summary>What is done where a path may skip the blank before a state: it is a label, and another one than the label before.</summary>
    private If Skipping(LoopValue state, Local label, LoopStatement then)
    {
        LoopValue before = LoopMath.Quotient(LoopMath.Minus(state, LoopMath.Int(2)), 2);
        LoopValue differs = NotEqual(LoopMath.Convert(DType.Int64, Read(targets, n, before)), label);
        return new If(LoopMath.Both(IsLabel(state), AtLeast(state, 3)), new If(differs, then));
    }

    private Load Read(Node node, params ReadOnlySpan<LoopValue> at)
    {
        View view = spec.ViewOf(node);
        return new Load(kernel.Input(view.Source), LowerIndexing.Position(kernel, view.Offset, view.Strides, at.ToArray()));
    }

    private static For Serial(Local variable, LoopValue end, LoopStatement body) => new(variable, LoopMath.Int(0), end, LoopKind.Serial, body);

    private static BinaryValue IsLabel(LoopValue state) =>
        NotEqual(LoopMath.Times(LoopMath.Quotient(state, 2), LoopMath.Int(2)), state);

    private static LoopValue AtLeast(LoopValue value, long least) => LoopMath.AtLeast(value, LoopMath.Int(least));

    private static BinaryValue NotEqual(LoopValue a, LoopValue b) => new(BinaryFunction.NotEqual, a, b);

    private static BinaryValue Max(LoopValue a, LoopValue b) => new(BinaryFunction.Maximum, a, b);

    private static BinaryValue Add(LoopValue a, LoopValue b) => new(BinaryFunction.Add, a, b);

    private static BinaryValue Subtract(LoopValue a, LoopValue b) => new(BinaryFunction.Subtract, a, b);

    private static UnaryValue Exp(LoopValue v) => new(UnaryFunction.Exp, v);
}
