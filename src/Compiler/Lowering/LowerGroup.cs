using GraphCompiler.Fusion;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// A fused kernel: loops over rows, and within a row one pass after another, each vectorised along the row. Where the axes within a row are not
/// the innermost, neighbouring rows share a vector instead. Results over all rows (sums of columns), and over one row that is the whole tensor,
/// are gathered in parts whose number depends on sizes only, and combined by a kernel of their own.
/// </summary>
internal sealed class LowerGroup
{
    /// <summary>Elements that one part of a reduction over everything has at least.</summary>
    public const long ElementsPerChunk = 1 << 15;

    private readonly KernelGroup group;
    private readonly Domain domain;
    private readonly AnchorReads reads;
    private readonly KernelBuilder kernel;
    private readonly Dictionary<Node, PointwiseExpression> expressions;
    private readonly Dictionary<Node, RowPick> picks;
    private readonly LoopNest nest;
    private readonly int[] outer;
    private readonly int[] inner;
    private readonly bool alongRows;
    private readonly bool canFail;
    private readonly GroupSchedule schedule;
    private readonly Dictionary<Node, Local> rowValues = [];
    private readonly Dictionary<Node, LoopBuffer> scratch = [];
    private readonly Dictionary<Node, ColumnParts> columns = [];

    private readonly bool streams;

    private LowerGroup(KernelGroup group, AnchorReads reads, bool canStream)
    {
        (this.group, this.reads) = (group, reads);
        domain = group.Domain!;
        kernel = new KernelBuilder(group.Stored);
        picks = group.Nodes.Where(n => n.Op is TakeOp).ToDictionary(n => n, n => new RowPick(n, reads));
        expressions = group.Nodes.Where(n => !picks.ContainsKey(n)).ToDictionary(n => n, reads.ExpressionOf);
        nest = new LoopNest(domain.Shape, Accesses(), domain.Inner);
        int[] all = [.. Enumerable.Range(0, nest.Variables.Count)];
        outer = [.. all.Where(loop => !nest.IsReduced[loop])];
        inner = [.. all.Where(loop => nest.IsReduced[loop])];
        alongRows = nest.IsReduced[^1];
        canFail = group.Nodes.Any(n => n.Op is TakeAlongAxisOp or TakeOp);
        streams = canStream && alongRows && inner.Length == 1 && outer.Length > 0;
        schedule = new GroupSchedule(group, reads, canKeep: alongRows, streams ? StreamRows.MayBeLarge : _ => false);
    }

    /// <summary>The kernels that compute a group, in order.</summary>
    public static IReadOnlyList<LoweredKernel> Run(KernelGroup group, AnchorReads reads, bool streams) => new LowerGroup(group, reads, streams).Run();

    private LoweredKernel[] Run()
    {
        foreach (Node node in schedule.Kept)
        {
            scratch.Add(node, kernel.WorkerScratch(node.DType, domain.RowLength));
        }

        return group.Nodes.Any(n => schedule.RoleOf(n) == Role.ColumnReduction) ? InChunksOfRows()
            : outer.Length == 0 && IsShared() ? InChunksOfTheRow()
            : [kernel.Build(outer.Length == 0 ? 1 : nest.Sizes[outer[0]], OuterLoops(Row(), kernel.Begin, kernel.End, LoopKind.Parallel))];
    }

    /// <summary>A reduction of everything, large enough to be worth sharing out, with nothing that waits for its result.</summary>
    private bool IsShared() =>
        schedule.Passes == 1
        && group.Nodes.All(n => schedule.RoleOf(n) is Role.Element or Role.RowReduction)
        && group.Nodes.Any(n => schedule.RoleOf(n) == Role.RowReduction)
        && Costs.Nominal(domain.RowLength) >= ElementsPerChunk;

    /// <summary>The outer loops around a row's work; the outermost runs from begin to end.</summary>
    private LoopStatement OuterLoops(LoopStatement body, LoopValue begin, LoopValue end, LoopKind outermost)
    {
        for (int k = outer.Length - 1; k >= 0; k--)
        {
            bool isVector = !alongRows && !canFail && k == outer.Length - 1;
            body = new For(
                nest.Variables[outer[k]],
                k == 0 ? begin : LoopMath.Int(0),
                k == 0 ? end : kernel.Size(nest.Sizes[outer[k]]),
                isVector ? LoopKind.Vector : k == 0 ? outermost : LoopKind.Serial,
                body);
        }

        return body;
    }

