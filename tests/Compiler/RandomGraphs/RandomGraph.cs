using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>
/// A random graph, the same for a number in every run: each step picks an operation, or a pattern of several, and nodes made so far, whatever
/// fits.
/// </summary>
internal sealed partial class RandomGraph
{
    private readonly Random random;
    private readonly List<Node> nodes = [];
    private readonly List<Node> inputs = [];
    private readonly HashSet<Node> exact = [];
    private readonly DType real;
    private int parameters;

    private RandomGraph(int number)
    {
        random = new Random(number);
        real = Next(3) == 0 ? DType.Float32 : DType.Float64;
        int count = 2 + Next(3);
        for (int i = 0; i < count; i++)
        {
            bool grad = Next(3) != 0;
            Add(Leaf(real, RandomShape(), grad), isExact: true);
        }

        Add(Leaf(DType.Int64, RandomShape(), false), isExact: true);
        for (int steps = 1 + Next(Next(3) == 0 ? 14 : 6); steps > 0; steps--)
        {
            try
            {
                int kind = Next(12);
                if (kind < 4)
                {
                    Pattern();
                }
                else if (kind == 4)
                {
                    Node x = Number();
                    Add(Resized(x), false);
                }
                else
                {
                    Step();
                }
            }
            catch (ShapeException)
            {
                // What does not fit makes no node.
            }
            catch (GradientException)
            {
            }
        }
    }

    /// <summary>The graph of a number, with some nodes as outputs and a loss if anything requires gradients.</summary>
    public static Trial Make(int number)
    {
        var graph = new RandomGraph(number);
        HashSet<Node> outputs = [graph.nodes[^1]];
        for (int more = graph.Next(4); more > 0; more--)
        {
            outputs.Add(graph.nodes[graph.Next(graph.nodes.Count)]);
        }

        Node? last = graph.nodes.LastOrDefault(n => n.RequiresGrad && n.DType == graph.real);
        Node? loss = last is null ? null : Ops.Sum(Ops.Tanh(last) * 0.5);

        // Two graphs of three hold ordinary numbers alone.
        Palette palette = number % 3 == 1 ? (Palette)(1 + (number / 3 % (int)Palette.All)) : Palette.Ordinary;
        return new Trial([.. outputs], loss, []) { Updates = [.. graph.Updates(outputs, loss)], Palette = palette };
    }

    private int Next(int bound) => random.Next(bound);

    private void Add(Node node, bool isExact)
    {
        // What has grown too large to interpret is cut down again; sizes here are at most cubic in the symbols.
        while (node.Rank > 6 || node.Shape.Count(d => !d.IsConstant) > 3 || node.Shape.Aggregate(1L, (product, d) => product * (d.Constant ?? 1)) > 20_000)
        {
            node = node.DType == DType.Bool ? throw new ShapeException("too large") : Ops.Sum(node, node.Rank > 1 ? [0, 1] : 0);
            isExact = false;
        }

        nodes.Add(node);
        if (isExact)
        {
            exact.Add(node);
        }
    }

    private Node Leaf(DType type, Shape shape, bool grad)
    {
        Node node = type == DType.Float32 ? Ops.Input($"x{inputs.Count}", shape, grad)
            : type == DType.Float64 ? Ops.Input<double>($"x{inputs.Count}", shape, grad)
            : Ops.Input<long>($"x{inputs.Count}", shape);
        inputs.Add(node);
        return node;
    }

    // Now and then a size around those of vectors.
    private Dim RandomSize()
    {
        Dim[] usual = ["N", 3, 1, "N", 4, "M", 2, 5, "K"];
        Dim[] others = [7, 8, 9, 15, 16, 17, 13, 31, 32, 33, 64, 65, 0, (Dim)"M" + 1, (Dim)"N" * 2];
        return Next(6) == 0 ? others[Next(others.Length)] : usual[Next(usual.Length)];
    }

    /// <summary>Of few axes mostly; of many, most are short.</summary>
    private Shape RandomShape()
    {
        Dim[] few = [1, 2, 3, 2];
        int many = Next(7) == 0 ? 4 + Next(3) : 0;
        return many > 0
            ? Shape.Of(Enumerable.Range(0, many).Select(_ => Next(3) == 0 ? RandomSize() : few[Next(few.Length)]))
            : Shape.Of(Enumerable.Range(0, Next(4)).Select(_ => RandomSize()));
    }

