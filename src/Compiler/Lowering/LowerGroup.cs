using System.Numerics;
using GraphCompiler.Kernels;
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
    // Parts of one tensor from which it pays that their distances are written into the code: the taps of a depthwise convolution, 0.79 of the time.
    private const int ManyParts = 3;

    // Neighbours in a run, up to which lanes are kept from run to run: a run then costs less than adding up its lanes. And runs from which on that pays.
    private const long ShortRun = 128;
    private const long ManyRuns = 8;

    private readonly FusedSpec group;
    private readonly Domain domain;
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
    private readonly Dictionary<Node, Local> accumulators = [];
    private readonly Dictionary<Node, ReductionParts> columns = [];

    private readonly bool streams;

    private LowerGroup(FusedSpec group, bool canStream)
    {
        this.group = group;
        domain = group.Domain;
        kernel = new KernelBuilder(group.Stored) { NearOffsets = NearOffsets(group) };
        picks = group.Nodes.Where(n => group.Work[n].Table is not null).ToDictionary(n => n, n => new RowPick(n, group.Work[n]));
        expressions = group.Nodes.Where(n => !picks.ContainsKey(n)).ToDictionary(n => n, n => group.Work[n].Expression!);
        nest = new LoopNest(domain.Shape, Accesses(), domain.Inner);
        int[] all = [.. Enumerable.Range(0, nest.Variables.Count)];
        outer = [.. all.Where(loop => !nest.IsReduced[loop])];
        inner = [.. all.Where(loop => nest.IsReduced[loop])];
        alongRows = nest.IsReduced[^1];
        canFail = group.Work.Values.Any(w => w.Index is not null);
        streams = canStream && alongRows && inner.Length == 1 && outer.Length > 0;
        schedule = new GroupSchedule(group, canKeep: alongRows, streams ? StreamRows.MayBeLarge : _ => false);
    }

    /// <summary>The offsets of tensors that are read in many places, as the taps of a window are.</summary>
    public static IReadOnlySet<Dim> NearOffsets(FusedSpec group) =>
        group.Work.Values.SelectMany(w => w.Reads)
            .GroupBy(r => r.View.Source, r => r.View.Offset)
            .Select(g => g.Distinct().ToArray())
            .Where(offsets => offsets.Length >= ManyParts)
            .SelectMany(offsets => offsets)
            .ToHashSet();

    /// <summary>The kernels that compute a group, in order.</summary>
    public static IReadOnlyList<LoweredKernel> Run(FusedSpec group, bool streams) => new LowerGroup(group, streams).Run();

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
        && domain.RowLength.Nominal >= Costs.ElementsPerChunk;

    /// <summary>The outer loops around a row's work; the outermost runs from begin to end.</summary>
    private LoopStatement OuterLoops(LoopStatement body, LoopValue begin, LoopValue end, LoopKind outermost)
    {
        for (int k = outer.Length - 1; k >= 0; k--)
        {
            bool isVector = !alongRows && !canFail && !domain.HasOneElement && k == outer.Length - 1;
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
        List<Reduction> totals = [.. reductions.Select(TotalOf)];
        List<LoopStatement> statements = [.. totals.SelectMany(Declare)];
        Reduction[] longSums = [.. totals.Where(t => t.Lost is not null)];
        if (nodes.Length > 0)
        {
            statements.Add(Along(nodes, null));
        }

        foreach ((Node node, Reduction total) in reductions.Zip(totals))
        {
            rowValues.Add(node, total.Accumulator);
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
            if (nodes.Length == reductions.Length && CarriesLanes && pastCache is null)
            {
                return AcrossRuns();
            }

            // Where rows are lanes, a long sum has an accumulator for the innermost loop, and within it for each block.
            Local[] parts = alongRows ? [] : [.. longSums.Select(s => new Local("part", s.Accumulator.Type))];
            foreach ((Node node, Reduction total) in reductions.Zip(totals))
            {
                int at = Array.IndexOf(longSums, total);
                accumulators[node] = at >= 0 && at < parts.Length ? parts[at] : total.Accumulator;
            }

            LoopStatement body = new Block([.. new GroupPass(this, nodes, pass).Build()]);
            foreach (int loop in inner.Reverse())
            {
                body = loop == inner[^1] && parts.Length > 0 ? InBlocks(Loop(loop, body, pastCache), parts, longSums) : Loop(loop, body, pastCache);
            }

            return body;
        }

        // Short runs of neighbours are gone through a vector of them after the other, whose lanes are added up when all runs have been.
        For AcrossRuns()
        {
            Reduction[] lanes = [.. totals.Select(t => new Reduction(Lane("lanes", t.Accumulator), t.Function, t.Lost is null ? null : Lane("less", t.Lost)))];
            Reduction[] longLanes = [.. lanes.Where(l => l.Lost is not null)];
            Local[] parts = [.. longLanes.Select(l => Lane("part", l.Accumulator))];
            foreach ((Node node, Reduction lane) in reductions.Zip(lanes))
            {
                int at = Array.IndexOf(longLanes, lane);
                accumulators[node] = at >= 0 ? parts[at] : lane.Accumulator;
            }

            LoopStatement body = new Block([.. new GroupPass(this, nodes, pass).Build()]);
            foreach (int loop in inner[..^1].Reverse())
            {
                body = loop == inner[^2] && parts.Length > 0 ? InBlocks(Loop(loop, body, null), parts, longLanes) : Loop(loop, body, null);
            }

            IEnumerable<LoopStatement> join = totals.Zip(lanes, (total, lane) => new Assign(
                total.Accumulator, new BinaryValue(total.Function, total.Accumulator, lane.Accumulator)));
            return Loop(inner[^1], new Block([.. lanes.SelectMany(Declare), body, .. join]), null);
        }

        static Local Lane(string name, Local total) => new(name, total.Type);

        LoopStatement InBlocks(For loop, Local[] parts, Reduction[] sums)
        {
            bool isShort = loop is { Begin: Literal { Bits: 0 }, End: Literal { Bits: <= LongSum.MostTerms } };
            Block Next() => new([.. Join(), .. parts.Select(p => new Assign(p, Literal.Of(p.Type, 0)))]);
            return new Block(
            [
                .. parts.Select(p => new Let(p, Literal.Of(p.Type, 0))),
                .. isShort ? [loop, .. Join()] : LongSum.InBlocks(loop, LongSum.MostTerms, Next),
            ]);

            IEnumerable<LoopStatement> Join() => sums.Zip(parts, (total, part) => LongSum.Add(total.Accumulator, total.Lost!, part));
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
                Reductions = isVector && pastCache is null ? [.. totals] : [],
                PastCache = isVector ? pastCache : null,
            };
        }
    }

    /// <summary>Whether reductions of a row have many runs of few neighbours, each of which would have its lanes added up.</summary>
    private bool CarriesLanes =>
        alongRows && inner.Length > 1 && nest.Sizes[inner[^1]].Constant <= ShortRun
        && !(inner[..^1].Aggregate(Dim.Of(1), (count, loop) => count * nest.Sizes[loop]).Constant < ManyRuns);

    private Reduction TotalOf(Node node)
    {
        BinaryFunction function = ReductionParts.FunctionOf(node.Op);
        string name = $"acc{accumulators.Count}";
        Local? lost = LongSum.Is(function, node.DType, domain.RowLength) ? new Local($"lost{accumulators.Count}", node.DType) : null;
        return new Reduction(accumulators[node] = new Local(name, node.DType), function, lost);
    }

    private static IEnumerable<LoopStatement> Declare(Reduction total)
    {
        Literal nothing = ScalarFunction.Of(total.Function).IdentityOf(total.Accumulator.Type);
        return total.Lost is null ? [new Let(total.Accumulator, nothing)] : [new Let(total.Accumulator, nothing), new Let(total.Lost, nothing)];
    }

    private Store StoreRow(Node node) => new(kernel.Output(node), nest.Position(kernel, 0, domain.RowStrides), rowValues[node]);

    /// <summary>A value of the row that is computed from others, or picked.</summary>
    private void RowValue(Node node, List<LoopStatement> statements)
    {
        var local = new Local($"row{rowValues.Count}", node.DType);
        if (schedule.RoleOf(node) == Role.RowGather)
        {
            Gather(node, local, statements);
        }
        else
        {
            PointwiseExpression expression = expressions[node];
            statements.Add(new Let(local, expression.Evaluate(
                read => rowValues.TryGetValue(read.View.Source, out Local? known) ? known : read.Load(domain.LiftRows(node.Shape, read.View.Strides), nest, kernel))));
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
        int along = ((GatherOp)node.Op).Along;
        View view = group.Work[node].Index!;
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
        read =>
        {
            Node source = read.View.Source;
            if (rowValues.TryGetValue(source, out Local? row))
            {
                return row;
            }

            return picks.TryGetValue(source, out RowPick? pick) ? keep(source, () => pick.Value(kernel, nest))
                : !expressions.TryGetValue(source, out PointwiseExpression? own) || own == expression ? read.Load(read.View.Strides, nest, kernel)
                : schedule.IsReadBack(source, pass) ? keep(source, () => ReadBack(source))
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
        long each = Math.Max(64, 2 * Costs.ElementsPerChunk / Math.Max(1, domain.RowLength.Nominal * Math.Max(1, domain.RowCount.Nominal / Math.Max(1, rows.Nominal))));
        Dim chunks = rows.Constant <= each ? 1 : (rows + (each - 1)) / each;
        Local chunk = LoopMath.Index("chunk");
        long most = Math.Min(each, rows.Constant ?? each);
        Dim inChunk = outer.Skip(1).Aggregate(Dim.Of(most), (count, loop) => count * nest.Sizes[loop]);
        foreach (Node node in group.Nodes.Where(n => schedule.RoleOf(n) == Role.ColumnReduction))
        {
            columns.Add(node, new ReductionParts(kernel, node, chunks, domain.RowLength, chunk, inChunk));
        }

        LoopValue first = LoopMath.Times(chunk, LoopMath.Int(each));
        LoopValue last = LoopMath.Least(kernel.Size(rows), LoopMath.Plus(first, LoopMath.Int(each)));
        Block body = new(
        [
            .. columns.Values.SelectMany(c => c.Begin()),
            columns.Values.Any(c => c.IsLong) ? RowsInBlocks(Row(), first, last, most) : OuterLoops(Row(), first, last, LoopKind.Serial),
        ]);
        LoweredKernel main = kernel.Build(chunks, new For(chunk, kernel.Begin, kernel.End, LoopKind.Parallel, body));
        return [main, .. columns.Where(c => c.Value.Parts is not null).Select(c => ReductionParts.Combine(c.Key, c.Value.Parts!, chunks, domain.RowLength))];
    }

    /// <summary>The outer loops, one of which joins what long sums of columns have gathered, after few enough rows to be added up one after the other.</summary>
    private LoopStatement RowsInBlocks(LoopStatement body, LoopValue first, LoopValue last, long most)
    {
        ReductionParts[] sums = [.. columns.Values.Where(c => c.IsLong)];
        long? rows = 1;
        for (int k = outer.Length - 1; k >= 0; k--)
        {
            LoopValue begin = k == 0 ? first : LoopMath.Int(0);
            LoopValue end = k == 0 ? last : kernel.Size(nest.Sizes[outer[k]]);
            long? all = rows * (k == 0 ? most : nest.Sizes[outer[k]].Constant);
            if (rows is null || all <= LongSum.MostTerms)
            {
                body = new For(nest.Variables[outer[k]], begin, end, LoopKind.Serial, body);
                rows = rows is null ? null : Math.Max(1, all!.Value);
                continue;
            }

            long together = (long)BitOperations.RoundUpToPowerOf2((ulong)(1 + (LongSum.MostTerms / rows.Value))) / 2;
            body = new Block([.. LongSum.InBlocks(new For(nest.Variables[outer[k]], begin, end, LoopKind.Serial, body), together, () => new Block([.. sums.Select(s => s.EndBlock())]))]);
            rows = null;
        }

        return body;
    }

    /// <summary>One row that is everything, in chunks of its outermost loop, each of which gathers its part of the results.</summary>
    private LoweredKernel[] InChunksOfTheRow()
    {
        Dim length = nest.Sizes[inner[0]];
        long each = Math.Max(1, Costs.ElementsPerChunk / Math.Max(1, domain.RowLength.Nominal / Math.Max(1, length.Nominal)));
        Dim chunks = (length + (each - 1)) / each;
        Local chunk = LoopMath.Index("chunk");
        LoopValue first = LoopMath.Times(chunk, LoopMath.Int(each));
        LoopValue last = LoopMath.Least(kernel.Size(length), LoopMath.Plus(first, LoopMath.Int(each)));
        List<LoopStatement> body = Pass(0, first, last);
        List<(Node Node, KernelBuffer Parts)> results = [];
        foreach (Node node in group.Nodes.Where(n => schedule.RoleOf(n) == Role.RowReduction))
        {
            KernelBuffer parts = kernel.Scratch(node.DType, chunks);
            results.Add((node, parts));
            body.Add(new Store(kernel.Output(parts), chunk, rowValues[node]));
        }

        LoweredKernel main = kernel.Build(chunks, new For(chunk, kernel.Begin, kernel.End, LoopKind.Parallel, new Block([.. body])));
        return [main, .. results.Select(r => ReductionParts.Combine(r.Node, r.Parts, chunks, 1))];
    }

    /// <summary>The strides of everything that the kernel touches.</summary>
    private IEnumerable<EquatableArray<Dim>> Accesses()
    {
        foreach (Node node in group.Nodes)
        {
            Role role = domain.RoleOf(node)!.Value;
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
                yield return domain.LiftRows(node.Inputs[1].Shape, group.Work[node].Index!.Strides);
            }

            yield return role switch
            {
                Role.Element => domain.ElementStrides,
                Role.ColumnReduction => domain.ColumnStrides,
                _ => domain.RowStrides,
            };
        }
    }

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
                    return new Assign(owner.accumulators[node], Combined(node, owner.accumulators[node], value));
                case Role.ColumnReduction:
                    return owner.columns[node].Gather(owner.nest.Position(owner.kernel, 0, owner.domain.ColumnStrides), sum => Combined(node, sum, value));
                default:
                    return owner.scratch.TryGetValue(node, out LoopBuffer? row)
                        ? new Store(row, owner.nest.Position(owner.kernel, 0, owner.domain.ColumnStrides), value)
                        : new Store(owner.kernel.Output(node), owner.nest.Position(owner.kernel, 0, owner.domain.ElementStrides), value);
            }
        }

        private static LoopValue Combined(Node node, LoopValue sum, LoopValue value) =>
            node.Op is SumOp && node.DType.IsFloat() && value is BinaryValue { Function: BinaryFunction.Multiply } product
                ? new FmaValue(product.X, product.Y, sum)
                : new BinaryValue(ReductionParts.FunctionOf(node.Op), sum, value);
    }
}