    /// <summary>All passes over one row.</summary>
    private Block Row()
    {
        List<LoopStatement> statements = [.. picks.Values.SelectMany(p => p.Find(kernel, nest))];
        List<List<LoopStatement>> parts = [statements];
        List<List<LoopStatement>> passes = [];
        for (int pass = 0; pass <= schedule.Passes; pass++)
        {
            List<LoopStatement> before = [];
            foreach (Node node in schedule.Before(pass))
            {
                RowValue(node, before);
            }

            parts.Add(before);
            if (pass < schedule.Passes && schedule.InPass(pass).Any())
            {
                passes.Add(Pass(pass, LoopMath.Int(0), null));
                parts.Add(passes[^1]);
            }
        }

        if (streams && passes.Count > 1)
        {
            StreamRows.AddPrefetches(passes, nest.Variables[outer[^1]]);
        }

        return new Block([.. parts.SelectMany(p => p)]);
    }

    /// <summary>One pass: its reductions begin, the loops over the row, its reductions are complete.</summary>
    /// <param name="pass">Which.</param>
    /// <param name="begin">Where the outermost loop over the row begins.</param>
    /// <param name="end">Where it ends; null for the whole row.</param>
    private List<LoopStatement> Pass(int pass, LoopValue begin, LoopValue? end)
    {
        Node[] all = [.. schedule.InPass(pass)];
        Node[] nodes = [.. all.Where(n => !schedule.IsStreamed(n))];
        Node[] reductions = [.. nodes.Where(n => schedule.RoleOf(n) == Role.RowReduction)];
        List<LoopStatement> statements = [];
        foreach (Node node in reductions)
        {
            var accumulator = new Local($"acc{rowValues.Count}", node.DType);
            rowValues.Add(node, accumulator);
            statements.Add(new Let(accumulator, FunctionOf(node.Op).Identity(node.DType)));
        }

        if (nodes.Length > 0)
        {
            statements.Add(Along(nodes, null));
        }

        foreach (Node node in all.Where(schedule.IsStreamed))
        {
            statements.AddRange(LoopTree.Renew([Along([node], StreamRows.IsLarge(node, kernel))], inner.Select(l => nest.Variables[l])));
        }

        if (end is null)
        {
            statements.AddRange(reductions.Where(group.Stored.Contains).Select(StoreRow));
        }

        // A loop variable has one declaration: each pass gets its own.
        return pass == 0 ? statements : [.. LoopTree.Renew(statements, inner.Select(l => nest.Variables[l]))];

        LoopStatement Along(Node[] nodes, LoopValue? pastCache)
        {
            LoopStatement body = new Block([.. new GroupPass(this, nodes, pass).Build()]);
            foreach (int loop in inner.Reverse())
            {
                body = Loop(loop, body, pastCache);
            }

            return body;
        }

        For Loop(int loop, LoopStatement body, LoopValue? pastCache)
        {
            bool isVector = alongRows && loop == inner[^1];
            bool isOutermost = loop == inner[0];
            return new For(
                nest.Variables[loop],
                isOutermost ? begin : LoopMath.Int(0),
                isOutermost && end is not null ? end : kernel.Size(nest.Sizes[loop]),
                isVector ? LoopKind.Vector : LoopKind.Serial,
                body)
            {
                Reductions = isVector && pastCache is null ? [.. reductions.Select(n => new Reduction(rowValues[n], FunctionOf(n.Op)))] : [],
                PastCache = isVector ? pastCache : null,
            };
        }
    }

    private Store StoreRow(Node node) => new(kernel.Output(node), nest.Position(kernel, 0, domain.RowStrides), rowValues[node]);

