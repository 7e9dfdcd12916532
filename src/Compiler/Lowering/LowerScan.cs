using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Lowering;

/// <summary>
/// Scans. Along the innermost axis a line is one loop that carries its state in a variable; sums of float32 are a routine's work. Else whole rows of
/// the inner axes are made from the row before, as vectors, a block of columns after the other where nothing else is there for threads to share.
/// </summary>
internal sealed class LowerScan
{
    /// <summary>Columns that are scanned together: few enough that a block's row before is still in the nearest cache.</summary>
    private const long BlockColumns = 1024;

    /// <summary>Columns that the range counts as one: rows of whole vectors, and no cache line in common with another thread's.</summary>
    private const long SharedColumns = 64;

    private readonly Node root;
    private readonly OperationSpec spec;
    private readonly KernelBuilder kernel;
    private readonly Steps steps;
    private readonly int along;
    private readonly bool reverse;
    private readonly EquatableArray<Dim> target;
    private readonly LoopNest nest;
    private readonly LoopBuffer output;

    // The loop along the scanned axis, or as many loops as there are if the axis has one element.
    private readonly int scanned;

    private LowerScan(OperationSpec spec)
    {
        this.spec = spec;
        root = spec.Operation;
        kernel = new KernelBuilder(root);
        (along, reverse) = root.Op switch
        {
            CumulativeSumOp sum => (sum.Along, sum.Reverse),
            LinearRecurrenceOp linear => (linear.Along, linear.Reverse),
            RecurrenceOp scan => (scan.Along, scan.Reverse),
            CumulativeArgExtremumOp extremum => (extremum.Along, false),
            _ => throw new InvalidOperationException($"{root.Describe()} is no scan."),
        };
        target = View.RowMajor(root.Shape);
        nest = new LoopNest(root.Shape, [target, .. root.Inputs.Select(i => spec.ViewOf(i).Strides)], EquatableArray.Create([along]));
        int found = Enumerable.Range(0, nest.Sizes.Count).FirstOrDefault(l => nest.IsReduced[l], -1);
        scanned = found < 0 ? nest.Sizes.Count : found;
        output = kernel.Output(root);
        steps = new Steps(this);
    }

    private LoopValue Size => kernel.Size(root.Shape[along]);

    /// <summary>Whether steps add floats up, whose error must not grow with their number.</summary>
    private bool IsSum => root.DType.IsFloat() && root.Op is CumulativeSumOp or LinearRecurrenceOp;

    private bool IsInnermost => scanned >= nest.Sizes.Count - 1;

    public static LoweredKernel Run(OperationSpec spec) => new LowerScan(spec).Run();

    private LoweredKernel Run()
    {
        Local[] outer = [.. nest.Variables.Take(scanned)];
        if (IsInnermost)
        {
            return Nest.Serial(kernel, outer, [.. nest.Sizes.Take(outer.Length)], WhereNotEmpty(Line(outer)));
        }

        if (outer.Length > 0)
        {
            return Nest.Serial(kernel, outer, [.. nest.Sizes.Take(outer.Length)], WhereNotEmpty(Rows(outer, LoopMath.Int(0), kernel.Size(nest.Sizes[^1]))));
        }

        Dim columns = nest.Sizes[^1];
        Local block = LoopMath.Index("block");
        Local to = LoopMath.Index("to");
        Local end = LoopMath.Index("end");
        LoopStatement body = new Block([new Let(to, LoopMath.Least(LoopMath.Plus(block, LoopMath.Int(BlockColumns)), end)), WhereNotEmpty(Rows([], block, to))]);
        return kernel.Build(
            (columns + (SharedColumns - 1)) / SharedColumns,
            new Let(end, LoopMath.Least(LoopMath.Times(kernel.End, LoopMath.Int(SharedColumns)), kernel.Size(columns))),
            new For(block, LoopMath.Times(kernel.Begin, LoopMath.Int(SharedColumns)), end, LoopKind.Parallel, body) { Step = BlockColumns });
    }

    private LoopStatement WhereNotEmpty(LoopStatement body) =>
        root.Shape[along].Constant is > 0 ? body : new If(LoopMath.AtLeast(Size, LoopMath.Int(1)), body);

    /// <summary>The coordinate of a step, counted in the scan's order.</summary>
    private LoopValue At(LoopValue step) => reverse ? LoopMath.Minus(LoopMath.Minus(Size, LoopMath.Int(1)), step) : step;

