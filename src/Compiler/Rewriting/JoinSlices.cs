using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Makes one tensor of a sum of tensors that each lie in a few places among zeros, as the gradients of many slices of one tensor do: they would be
/// written and added one by one, each as large as the whole. Those that do not overlap are joined, with zeros in the gaps; where they overlap again and
/// again, they are added at their places in one scatter. A number plus another's zero is never −0.
/// </summary>
internal sealed class JoinSlices
{
    // Layers of slices that do not overlap, up to which tensors as large as the whole are added.
    private const int MostLayers = 3;

    // What it takes to add an element at an index, in elements that are written and read in order.
    private const int ScatterCost = 6;

    // A step with no more places than this is written out turn by turn.
    private const int MostTurns = 16;

    private static readonly PadRange Everywhere = new(0, 0, 0);

    private readonly Shape whole;
    private readonly DType dtype;
    private readonly List<Node> others = [];
    private readonly List<Placed> placed = [];
    private readonly List<Node> scattered = [];

    private JoinSlices(IReadOnlyList<Node> terms)
    {
        (whole, dtype) = (terms[0].Shape, terms[0].DType);
        foreach (Node term in terms)
        {
            if (IsAmongZeros(term))
            {
                placed.Add(Placed.Of(term));
            }
            else if (term.Op is IndexAddOp && term.Inputs[1].Op is ConstantOp && Splat.IsPositiveZero(term.Inputs[0]))
            {
                scattered.Add(term);
            }
            else
            {
                others.Add(term);
            }
        }
    }

    public static Node[] Run(IReadOnlyList<Node> roots)
    {
        List<Node> order = GraphWalk.TopologicalOrder(roots);
        HashSet<Node> inner = InnerSums(order, roots);
        Dictionary<Node, Node> map = [];
        foreach (Node node in order)
        {
            map[node] = (node.Op is AddOp && !inner.Contains(node) ? Join([.. Terms(node, inner).Select(t => map[t])]) : null)
                ?? node.On([.. node.Inputs.Select(i => map[i])]);
        }

        return [.. roots.Select(r => map[r])];
    }

    /// <summary>The sums that nothing but another sum reads.</summary>
    private static HashSet<Node> InnerSums(List<Node> order, IReadOnlyList<Node> roots)
    {
        HashSet<Node> once = [];
        HashSet<Node> refused = [.. roots];
        foreach (Node node in order)
        {
            foreach (Node input in node.Inputs.Where(i => i.Op is AddOp))
            {
                if (node.Op is not AddOp || !once.Add(input))
                {
                    refused.Add(input);
                }
            }
        }

        once.ExceptWith(refused);
        return once;
    }

    /// <summary>What a sum adds up, from left to right.</summary>
    private static IEnumerable<Node> Terms(Node sum, HashSet<Node> inner)
    {
        var pending = new Stack<Node>([sum]);
        while (pending.TryPop(out Node? node))
        {
            if (node == sum || inner.Contains(node))
            {
                pending.Push(node.Inputs[1]);
                pending.Push(node.Inputs[0]);
            }
            else
            {
                yield return node;
            }
        }
    }

    /// <summary>The sum of terms of one shape, if some of them can be joined.</summary>
    private static Node? Join(IReadOnlyList<Node> terms)
    {
        var join = new JoinSlices(terms);
        int before = join.placed.Count + join.scattered.Count;
        if (before < 2)
        {
            return null;
        }

        join.AddInPlace();
        for (int axis = join.whole.Rank - 1; axis >= 0; axis--)
        {
            join.JoinAlong(axis);
            join.JoinScattered(axis);
        }

        join.ScatterElements();
        return join.placed.Count + join.scattered.Count == before ? null : Sum([.. join.others, .. join.placed.Select(join.Padded), .. join.scattered]);
    }

    private static Node Sum(IReadOnlyList<Node> terms) => terms.Aggregate((a, b) => a + b);

    private static bool IsAmongZeros(Node node) => node.Op is PadOp { Value: 0 and var zero } && !double.IsNegative(zero);

    /// <summary>Adds those in the same place before they are put there: they may be slices of slices.</summary>
    private void AddInPlace()
    {
        Placed[][] groups = [.. placed.GroupBy(p => (p.Ranges, p.Value.Shape)).Select(g => g.ToArray())];
        placed.Clear();
        placed.AddRange(groups.Select(group => group.Length == 1 ? group[0] : group[0] with { Value = SumOf([.. group.Select(p => p.Value)]) }));

        static Node SumOf(Node[] values) => values.All(v => v.Op is ReshapeOp && v.Inputs[0].Shape == values[0].Inputs[0].Shape)
            ? Ops.Reshape(SumOf([.. values.Select(v => v.Inputs[0])]), values[0].Shape)
            : Join(values) ?? Sum(values);
    }