    /// <summary>A value of the row that is computed from others, or picked.</summary>
    private void RowValue(Node node, List<LoopStatement> statements)
    {
        var local = new Local($"row{rowValues.Count}", node.DType);
        Dictionary<Node, LoopValue> values = [];
        LoopValue Keep(Node each, Func<LoopValue> compute) => values.TryGetValue(each, out LoopValue? value) ? value : values[each] = compute();
        if (schedule.RoleOf(node) == Role.RowGather)
        {
            Gather(node, local, statements);
        }
        else
        {
            PointwiseExpression expression = expressions[node];
            statements.Add(new Let(local, expression.Evaluate(
                view => rowValues.TryGetValue(view.Source, out Local? known) ? known : expression.Read(view, domain.LiftRows(node.Shape, view.Strides), nest, kernel),
                Keep)));
        }

        rowValues.Add(node, local);
        if (group.Stored.Contains(node))
        {
            statements.Add(StoreRow(node));
        }
    }

    /// <summary>The element that an index picks: the row's expression at that place. Indices out of range end the kernel.</summary>
    private void Gather(Node node, Local local, List<LoopStatement> statements)
    {
        int along = ((TakeAlongAxisOp)node.Op).Along;
        View view = reads.IndexOf(node)!;
        var index = new Local("index", DType.Int64);
        Dim size = domain.Shape[along];
        LoopValue load = new Load(kernel.Input(view.Source), nest.Position(kernel, view.Offset, domain.LiftRows(node.Inputs[1].Shape, view.Strides)));
        statements.AddRange(RowPick.LookUp(kernel, node, index, load, along, size));
        Dictionary<Node, LoopValue> values = [];
        LoopValue Keep(Node each, Func<LoopValue> compute) => values.TryGetValue(each, out LoopValue? value) ? value : values[each] = compute();
        LoopValue element = Compute(expressions[node], int.MinValue, Keep);
        if (inner.Length > 0)
        {
            var here = new LoopTree.Rewriter(value => value is Local variable && variable == nest.Variables[inner[0]] ? index : value);
            element = here.Rewrite(element);
        }

        statements.Add(new Let(local, element));
    }

    /// <summary>An element's value in a pass, with the group's own nodes computed, read back, or taken from the row.</summary>
    private LoopValue Compute(PointwiseExpression expression, int pass, Func<Node, Func<LoopValue>, LoopValue> keep) => expression.Evaluate(
        view =>
        {
            if (rowValues.TryGetValue(view.Source, out Local? row))
            {
                return row;
            }

            return picks.TryGetValue(view.Source, out RowPick? pick) ? keep(view.Source, () => pick.Value(kernel, nest))
                : !expressions.TryGetValue(view.Source, out PointwiseExpression? own) || own == expression ? expression.Read(view, view.Strides, nest, kernel)
                : schedule.IsReadBack(view.Source, pass) ? keep(view.Source, () => ReadBack(view.Source))
                : Compute(own, pass, keep);
        },
        keep);

    private Load ReadBack(Node node) => scratch.TryGetValue(node, out LoopBuffer? row)
        ? new Load(row, nest.Position(kernel, 0, domain.ColumnStrides))
        : new Load(kernel.Output(node), nest.Position(kernel, 0, domain.ElementStrides));

    /// <summary>Rows in chunks, each of which gathers its part of the results over all rows.</summary>
    private LoweredKernel[] InChunksOfRows()
    {
        Dim rows = outer.Length == 0 ? 1 : nest.Sizes[outer[0]];
        long each = Math.Max(64, 2 * ElementsPerChunk / Math.Max(1, Costs.Nominal(domain.RowLength) * Math.Max(1, Costs.Nominal(domain.RowCount) / Math.Max(1, Costs.Nominal(rows)))));
        Dim chunks = rows.Constant <= each ? 1 : (rows + (each - 1)) / each;
        Local chunk = LoopMath.Index("chunk");
        foreach (Node node in group.Nodes.Where(n => schedule.RoleOf(n) == Role.ColumnReduction))
        {
            Node? parts = chunks.Constant == 1 ? null : kernel.Scratch(node.DType, chunks * domain.RowLength);
            columns.Add(node, new ColumnParts(parts, kernel.Output(parts ?? node), LoopMath.Times(chunk, kernel.Size(domain.RowLength))));
        }

        LoopValue first = LoopMath.Times(chunk, LoopMath.Int(each));
        LoopValue last = LoopMath.Least(kernel.Size(rows), LoopMath.Plus(first, LoopMath.Int(each)));
        List<LoopStatement> body = [];
        foreach ((Node node, ColumnParts parts) in columns)
        {
            Local i = LoopMath.Index("i");
            body.Add(new For(i, LoopMath.Int(0), kernel.Size(domain.RowLength), LoopKind.Vector, new Store(parts.Buffer, LoopMath.Plus(parts.Start, i), FunctionOf(node.Op).Identity(node.DType))));
        }

        body.Add(OuterLoops(Row(), first, last, LoopKind.Serial));
        LoweredKernel main = kernel.Build(chunks, new For(chunk, kernel.Begin, kernel.End, LoopKind.Parallel, new Block([.. body])));
        return [main, .. columns.Where(c => c.Value.Parts is not null).Select(c => Combine(c.Key, c.Value.Parts!, chunks, domain.RowLength))];
    }