    private LoopValue Position(Dim offset, EquatableArray<Dim> strides, IReadOnlyList<Local> others, LoopValue step)
    {
        LoopValue position = kernel.Size(offset);
        for (int loop = 0; loop < nest.Sizes.Count; loop++)
        {
            LoopValue at = loop == scanned ? At(step) : others[loop < scanned ? loop : loop - 1];
            position = LoopMath.Plus(position, LoopMath.Times(at, kernel.Size(nest.Stride(strides, loop))));
        }

        return position;
    }

    private Load Read(int input, IReadOnlyList<Local> others, LoopValue step)
    {
        View view = spec.ViewOf(root.Inputs[input]);
        return new Load(kernel.Input(view.Source), Position(view.Offset, view.Strides, others, step));
    }

    private Store Write(IReadOnlyList<Local> others, LoopValue step, LoopValue value) =>
        new Store(output, Position(0, target, others, step), LoopMath.Convert(root.DType, value));

    /// <summary>One line of float32, summed by a routine if it lies dense.</summary>
    private Block? SumsByRoutine(IReadOnlyList<Local> others)
    {
        if (root is not { DType: DType.Float32, Op: CumulativeSumOp } || scanned >= nest.Sizes.Count)
        {
            return null;
        }

        View view = spec.ViewOf(root.Inputs[0]);
        if (nest.Stride(view.Strides, scanned) != Dim.Of(1) || nest.Stride(target, scanned) != Dim.Of(1))
        {
            return null;
        }

        BufferPart Part(LoopBuffer buffer, Dim offset, EquatableArray<Dim> strides) =>
            new(buffer, Position(offset, strides, others, reverse ? LoopMath.Minus(Size, LoopMath.Int(1)) : LoopMath.Int(0)), Size);
        BufferPart[] parts = [Part(kernel.Input(view.Source), view.Offset, view.Strides), Part(output, 0, target)];
        Routine routine = Routine.Of(PrefixSums.Run);
        return new Block([new Invoke(new Local("status", DType.Int64), routine, [.. parts], [Size, LoopMath.Int(reverse ? 1 : 0)]) { Work = Size }]);
    }

    /// <summary>One line, its state in a variable.</summary>
    private Block Line(IReadOnlyList<Local> others)
    {
        if (SumsByRoutine(others) is { } sums)
        {
            return sums;
        }

        Local step = LoopMath.Index("step");
        if (root.Op is CumulativeArgExtremumOp)
        {
            var best = new Local("best", root.Inputs[0].DType);
            var bestAt = new Local("bestAt", DType.Int64);
            var here = new Local("here", best.Type);
            return new Block(
            [
                new Let(best, Read(0, others, LoopMath.Int(0))),
                new Let(bestAt, LoopMath.Int(0)),
                Write(others, LoopMath.Int(0), bestAt),
                new For(step, LoopMath.Int(1), Size, LoopKind.Serial, new Block(
                [
                    new Let(here, Read(0, others, step)),
                    new If(steps.Wins(here, best), new Block([new Assign(best, here), new Assign(bestAt, step)])),
                    Write(others, step, bestAt),
                ])),
            ]);
        }

        // Carried in double a sum of floats keeps its digits, as in PyTorch; that takes two to three times as long as in float.
        DType type = IsSum ? DType.Float64 : root.DType;
        var state = new Local("state", type);
        if (IsSum && root.DType == type)
        {
            var lost = new Local("lost", type);
            return new Block(
            [
                new Let(state, steps.First(others)),
                new Let(lost, Literal.Of(type, 0)),
                Write(others, LoopMath.Int(0), state),
                new For(step, LoopMath.Int(1), Size, LoopKind.Serial, new Block([.. steps.Next(state, lost, others, step), Write(others, step, state)])),
            ]);
        }

        return new Block(
        [
            new Let(state, LoopMath.Convert(type, steps.First(others))),
            Write(others, LoopMath.Int(0), state),
            new For(step, LoopMath.Int(1), Size, LoopKind.Serial, new Block([new Assign(state, steps.Next(state, others, step)), Write(others, step, state)])),
        ]);
    }