    private Node Pick(Func<Node, bool> fits)
    {
        // Later nodes more often: graphs grow deep.
        Node[] fitting = [.. nodes.Where(fits)];
        int at = Next(fitting.Length * 2);
        return fitting[at < fitting.Length ? at : fitting.Length - 1 - ((at - fitting.Length) / 2)];
    }

    private Node Float() => Pick(n => n.DType == real);

    private Node Number() => Pick(n => n.DType != DType.Bool);

    private Node Exact() => Pick(n => n.DType != DType.Bool && exact.Contains(n));

    private Node Like(Node node) => Pick(n => n.DType == node.DType);

    private bool IsExact(params Node[] of) => of.All(exact.Contains);

    private int AxisOf(Node x) => x.Rank == 0 ? throw new ShapeException("no axis") : Next(x.Rank);

    /// <summary>A function where it is smooth and not steep: rounding must not grow.</summary>
    private Node Function(Node x)
    {
        Node bounded = Ops.Tanh(x) * 0.8;
        Node above = Ops.Abs(x) + 1.5;
        return Next(32) switch
        {
            0 => Ops.Atan(x),
            1 => Ops.ExpM1(bounded),
            2 => Ops.Erfc(x),
            3 => Ops.Elu(bounded),
            4 => Ops.Hypot(x, Float() + 0.5),
            5 => Ops.Asinh(x),
            6 => Ops.Asin(bounded),
            7 => Ops.Acos(bounded),
            8 => Ops.Atanh(bounded),
            9 => Ops.Acosh(above),
            10 => Ops.Tan(bounded),
            11 => Ops.Sinh(bounded),
            12 => Ops.Cosh(bounded),
            13 => Ops.Exp2(bounded),
            14 => Ops.Log2(above),
            15 => Ops.Log10(above),
            16 => Ops.Cbrt(above),
            17 => Ops.ErfInv(bounded),
            18 => Ops.Logit((bounded * 0.5) + 0.5),
            19 => Ops.LogGamma(above),
            20 => Ops.Digamma(above),
            21 => Ops.BesselI0(bounded),
            22 => Ops.BesselI1(bounded + 2),
            23 => Ops.LogAddExp(x, Float()),
            24 => Ops.Atan2(x, above),
            25 => Ops.FMod(bounded, above),
            26 => Ops.Mish(x),
            27 => Ops.Softsign(x),
            28 => Ops.NormalCdf(x),
            29 => Ops.Norm(Ops.Stack([x, above]), 2 + Next(2), 0),
            30 => Node.Create(new WithinOp("Test", "a number is in [-1, 1]", -1, 1), bounded),
            _ => Ops.Silu(x),
        };
    }

    /// <summary>What rounds, or works on bits, of values that hold no rounding errors yet.</summary>
    private Node Exactly(Node x) => x.DType.IsInteger()
        ? Next(4) switch
        {
            0 => x ^ Ops.Full(x.Shape, 5, x.DType),
            1 => Ops.ShiftLeft(x, Ops.Full(x.Shape, 1 + Next(3), x.DType)),
            2 => Ops.ShiftRight(x, Ops.Full(x.Shape, 1 + Next(3), x.DType)),
            _ => ~x | x,
        }
        : Next(2) == 0 ? Ops.Round(x) : Ops.CopySign(x, Ops.OnesLike(x));

    private static NodeList Pair(NodeList x) => [Ops.Tanh(x[0]), x[0].Sum() + x[1]];

    private Node Scan(Node x)
    {
        int axis = AxisOf(x);
        bool reverse = Next(2) == 0;
        return Next(4) switch
        {
            0 => Ops.CumulativeSum(x, axis, reverse),
            1 => Ops.CumulativeProduct(Ops.Tanh(x), axis, reverse),
            2 => Ops.LinearRecurrence(Ops.Tanh(x), x, axis, reverse),
            _ => Ops.CumulativeSum(Ops.Sigmoid(x), axis, reverse),
        };
    }