    /// <summary>One row that is everything, in chunks of its outermost loop, each of which gathers its part of the results.</summary>
    private LoweredKernel[] InChunksOfTheRow()
    {
        Dim length = nest.Sizes[inner[0]];
        long each = Math.Max(1, ElementsPerChunk / Math.Max(1, Costs.Nominal(domain.RowLength) / Math.Max(1, Costs.Nominal(length))));
        Dim chunks = (length + (each - 1)) / each;
        Local chunk = LoopMath.Index("chunk");
        LoopValue first = LoopMath.Times(chunk, LoopMath.Int(each));
        LoopValue last = LoopMath.Least(kernel.Size(length), LoopMath.Plus(first, LoopMath.Int(each)));
        List<LoopStatement> body = Pass(0, first, last);
        List<(Node Node, Node Parts)> results = [];
        foreach (Node node in group.Nodes.Where(n => schedule.RoleOf(n) == Role.RowReduction))
        {
            Node parts = kernel.Scratch(node.DType, chunks);
            results.Add((node, parts));
            body.Add(new Store(kernel.Output(parts), chunk, rowValues[node]));
        }

        LoweredKernel main = kernel.Build(chunks, new For(chunk, kernel.Begin, kernel.End, LoopKind.Parallel, new Block([.. body])));
        return [main, .. results.Select(r => Combine(r.Node, r.Parts, chunks, 1))];
    }

    /// <summary>Combines the parts [chunks, width] that another kernel left of a result.</summary>
    private static LoweredKernel Combine(Node node, Node parts, Dim chunks, Dim width)
    {
        var combine = new KernelBuilder(node);
        LoopBuffer from = combine.Input(parts);
        LoopBuffer to = combine.Output(node);
        ReduceFunction function = FunctionOf(node.Op);
        Local chunk = LoopMath.Index("chunk");
        Local column = LoopMath.Index("column");
        var sum = new Local("sum", node.DType);
        bool isSingle = width.Constant == 1;
        LoopValue at = isSingle ? chunk : LoopMath.Plus(LoopMath.Times(chunk, combine.Size(width)), column);
        LoopStatement[] body =
        [
            new Let(sum, function.Identity(node.DType)),
            new For(chunk, LoopMath.Int(0), combine.Size(chunks), isSingle ? LoopKind.Vector : LoopKind.Serial, new Assign(sum, new BinaryValue(function.Combining(), sum, new Load(from, at))))
            {
                Reductions = isSingle ? [new Reduction(sum, function)] : [],
            },
            new Store(to, isSingle ? LoopMath.Int(0) : column, sum),
        ];
        return isSingle
            ? combine.Build(1, new Block([.. body]))
            : combine.Build(width, new For(column, combine.Begin, combine.End, LoopKind.Vector, new Block([.. body])));
    }