    /// <summary>Rows of the inner axes, a part of the last one wide.</summary>
    private Block Rows(IReadOnlyList<Local> outer, LoopValue from, LoopValue to)
    {
        Local step = LoopMath.Index("step");
        LoopValue before = LoopMath.Minus(step, LoopMath.Int(1));
        if (root.Op is CumulativeArgExtremumOp)
        {
            // A row of what is best so far is kept beside that of its positions; several inner axes are done column by column.
            return nest.Sizes.Count == scanned + 2 ? Positions(outer, from, to) : new Block([Inner(outer, from, to, LoopKind.Serial, others => Line(others))]);
        }

        if (IsSum)
        {
            return Sums(outer, from, to);
        }

        LoopStatement first = Inner(outer, from, to, LoopKind.Vector, others => Write(others, LoopMath.Int(0), steps.First(others)));
        LoopStatement next = Inner(outer, from, to, LoopKind.Vector, others =>
            Write(others, step, steps.Next(new Load(output, Position(0, target, others, before)), others, step)));
        return new Block([first, new For(step, LoopMath.Int(1), Size, LoopKind.Serial, next)]);
    }

    /// <summary>Rows of sums, with the rows of totals and of what these lost beside them: as vectors, doubles would not go with floats.</summary>
    private Block Sums(IReadOnlyList<Local> outer, LoopValue from, LoopValue to)
    {
        Local step = LoopMath.Index("step");
        Dim[] inner = [.. nest.Sizes.Skip(scanned + 1)];
        Dim width = outer.Count == 0 ? BlockColumns : inner[^1];
        Dim count = inner.SkipLast(1).Aggregate(width, (product, size) => product * size);
        (LoopBuffer totals, LoopBuffer losses) = (kernel.WorkerScratch(root.DType, count), kernel.WorkerScratch(root.DType, count));
        var sum = new Local("sum", root.DType);
        var lost = new Local("lost", root.DType);
        LoopValue Beside(IReadOnlyList<Local> others)
        {
            LoopValue at = LoopMath.Int(0);
            for (int loop = 0; loop < inner.Length; loop++)
            {
                bool isLast = loop == inner.Length - 1;
                LoopValue column = others[outer.Count + loop];
                at = LoopMath.Plus(LoopMath.Times(at, kernel.Size(isLast ? width : inner[loop])), isLast ? LoopMath.Minus(column, from) : column);
            }

            return at;
        }

        LoopStatement first = Inner(outer, from, to, LoopKind.Vector, others => new Block(
        [
            new Store(totals, Beside(others), steps.First(others)),
            new Store(losses, Beside(others), Literal.Of(root.DType, 0)),
            Write(others, LoopMath.Int(0), steps.First(others)),
        ]));
        LoopStatement next = Inner(outer, from, to, LoopKind.Vector, others => new Block(
        [
            new Let(sum, new Load(totals, Beside(others))),
            new Let(lost, new Load(losses, Beside(others))),
            .. steps.Next(sum, lost, others, step),
            new Store(totals, Beside(others), sum),
            new Store(losses, Beside(others), lost),
            Write(others, step, sum),
        ]));
        return new Block([first, new For(step, LoopMath.Int(1), Size, LoopKind.Serial, next)]);
    }

    /// <summary>Rows of positions, with the row of the values that are there.</summary>
    private Block Positions(IReadOnlyList<Local> outer, LoopValue from, LoopValue to)
    {
        Local step = LoopMath.Index("step");
        var here = new Local("here", root.Inputs[0].DType);
        var before = new Local("before", here.Type);
        var wins = new Local("wins", DType.Bool);
        LoopBuffer best = kernel.WorkerScratch(here.Type, outer.Count == 0 ? BlockColumns : nest.Sizes[^1]);
        LoopStatement first = Inner(outer, from, to, LoopKind.Serial, others => new Block(
        [
            new Store(best, LoopMath.Minus(others[^1], from), Read(0, others, LoopMath.Int(0))),
            Write(others, LoopMath.Int(0), LoopMath.Int(0)),
        ]));
        LoopStatement next = Inner(outer, from, to, LoopKind.Serial, others => new Block(
        [
            new Let(here, Read(0, others, step)),
            new Let(before, new Load(best, LoopMath.Minus(others[^1], from))),
            new Let(wins, steps.Wins(here, before)),
            new Store(best, LoopMath.Minus(others[^1], from), new SelectValue(wins, here, before)),
            Write(others, step, new SelectValue(wins, step, new Load(output, Position(0, target, others, LoopMath.Minus(step, LoopMath.Int(1)))))),
        ]));
        return new Block([first, new For(step, LoopMath.Int(1), Size, LoopKind.Serial, next)]);
    }