    /// <summary>Joins those that differ in their places along one axis alone.</summary>
    private void JoinAlong(int axis)
    {
        var gone = new HashSet<Placed>(ReferenceEqualityComparer.Instance);
        List<Placed> made = [];
        foreach (Placed[] group in placed.GroupBy(p => p.Beside(axis)).Select(g => g.ToArray()).Where(g => g.Length > 1))
        {
            if (group[0].Ranges[axis].Interior > 0)
            {
                Interleave(group);
            }
            else
            {
                JoinOrScatter(group);
            }
        }

        placed.RemoveAll(gone.Contains);
        placed.AddRange(made);

        void JoinOrScatter(Placed[] group)
        {
            // Places that cannot be compared are layers of their own: they may be the same.
            List<List<Placed>> layers = Layers(group, axis);
            Dim added = group.Aggregate(Dim.Of(0), (count, part) => count + part.Value.Shape[axis]);
            if (layers.Count > MostLayers && Dim.AtLeast(whole[axis] * (2 * layers.Count), added * ScatterCost) != false)
            {
                gone.UnionWith(group);
                made.Add(Scattered(group, axis));
                return;
            }

            foreach (List<Placed> layer in layers.Where(l => l.Count > 1))
            {
                gone.UnionWith(layer);
                made.Add(Joined(layer, axis));
            }
        }

        void Interleave(Placed[] group)
        {
            long step = group[0].Ranges[axis].Interior + 1;
            Placed[] turns = [.. group.Where(p => p.Ranges[axis].Low.Constant < step && p.Value.Shape[axis] * step == whole[axis]).DistinctBy(p => p.Ranges[axis].Low)];
            if (turns.Length > 1 && step <= MostTurns)
            {
                gone.UnionWith(turns);
                made.Add(Interleaved(turns, axis, step));
            }
        }
    }

    /// <summary>
    /// Parts in layers, each in order and without overlap: the fewest there are where all places are numbers, else as many as surely do.
    /// </summary>
    private static List<List<Placed>> Layers(Placed[] group, int axis)
    {
        List<List<Placed>> layers = [];
        if (group.All(p => p.Ranges[axis].Low.IsConstant && p.Value.Shape[axis].IsConstant))
        {
            // What ends first goes on first.
            var ends = new PriorityQueue<List<Placed>, long>();
            foreach (Placed part in group.OrderBy(p => p.Ranges[axis].Low.Constant))
            {
                if (ends.TryPeek(out List<Placed>? layer, out long end) && end <= part.Ranges[axis].Low.Constant)
                {
                    ends.Dequeue();
                }
                else
                {
                    layers.Add(layer = []);
                }

                layer.Add(part);
                ends.Enqueue(layer, part.End(axis).Constant!.Value);
            }

            return layers;
        }

        foreach (Placed part in group)
        {
            if (layers.FirstOrDefault(l => Dim.AtLeast(part.Ranges[axis].Low, l[^1].End(axis)) == true) is { } before)
            {
                before.Add(part);
            }
            else if (layers.FirstOrDefault(l => Dim.AtLeast(l[0].Ranges[axis].Low, part.End(axis)) == true) is { } after)
            {
                after.Insert(0, part);
            }
            else
            {
                layers.Add([part]);
            }
        }

        return layers;
    }

    /// <summary>Parts next to each other, with zeros between.</summary>
    private Placed Joined(List<Placed> layer, int axis)
    {
        List<Node> parts = [];
        Dim at = layer[0].Ranges[axis].Low;
        foreach (Placed part in layer)
        {
            if (part.Ranges[axis].Low - at is var gap && gap != 0)
            {
                parts.Add(Ops.Zeros(part.Value.Shape.With(axis, gap), dtype));
            }

            parts.Add(NotNegativeZero(part.Value));
            at = part.End(axis);
        }

        return new Placed(Ops.Concat(parts, axis), layer[0].Along(axis, new PadRange(layer[0].Ranges[axis].Low, whole[axis] - at, 0)));
    }

    /// <summary>Parts that take turns along an axis, zeros where it is nobody's.</summary>
    private Placed Interleaved(Placed[] turns, int axis, long step)
    {
        Node[] parts = [.. Enumerable.Range(0, (int)step).Select(turn => turns.FirstOrDefault(p => p.Ranges[axis].Low.Constant == turn) is { } part
            ? NotNegativeZero(part.Value)
            : Ops.Zeros(turns[0].Value.Shape, dtype))];
        return new Placed(Ops.Reshape(Ops.Stack(parts, axis + 1), turns[0].Value.Shape.With(axis, whole[axis])), turns[0].Along(axis, Everywhere));
    }