    /// <summary>What depends on order: of numbers that are the same however they are computed.</summary>
    private void Sorted(Node x)
    {
        int axis = AxisOf(x);
        switch (Next(4))
        {
            case 0:
                Add(Ops.ArgSort(x, axis, Next(2) == 0), true);
                break;
            case 1:
                Add(Ops.CumulativeMax(x, axis).Indices, true);
                break;
            case 2:
                Add(Ops.SearchSorted(Ops.Sort(Ops.Flatten(x)).Values, x, Next(2) == 0), true);
                break;
            default:
                Add(x.DType.IsFloat() && Surely(x.Shape.ElementCount) ? Ops.Median(x) : Ops.CumulativeMin(x, axis).Values, true);
                break;
        }
    }

    private void Step()
    {
        int kind = Next(50);
        switch (kind)
        {
            case 0 or 1 or 2:
                Node a = Number();
                Node b = Like(a);
                int which = Next(5);
                Add(which == 0 ? a - b : which == 1 ? a * b : which == 2 ? -a : which == 3 ? Ops.Abs(a) : a + b, which is 2 or 3 && IsExact(a));
                break;
            case 3:
                Node x = Float();
                Add(Next(8) switch
                {
                    0 => Ops.Tanh(x),
                    1 => Ops.Sigmoid(x),
                    2 => Ops.Sin(x),
                    3 => Ops.Exp(Ops.Tanh(x)),
                    4 => Ops.Log(Ops.Abs(x) + 1.5),
                    5 => Ops.Sqrt((x * x) + 0.5),
                    6 => Ops.Erf(x),
                    _ => Ops.Cos(x),
                }, false);
                break;
            case >= 37 and < 43:
                Add(Function(Float()), false);
                break;
            case 46 or 47:
                Add(Scan(Float()), false);
                break;
            case 48 or 49:
                Sorted(Exact());
                break;
            case >= 43:
                Add(Exactly(Exact()), true);
                break;
            case 4:
                Node d = Float();
                Add(Next(4) switch
                {
                    0 => d / ((Float() * 0 + 1).Square() + 1),
                    1 => Ops.Reciprocal(Ops.Abs(d) + 1),
                    2 => d.Pow(Next(4)),
                    _ => Ops.Pow(Ops.Abs(d) + 0.5, 1.5),
                }, false);
                break;
            case 5:
                Node e = Exact();
                Node f = Pick(n => n.DType == e.DType && exact.Contains(n));
                Add(Next(2) == 0 ? Ops.Maximum(e, f) : Ops.Minimum(e, f), true);
                break;
            case 6 or 7:
                Node s = Number();
                if (s.Rank == 0)
                {
                    Add(Ops.Sum(s), false);
                }
                else
                {
                    int axis = Next(s.Rank);
                    Axes axes = Next(4) == 0 ? Axes.All : Next(3) == 0 && s.Rank > 1 ? [axis, (axis + 1) % s.Rank] : axis;
                    bool keep = Next(2) == 0;
                    Add(s.DType == real && Next(3) == 0 ? Ops.Sum(s, axes, keep) * 0.25 : Ops.Sum(s, axes, keep), false);
                }

                break;
            case 8:
                Node p = Exact();
                int along = AxisOf(p);
                Add(Surely(p.Shape[along]) ? (Next(2) == 0 ? Ops.Max(p, along, Next(2) == 0) : Ops.Min(p, along)) : Ops.Sum(p, along), false);
                break;
            case 9:
                Node q = Float();
                int by = AxisOf(q);
                Add(q.Shape[by].Constant is <= 5 ? Ops.Prod(q, by) : Ops.Sum(q, by), false);
                break;
            case 10:
                Node g = Exact();
                int best = AxisOf(g);
                if (Surely(g.Shape[best]))
                {
                    Add(Next(2) == 0 ? Ops.ArgMax(g, best) : Ops.ArgMin(g, best, keepDims: true), true);
                }

                break;
            case 11 or 12:
                Node t = Number();
                int[] order = [.. Enumerable.Range(0, t.Rank)];
                for (int i = order.Length - 1; i > 0; i--)
                {
                    int j = Next(i + 1);
                    (order[i], order[j]) = (order[j], order[i]);
                }

                Node permuted = Ops.Permute(t, order);
                Add(permuted == t ? Ops.Flip(t) : permuted, IsExact(t));
                break;
            case 13:
                Node r = Number();
                bool wasExact = IsExact(r);
                r = r.Rank >= 2 && Next(3) != 0 ? Ops.Transpose(r, 0, 1 + Next(r.Rank - 1)) : r;
                Add(Next(2) == 0 ? Ops.Flatten(r) : Next(2) == 0 ? Ops.Reshape(r, Shape.Of([r.Shape.ElementCount, 1])) : Ops.Unsqueeze(r, Next(r.Rank + 1)), wasExact);
                break;
            case 14 or 15:
                Node c = Number();
                int cut = AxisOf(c);
                Dim size = c.Shape[cut];
                Add(size.Constant is null
                    ? (Next(2) == 0 ? Ops.Slice(Ops.Concat([c, c], cut), cut, size / 2, (size * 2) - (size / 2)) : Ops.Slice(c, cut, size / 3, null, 1 + Next(2)))
                    : Ops.Slice(c, cut, Next(3), Next(5), 1 + Next(3)), IsExact(c));
                break;
            case 16:
                Node w = Number();
                Add(Ops.Pad(w, AxisOf(w), Next(3), Next(3), Next(3) - 1), IsExact(w));
                break;
            case 17:
                Node first = Number();
                int join = AxisOf(first);
                Node[] parts = [.. nodes.Where(n => n.DType == first.DType && n.Rank == first.Rank && n.Shape.Without([join]) == first.Shape.Without([join])).Take(3)];
                Add(Ops.Concat([.. parts, first], join), IsExact([.. parts, first]));
                break;
            case 18 or 19:
                Node left = Float();
                Node[] right = [.. nodes.Where(n => n.DType == real && n.Rank > 0 && left.Rank > 0 && n.Shape[n.Rank == 1 ? 0 : n.Rank - 2] == left.Shape[^1])];
                Add(right.Length > 0 ? Ops.MatMul(left, right[Next(right.Length)])
                    : left.Rank >= 2 ? Ops.MatMul(left, Ops.Transpose(left)) : Ops.MatMul(left, left), false);
                break;
            case 20:
                Node condition = Ops.Less(Pick(n => exact.Contains(n) && n.DType == DType.Int64), Pick(n => exact.Contains(n) && n.DType == DType.Int64));
                Add(condition, true);
                break;
            case 21 or 22:
                Node u = Exact();
                Node v = Pick(n => exact.Contains(n) && n.DType == u.DType);
                Node yes = Float();
                Add(Ops.Where(Next(2) == 0 ? u < v : Ops.Equal(u, v), yes, Float()), false);
                break;
            case 23:
                Node from = Pick(n => exact.Contains(n));
                Add(Next(3) == 0 ? Ops.Cast(Ops.NotEqual(from, 0), real) : Ops.Cast(from, from.DType == DType.Int64 ? real : DType.Int64), from.DType != real || Next(2) == 0);
                break;
            case 24 or 25:
                // Any integers become indices: |i| mod size, by floor division.
                Node data = Number();
                int axisOfData = AxisOf(data);
                Node whole = Pick(n => n.DType == DType.Int64);
                if (data.Shape[axisOfData].Constant is { } bound and > 0 && whole.Rank + data.Rank <= 4)
                {
                    Node magnitude = Ops.Abs(whole);
                    Node index = magnitude - ((magnitude / bound) * bound);
                    Add(Next(2) == 0 || index.Rank != data.Rank ? Ops.Take(data, index, axisOfData) : Ops.Gather(data, axisOfData, index), IsExact(data));
                }

                break;
            case 26:
                Node base1 = Number();
                int scatter = AxisOf(base1);
                if (base1.Shape[scatter].Constant is { } room and > 0)
                {
                    Node position = Ops.Iota([3], 0);
                    position -= (position / room) * room;
                    Add(Ops.IndexAdd(base1, scatter, position, Ops.BroadcastTo(Ops.Scalar(2, base1.DType), base1.Shape.With(scatter, 3))), false);
                }

                break;
            case 27:
                Node soft = Float();
                int axisOfSoft = AxisOf(soft);
                Add(!Surely(soft.Shape[axisOfSoft]) ? Ops.Relu(soft) : Next(4) switch
                {
                    0 => Ops.Softmax(soft, axisOfSoft),
                    1 => Ops.LogSoftmax(soft, axisOfSoft),
                    2 => Ops.RmsNorm(soft, epsilon: 0.1),
                    _ => Ops.Softplus(soft),
                }, false);
                break;
            case 28:
                Node narrow = Number();
                Add(narrow.Rank < 3 ? Ops.BroadcastTo(narrow, Shape.Of([Next(2) == 0 ? 2 : "N", .. narrow.Shape])) : Ops.Detach(narrow), IsExact(narrow));
                break;
            case 29:
                Node[] bools = [.. nodes.Where(n => n.DType == DType.Bool)];
                if (bools.Length > 0)
                {
                    Node one = bools[Next(bools.Length)];
                    Node two = bools[Next(bools.Length)];
                    Add(Next(4) switch { 0 => one & two, 1 => one | two, 2 => one ^ two, _ => !one }, true);
                    Add(Ops.Cast(nodes[^1], Next(2) == 0 ? real : DType.Int64), true);
                }

                break;
            case 30:
                Node plain = Exact();
                Node beside = Pick(n => n.DType == plain.DType && exact.Contains(n));
                Add(Next(6) switch
                {
                    0 => Ops.Sign(plain),
                    1 when plain.DType == real => Ops.Floor(plain),
                    2 => Ops.Clamp(plain, -1, 1),
                    3 => plain > beside,
                    4 => plain >= beside,
                    _ => plain <= beside,
                }, true);
                break;
            case 31:
                Node curved = Float();
                Add(Next(3) switch
                {
                    0 => Ops.Gelu(curved, Next(2) == 0),
                    1 => Ops.Log1P(curved * curved),
                    _ => curved.Rank > 0 && Surely(curved.Shape[^1]) ? Ops.LayerNorm(curved, epsilon: 0.1) : Ops.ScaleCotangent(curved, Float()),
                }, false);
                break;
            case 32:
                Node logits = Float();
                if (logits.Rank == 2 && logits.Shape[1].Constant is { } classes and > 0)
                {
                    Node row = Ops.Iota([logits.Shape[0]], 0);
                    Add(Ops.CrossEntropy(logits, row - ((row / classes) * classes), Next(2) == 0 ? LossReduction.None : LossReduction.Sum), false);
                }

                break;
            case 33:
                Add(Parameter([1 + Next(4)]), true);
                break;
            case 34 when Next(2) == 0:
                ControlFlow();
                break;
            case 34:
                Node argument = Float();
                NodeList call = Next(2) == 0 ? Ops.Call("pair", [argument, Float()], x => Pair(x)) : Ops.Checkpoint(x => Pair(x), [argument, Float()]);
                Add(call[Next(2)], false);
                break;
            case 35:
                Node target = Float();
                if (target.Rank == 2 && target.Shape[1].Constant is { } width and > 0)
                {
                    Node to = Ops.Iota(target.Shape.With(1, 2), 0);
                    (Node at, Node half) = (to - ((to / width) * width), Ops.BroadcastTo(Ops.Scalar(0.5, real), target.Shape.With(1, 2)));
                    Add(Ops.ScatterAdd(target, 1, at, half), false);
                    Add(Ops.Scatter(target, 1, at, half), false);
                }
                else if (target.Rank == 1)
                {
                    Add(Ops.Diagonal(Ops.BroadcastTo(Ops.Unsqueeze(target, 1), [target.Shape[0], target.Shape[0]])), IsExact(target));
                    Add(Ops.NonZero(Ops.Iota(target.Shape, 0) > 1, 3).Indices, true);
                }

                break;
            default:
                Node sized = Float();
                if (Next(3) == 0)
                {
                    Draw(sized);
                    break;
                }

                Add(Next(2) == 0 ? sized * Ops.DimValue(((Dim)"N" * 2) + 1, real) : sized + Ops.Cast(Ops.Iota(sized.Rank == 0 ? ["N"] : sized.Shape, 0), real), false);
                break;
        }
    }

    /// <summary>Whether an axis has elements whatever the symbols are.</summary>
    private static bool Surely(Dim size) => Dim.AtLeast(size, 1) == true;
}