    private LoopStatement Inner(IReadOnlyList<Local> outer, LoopValue from, LoopValue to, LoopKind last, Func<IReadOnlyList<Local>, LoopStatement> body)
    {
        int count = nest.Sizes.Count - scanned - 1;
        Local[] inner = [.. Enumerable.Range(0, count).Select(i => LoopMath.Index($"c{i}"))];
        LoopStatement statement = body([.. outer, .. inner]);
        for (int i = count - 1; i >= 0; i--)
        {
            bool isLast = i == count - 1;
            statement = new For(
                inner[i], isLast ? from : LoopMath.Int(0), isLast ? to : kernel.Size(nest.Sizes[scanned + 1 + i]), isLast ? last : LoopKind.Serial, statement);
        }

        return statement;
    }

    /// <summary>The values of an operation's steps.</summary>
    private sealed class Steps(LowerScan scan)
    {
        private readonly Node? body = scan.root.Op is RecurrenceOp op ? InlineCalls.Run([op.Body.Results[0]])[0] : null;

        public Load First(IReadOnlyList<Local> others) => scan.Read(scan.root.Op is LinearRecurrenceOp ? 1 : 0, others, LoopMath.Int(0));

        public LoopValue Next(LoopValue state, IReadOnlyList<Local> others, LoopValue step)
        {
            LoopValue Read(int input, LoopValue at) => LoopMath.Convert(state.Type, scan.Read(input, others, at));
            switch (scan.root.Op)
            {
                case CumulativeSumOp:
                    return new BinaryValue(BinaryFunction.Add, state, Read(0, step));
                case LinearRecurrenceOp linear:
                    LoopValue carried = new BinaryValue(BinaryFunction.Multiply, LoopMath.Convert(state.Type, Coefficient(linear, others, step, state)), state);
                    return new BinaryValue(BinaryFunction.Add, carried, Read(1, step));
                default:
                    return Apply(state, Read(0, step));
            }
        }

        /// <summary>The step of a total.</summary>
        public IEnumerable<LoopStatement> Next(Local sum, Local lost, IReadOnlyList<Local> others, LoopValue step) => scan.root.Op is LinearRecurrenceOp linear
            ? [LongSum.Scale(sum, lost, Coefficient(linear, others, step, sum)), LongSum.Add(sum, lost, scan.Read(1, others, step))]
            : [LongSum.Add(sum, lost, scan.Read(0, others, step))];

        public LoopValue Wins(LoopValue here, LoopValue best)
        {
            var op = (CumulativeArgExtremumOp)scan.root.Op;
            LoopValue wins = new BinaryValue(op.Largest ? BinaryFunction.GreaterEqual : BinaryFunction.LessEqual, here, best);
            return here.Type.IsFloat() ? LoopMath.Either(wins, new UnaryValue(UnaryFunction.IsNaN, here)) : wins;
        }

        /// <summary>A step's coefficient; where cotangents are scaled, a state of 0 stays 0 whatever the coefficient.</summary>
        private LoopValue Coefficient(LinearRecurrenceOp linear, IReadOnlyList<Local> others, LoopValue step, LoopValue state)
        {
            Load coefficient = scan.Read(0, others, linear.AtSource ? LoopMath.Minus(step, LoopMath.Int(1)) : step);
            return linear.Scales
                ? new SelectValue(new BinaryValue(BinaryFunction.Equal, state, Literal.Of(state.Type, 0)), Literal.Of(coefficient.Type, 0), coefficient)
                : coefficient;
        }

        private LoopValue Apply(LoopValue before, LoopValue here)
        {
            Function function = ((RecurrenceOp)scan.root.Op).Body;
            Dictionary<Node, LoopValue> values = new() { [function.Parameters[0]] = before, [function.Parameters[1]] = here };
            foreach (Node node in GraphWalk.TopologicalOrder([body!], values.ContainsKey))
            {
                if (!values.ContainsKey(node))
                {
                    values[node] = node.Op is ConstantOp constant ? Scalars.Literal(constant) : Scalars.Apply(node, [.. node.Inputs.Select(i => values[i])]);
                }
            }

            return values[body!];
        }
    }
}