    /// <summary>The strides of everything that the kernel touches.</summary>
    private IEnumerable<EquatableArray<Dim>> Accesses()
    {
        foreach (Node node in group.Nodes)
        {
            Role role = domain.RoleOf(node) ?? Role.Element;
            if (picks.TryGetValue(node, out RowPick? pick))
            {
                yield return pick.IndexStrides;
                yield return pick.SourceStrides;
                yield return domain.ElementStrides;
                continue;
            }

            foreach (EquatableArray<Dim> access in expressions[node].Accesses)
            {
                yield return role == Role.Row ? domain.LiftRows(node.Shape, access) : access;
            }

            if (role == Role.RowGather)
            {
                yield return domain.LiftRows(node.Inputs[1].Shape, reads.IndexOf(node)!.Strides);
            }

            yield return role switch
            {
                Role.Element => domain.ElementStrides,
                Role.ColumnReduction => domain.ColumnStrides,
                _ => domain.RowStrides,
            };
        }
    }

    private static ReduceFunction FunctionOf(Op op) => op switch
    {
        SumOp => ReduceFunction.Sum,
        ProdOp => ReduceFunction.Product,
        MaxOp => ReduceFunction.Maximum,
        _ => ReduceFunction.Minimum,
    };

    /// <summary>Where a result over all rows gathers: the parts of the chunks, or the result itself if there is one chunk.</summary>
    private sealed record ColumnParts(Node? Parts, LoopBuffer Buffer, LoopValue Start);

    /// <summary>The statements of one pass. A value that several of them need becomes a local.</summary>
    private sealed class GroupPass(LowerGroup owner, Node[] nodes, int pass)
    {
        private readonly Dictionary<Node, int> uses = [];
        private readonly Dictionary<Node, LoopValue> values = [];
        private readonly List<LoopStatement> statements = [];

        public List<LoopStatement> Build()
        {
            foreach (Node node in nodes)
            {
                Value(node, Count);
            }

            values.Clear();
            foreach (Node node in nodes)
            {
                LoopValue value = Value(node, Keep);
                statements.Add(Finish(node, value));
            }

            return statements;
        }

        private LoopValue Value(Node node, Func<Node, Func<LoopValue>, LoopValue> keep) => owner.picks.TryGetValue(node, out RowPick? pick) ? keep(node, () => pick.Value(owner.kernel, owner.nest))
            : owner.schedule.RoleOf(node) == Role.Element
            ? keep(node, () => owner.Compute(owner.expressions[node], pass, (each, compute) => each == node ? compute() : keep(each, compute)))
            : owner.Compute(owner.expressions[node], pass, keep);

        private LoopValue Count(Node node, Func<LoopValue> compute)
        {
            uses[node] = uses.GetValueOrDefault(node) + 1;
            return values.TryGetValue(node, out LoopValue? value) ? value : values[node] = compute();
        }

        private LoopValue Keep(Node node, Func<LoopValue> compute)
        {
            if (values.TryGetValue(node, out LoopValue? value))
            {
                return value;
            }

            value = compute();
            if (uses[node] > 1 && value is not (Literal or Local or Extent))
            {
                var local = new Local($"v{values.Count}", value.Type);
                statements.Add(new Let(local, value));
                value = local;
            }

            return values[node] = value;
        }

        private LoopStatement Finish(Node node, LoopValue value)
        {
            switch (owner.schedule.RoleOf(node))
            {
                case Role.RowReduction:
                    return new Assign(owner.rowValues[node], Combined(node, owner.rowValues[node], value));
                case Role.ColumnReduction:
                    ColumnParts parts = owner.columns[node];
                    LoopValue at = LoopMath.Plus(parts.Start, owner.nest.Position(owner.kernel, 0, owner.domain.ColumnStrides));
                    return new Store(parts.Buffer, at, Combined(node, new Load(parts.Buffer, at), value));
                default:
                    return owner.scratch.TryGetValue(node, out LoopBuffer? row)
                        ? new Store(row, owner.nest.Position(owner.kernel, 0, owner.domain.ColumnStrides), value)
                        : new Store(owner.kernel.Output(node), owner.nest.Position(owner.kernel, 0, owner.domain.ElementStrides), value);
            }
        }

        private static LoopValue Combined(Node node, LoopValue sum, LoopValue value) =>
            node.Op is SumOp && node.DType.IsFloat() && value is BinaryValue { Function: BinaryFunction.Multiply } product
                ? new FmaValue(product.X, product.Y, sum)
                : new BinaryValue(FunctionOf(node.Op).Combining(), sum, value);
    }
}