    /// <summary>Parts added at their places along an axis.</summary>
    private Placed Scattered(Placed[] group, int axis)
    {
        Node indices = Ops.Concat([.. group.Select(p => Ops.Arange(p.Value.Shape[axis]) + Ops.DimValue(p.Ranges[axis].Low))]);
        Node zeros = Ops.Zeros(group[0].Value.Shape.With(axis, whole[axis]), dtype);
        return new Placed(Ops.IndexAdd(zeros, axis, indices, Ops.Concat([.. group.Select(p => p.Value)], axis)), group[0].Along(axis, Everywhere));
    }

    /// <summary>Makes one scatter of several along an axis.</summary>
    private void JoinScattered(int axis)
    {
        Node[] group = [.. scattered.Where(s => ((IndexAddOp)s.Op).Along == axis)];
        if (group.Length < 2)
        {
            return;
        }

        Node[] indices = [.. group.Select(s => Ops.Reshape(s.Inputs[1], [s.Inputs[1].Shape.ElementCount]))];
        Node[] sources = [.. group.Select((s, i) => Ops.Reshape(s.Inputs[2], whole.With(axis, indices[i].Shape[0])))];
        DType widest = indices.Max(i => i.DType);
        scattered.RemoveAll(group.Contains);
        scattered.Add(Ops.IndexAdd(group[0].Inputs[0], axis, Ops.Concat([.. indices.Select(i => Ops.Cast(i, widest))]), Ops.Concat(sources, axis)));
    }

    /// <summary>Adds what is left, element by element, if that surely moves less.</summary>
    private void ScatterElements()
    {
        Dim added = placed.Aggregate(Dim.Of(0), (count, part) => count + part.Value.Shape.ElementCount);
        if (placed.Count <= MostLayers || Dim.AtLeast(whole.ElementCount * ((2 * placed.Count) - 1), added * ScatterCost) != true)
        {
            return;
        }

        Node[] indices = [.. placed.Select(p => Ops.Reshape(PositionsOf(p), [p.Value.Shape.ElementCount]))];
        Node[] values = [.. placed.Select(p => Ops.Reshape(p.Value, [p.Value.Shape.ElementCount]))];
        placed.Clear();
        scattered.Add(Ops.Reshape(Ops.IndexAdd(Ops.Zeros([whole.ElementCount], dtype), 0, Ops.Concat(indices), Ops.Concat(values)), whole));
    }

    private Node PositionsOf(Placed part)
    {
        Node position = Ops.Zeros(part.Value.Shape, DType.Int64);
        Dim stride = 1;
        for (int axis = whole.Rank - 1; axis >= 0; axis--)
        {
            PadRange range = part.Ranges[axis];
            position += ((Ops.Iota(part.Value.Shape, axis) * (range.Interior + 1)) + Ops.DimValue(range.Low)) * Ops.DimValue(stride);
            stride *= whole[axis];
        }

        return position;
    }

    private Node Padded(Placed part) =>
        part.Ranges.All(r => r is { Low.Constant: 0, High.Constant: 0, Interior: 0 }) ? part.Value : Node.Create(new PadOp(part.Ranges, whole, 0), part.Value);

    private static Node NotNegativeZero(Node x) => !x.DType.IsFloat() || (x.Op is AddOp && Splat.IsPositiveZero(x.Inputs[1])) ? x : x + 0.0;

    /// <summary>A tensor, and where it lies in the whole.</summary>
    private sealed record Placed(Node Value, EquatableArray<PadRange> Ranges)
    {
        /// <summary>What a pad puts among zeros; of pads of pads, what the innermost does.</summary>
        public static Placed Of(Node pad)
        {
            EquatableArray<PadRange> ranges = ((PadOp)pad.Op).Ranges;
            Node value = pad.Inputs[0];
            while (IsAmongZeros(value) && ranges.All(r => r.Interior == 0))
            {
                ranges = [.. ranges.Zip(((PadOp)value.Op).Ranges, (outer, inner) => new PadRange(outer.Low + inner.Low, outer.High + inner.High, inner.Interior))];
                value = value.Inputs[0];
            }

            return new Placed(value, ranges);
        }

        /// <summary>The place behind it along an axis without gaps.</summary>
        public Dim End(int axis) => Ranges[axis].Low + Value.Shape[axis];

        /// <summary>Its place along all other axes, and its gaps.</summary>
        public (EquatableArray<PadRange> Ranges, Shape Shape, long Interior) Beside(int axis) =>
            (Along(axis, Everywhere), Value.Shape.With(axis, 1), Ranges[axis].Interior);

        public EquatableArray<PadRange> Along(int axis, PadRange range) => [.. Ranges.Select((r, a) => a == axis ? range : r)];
    }
}
